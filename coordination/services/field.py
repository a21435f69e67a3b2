"""People in the street: whose ground it is, tracks, shifts and attendance (CJJ/T 106 监管数据无线采集)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.gis.geos import Point
from django.db import connection, transaction
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _

from coordination.models import Case, GridDuty, LastPosition, RosterEntry, TrackPoint
from platform_core.errors import DomainError
from platform_core.models import User
from platform_core.services.divisions import district_at

MOST_POINTS = 500
EARLY = timedelta(hours=1)
FUTURE = timedelta(minutes=5)


def supervisor_of(case: Case) -> int | None:
    """The supervisor of the case's ground (the most specific duty), of its district; None leaves it to all of them."""
    code = case.grid.code if case.grid else case.region_id
    prefixes = [code[:length] for length in (15, 12, 9, 6) if length <= len(code)]
    duty = (
        GridDuty.objects.current()
        .filter(grid_prefix__in=prefixes, user__is_active=True)
        .order_by(Length("grid_prefix").desc(), "id")
        .values_list("user", flat=True)
    )
    return duty.first()


@dataclass(frozen=True)
class Fix:
    """A position as a device reports it: degrees, metres."""

    device_at: datetime
    longitude: float
    latitude: float
    accuracy_m: float | None = None


@transaction.atomic
def keep_track(
    user: User, fixes: Sequence[Fix], carrier: str = TrackPoint.Carrier.PERSON, is_demo: bool = False
) -> int:
    """Store positions; those that came already are passed over. Returns how many were new.

    Raises DomainError for more than 500 at once or a time in the future.
    """
    if len(fixes) > MOST_POINTS:
        raise DomainError("too_many", _("At most %d positions at once.") % MOST_POINTS)
    if any(fix.device_at > timezone.now() + FUTURE for fix in fixes):
        raise DomainError("future", _("The device's clock is ahead; positions from the future are not kept."))
    if not fixes:
        return 0
    newest = max(fixes, key=lambda fix: fix.device_at)
    district = district_at(Point(newest.longitude, newest.latitude, srid=4490))
    region = district.code if district else None
    known = set(
        TrackPoint.objects.filter(user=user, device_at__in=[fix.device_at for fix in fixes]).values_list(
            "device_at", flat=True
        )
    )
    TrackPoint.objects.bulk_create(
        [
            TrackPoint(
                user=user,
                carrier=carrier,
                region_id=region,
                device_at=fix.device_at,
                location=Point(fix.longitude, fix.latitude, srid=4490),
                accuracy_m=fix.accuracy_m,
                is_demo=is_demo,
            )
            for fix in {fix.device_at: fix for fix in fixes}.values()
        ],
        ignore_conflicts=True,
    )
    here = LastPosition.objects.select_for_update().filter(user=user).first()
    if here is None or here.at < newest.device_at:
        LastPosition.objects.update_or_create(
            user=user,
            defaults={
                "carrier": carrier,
                "region_id": region,
                "at": newest.device_at,
                "location": Point(newest.longitude, newest.latitude, srid=4490),
                "is_demo": is_demo,
            },
        )
    return len({fix.device_at for fix in fixes} - known)


def shift_bounds(entry: RosterEntry) -> tuple[datetime, datetime]:
    """Begin and end of an entry's shift; one past midnight ends the day after."""
    zone = timezone.get_default_timezone()
    start = datetime.combine(entry.day, entry.shift.starts_at, zone)
    end = datetime.combine(entry.day, entry.shift.ends_at, zone)
    return start, end if end > start else end + timedelta(days=1)


def today(user: User, now: datetime | None = None) -> RosterEntry | None:
    """The shift that runs now or begins within the hour; else the next of today."""
    moment = now or timezone.now()
    day = timezone.localtime(moment).date()
    entries = (
        RosterEntry.objects.current().filter(user=user, day__in=(day, day - timedelta(days=1))).select_related("shift")
    )
    for entry in entries.order_by("day", "shift__starts_at"):
        start, end = shift_bounds(entry)
        if start - EARLY <= moment <= end:
            return entry
    return entries.filter(day=day).order_by("shift__starts_at").first()


@transaction.atomic
def check_in(user: User, location: Point | None, *, now: datetime | None = None) -> RosterEntry:
    """签到. Raises DomainError without a shift, or when already there."""
    moment = now or timezone.now()
    entry = today(user, moment)
    if entry is None:
        raise DomainError("no_shift", _("You have no shift today; ask your supervisor to put you on the roster."))
    if entry.came_at:
        raise DomainError(
            "already_in", _("You checked in at %s already.") % f"{timezone.localtime(entry.came_at):%H:%M}"
        )
    start, _end = shift_bounds(entry)
    entry.came_at, entry.came_from = moment, location
    entry.is_late = moment > start + timedelta(minutes=entry.shift.grace_minutes)
    entry.save()
    return entry


@transaction.atomic
def check_out(user: User, *, now: datetime | None = None) -> RosterEntry:
    """签退. Raises DomainError before checking in."""
    entry = today(user, now)
    if entry is None or not entry.came_at:
        raise DomainError("not_in", _("You have not checked in yet."))
    entry.left_at = now or timezone.now()
    entry.save()
    return entry


@dataclass(frozen=True)
class Track:
    """Where somebody went: km over the ellipsoid, and [longitude, latitude] of each position, oldest first."""

    km: float
    line: list[list[float]]


def tracks(users: Sequence[int], start: datetime, end: datetime) -> dict[int, Track]:
    """Tracks of a span by user key; people without a position are left out (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT user_id, ST_Length(ST_SetSRID(line, 4326)::geography) / 1000, ST_AsGeoJSON(line, 6) FROM ("
            "SELECT user_id, ST_MakeLine(location ORDER BY device_at) AS line FROM coordination_trackpoint "
            "WHERE user_id = ANY(%s) AND device_at >= %s AND device_at < %s GROUP BY user_id) AS tracks",
            [list(users), start, end],
        )
        return {user: Track(km, json.loads(line)["coordinates"]) for user, km, line in cursor.fetchall()}


def track_km(user: int, start: datetime, end: datetime) -> float:
    """Length of one person's track in km."""
    found = tracks([user], start, end).get(user)
    return found.km if found else 0.0
