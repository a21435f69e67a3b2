"""`manage.py mqtt_ingest`: the MQTT process of a tier (CJJ/T 312 §6.1.4)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from platform_core.services import mqtt


class Command(BaseCommand):
    """Receive what devices and platforms publish, until stopped."""

    help = "Receive MQTT messages and hand them to the systems that registered for them."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Block for ever."""
        mqtt.run()
