"""Short lists that many forms offer: categories, districts, departments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from platform_core.memo import remembered
from platform_core.models import Organisation
from platform_core.services.divisions import own_districts

from .models import CaseCategory

WORKING_KINDS = ("department", "company", "district", "street")
EMPTY = ("", "---------")
Choices = list[tuple[Any, Any]]


@remembered(10)
def categories() -> Choices:
    """Grouped by major class, for a select."""
    groups: dict[str, Choices] = {}
    for row in CaseCategory.objects.current():
        groups.setdefault(f"{row.get_kind_display()} · {row.major_name}", []).append((row.code, row.name))
    return list(groups.items())


@remembered(10)
def category_codes() -> frozenset[str]:
    """Codes of every category, retired ones too."""
    return frozenset(CaseCategory.objects.values_list("code", flat=True))


@remembered(10)
def districts() -> Choices:
    """The districts of this platform's own division."""
    return list(own_districts().values_list("code", "name"))


@remembered(10)
def departments() -> Choices:
    """Organisations that dispose of cases, in tree order, set in by their depth."""
    rows = Organisation.objects.current().filter(kind__in=WORKING_KINDS)
    return [(row.pk, row.indented_name) for row in rows]


def or_none(choices: Callable[[], Choices]) -> Callable[[], Choices]:
    """The same with an empty choice first."""
    return lambda: [EMPTY, *choices()]
