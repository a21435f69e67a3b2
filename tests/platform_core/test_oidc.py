"""Log in with an account of another platform: the client on every tier, the provider on the national one."""

import pytest
from django.apps import apps
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse

from platform_core.errors import DomainError
from platform_core.models import IdentityLink
from platform_core.services import identity
from tests.factories import UserFactory

ISSUER = "https://national.example/o"


@pytest.fixture
def backend(settings):
    settings.OIDC_PROVIDER_URL = ISSUER
    for name in ("OIDC_OP_TOKEN_ENDPOINT", "OIDC_OP_USER_ENDPOINT", "OIDC_OP_JWKS_ENDPOINT"):
        setattr(settings, name, f"{ISSUER}/x/")
    settings.OIDC_RP_CLIENT_ID = settings.OIDC_RP_CLIENT_SECRET = "x"
    settings.OIDC_RP_SIGN_ALGO = "RS256"
    from platform_core.identity.oidc import LinkedAccountBackend

    made = LinkedAccountBackend()
    made.request = RequestFactory().get("/")
    return made


def test_only_a_linked_subject_gets_in(db, backend):
    from django.contrib.auth.models import AnonymousUser

    user = UserFactory()
    backend.request.user = AnonymousUser()
    assert list(backend.filter_users_by_claims({"sub": "7"})) == []
    assert backend.create_user({"sub": "7"}) is None
    assert not IdentityLink.objects.exists()
    backend.request.user = user
    assert backend.create_user({"sub": "7", "name": "张三"}) == user
    assert list(backend.filter_users_by_claims({"sub": "7"})) == [user]
    assert backend.get_user(user.pk) == user
    user.is_active = False
    user.save()
    assert backend.get_user(user.pk) is None
    assert list(backend.filter_users_by_claims({"sub": "7"})) == []


def test_a_subject_belongs_to_one_user(db):
    identity.link(UserFactory(), ISSUER, "7", "a")
    with pytest.raises(DomainError):
        identity.link(UserFactory(), ISSUER, "7", "a")


def test_users_see_and_remove_only_their_own_links(db, log_in):
    mine, other = UserFactory(), UserFactory()
    link = identity.link(mine, ISSUER, "7", "张三")
    assert log_in(other).post("/identities/", {"link": link.pk}).status_code == 404
    assert "张三" in log_in(mine).get("/identities/").content.decode()
    log_in(mine).post("/identities/", {"link": link.pk})
    assert not IdentityLink.objects.exists()


@pytest.mark.tier
def test_only_the_national_platform_is_a_provider(db, settings):
    if settings.TIER == "national":
        assert reverse("oauth2_provider:authorize") == "/o/authorize/"
    else:
        assert not apps.is_installed("oauth2_provider")
        with pytest.raises(NoReverseMatch):
            reverse("oauth2_provider:authorize")


@pytest.mark.tier
def test_national_provider_answers_the_code_flow(db, settings, client, log_in):
    if settings.TIER != "national":
        pytest.skip("only the national tier is a provider")
    import base64
    import hashlib
    from urllib.parse import parse_qs, urlsplit

    from platform_core.identity.provider import register_client

    back = "https://city.example/oidc/callback/"
    platform, secret = register_client("某市平台", back)
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    question = {"response_type": "code", "client_id": platform.client_id, "redirect_uri": back, "state": "s",
                "scope": "openid profile", "nonce": "n", "code_challenge": challenge,
                "code_challenge_method": "S256"}  # fmt: skip
    assert client.get("/o/authorize/", question)["Location"].startswith("/login/")
    assert "https://city.example" in client.get("/login/")["Content-Security-Policy"]
    assert log_in(UserFactory()).get("/o/authorize/", question).status_code == 403
    user = UserFactory(rights=("platform_core.access_guidance",), full_name="李四")
    answer = log_in(user).get("/o/authorize/", question)
    code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
    token = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "client_id": platform.client_id,
             "client_secret": secret, "code_verifier": verifier}  # fmt: skip
    assert client.post("/o/token/", {**token, "client_secret": "wrong"}).status_code == 401
    given = client.post("/o/token/", token).json()
    claims = client.get("/o/userinfo/", headers={"authorization": f"Bearer {given['access_token']}"}).json()
    assert (claims["sub"], claims["name"]) == (str(user.pk), "李四")
    assert client.post("/o/token/", token).status_code == 400  # a code serves once
    keys = client.get("/o/.well-known/jwks.json").json()["keys"]
    assert keys[0]["alg"] == "RS256"


@pytest.mark.tier
def test_client_page_is_for_security_administrators(db, settings, log_in):
    if settings.TIER != "national":
        pytest.skip("only the national tier is a provider")
    assert log_in(UserFactory()).get("/clients/").status_code == 403
    rights = ("platform_core.access_maintenance", "platform_core.assign_rights")
    client = log_in(UserFactory(rights=rights))
    answer = client.post("/clients/", {"name": "某省平台", "redirect_uri": "https://p.example/oidc/callback/"})
    assert "OIDC_CLIENT_SECRET" in answer.content.decode()
    assert "OIDC_CLIENT_SECRET" not in client.get("/clients/").content.decode()
    assert client.post("/clients/", {"name": "x", "redirect_uri": "not an address"}).status_code == 422
