"""Fills tables to production size by COPY, for measuring."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable

from django.contrib.gis.geos import Point
from django.db import connection

from platform_core.models import EvaluationPoint, Region

CHUNK = 50_000
Extent = tuple[float, float, float, float]


def copy_rows(table: str, columns: tuple[str, ...], lines: Iterable[str]) -> None:
    """COPY tab-separated lines into a table, 50,000 at a time, and refresh its statistics."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    waiting: list[str] = []
    with connection.cursor() as cursor:
        for line in lines:
            waiting.append(line)
            if len(waiting) == CHUNK:
                cursor.copy_expert(statement, io.StringIO("".join(waiting)))
                waiting.clear()
        cursor.copy_expert(statement, io.StringIO("".join(waiting)))
        cursor.execute(f"ANALYZE {table}")


def districts(within: str) -> list[tuple[str, Extent]]:
    """(code, bounding box) of every district below a division that has a boundary."""
    rows = Region.objects.filter(code__startswith=within, level=3, geometry__isnull=False).order_by("code")
    return [(region.code, region.geometry.extent) for region in rows if region.geometry]


def spot(extent: Extent, chance: random.Random) -> str:
    """A random point of a box as COPY takes it."""
    west, south, east, north = extent
    return Point(chance.uniform(west, east), chance.uniform(south, north), srid=4490).hexewkb.decode()


def seed_points(count: int, within: str, seed: int = 312) -> None:
    """`count` evaluation points over the districts' bounding boxes, marked as demo data."""
    chance, places = random.Random(seed), districts(within)  # noqa: S311 - demo data
    kinds = EvaluationPoint.Type.values
    lines = (
        f"now\tnow\tt\tS{number:09d}\t演示点位{number}\t{kinds[number % len(kinds)]}\t"
        f"{places[number % len(places)][0]}\t演示数据\t{spot(places[number % len(places)][1], chance)}\n"
        for number in range(count)
    )
    columns = ("created_at", "updated_at", "is_demo", "code", "name", "point_type", "region_id", "address", "location")
    copy_rows(EvaluationPoint._meta.db_table, columns, lines)
