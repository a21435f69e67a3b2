"""Celery entry points of the exchange."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def send_hint(task: Any, *arguments: Any) -> None:
    """Tell a worker that there is work. A broker that is down loses nothing: the sweep finds the rows."""
    try:
        task.apply_async(arguments, queue="exchange", retry=False, ignore_result=True, expires=30)
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


@shared_task
def provision_mqtt(account_id: int) -> None:
    """Tell the MQTT broker about an account."""
    from .channels import mqtt
    from .models import PlatformAccount

    mqtt.provision(PlatformAccount.objects.get(pk=account_id))


@shared_task
def pull_due() -> None:
    """Fetch what is subscribed."""
    from .services import pulls

    pulls.pull_due()


@shared_task
def run_connectors() -> None:
    """Read the connectors that are due."""
    from .services import connecting

    connecting.run_due()


@shared_task
def check_alarms() -> None:
    """Look whether a rule is broken."""
    from .services import alarms

    alarms.check()


@shared_task
def tidy_exchange() -> None:
    """Forget signatures, payloads and counts that nobody needs any more."""
    from .services import tidying

    tidying.tidy()
