"""What goes to 12345, province and nation: appeals, return visits, hotline statistics (CJJ/T 312 §4.3.10, §4.3.6-1-1).

12345 is a platform account of the exchange: it reads `service.appeal` (those transferred to it, and the results of its
own) by getdata, and pushes its appeals into the same table; `take_in` makes them ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.utils import timezone

from exchange.services import publish, register_source
from exchange.tables import Row
from platform_core.models import PlatformInstance
from publicservice.models import Appeal, Call, ConvenienceService, ReturnVisit


def appeal_row(appeal: Appeal) -> Row:
    """service.appeal; who made it never leaves the city."""
    return {
        "appealCode": appeal.origin or appeal.number,
        "channel": appeal.channel,
        "type": appeal.kind,
        "content": appeal.content,
        "time": f"{timezone.localtime(appeal.received_at):%Y-%m-%d %H:%M:%S}",
        "districtCode": appeal.region_id[:6],
        "state": appeal.state,
        "satisfaction": appeal.satisfaction,
        "address": appeal.address or None,
        "lon": appeal.location.x if appeal.location else None,
        "lat": appeal.location.y if appeal.location else None,
        "caseNum": appeal.case.number if appeal.case else None,
        "transferredTo": appeal.transferred_to or None,
        "answer": appeal.answer or None,
    }


def visit_row(visit: ReturnVisit) -> Row:
    """service.returnVisit."""
    moment = visit.done_at or visit.created_at
    return {
        "appealCode": visit.appeal.origin or visit.appeal.number,
        "districtCode": visit.appeal.region_id[:6],
        "time": f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}",
        "result": visit.comment or None,
        "score": visit.score,
    }


def convenience_row(service: ConvenienceService) -> Row:
    """service.convenience."""
    return {
        "code": service.code,
        "type": service.kind,
        "cityCode": service.region_id[:6],
        "content": f"{service.name} {service.phone}",
        "state": "retired" if service.is_retired else "open",
    }


def mark(appeal: Appeal) -> None:
    """Publish an appeal in the caller's transaction, on a platform that is set up."""
    if PlatformInstance.objects.exists():
        publish("service", "appeal", [appeal_row(appeal)])


def mark_visit(visit: ReturnVisit) -> None:
    """Publish a return visit, likewise."""
    if PlatformInstance.objects.exists():
        publish("service", "returnVisit", [visit_row(visit)])


def statistics_row(day: date) -> Row:
    """service.hotlineStatistics of a local day."""
    from coordination.services.performance import Span

    begin, end = Span(day, day).bounds()
    wait = ExpressionWrapper(F("answered_at") - F("queued_at"), output_field=DurationField())
    sums = Call.objects.filter(queued_at__gte=begin, queued_at__lt=end).aggregate(
        calls=Count("pk"), answered=Count("pk", filter=Q(answered_at__isnull=False)), wait=Avg(wait)
    )
    return {
        "cityCode": PlatformInstance.objects.get().region_id[:6],
        "date": day.isoformat(),
        "calls": sums["calls"],
        "answered": sums["answered"],
        "avgWait": round(sums["wait"].total_seconds(), 1) if sums["wait"] else 0.0,
    }


def publish_statistics(today: date | None = None) -> None:
    """Yesterday's and today's hotline figures."""
    last = today or timezone.localdate()
    publish("service", "hotlineStatistics", [statistics_row(last - timedelta(days=1)), statistics_row(last)])


def take_in(rows: Sequence[Row]) -> None:
    """统一受理: rows of service.appeal that 12345 pushed become appeals; answers to what was transferred come back.

    Our own rows come along too (what the exchange stores is handed on) and are passed over.
    """
    from . import appeals

    for row in rows:
        code = str(row["appealCode"])
        if mine := Appeal.objects.filter(number=code).first():
            _take_back(mine, row)
            continue
        if row.get("channel") != Appeal.Channel.HOTLINE_12345 or Appeal.objects.filter(origin=code).exists():
            continue
        longitude, latitude = row.get("lon"), row.get("lat")
        place = Point(longitude, latitude, srid=4490) if longitude is not None and latitude is not None else None
        kind = str(row.get("type"))
        appeals.receive(
            appeals.NewAppeal(
                content=str(row.get("content") or "—"),
                kind=kind if kind in Appeal.Kind.values else Appeal.Kind.COMPLAINT,
                channel=Appeal.Channel.HOTLINE_12345,
                address=str(row.get("address") or ""),
                location=place,
                origin=code,
            )
        )


def _take_back(appeal: Appeal, row: Row) -> None:
    """The other hotline's answer to an appeal that was transferred to it."""
    if appeal.state != Appeal.State.TRANSFERRED or row.get("state") != Appeal.State.ANSWERED:
        return
    from . import appeals

    appeals.settle_transfer(appeal, str(row.get("answer") or ""))


def _all(rows: Any, to_row: Any) -> Iterator[Row]:
    return (to_row(row) for row in rows.iterator(1000))


def connect_publishers() -> None:
    """Name the sources of whole tables."""
    register_source("service.appeal", lambda: _all(Appeal.objects.select_related("case").order_by("pk"), appeal_row))
    register_source(
        "service.returnVisit", lambda: _all(ReturnVisit.objects.select_related("appeal").order_by("pk"), visit_row)
    )
    register_source("service.convenience", lambda: _all(ConvenienceService.objects.order_by("pk"), convenience_row))
