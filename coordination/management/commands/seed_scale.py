"""`manage.py seed_scale --cases 5000000 --parts 1000000 --points 100000 --grids`: production size, for measuring."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coordination.services.parts import seed_parts
from coordination.services.seeding import seed_cases
from platform_core.geo import layers
from platform_core.models import CodeList, Organisation, PlatformInstance, Region, User
from platform_core.services.bulk import seed_points
from platform_core.services.grids import make_demo_grids


class Command(BaseCommand):
    """Fill cases, part facilities, evaluation points and grids (marked as demo data)."""

    help = "Fill tables to production size, for measuring."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many of what."""
        parser.add_argument("--parts", type=int, default=0)
        parser.add_argument("--points", type=int, default=0, help="evaluation points")
        parser.add_argument("--cases", type=int, default=0, help="cases of the last years, with records and counts")
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

        if count := options["cases"]:
            self._timed("cases", count, lambda: self._cases(count, city.rstrip("0")))
            layers.touch("case")

    def _cases(self, count: int, within: str) -> None:
        """Needs people and departments: those of the demo do; without any, some are made."""
        people = list(User.objects.filter(organisation__isnull=False).values_list("pk", flat=True)[:200])
        departments = list(Organisation.objects.filter(kind="department").values_list("pk", flat=True)[:50])
        if not people or not departments:
            raise CommandError("no people or departments yet: run load_demo, or set the city up, first")
        seed_cases(count, within, people, departments, self.stdout.write)

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
