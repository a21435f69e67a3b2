"""Session limits and password renewal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from platform_core.models import UserSession

GetResponse = Callable[[HttpRequest], HttpResponse]
TOUCH_EVERY = timedelta(minutes=1)


class SessionLimitMiddleware:
    """Ends sessions that are idle too long, or were ended elsewhere (limit reached, administrator)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check before, pass on."""
        if request.user.is_authenticated and (reason := self._refusal(request)):
            logout(request)
            messages.warning(request, reason)
            return redirect(settings.LOGIN_URL)
        return self.get_response(request)

    def _refusal(self, request: HttpRequest) -> str | None:
        with connection.cursor() as cursor:  # asked at every request, so without building a query
            cursor.execute(
                "SELECT id, last_seen_at FROM platform_core_usersession WHERE session_key = %s",
                [request.session.session_key],
            )
            found = cursor.fetchone()
        if found is None:
            return _("This session was ended, because the account logged in elsewhere or an administrator ended it.")
        now = timezone.now()
        key, last_seen_at = found
        idle = now - last_seen_at
        if idle > timedelta(minutes=settings.SESSION_IDLE_MINUTES):
            return _("You were logged out after a long pause.")
        if idle > TOUCH_EVERY and not request.path.startswith("/live/"):
            UserSession.objects.filter(pk=key).update(last_seen_at=now)
        return None


class PasswordRenewalMiddleware:
    """Sends users whose password must be renewed to the form, whatever they open."""

    ALLOWED = ("/password/", "/logout/", "/static/", "/language/", "/healthz")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Redirect where the password is too old or was set by somebody else."""
        user = request.user
        if user.is_authenticated and not request.path.startswith(self.ALLOWED):
            oldest = timezone.now() - timedelta(days=settings.PASSWORD_MAX_AGE_DAYS)
            if user.must_change_password or user.password_changed_at < oldest:
                messages.warning(request, _("Your password must be renewed first."))
                return redirect("password-change")
        return self.get_response(request)
