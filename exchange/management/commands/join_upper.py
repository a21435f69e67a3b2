"""`manage.py join_upper ADDRESS`: apply at an upper platform, or collect its answer (CJJ/T 312 §6.2)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exchange.models import UpperPlatform
from exchange.models.account import Algorithm
from exchange.services import joining
from platform_core.errors import DomainError


class Command(BaseCommand):
    """Repeating it asks again for the outcome; an active connection stays as it is."""

    help = "Apply for an account at an upper platform, and collect it once it is approved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Address, name, signature."""
        parser.add_argument("address")
        parser.add_argument("--name", default="")
        parser.add_argument("--algorithm", choices=Algorithm.values, default=Algorithm.RSA)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Apply or collect."""
        address = options["address"].rstrip("/")
        upper = UpperPlatform.objects.filter(address=address).first()
        try:
            if upper is None:
                upper = joining.ask(address, options["name"] or address, algorithm=options["algorithm"])
                self.stdout.write(f"applied at {address}: application {upper.application_token.partition(':')[0]}")
            elif joining.collect(upper):
                self.stdout.write(f"admitted by {address}: appID {upper.app_id}")
            else:
                self.stdout.write(f"not decided yet at {address}")
        except DomainError as error:
            raise CommandError(error.message) from error
