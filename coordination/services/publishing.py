"""What goes up to province and nation: cases, their statistics, parts, places (CJJ/T 312 §4.3.10; CJJ/T 106 数据交换).

Cases change often and desks must not wait for the outbox: a move marks the case, a worker publishes what is marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Substr
from django.db.models.signals import post_save
from django.utils import timezone

from convergence.loading import on_save
from coordination.models import Case, DayCount, PartFacility, Place, Subject
from exchange.services import publish, register_source
from exchange.tables import Row

BATCH = 500
STATISTICS_DAYS = 4  # what was reported without a network may be three days old
MEASURES = {
    "reportCount": "reported",
    "registerCount": "registered",
    "dispatchCount": "dispatched",
    "disposeCount": "disposed",
    "onTimeCount": "disposed_in_time",
    "closeCount": "closed",
    "reworkCount": "reworked",
    "delayCount": "extended",
}


def _time(moment: datetime | None) -> str | None:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else None


def case_row(case: Case) -> Row:
    """management.case. The state goes up by its code of this city's workflow."""
    return {
        "taskNum": case.number,
        "districtCode": case.region_id[:6],
        "source": case.source,
        "typeCode": case.category_id or "-",
        "description": case.description,
        "lon": case.location.x,
        "lat": case.location.y,
        "gridCode": case.grid.code if case.grid else None,
        "reportTime": _time(case.reported_at),
        "registerTime": _time(case.registered_at),
        "dispatchTime": _time(case.dispatched_at),
        "disposeTime": _time(case.disposed_at),
        "closeTime": _time(case.closed_at),
        "deadline": _time(case.dispose_due_at),
        "departmentCode": case.department.code if case.department else None,
        "state": case.state,
    }


def part_row(part: PartFacility) -> Row:
    """basic.partFacility."""
    return {
        "partCode": part.code,
        "typeCode": part.type_code,
        "name": part.name,
        "districtCode": part.region_id[:6],
        "ownerUnit": part.owner.name if part.owner else None,
        "state": part.state,
        "lon": part.location.x,
        "lat": part.location.y,
    }


def place_row(place: Place) -> Row:
    """basic.geocode."""
    return {
        "addressCode": place.code,
        "name": place.name,
        "type": place.kind or None,
        "districtCode": place.region_id[:6],
        "lon": place.location.x,
        "lat": place.location.y,
    }


@transaction.atomic
def publish_cases() -> int:
    """Hand the cases that changed to the exchange, 500 at a time. Returns how many."""
    rows = list(
        Case.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("grid", "department")
        .defer("grid__geometry")
        .filter(is_published=False)
        .order_by("id")[:BATCH]
    )
    if not rows:
        return 0
    publish("management", "case", [case_row(case) for case in rows])
    Case.objects.filter(pk__in=[case.pk for case in rows]).update(is_published=True)
    return len(rows)


def publish_all_cases() -> int:
    """Until nothing is marked."""
    total = 0
    while done := publish_cases():
        total += done
    return total


def statistics_rows(first: date, last: date) -> list[Row]:
    """management.caseStatistics of every district and day of a span, from the daily counts."""
    counts = (
        DayCount.objects.filter(subject_kind=Subject.REGION, day__range=(first, last), measure__in=MEASURES.values())
        .annotate(district=Substr("subject", 1, 6))
        .values("day", "district", "measure")
        .annotate(total=Sum("count"))
    )
    found: dict[tuple[date, str], dict[str, int]] = {}
    for row in counts:
        found.setdefault((row["day"], row["district"]), {})[row["measure"]] = row["total"]
    zone = timezone.get_default_timezone()
    return [
        {
            "districtCode": district,
            "statisticalTime": f"{datetime.combine(day, time(), zone):%Y-%m-%d %H:%M:%S}",
            **{field: max(measures.get(measure, 0), 0) for field, measure in MEASURES.items()},
        }
        for (day, district), measures in sorted(found.items())
    ]


@transaction.atomic
def publish_statistics(today: date | None = None, days: int = STATISTICS_DAYS) -> int:
    """Publish the last days' statistics; what did not change goes no farther than the store. Returns the rows."""
    last = today or timezone.localdate()
    rows = statistics_rows(last - timedelta(days=days - 1), last)
    if rows:
        publish("management", "caseStatistics", rows)
    return len(rows)


def _all_cases() -> Iterator[Row]:
    rows = Case.objects.select_related("grid", "department").defer("grid__geometry").order_by("pk")
    return (case_row(case) for case in rows.iterator(1000))


def _all_statistics() -> Iterator[Row]:
    days = DayCount.objects.filter(subject_kind=Subject.REGION).order_by("day").values_list("day", flat=True)
    first, last = days.first(), days.last()
    return iter(statistics_rows(first, last) if first and last else [])


def connect_publishers() -> None:
    """Name the sources of whole tables; a part or place that is saved goes out in the same transaction."""
    register_source("management.case", _all_cases)
    register_source("management.caseStatistics", _all_statistics)
    register_source(
        "basic.partFacility",
        lambda: (part_row(part) for part in PartFacility.objects.select_related("owner").order_by("pk").iterator(1000)),
    )
    register_source(
        "basic.geocode", lambda: (place_row(place) for place in Place.objects.order_by("pk").iterator(1000))
    )
    post_save.connect(on_save("partFacility", part_row), sender=PartFacility, weak=False, dispatch_uid="publish part")
    post_save.connect(on_save("geocode", place_row), sender=Place, weak=False, dispatch_uid="publish place")
