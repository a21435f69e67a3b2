"""Open311 GeoReport v2: requests in and out (wiki.open311.org/GeoReport_v2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from coordination.models import Case, CaseCategory
from coordination.services import geocode
from platform_core.errors import DomainError
from platform_core.geo.measure import point_of
from publicservice.models import Appeal, Open311Client

from .appeals import NewAppeal, receive

SPAN = timedelta(days=90)
MOST = 1000
STATUS = {"received": "open", "case": "open", "transferred": "open", "answered": "closed", "refused": "closed"}


def services() -> list[dict[str, Any]]:
    """What can be asked for: every category."""
    return [_service(row) for row in CaseCategory.objects.current()]


def _service(row: CaseCategory) -> dict[str, Any]:
    return {
        "service_code": row.code,
        "service_name": row.name,
        "description": f"{row.major_name} · {row.name}",
        "metadata": False,
        "type": "realtime",
        "keywords": row.major_name,
        "group": row.major_name,
    }


def definition(code: str) -> dict[str, Any]:
    """A service's further questions: none. Raises DomainError for an unknown code."""
    if not CaseCategory.objects.current().filter(code=code).exists():
        raise DomainError("404", _("There is no service %s.") % code)
    return {"service_code": code, "attributes": []}


def demand_key(key: str) -> Open311Client:
    """The application a key belongs to. Raises DomainError for none."""
    found = Open311Client.objects.current().filter(key_digest=Open311Client.digest(key), is_enabled=True).first()
    if found is None:
        raise DomainError("403", _("The api_key is missing or unknown."))
    return found


def _place(data: dict[str, str]) -> Point:
    if data.get("lat") and data.get("long"):
        point = point_of(data, "long", "lat")
        if point is None:
            raise DomainError("400", _("lat and long are decimal degrees."))
        return point
    if text := data.get("address_string", ""):
        hits = geocode(text, 1)
        if hits and hits[0].score >= 0.6:
            found: Point = hits[0].place.location
            return found
        raise DomainError("400", _("The address_string was not found; send lat and long."))
    raise DomainError("400", _("lat and long, or address_string, are needed."))


def post(data: dict[str, str]) -> Appeal:
    """A request becomes an appeal and a case. Raises DomainError with the HTTP status as its code."""
    demand_key(data.get("api_key", ""))
    code = data.get("service_code", "")
    if not code:
        raise DomainError("400", _("service_code was not provided."))
    definition(code)
    name = " ".join(part for part in (data.get("last_name", ""), data.get("first_name", "")) if part)
    category = CaseCategory.objects.get(code=code)
    new = NewAppeal(
        content=data.get("description", "") or category.name,
        channel=Appeal.Channel.OPEN311,
        contact_name=name,
        phone=data.get("phone", ""),
        address=data.get("address_string", ""),
        location=_place(data),
        category=code,
    )
    try:
        return receive(new)
    except DomainError as error:
        raise DomainError("400", error.message) from error


def public_requests() -> QuerySet[Appeal]:
    """What came by Open311, where everybody knows that requests are public; not what was told to a hotline or page."""
    return Appeal.objects.filter(channel=Appeal.Channel.OPEN311)


def find(query: dict[str, str]) -> list[dict[str, Any]]:
    """Requests by id, or of at most 90 days by service, status and time. Raises DomainError for a bad time."""
    rows = public_requests().select_related("case__category", "case__department")
    if ids := query.get("service_request_id", ""):
        return [as_request(row) for row in rows.filter(number__in=ids.split(",")[:100])]
    end = _moment(query.get("end_date", "")) or timezone.now()
    start = _moment(query.get("start_date", "")) or end - SPAN
    start = max(start, end - SPAN)
    rows = rows.filter(received_at__gte=start, received_at__lte=end, kind=Appeal.Kind.COMPLAINT, case__isnull=False)
    if code := query.get("service_code", ""):
        rows = rows.filter(category__in=code.split(","))
    if wanted := query.get("status", ""):
        states = [state for state, status in STATUS.items() if status in wanted.split(",")]
        rows = rows.filter(state__in=states)
    return [as_request(row) for row in rows.order_by("-received_at")[:MOST]]


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise DomainError("400", _("Times are W3C times, e.g. 2026-01-01T00:00:00Z.")) from error
    if not 1970 < found.year < 2500:  # within what a zone and a span can be added to
        raise DomainError("400", _("Times are W3C times, e.g. 2026-01-01T00:00:00Z."))
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def as_request(row: Appeal) -> dict[str, Any]:
    """A request as the specification has it; nothing about the person."""
    case: Case | None = row.case
    category = case.category if case and case.category else None
    updated = row.answered_at or (case.changed_at if case else row.received_at)
    return {
        "service_request_id": row.number,
        "status": STATUS[row.state],
        "status_notes": row.answer or "",
        "service_name": category.name if category else "",
        "service_code": category.code if category else row.category,
        "description": row.content,
        "agency_responsible": case.department.name if case and case.department else "",
        "service_notice": "",
        "requested_datetime": row.received_at.isoformat(timespec="seconds"),
        "updated_datetime": updated.isoformat(timespec="seconds"),
        "expected_datetime": case.close_due_at.isoformat(timespec="seconds") if case and case.close_due_at else "",
        "address": row.address,
        "address_id": "",
        "zipcode": "",
        "lat": row.location.y if row.location else None,
        "long": row.location.x if row.location else None,
        "media_url": "",
    }
