"""`manage.py load_demo`: a city that looks like one; everything invented is marked as demo data."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from platform_core.services import demo


class Command(BaseCommand):
    """Load demo organisations, users, grids, points."""

    help = "Load demo organisations, users, grids and points (marked as demo data)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Refused in production; may be repeated."""
        if not settings.IS_DEMO and not os.environ.get("DEMO_PASSWORD"):
            raise CommandError("demo accounts have a known password: set ENVIRONMENT=demo first")
        self.stdout.write(demo.load(os.environ["DEMO_PASSWORD"]))
