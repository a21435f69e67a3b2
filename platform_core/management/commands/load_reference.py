"""`manage.py load_reference`: divisions, codes, calendar, roles."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from platform_core.services import reference


class Command(BaseCommand):
    """Load reference data; what is already there is kept."""

    help = "Load divisions with boundaries, code lists, working calendar and built-in roles."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which part of the country."""
        parser.add_argument("--within", default=None, help="division code; default: the whole country")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Load everything and say how much."""
        count = reference.load_divisions(options["within"] or reference.COUNTRY)
        self.stdout.write(
            f"{count} divisions, {reference.load_codes()} new code lists, "
            f"{reference.load_calendar()} calendar days, "
            f"{reference.load_roles(settings.PROFILE.apps)} roles"
        )
