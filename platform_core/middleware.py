"""Who acts, and what happens when a rule is broken."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from .errors import DomainError
from .http import has_nul
from .services.audit import acting

GetResponse = Callable[[HttpRequest], HttpResponse]


class RealAddressMiddleware:
    """REMOTE_ADDR as our own outermost proxy saw it: limits and the audit log must not take everybody for the proxy.

    The last PROXY_COUNT entries of X-Forwarded-For were written by our proxies; what a caller wrote before them is
    never believed.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set and pass on."""
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if settings.PROXY_COUNT and len(forwarded) >= settings.PROXY_COUNT:
            with suppress(ValueError):  # no address: not written by a proxy of ours
                request.META["REMOTE_ADDR"] = str(ip_address(forwarded[-settings.PROXY_COUNT]))
        return self.get_response(request)


class LanguageMiddleware:
    """Chinese unless the user has chosen otherwise; what the browser prefers does not count on a shared desk."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The language of the cookie that `set_language` sets, else LANGUAGE_CODE."""
        wanted = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            answer = self.get_response(request)
        answer.setdefault("Content-Language", language)
        return answer


class AuditActorMiddleware:
    """Lets services.audit.record know the user and address without every function carrying them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Everything inside is the act of this user."""
        user = request.user if request.user.is_authenticated else None
        with acting(user, request.META.get("REMOTE_ADDR")):
            return self.get_response(request)


class NulMiddleware:
    """Refuses a NUL in an address or form; views for programs (csrf_exempt) answer in their own way."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """400 with the reason."""
        if getattr(view, "csrf_exempt", False) or not has_nul(request):
            return None
        message = _("A value holds a sign that cannot be stored.")
        return render(request, "platform_core/error.html", {"message": message}, status=400)


class DomainErrorMiddleware:
    """Shows a broken rule as a message on the page the user came from; as JSON where JSON was asked for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """DomainError → message; anything else is not ours."""
        if not isinstance(exception, DomainError):
            return None
        if request.accepts("text/html"):
            back = request.META.get("HTTP_REFERER", "")
            if request.method == "POST" and url_has_allowed_host_and_scheme(back, {request.get_host()}):
                messages.error(request, exception.message)
                return redirect(back)
            return render(request, "platform_core/error.html", {"message": exception.message}, status=409)
        return JsonResponse({"code": exception.code, "message": exception.message}, status=409)
