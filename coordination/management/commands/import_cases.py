"""`manage.py import_cases [FILE] [--mapping FILE] [--limit N] [--days N]`: external requests as cases (demo data)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coordination.services import counting, demo, importing, reference
from platform_core.errors import DomainError

SAMPLE = reference.DATA / "imports" / "sf311.csv.gz"


class Command(BaseCommand):
    """Take requests through the closed loop by the actual services, at the times the file tells."""

    help = "Import an external request file as demo cases; repeating it adds only what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """File, mapping, how many, over how many days."""
        parser.add_argument("file", nargs="?", type=Path, default=SAMPLE)
        parser.add_argument("--mapping", type=Path, default=reference.DATA / "imports" / "sf311.yaml")
        parser.add_argument("--limit", type=int, default=7000)
        parser.add_argument("--days", type=int, default=180)
        parser.add_argument("--fresh", type=int, default=60, help="of them as of the last hours, at every desk")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import, then add up the performance counts."""
        try:
            made, known = importing.import_requests(
                options["file"],
                options["mapping"],
                limit=options["limit"],
                days=options["days"],
                photo=demo.photo(),
                fresh=options["fresh"],
                say=lambda done, total: self.stdout.write(f"{done} of {total}"),
            )
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from error
        counting.fold_all()
        self.stdout.write(f"{made} cases made, {known} were there already")
