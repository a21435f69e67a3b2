"""Fills tables to production size by COPY, for measuring."""

from __future__ import annotations

import io
import random

from django.contrib.gis.geos import Point
from django.db import connection

from platform_core.models import Region

CHUNK = 50_000


def copy_rows(table: str, columns: tuple[str, ...], lines: list[str]) -> None:
    """COPY tab-separated lines into a table."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, io.StringIO("".join(lines)))


def seed_parts(count: int, types: list[str], seed: int = 312) -> None:
    """`count` part facilities spread over the bounding boxes of Shenyang's districts, marked as demo data."""
    chance = random.Random(seed)  # noqa: S311 - demo data
    districts = [
        (region.code, region.geometry.extent)
        for region in Region.objects.filter(code__startswith="2101", level=3)
        if region.geometry
    ]
    columns = ("created_at", "updated_at", "is_demo", "code", "type_code", "name", "region_id", "state", "location")
    lines: list[str] = []
    for number in range(count):
        code, (west, south, east, north) = districts[number % len(districts)]
        kind = types[number % len(types)]
        location = Point(chance.uniform(west, east), chance.uniform(south, north), srid=4490).hexewkb.decode()
        state = "damaged" if number % 50 == 0 else "intact"
        part = f"{code}{kind}{number % 1_000_000:06d}"
        lines.append(f"now\tnow\tt\t{part}\t{kind}\t演示部件{number}\t{code}\t{state}\t{location}\n")
        if len(lines) == CHUNK or number == count - 1:
            copy_rows("coordination_partfacility", columns, lines)
            lines.clear()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE coordination_partfacility")
