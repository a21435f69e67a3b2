"""Short lists that many forms offer: categories, districts, departments; remembered for some seconds by the process."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings

from platform_core.models import Organisation, Region

from .models import CaseCategory

REMEMBER_S = 10.0
WORKING_KINDS = ("department", "company", "district", "street")
EMPTY = ("", "---------")
Choices = list[tuple[Any, Any]]


def _remembered(read: Callable[[], Choices]) -> Callable[[], Choices]:
    kept: list[tuple[float, Choices]] = []

    @wraps(read)
    def choices() -> Choices:
        if kept and kept[0][0] > time.monotonic() and settings.ENVIRONMENT != "test":
            return kept[0][1]
        found = read()
        kept[:] = [(time.monotonic() + REMEMBER_S, found)]
        return found

    return choices


@_remembered
def categories() -> Choices:
    """Grouped by major class, for a select."""
    groups: dict[str, Choices] = {}
    for row in CaseCategory.objects.current():
        groups.setdefault(f"{row.get_kind_display()} · {row.major_name}", []).append((row.code, row.name))
    return list(groups.items())


@_remembered
def districts() -> Choices:
    """The city's districts."""
    return list(Region.objects.filter(level=3).order_by("code").values_list("code", "name"))


@_remembered
def departments() -> Choices:
    """Organisations that dispose of cases, in tree order, set in by their depth."""
    rows = Organisation.objects.current().filter(kind__in=WORKING_KINDS)
    return [(row.pk, row.indented_name) for row in rows]


def or_none(choices: Callable[[], Choices]) -> Callable[[], Choices]:
    """The same with an empty choice first."""
    return lambda: [EMPTY, *choices()]
