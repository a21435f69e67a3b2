"""The request behind `login_required`."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .models import User


class UserRequest(HttpRequest):
    """A request of somebody who has logged in; only a type, never made."""

    user: User
    htmx: HtmxDetails
