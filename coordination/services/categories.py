"""Categories by code: asked at every report and move, changed once a year."""

from __future__ import annotations

from django.utils.translation import gettext as _

from coordination.models import CaseCategory
from platform_core.errors import DomainError
from platform_core.memo import remembered


@remembered(10)
def known() -> dict[str, CaseCategory]:
    """Every category by code, retired ones too (one query)."""
    return {row.code: row for row in CaseCategory.objects.all()}


def find(code: str) -> CaseCategory:
    """A category in use. Raises DomainError for an unknown code."""
    found = known().get(code)
    if found is None or found.is_retired:
        raise DomainError("unknown_category", _("There is no category %s.") % code, field="category")
    return found
