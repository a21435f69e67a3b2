"""Deadlines: computed once, when a stage begins (CJJ/T 106 time limits; CJJ/T 312 §4.3.4-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models

from coordination.models import CaseCategory, TimeLimit
from coordination.models.category import Stage
from platform_core.memo import remembered
from platform_core.services.working_time import WorkCalendar
from platform_core.services.working_time import load as load_calendar

WARN_SHARE = 0.8


@dataclass(frozen=True)
class Rules:
    """Limits and calendar as of a moment."""

    limits: tuple[TimeLimit, ...]
    calendar: WorkCalendar


@remembered(10)
def rules() -> Rules:
    """Limits and working calendar (three queries)."""
    return Rules(tuple(TimeLimit.objects.current()), load_calendar())


def find(stage: str, category: str, emergency: int) -> TimeLimit | None:
    """The most specific limit, or None where the stage is not limited."""
    fitting = [row for row in rules().limits if row.stage == stage and row.fits(category, emergency)]
    return max(fitting, key=lambda row: row.weight, default=None)


def after(start: datetime, minutes: float, clock: str) -> datetime:
    """`minutes` later by the given clock."""
    span = timedelta(minutes=minutes)
    return start + span if clock == TimeLimit.Clock.NATURAL else rules().calendar.add(start, span)


@dataclass(frozen=True)
class Deadline:
    """When the lamp turns yellow and when red."""

    warn_at: datetime
    due_at: datetime


def deadline(
    start: datetime, stage: str, category: str, emergency: int, minutes: float | None = None
) -> Deadline | None:
    """Of a stage begun at `start`; `minutes` replaces the whole limit (what was left, what was granted)."""
    limit = find(stage, category, emergency)
    if limit is None:
        return None
    span = limit.minutes if minutes is None else max(minutes, 0)
    return Deadline(after(start, span * WARN_SHARE, limit.clock), after(start, span, limit.clock))


def used_minutes(start: datetime, end: datetime, stage: str, category: str, emergency: int) -> int:
    """Minutes between two moments by the clock of the stage's limit."""
    limit = find(stage, category, emergency)
    if limit is None or limit.clock == TimeLimit.Clock.NATURAL:
        return int((end - start).total_seconds() // 60)
    return int(rules().calendar.between(start, end).total_seconds() // 60)


def closing_deadline(dispose_due: datetime, category: str, emergency: int) -> datetime:
    """By when a case that is disposed of just in time should be closed: check and closing follow at their limits."""
    moment = dispose_due
    for stage in (Stage.CHECK, Stage.CLOSE):
        found = deadline(moment, stage, category, emergency)
        moment = found.due_at if found else moment
    return moment


def category_code(category: CaseCategory | str | None) -> str:
    """The code the limits are looked up by; '' before a case is classified."""
    return category if isinstance(category, str) else category.code if isinstance(category, models.Model) else ""
