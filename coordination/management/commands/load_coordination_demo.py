"""`manage.py load_coordination_demo`: rules, duties, roster, parts, places of the demo city (marked as demo data)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from coordination.services import demo
from platform_core.models import PlatformInstance


class Command(BaseCommand):
    """Refused in production; may be repeated."""

    help = "Load demo data of coordination (marked as such)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load."""
        if not settings.IS_DEMO:
            raise CommandError("demo data belong into a demonstration: set ENVIRONMENT=demo first")
        self.stdout.write(demo.load(PlatformInstance.objects.get().region_id))
