"""`manage.py seed_scale --parts 1000000 --points 100000 --grids`: production size, for measuring."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from coordination.services.parts import seed_parts
from platform_core.geo import layers
from platform_core.models import CodeList, PlatformInstance, Region
from platform_core.services.bulk import seed_points
from platform_core.services.grids import make_demo_grids


class Command(BaseCommand):
    """Fill part facilities, evaluation points and grids (marked as demo data)."""

    help = "Fill tables to production size by COPY, for measuring."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many of what."""
        parser.add_argument("--parts", type=int, default=0)
        parser.add_argument("--points", type=int, default=0, help="evaluation points")
        parser.add_argument("--grids", action="store_true", help="unit and evaluation grids of every district")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Fill and say how long it took."""
        if options["grids"]:
            self._grids()
        city = PlatformInstance.objects.values_list("region_id", flat=True).first() or "210100"
        if count := options["points"]:
            self._timed("points", count, lambda: seed_points(count, city.rstrip("0")))
            layers.touch("evaluationpoint")
        if count := options["parts"]:
            codes = CodeList.objects.current_version("part-type").codes.exclude(parent_value="")
            types = list(codes.values_list("value", flat=True))
            self._timed("parts", count, lambda: seed_parts(count, types, city.rstrip("0")))
            layers.touch("partfacility")

    def _timed(self, what: str, count: int, work: Callable[[], None]) -> None:
        started = time.monotonic()
        work()
        seconds = time.monotonic() - started
        self.stdout.write(f"{count} {what} in {seconds:.0f} s ({count / seconds:.0f}/s)")

    def _grids(self) -> None:
        bare = Region.objects.filter(level=3, geometry__isnull=False).exclude(evaluationgrid__isnull=False)
        for region in bare.order_by("code"):
            units, grids = make_demo_grids(region)
            self.stdout.write(f"{region}: {units} unit grids, {grids} evaluation grids")
