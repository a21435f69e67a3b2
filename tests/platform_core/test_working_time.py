"""Working time over weekends, holidays and make-up days."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from platform_core.errors import DomainError
from platform_core.models import CalendarDay
from platform_core.services import reference, working_time
from platform_core.services.working_time import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
PERIODS = ((time(8, 30), time(11, 30)), (time(13, 0), time(17, 0)))
# National Day 2025: 1–8 October off, 28 September and 11 October worked.
DAYS = {date(2025, 10, day): False for day in range(1, 9)} | {date(2025, 9, 28): True, date(2025, 10, 11): True}
CALENDAR = WorkCalendar(DAYS, PERIODS)


def at(month, day, hour, minute=0):
    return datetime(2025, month, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (at(9, 22, 9), 2, at(9, 22, 11)),  # within a morning
        (at(9, 22, 11), 1, at(9, 22, 13, 30)),  # over lunch
        (at(9, 22, 16), 2, at(9, 23, 9, 30)),  # over night
        (at(9, 26, 16), 2, at(9, 28, 9, 30)),  # Friday to the make-up Sunday
        (at(9, 30, 16), 2, at(10, 9, 9, 30)),  # over the holiday
        (at(10, 3, 10), 1, at(10, 9, 9, 30)),  # begun in the holiday
        (at(9, 22, 20), 0, at(9, 23, 8, 30)),  # nothing to add: the next working moment
    ],
)
def test_add(start, hours, end):
    assert CALENDAR.add(start, timedelta(hours=hours)) == end


@pytest.mark.parametrize("hours", [0.5, 3, 7, 20, 50])
def test_subtract_undoes_add_and_between_measures_it(hours):
    start = at(9, 29, 10)
    end = CALENDAR.add(start, timedelta(hours=hours))
    assert CALENDAR.between(start, end) == timedelta(hours=hours)
    assert CALENDAR.between(end, start) == -timedelta(hours=hours)
    assert CALENDAR.add(end, -timedelta(hours=hours)) == start


@pytest.mark.django_db
def test_calendar_is_data():
    with pytest.raises(DomainError):
        working_time.load()
    reference.load_calendar()
    assert CalendarDay.objects.get(day="2025-10-01").kind == "holiday"
    assert CalendarDay.objects.get(day="2025-09-28").kind == "make_up"
    assert working_time.load().add(at(9, 30, 16), timedelta(hours=2)) == at(10, 9, 9, 30)
