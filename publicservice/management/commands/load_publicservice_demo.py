"""`manage.py load_publicservice_demo`: agents, calls, notices, services of the demo city (marked as such)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from publicservice.services import demo


class Command(BaseCommand):
    """Refused in production; may be repeated."""

    help = "Load demo data of public service (marked as such)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load."""
        if not settings.IS_DEMO:
            raise CommandError("demo data belong into a demonstration: set ENVIRONMENT=demo first")
        self.stdout.write(demo.load())
