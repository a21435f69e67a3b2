"""An app a tier lacks has no tables, no urls, no menu (run for each of the three tiers)."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.urls import NoReverseMatch, reverse

from platform_core.context import page_url
from tests.factories import UserFactory
from tiers.profiles import ALL_APPS, PROFILES

pytestmark = pytest.mark.tier


def test_installed_apps_are_the_profiles():
    installed = {config.name for config in apps.get_app_configs()}
    assert set(settings.PROFILE.apps) <= installed
    assert not (set(ALL_APPS) - set(settings.PROFILE.apps)) & installed


def test_no_table_of_an_app_the_tier_lacks(db):
    tables = connection.introspection.table_names()
    for app in set(ALL_APPS) - set(settings.PROFILE.apps):
        assert not [table for table in tables if table.startswith(f"{app}_")]
    assert ("coordination_partfacility" in tables) == (settings.TIER == "city")


def test_every_menu_entry_has_a_page():
    for group in settings.PROFILE.navigation:
        for item in group.items:
            assert page_url(item.url, item.args)
    with pytest.raises(NoReverseMatch):
        reverse("no-such-page")


def test_a_page_of_another_tier_is_not_found(client, db, log_in):
    user = UserFactory(is_superuser=True)
    answer = log_in(user).get("/p/partfacility/")
    assert answer.status_code == (200 if settings.TIER == "city" else 404)
    supervision = log_in(user).get(reverse("system", args=["supervision"]))
    assert supervision.status_code == (404 if settings.TIER == "city" else 200)


def test_periodic_tasks_exist():
    from platform_core.celery import app

    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks


def test_exchange_goes_up_and_comes_from_below():
    assert [way.partner for way in PROFILES["city"].exchange if way.pushes] == ["national", "provincial"]
    assert all(way.receives for way in PROFILES["national"].exchange)
