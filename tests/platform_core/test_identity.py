"""Login, policy, lockout, second factor, sessions, separated duties."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from platform_core.errors import DomainError
from platform_core.models import Role, User
from platform_core.services import identity
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def enter(user, **more):
    client = Client()
    return client, client.post("/login/", {"username": user.username, "password": PASSWORD, **more})


def test_login_opens_home_in_chinese():
    client, answer = enter(UserFactory())
    assert answer["Location"] == "/"
    assert "您好" in client.get("/", headers={"accept-language": "en"}).content.decode()
    client.post("/language/", {"language": "en", "next": "/"})
    assert "Good day" in client.get("/").content.decode()


def test_five_failures_lock_the_account():
    user = UserFactory()
    for _attempt in range(5):
        answer = Client().post("/login/", {"username": user.username, "password": "wrong"})
    assert answer.status_code == 429
    assert enter(user)[1].status_code == 429
    assert enter(UserFactory())[1].status_code == 302


@pytest.mark.parametrize("password", ["short1!A", "alllowercaseletters", "Password123", "12345678901234"])
def test_weak_passwords_are_refused(password):
    with pytest.raises(ValidationError):
        identity.change_password(UserFactory(), password)


def test_former_password_is_refused_and_argon2_stores_it(settings):
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]
    user = UserFactory()
    identity.change_password(user, "First-horse-1")
    assert user.password.startswith("argon2")
    identity.change_password(user, "Second-horse-2")
    with pytest.raises(ValidationError):
        identity.change_password(user, "First-horse-1")


def test_password_must_be_renewed_first(log_in):
    user = UserFactory(must_change_password=True)
    assert log_in(user).get("/map/")["Location"] == "/password/"
    old = UserFactory()
    User.objects.filter(pk=old.pk).update(password_changed_at=timezone.now() - timedelta(days=100))
    assert log_in(old).get("/")["Location"] == "/password/"


def test_changing_the_password_keeps_the_session():
    user = UserFactory(must_change_password=True)
    client, _answer = enter(user)
    new = {"old_password": PASSWORD, "new_password1": "Other-horse-7", "new_password2": "Other-horse-7"}
    assert client.post("/password/", new)["Location"] == "/"
    assert client.get("/").status_code == 200


def test_second_factor_is_demanded():
    user = UserFactory()
    device = TOTPDevice.objects.create(user=user, name="t", confirmed=True)
    assert enter(user)[1].status_code == 200
    token = f"{totp(device.bin_key):06d}"
    assert enter(user, otp_token=token)[1].status_code == 302
    assert enter(user, otp_token=token)[1].status_code == 200  # a code counts once


def test_fourth_session_ends_the_oldest():
    user = UserFactory()
    clients = [enter(user)[0] for _number in range(4)]
    assert clients[0].get("/")["Location"].startswith("/login/")
    assert clients[3].get("/").status_code == 200


def test_idle_session_ends(settings):
    user = UserFactory()
    client, _answer = enter(user)
    user.open_sessions.update(last_seen_at=timezone.now() - timedelta(minutes=61))
    assert client.get("/")["Location"].startswith("/login/")


def test_separated_duties_do_not_meet():
    roles = [Role.objects.create(name=duty, code=duty, duty=duty) for duty in ("system", "audit")]
    user = UserFactory()
    with pytest.raises(DomainError, match="system"):
        identity.assign_roles(user, roles)
    assert not user.groups.exists()


def test_telephone_is_encrypted_and_masked():
    user = UserFactory(phone="13912345678")
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM platform_core_user WHERE id = %s", [user.pk])
        assert "139" not in cursor.fetchone()[0]
    assert User.objects.get(pk=user.pk).phone == "13912345678"
    assert user.masked_phone == "139****5678"
