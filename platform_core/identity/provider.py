"""The national platform as OpenID provider of the tiers below (CJJ/T 312 §4.1.4-8-2); on that tier only."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from oauth2_provider.models import Application
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import AuthorizationView

from platform_core.errors import DomainError
from platform_core.services import audit


class ClaimsValidator(OAuth2Validator):
    """What a platform below learns about a user: key, account, name, post. No telephone, no rights."""

    oidc_claim_scope = {
        **OAuth2Validator.oidc_claim_scope,
        "preferred_username": "profile",
        "name": "profile",
        "post": "profile",
    }

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """Claims beyond `sub`."""
        user = request.user
        return {"preferred_username": user.username, "name": user.full_name, "post": user.post}


class Authorize(AuthorizationView):
    """For users who may open business guidance: their platforms below send them here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Raises PermissionDenied for users without the right."""
        user = request.user
        if user.is_authenticated and not user.has_perm("platform_core.access_guidance"):
            raise PermissionDenied(_("Business guidance is not open to this account."))
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer


def allow_return(answer: HttpResponse) -> HttpResponse:
    """Browsers hold a form to `form-action` over every redirect that follows, so the log-in form names the clients."""
    origins = set()
    for uris in Application.objects.values_list("redirect_uris", flat=True):
        parts = [urlsplit(uri) for uri in uris.split()]
        origins |= {f"{part.scheme}://{part.netloc}" for part in parts}
    answer._csp_update = {"form-action": sorted(origins)}  # type: ignore[attr-defined]
    return answer


@transaction.atomic
def register_client(name: str, redirect_uri: str, client_id: str = "", secret: str = "") -> tuple[Application, str]:
    """Register, or renew, a platform below. Returns it and its secret, which is stored hashed only.

    Raises DomainError where the address is none.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment:
        raise DomainError("bad_redirect_uri", _("The return address must be an http(s) address."))
    client = Application.objects.filter(client_id=client_id).first() if client_id else None
    client = client or Application(**({"client_id": client_id} if client_id else {}))
    client.name, client.redirect_uris = name, redirect_uri
    client.client_type, client.algorithm = Application.CLIENT_CONFIDENTIAL, Application.RS256_ALGORITHM
    client.authorization_grant_type = Application.GRANT_AUTHORIZATION_CODE
    client.skip_authorization = True
    if secret:
        client.client_secret = secret
    plain = client.client_secret  # hashed by save()
    client.full_clean()
    client.save()
    audit.record("register client", client, after={"name": name, "redirect_uri": redirect_uri}, name=name)
    return client, plain


@transaction.atomic
def remove_client(client: Application) -> None:
    """Forget a platform below; its tokens go with it."""
    audit.record("remove client", client, before={"name": client.name, "redirect_uri": client.redirect_uris})
    client.delete()
