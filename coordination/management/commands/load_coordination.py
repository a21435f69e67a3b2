"""`manage.py load_coordination`: categories, limits, workflow, indicators, shifts (city tier; may be repeated)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from coordination.services import reference


class Command(BaseCommand):
    """What a city starts with."""

    help = "Load case categories, time limits, the standard workflow and indicators; what was changed stays."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load."""
        self.stdout.write(reference.load())
