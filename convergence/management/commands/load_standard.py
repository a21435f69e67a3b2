"""`manage.py load_standard`: bring the shipped data standard into the database (CJJ/T 312 §5)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from convergence.services import catalogue, standard
from exchange.services import alarms


class Command(BaseCommand):
    """Tables that are there already stay as they are."""

    help = "Load the data standard: tables, cleaning rules, catalogue drafts; alarm rules where there are none."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load and say how much was new."""
        made = standard.load()
        entries = catalogue.register_all()
        alarms.load_defaults()
        self.stdout.write(f"data standard: {made} new tables, {entries} new catalogue entries")
