"""Every built-in role, on every tier: its menu opens, everything else is refused."""

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from platform_core.context import menu, page_url
from platform_core.models import PlatformInstance, Role, User
from platform_core.services import identity
from tests.factories import UserFactory
from tiers.setup import Answers, set_up

pytestmark = pytest.mark.tier
REGIONS = {"national": "100000", "provincial": "210000", "city": "210100"}
SHUT = {
    "leader": ("user-list", "auditentry-list", "role-list"),
    "evaluator": ("partfacility-list", "user-list", "auditentry-list", "health"),
    "system_admin": ("auditentry-list", "partfacility-list"),
    "security_admin": ("auditentry-list", "codelist-list", "evaluationpoint-list"),
    "audit_admin": ("user-list", "role-list", "evaluationpoint-list"),
}


@pytest.fixture
def platform(db):
    from platform_core.services import reference

    reference.load_divisions("210100")
    platform, _made = set_up(Answers(REGIONS[settings.TIER], password="Right-horse-9"))
    if settings.PROFILE.has("coordination"):
        reference.load_codes()
        call_command("load_coordination")
    return platform


def entry(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="platform_core.identity.backends.PlatformBackend")
    return client


def test_every_role_opens_its_menu_and_is_refused_the_rest(platform: PlatformInstance):
    every = {page_url(item.url, item.args) for group in settings.PROFILE.navigation for item in group.items}
    every -= {page_url("map")}  # the map is everybody's; its layers are not
    for role in Role.objects.all():
        user = UserFactory(scope=platform.region, organisation=platform.organisation)
        identity.assign_roles(user, [role])
        client = entry(user)
        mine = {item["url"] for group in menu(User.objects.get(pk=user.pk)) for item in group["entries"]}
        assert mine, role
        for address in mine:
            assert client.get(address).status_code == 200, (role, address)
        for address in every - mine:
            assert client.get(address).status_code == 403, (role, address)


@pytest.mark.parametrize("code", sorted(SHUT))
def test_what_a_role_must_not_see(platform: PlatformInstance, code: str):
    user = UserFactory(scope=platform.region)
    identity.assign_roles(user, [Role.objects.get(code=code)])
    client = entry(user)
    for name in SHUT[code]:
        assert client.get(page_url(name)).status_code in (403, 404), name
