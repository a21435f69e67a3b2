"""`manage.py seed_scale --parts 1000000`: production size, for measuring."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from coordination.services import seed_parts
from platform_core.geo import layers
from platform_core.models import CodeList


class Command(BaseCommand):
    """Fill part facilities (marked as demo data)."""

    help = "Fill tables to production size by COPY, for measuring."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many of what."""
        parser.add_argument("--parts", type=int, default=1_000_000)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Fill and say how long it took."""
        codes = CodeList.objects.current_version("part-type").codes.exclude(parent_value="")
        started = time.monotonic()
        seed_parts(options["parts"], list(codes.values_list("value", flat=True)))
        layers.touch("partfacility")
        seconds = time.monotonic() - started
        self.stdout.write(f"{options['parts']} parts in {seconds:.0f} s ({options['parts'] / seconds:.0f}/s)")
