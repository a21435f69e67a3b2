"""Demo data of coordination: rules, duties, roster, tracks, places, a key task; all invented and marked so."""

from __future__ import annotations

import io
import random
from datetime import date, datetime, time, timedelta

from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont

from coordination.models import Case, GridDuty, LastPosition, PartFacility, Place, RosterEntry, RoutingRule, Shift
from coordination.services import field, geocoding
from platform_core.models import Attachment, EvaluationPoint, Organisation, Region, UnitGrid, User
from platform_core.services import attachments
from platform_core.services.demo import GRID_DISTRICTS

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
PHOTO_NAME = "demo-photo.jpg"
# Category prefix → end of the code of the demo department (platform_core/services/demo.py DEPARTMENTS).
RULES = (
    ("E01", "14"), ("E0101", "11"), ("E0110", "12"), ("E02", "11"), ("E03", "11"), ("E04", "12"), ("E0404", "16"), ("E0406", "16"),
    ("E05", "11"), ("E0505", "17"), ("P01", "12"), ("P0102", "16"), ("P0103", "16"), ("P0104", "16"), ("P02", "17"), ("P03", "14"),
    ("P04", "13"), ("P05", "15"),
)  # fmt: skip
PARTS_PER_DISTRICT = 1200
ROSTER_DAYS = 14


def photo() -> Attachment:
    """One picture that says that it is no photo; demo cases share it."""
    found = Attachment.objects.filter(original_name=PHOTO_NAME).order_by("pk").first()
    if found:
        return found
    picture = Image.new("RGB", (960, 640), "#d9e4ea")
    draw = ImageDraw.Draw(picture)
    try:
        font = ImageFont.truetype(FONT, 54)
    except OSError:  # the system's fonts are not installed: the words matter, not their look
        font = ImageFont.load_default(54)  # type: ignore[assignment]
    draw.rectangle((30, 30, 930, 610), outline="#14506b", width=6)
    draw.text((480, 300), "演示图片", anchor="mm", fill="#14506b", font=font)
    draw.text((480, 380), "非现场照片", anchor="mm", fill="#5d6b79", font=font)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=80)
    return attachments.store(SimpleUploadedFile(PHOTO_NAME, stream.getvalue()), target=None, user=None)


def load_rules(city: str) -> int:
    """Category → department."""
    if RoutingRule.objects.exists():
        return 0
    made = 0
    for category, ending in RULES:
        department = Organisation.objects.filter(code=f"{city}-{ending}").first()
        if department:
            RoutingRule.objects.create(priority=100, category=category, department=department, is_demo=True)
            made += 1
    return made


def load_duties() -> int:
    """Each district's supervisors look after its grids; the city's walks in 和平区."""
    made = 0
    for user in User.objects.filter(groups__role__code="supervisor", is_demo=True).select_related(
        "organisation__region"
    ):
        region = user.organisation.region.code if user.organisation else ""
        prefix = region[:6] if not region.endswith("00") else "210102"
        _duty, created = GridDuty.objects.get_or_create(user=user, grid_prefix=prefix, defaults={"is_demo": True})
        made += created
    return made


def load_roster(today: date) -> int:
    """Two weeks of shifts with attendance for the street's and the desks' people."""
    shifts = {shift.name: shift for shift in Shift.objects.all()}
    if RosterEntry.objects.exists() or "早班" not in shifts:
        return 0
    chance, zone, made = random.Random(312), timezone.get_default_timezone(), []  # noqa: S311
    people = User.objects.filter(
        groups__role__code__in=("supervisor", "acceptor", "dispatcher", "duty_chief"), is_demo=True
    ).distinct()
    for number, user in enumerate(people.order_by("pk")):
        for offset in range(-ROSTER_DAYS, 3):
            day = today + timedelta(days=offset)
            if (day.toordinal() + number) % 7 == 0:
                continue
            shift = shifts[("早班", "中班", "常白班")[number % 3]]
            entry = RosterEntry(day=day, shift=shift, user=user, is_demo=True)
            if offset < 0:
                start = datetime.combine(day, shift.starts_at, zone)
                entry.came_at = start + timedelta(minutes=chance.choice((-12, -8, -5, -2, 1, 3, 14)))
                entry.is_late = entry.came_at > start + timedelta(minutes=shift.grace_minutes)
                entry.left_at = datetime.combine(day, shift.ends_at, zone) + timedelta(minutes=chance.randint(0, 20))
            made.append(entry)
    RosterEntry.objects.bulk_create(made)
    return len(made)


def load_tracks(now: datetime) -> int:
    """A walk of today for each supervisor of a district with grids, and two vehicles."""
    if LastPosition.objects.exists():
        return 0
    chance, made = random.Random(7), 0  # noqa: S311
    start = datetime.combine(timezone.localtime(now).date(), time(8, 30), timezone.get_default_timezone())
    start = min(start, now - timedelta(hours=2))
    people = User.objects.filter(
        groups__role__code__in=("supervisor", "dispatcher"), is_demo=True, username__regex=r"\d{6}$|zhangwei"
    )
    for user in people.select_related("organisation"):
        duty = GridDuty.objects.filter(user=user).first()
        prefix = duty.grid_prefix if duty else (user.organisation.region_id if user.organisation else "")
        grid = UnitGrid.objects.filter(code__startswith=prefix).order_by("?").first() if prefix else None
        if grid is None:
            continue
        at, point = start, grid.geometry.centroid
        fixes: list[field.Fix] = []
        x, y, heading = point.x, point.y, (chance.uniform(-1, 1), chance.uniform(-1, 1))
        while at < now - timedelta(minutes=3) and len(fixes) < 240:
            x, y = (
                x + heading[0] * 3e-4 + chance.uniform(-1e-4, 1e-4),
                y + heading[1] * 2e-4 + chance.uniform(-1e-4, 1e-4),
            )
            if chance.random() < 0.06:
                heading = (chance.uniform(-1, 1), chance.uniform(-1, 1))
            fixes.append(field.Fix(at, x, y, 8.0))
            at += timedelta(minutes=2)
        carrier = "vehicle" if user.username.startswith("di") else "person"
        made += field.keep_track(user, fixes, carrier, is_demo=True)
    return made


@transaction.atomic
def load_parts() -> int:
    """Parts along the unit grids of the demo districts, each with the department that owns its kind."""
    if PartFacility.objects.exists():
        return 0
    chance = random.Random(45)  # noqa: S311
    owners = {
        rule.category: rule.department
        for rule in RoutingRule.objects.select_related("department")
        if rule.category.startswith("P")
    }
    kinds = [("0101", "上水井盖"), ("0102", "污水井盖"), ("0103", "雨水井盖"), ("0104", "雨水箅子"), ("0106", "路灯井盖"), ("0118", "路灯"),
             ("0203", "公交站亭"), ("0209", "交通标志牌"), ("0305", "垃圾箱"), ("0402", "行道树"), ("0405", "绿地")]  # fmt: skip
    made = []
    for region in Region.objects.filter(code__in=GRID_DISTRICTS).defer("geometry"):
        grids = list(UnitGrid.objects.filter(code__startswith=region.code).order_by("code")[::3])
        if not grids:
            continue
        for number in range(PARTS_PER_DISTRICT):
            grid, (kind, name) = grids[number % len(grids)], kinds[number % len(kinds)]
            west, south, east, north = grid.geometry.extent
            spot = Point(chance.uniform(west, east), chance.uniform(south, north), srid=4490)
            owner = owners.get(f"P{kind}") or owners.get(f"P{kind[:2]}")
            made.append(PartFacility(code=f"{region.code}{kind}{number:06d}", type_code=kind, name=name, region=region, owner=owner,
                                     state="damaged" if chance.random() < 0.02 else "intact", location=spot, is_demo=True))  # fmt: skip
    PartFacility.objects.bulk_create(made, batch_size=1000)
    return len(made)


@transaction.atomic
def load_places() -> int:
    """Place names from the demo's evaluation points and house numbers along them."""
    if Place.objects.exists():
        return 0
    made = []
    for point in EvaluationPoint.objects.filter(is_demo=True).select_related("region").defer("region__geometry"):
        address = f"{point.region.name}{point.name}"
        made.append(
            _place(f"D{point.code}", point.name, point.get_point_type_display(), address, point.region, point.location)
        )
        if point.point_type in (1, 2, 3):
            for number in range(2, 40, 6):
                spot = Point(point.location.x + number * 2e-5, point.location.y + number * 1e-5, srid=4490)
                made.append(
                    _place(
                        f"D{point.code}N{number}",
                        f"{point.name}{number}号",
                        "门牌",
                        f"{address}{number}号",
                        point.region,
                        spot,
                    )
                )
    Place.objects.bulk_create(made, batch_size=1000)
    return len(made)


def _place(code: str, name: str, kind: str, address: str, region: Region, location: Point) -> Place:
    return Place(
        code=code, name=name, kind=str(kind)[:20], address=address, region=region, location=location,
        search_text=geocoding.spaced(address + name)[:700], is_demo=True,
    )  # fmt: skip


def load(city: str) -> str:
    """Everything; repeating it adds nothing. Returns a summary."""
    now = timezone.now()
    figures = {
        "rules": load_rules(city),
        "duties": load_duties(),
        "parts": load_parts(),
        "places": load_places(),
        "roster": load_roster(timezone.localdate()),
        "positions": load_tracks(now),
    }
    return ", ".join(f"{count} {name}" for name, count in figures.items()) + f", {Case.objects.count()} cases so far"
