"""Fixtures that many tests need."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from tests.factories import UserFactory, divisions
from tiers.profiles import ALL_APPS

# Models of an app that the tier lacks cannot even be imported.
collect_ignore = [app for app in ALL_APPS if not settings.PROFILE.has(app)]
if not settings.PROFILE.has("coordination"):
    collect_ignore.append("browser/test_city_case.py")

EVALUATOR = (
    "platform_core.access_evaluation",
    *(f"platform_core.{verb}_evaluationpoint" for verb in ("view", "add", "change")),
    *(f"platform_core.{verb}_evaluationgrid" for verb in ("view", "add", "change")),
    "platform_core.view_region",
)


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture
def districts(db):
    """(沈阳, 和平, 沈河)."""
    return divisions()


@pytest.fixture
def evaluator(districts):
    """May view and edit grids and points of 和平区 only."""
    return UserFactory(scope=districts[1], rights=EVALUATOR)


@pytest.fixture
def log_in():
    """A client of a user with a real session."""

    def enter(user):
        client = Client()
        client.force_login(user, backend="platform_core.identity.backends.PlatformBackend")
        return client

    return enter
