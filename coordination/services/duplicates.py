"""Reports that may be the same problem: same category, near, lately (CJJ/T 106 受理)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import cos, radians

from django.conf import settings
from django.contrib.gis.geos import Point, Polygon
from django.db import connection
from django.utils import timezone

from coordination.models import Case
from platform_core.models import User

from . import categories

MOST = 8
METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class Candidate:
    """A case that may be meant, and how far away it is."""

    case: Case
    distance_m: float


def near(location: Point, category: str, user: User | None, *, excluding: int | None = None) -> list[Candidate]:
    """Cases of a category within DUPLICATE_METRES and DUPLICATE_HOURS, nearest first (two indexed queries).

    A box in degrees uses the index; the distance itself is over the ellipsoid.
    """
    reach = settings.DUPLICATE_METRES
    dy = reach / METRES_PER_DEGREE
    dx = dy / max(cos(radians(location.y)), 0.1)
    box = Polygon.from_bbox((location.x - dx, location.y - dy, location.x + dx, location.y + dy))
    box.srid = 4490
    since = timezone.now() - timedelta(hours=settings.DUPLICATE_HOURS)
    rows = Case.objects.visible_to(user) if user else Case.objects.all()
    rows = rows.filter(location__bboverlaps=box, reported_at__gte=since).exclude(
        state__in=("merged", "rejected", "void")
    )
    rows = rows.filter(category=category) if category else rows
    rows = rows.exclude(pk=excluding) if excluding else rows
    found = list(rows.only("number", "category", "description", "location", "reported_at")[:200])
    kinds = categories.known()
    for case in found:
        if case.category_id in kinds:
            case.category = kinds[case.category_id]
    metres = _metres(location, [case.location for case in found])
    pairs = [Candidate(case, distance) for case, distance in zip(found, metres, strict=True) if distance <= reach]
    return sorted(pairs, key=lambda pair: pair.distance_m)[:MOST]


def _metres(point: Point, others: list[Point]) -> list[float]:
    if not others:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_Distance(ST_SetSRID(ST_Point(%s, %s), 4326)::geography, "
            "ST_SetSRID(ST_Point(x, y), 4326)::geography) "
            "FROM unnest(%s::float8[], %s::float8[]) AS t(x, y)",
            [point.x, point.y, [other.x for other in others], [other.y for other in others]],
        )
        return [float(row[0]) for row in cursor.fetchall()]
