"""`manage.py publish_tables [group.table …]`: hand this platform's own rows to the exchange (CJJ/T 312 §4.3.10)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exchange.services import outbound
from platform_core.errors import DomainError


class Command(BaseCommand):
    """What is unchanged since the last time goes no farther than the store."""

    help = "Publish whole tables of this platform, all of them by default."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Tables."""
        parser.add_argument("tables", nargs="*")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Publish."""
        for name in options["tables"] or outbound.sources():
            try:
                self.stdout.write(f"{name}: {outbound.publish_all(name)} rows")
            except DomainError as error:
                raise CommandError(error.message) from error
