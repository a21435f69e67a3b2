"""What a locked-out account sees."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked_out(request: HttpRequest, credentials: dict[str, Any], *_args: Any, **_kwargs: Any) -> HttpResponse:
    """The page shown instead of the login form, status 429."""
    return render(request, "platform_core/locked_out.html", status=429)
