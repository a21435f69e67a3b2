"""setup_tier and its checks, for each tier."""

import pytest
from django.conf import settings
from django.core.management import call_command

from platform_core.errors import DomainError
from platform_core.models import PlatformInstance, Role, User
from platform_core.services.reference import load_divisions
from tiers.setup import Answers, missing, set_up

pytestmark = [pytest.mark.tier, pytest.mark.django_db]
REGION = {"national": "100000", "provincial": "210000", "city": "210100"}[settings.TIER]


def test_set_up_is_idempotent_and_separates_the_administrators():
    load_divisions("210100")
    platform, made = set_up(Answers(REGION))
    assert set(made) == {"sysadmin", "secadmin", "auditor"}
    again, none = set_up(Answers(REGION, parent_url="http://parent.example"))
    assert (again.pk, none) == (platform.pk, {})
    assert PlatformInstance.objects.get().parent_url == "http://parent.example"
    duties = {user.username: [role.duty for role in Role.objects.filter(user=user)] for user in User.objects.all()}
    assert duties == {"sysadmin": ["system"], "secadmin": ["security"], "auditor": ["audit"]}
    assert all(user.must_change_password for user in User.objects.all())


def test_a_region_of_the_wrong_level_is_refused():
    load_divisions("210102")
    with pytest.raises(DomainError) as caught:
        set_up(Answers("210102"))
    assert caught.value.code == "wrong_level"
    assert not PlatformInstance.objects.exists()


def test_missing_names_what_is_missing():
    assert len(missing()) == 1
    load_divisions("210100")
    set_up(Answers(REGION, parent_url="http://parent.example"))
    assert missing() == []


def test_tier_info_prints_apps(capsys):
    call_command("tier_info")
    shown = capsys.readouterr().out
    assert all(app in shown for app in settings.PROFILE.apps)
