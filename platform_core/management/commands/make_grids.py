"""`manage.py make_grids --region 210102`: demo grids inside a real boundary."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from platform_core.errors import DomainError
from platform_core.models import Region
from platform_core.services.grids import make_demo_grids


class Command(BaseCommand):
    """Cut a district into demo unit grids and evaluation grids."""

    help = "Build plausible demo unit grids and evaluation grids inside a district's boundary."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which district."""
        parser.add_argument("--region", required=True, help="district code, such as 210102")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Cut, and say how many."""
        try:
            region = Region.objects.get(code=options["region"])
            units, grids = make_demo_grids(region)
        except Region.DoesNotExist as error:
            raise CommandError(f"no division has the code {options['region']}") from error
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{region.name}: {units} unit grids, {grids} evaluation grids")
