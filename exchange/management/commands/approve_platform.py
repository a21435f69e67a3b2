"""`manage.py approve_platform REGION`: admit the waiting application of a division's platform (CJJ/T 312 §6.2.3)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exchange.models import PlatformAccount
from exchange.services import accounts


class Command(BaseCommand):
    """For set-up by script; daily reviews happen in the page."""

    help = "Admit the oldest waiting application of a division's platform."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Division, sandbox."""
        parser.add_argument("region")
        parser.add_argument("--sandbox", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Approve."""
        waiting = PlatformAccount.objects.filter(region=options["region"], state="applied").order_by("pk").first()
        if waiting is None:
            raise CommandError(f"no application of {options['region']} waits")
        account = accounts.approve(waiting, sandbox=options["sandbox"], note="approve_platform")
        self.stdout.write(f"admitted {account.name}: appID {account.app_id}")
