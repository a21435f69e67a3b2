"""Log in with an account of another platform (OpenID Connect client; CJJ/T 312 §4.1.2-3, §4.1.4-8-2)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView

from platform_core.models import User
from platform_core.services import identity

from .backends import PlatformBackend


class LinkedAccountBackend(OIDCAuthenticationBackend):
    """Somebody is let in by a link that they made themselves while logged in; no account comes from outside."""

    def verify_claims(self, claims: dict[str, Any]) -> bool:
        """The subject is all we need; neither address nor name identifies anybody."""
        return bool(claims.get("sub"))

    def filter_users_by_claims(self, claims: dict[str, Any]) -> QuerySet[User]:
        """The user linked to the subject, if there is one who may log in."""
        return User.objects.filter(
            identity_links__issuer=settings.OIDC_PROVIDER_URL,
            identity_links__subject=claims["sub"],
            is_active=True,
            retired_at=None,
        )

    def create_user(self, claims: dict[str, Any]) -> User | None:
        """Nobody is created: who is logged in gets the link, anybody else is refused."""
        user = self.request.user
        if not user.is_authenticated:
            return None
        identity.link(user, settings.OIDC_PROVIDER_URL, claims["sub"], str(claims.get("name", "")))
        return user

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """None of its own: PlatformBackend is asked as well, and would be asked twice."""
        return set()

    def get_user(self, user_id: int) -> User | None:
        """The user of a session, asked at every request: a closed or retired account is out at once."""
        return PlatformBackend().get_user(user_id)


class Callback(OIDCAuthenticationCallbackView):
    """Where the provider sends the user back to."""

    def login_failure(self) -> HttpResponse:
        """Say what to do instead."""
        messages.error(
            self.request,
            _(
                "No account here is linked to that identity. "
                "Log in with your account here, then link it under your name."
            ),
        )
        return redirect("login")
