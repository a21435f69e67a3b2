"""The request behind `login_required`, and what is read from any."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django_htmx.middleware import HtmxDetails

from .models import User


class UserRequest(HttpRequest):
    """A request of somebody who has logged in; only a type, never made."""

    user: User
    htmx: HtmxDetails


def number_of(text: object) -> int | None:
    """A whole number as forms and addresses send it, what a key or version can be; None for anything else."""
    given = str(text or "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= 18 else None


def has_nul(request: HttpRequest) -> bool:
    """Whether a value of the address or the form holds a NUL: PostgreSQL stores none, a search for one is an error."""
    queries = (request.GET, request.POST)
    return any("\0" in str(value) for query in queries for _name, values in query.lists() for value in values)


def day_of(text: str | None) -> date | None:
    """A day written as 2026-11-24; None for anything else."""
    try:
        return parse_date(text or "")
    except ValueError:  # the 31st of November
        return None
