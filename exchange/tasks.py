"""Celery entry points of the exchange."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def send_hint(task: Any) -> None:
    """Tell a worker that there is work. A broker that is down loses nothing: the sweep finds the rows."""
    try:
        task.apply_async(queue="exchange", retry=False, ignore_result=True, expires=30)
    except OperationalError as error:
        log.warning("no hint to the workers: %s", type(error).__name__)


@shared_task
def drain_inbound() -> None:
    """Store what has landed."""
    from .services import inbound

    inbound.drain()


@shared_task
def send_outbound() -> None:
    """Send what is owed."""
    from .services import sender

    sender.send()
