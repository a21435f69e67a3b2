"""Working time: what a limit of 4 working hours means on the eve of a holiday (CJJ/T 106 time limits)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.models import CalendarDay, WorkingPeriod

HORIZON_DAYS = 800
WORKING_KINDS = {CalendarDay.Kind.WORKING, CalendarDay.Kind.MAKE_UP}


@dataclass(frozen=True)
class WorkCalendar:
    """Exceptions to the plain week, and the working periods of a day (local time). Pure; see `load`."""

    days: dict[date, bool]
    periods: tuple[tuple[time, time], ...]

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday unless the calendar says otherwise."""
        return self.days.get(day, day.weekday() < 5)

    def _stretches(self, day: date, step: int) -> Iterator[tuple[datetime, datetime]]:
        zone = timezone.get_default_timezone()
        for _day in range(HORIZON_DAYS):
            if self.is_working_day(day):
                for start, end in self.periods[::step]:
                    yield datetime.combine(day, start, zone), datetime.combine(day, end, zone)
            day += timedelta(days=step)
        raise DomainError("calendar_too_short", _("No working time within %d days.") % HORIZON_DAYS)

    def add(self, moment: datetime, duration: timedelta) -> datetime:
        """The moment after `duration` of working time; a negative duration goes back."""
        if duration < timedelta(0):
            return self._subtract(moment, -duration)
        local = timezone.localtime(moment)
        for start, end in self._stretches(local.date(), 1):
            begin = max(start, local)
            if begin >= end:
                continue
            if duration <= end - begin:
                return begin + duration
            duration -= end - begin
        raise AssertionError("unreachable")

    def _subtract(self, moment: datetime, duration: timedelta) -> datetime:
        local = timezone.localtime(moment)
        for start, end in self._stretches(local.date(), -1):
            finish = min(end, local)
            if finish <= start:
                continue
            if duration <= finish - start:
                return finish - duration
            duration -= finish - start
        raise AssertionError("unreachable")

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """Working time from `begin` to `end`; negative when they are the other way round."""
        if end < begin:
            return -self.between(end, begin)
        first, last = timezone.localtime(begin), timezone.localtime(end)
        total = timedelta(0)
        for start, stop in self._stretches(first.date(), 1):
            if start >= last:
                return total
            total += max(timedelta(0), min(stop, last) - max(start, first))
        raise AssertionError("unreachable")


def load() -> WorkCalendar:
    """The platform's calendar (two queries). Raises DomainError when no working period is set."""
    periods = tuple(WorkingPeriod.objects.current().values_list("starts_at", "ends_at"))
    if not periods:
        raise DomainError("no_working_hours", _("No working hours are set."))
    rows = CalendarDay.objects.current().values_list("day", "kind")
    return WorkCalendar({day: kind in WORKING_KINDS for day, kind in rows}, periods)
