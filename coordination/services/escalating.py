"""Lamps and escalation: beat looks at the cases whose next alarm is due (CJJ/T 106)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from coordination.models import Case

from . import definitions, telling

BATCH = 200


@transaction.atomic
def escalate(now: datetime | None = None) -> int:
    """Tell of yellow and red lamps, 200 cases at a time. Returns how many; each lamp is told once."""
    moment = now or timezone.now()
    rows = list(
        Case.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("department", "region")
        .defer("region__geometry")
        .filter(alarm_at__lte=moment)
        .order_by("alarm_at")[:BATCH]
    )
    for case in rows:
        is_overdue = case.due_at is not None and case.due_at <= moment
        telling.tell_deadline(case, is_overdue, definitions.workflow(case.definition_id))
        case.alarm_at = None if is_overdue else case.due_at
    Case.objects.bulk_update(rows, ["alarm_at"])
    return len(rows)


def escalate_all() -> int:
    """Until nothing is due."""
    total = 0
    while done := escalate():
        total += done
    return total
