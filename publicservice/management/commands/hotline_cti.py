"""`manage.py hotline_cti`: listen to Asterisk's events and distribute calls (needs CTI_URL)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Runs until it is stopped."""

    help = "Connect the hotline to Asterisk (ARI)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Listen."""
        from publicservice.cti.asterisk import Asterisk
        from publicservice.cti.listening import run

        if not settings.CTI_URL:
            raise CommandError("CTI_URL is empty: the simulator needs no listening process")
        run(Asterisk(settings.CTI_URL))
