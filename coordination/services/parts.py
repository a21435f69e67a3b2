"""Use cases of the parts."""

from __future__ import annotations

import random

from coordination.models import PartFacility
from platform_core.services.bulk import copy_rows, districts, spot


def seed_parts(count: int, types: list[str], within: str = "2101", seed: int = 312) -> None:
    """`count` part facilities spread over the bounding boxes of the city's districts, marked as demo data."""
    chance, places = random.Random(seed), districts(within)  # noqa: S311 - demo data

    def line(number: int) -> str:
        (code, extent), kind = places[number % len(places)], types[number % len(types)]
        state = "damaged" if number % 50 == 0 else "intact"
        part = f"{code}{kind}{number % 1_000_000:06d}"
        return f"now\tnow\tt\t{part}\t{kind}\t演示部件{number}\t{code}\t{state}\t{spot(extent, chance)}\n"

    columns = ("created_at", "updated_at", "is_demo", "code", "type_code", "name", "region_id", "state", "location")
    copy_rows(PartFacility._meta.db_table, columns, (line(number) for number in range(count)))
