"""`manage.py setup_tier`: asks what it is not told, and may be repeated."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from platform_core.errors import DomainError
from tiers.setup import Answers, set_up


class Command(BaseCommand):
    """Set up this deployment's platform."""

    help = "Set up this platform: region, organisation, administrators, parent platform."

    def add_arguments(self, parser: CommandParser) -> None:
        """Every question has a flag."""
        parser.add_argument("--region", help="official code, such as 210100")
        parser.add_argument("--name", default="", help="platform name")
        parser.add_argument("--organisation", default="", help="name of the organisation that runs it")
        parser.add_argument("--parent-url", default=os.environ.get("PARENT_URL", ""))
        parser.add_argument("--password", default="", help="of new administrators; random when absent")
        parser.add_argument("--noinput", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Ask, set up, print new accounts."""
        ask = not options["noinput"]
        region = options["region"] or (input(f"{settings.PROFILE.label} — region code: ").strip() if ask else "")
        if not region:
            raise CommandError("--region is needed")
        for name, question in (
            ("name", "platform name"),
            ("organisation", "organisation"),
            ("parent_url", "parent platform address"),
        ):
            if ask and not options[name]:
                options[name] = input(f"{question} (empty: default): ").strip()
        password = options["password"] or (os.environ.get("DEMO_PASSWORD", "") if settings.IS_DEMO else "")
        try:
            platform, made = set_up(
                Answers(region, options["name"], options["organisation"], options["parent_url"], password)
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{platform.name} ({platform.region.code})")
        for username, secret in made.items():
            self.stdout.write(f"  {username}  {'(demo password)' if password else secret}")
