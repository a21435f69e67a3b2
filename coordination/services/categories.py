"""Categories by code: asked at every report and move, changed once a year."""

from __future__ import annotations

import time

from django.conf import settings
from django.utils.translation import gettext as _

from coordination.models import CaseCategory
from platform_core.errors import DomainError

REMEMBER_S = 10.0
_known: list[tuple[float, dict[str, CaseCategory]]] = []


def find(code: str) -> CaseCategory:
    """A category in use, from what the process remembers for REMEMBER_S. Raises DomainError for an unknown code."""
    if not _known or _known[0][0] < time.monotonic() or settings.ENVIRONMENT == "test":
        _known[:] = [(time.monotonic() + REMEMBER_S, {row.code: row for row in CaseCategory.objects.current()})]
    found = _known[0][1].get(code)
    if found is None:
        raise DomainError("unknown_category", _("There is no category %s.") % code, field="category")
    return found
