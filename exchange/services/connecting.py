"""Runs connectors: dry, to see what would happen; and for good (CJJ/T 312 §6.1.2, §4.1.4-6-2)."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from exchange import tables
from exchange.connectors import ConnectorError, read
from exchange.connectors.base import map_record
from exchange.models import Connector, ConnectorRun
from exchange.models.batch import Channel
from exchange.protocol import checks
from platform_core.errors import DomainError

from . import inbound

log = logging.getLogger(__name__)
SAMPLE = 20
PART = 1000
RUN_S = 20.0


@dataclass
class DryRun:
    """What a reading would bring: the first records as read and as mapped, and what is wrong with each."""

    read: int = 0
    good: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)
    cursor: str = ""


def _spec(connector: Connector) -> tables.TableSpec:
    spec = tables.keeper().find(connector.group, connector.table)
    if spec is None:
        raise DomainError(
            "unknown_table", _("The data standard has no table %s.") % f"{connector.group}.{connector.table}"
        )
    unknown = [name for name in connector.mapping if spec.field(name) is None]
    if unknown:
        raise DomainError("unknown_field", _("The table has no field %s.") % ", ".join(unknown))
    return spec


def dry_run(connector: Connector) -> DryRun:
    """Read and map without storing anything. Raises DomainError where nothing can be read."""
    spec = _spec(connector)
    try:
        reading = read(connector, 1000)
        rows = [map_record(connector.mapping, record) for record in reading.records]
    except ConnectorError as error:
        raise DomainError("connector", str(error)) from error
    checked = checks.check(spec, orjson.dumps(rows, default=str)) if rows else checks.Checked(0)
    result = DryRun(len(rows), len(rows) - len(checked.errors), [], reading.cursor)
    order = [*sorted(checked.errors), *(number for number in range(len(rows)) if number not in checked.errors)]
    for number in order[:SAMPLE]:
        result.samples.append(
            {"record": reading.records[number], "row": rows[number], "errors": checked.errors.get(number, {})}
        )
    return result


def run(connector: Connector) -> ConnectorRun:
    """Read once and land the rows; the cursor moves in the same transaction. Faults are in the returned run."""
    record = ConnectorRun.objects.create(connector=connector)
    try:
        spec = _spec(connector)
        reading = read(connector)
        rows = [map_record(connector.mapping, item) for item in reading.records]
        with transaction.atomic():
            record.read_count = len(rows)
            record.accepted_count = sum(land(spec, rows[start : start + PART]) for start in range(0, len(rows), PART))
            Connector.objects.filter(pk=connector.pk).update(cursor=reading.cursor)
        record.is_ok = True
        refused = record.read_count - record.accepted_count
        record.message = _("%d rows in quarantine") % refused if refused else ""
    except (ConnectorError, DomainError) as error:
        record.is_ok, record.message = False, str(error)[:2000]
    record.finished_at = timezone.now()
    record.save()
    return record


def land(spec: tables.TableSpec, rows: list[tables.Row]) -> int:
    """Land rows of a connector; faulty ones are set aside. Returns the rows landed."""
    text = orjson.dumps(rows, default=str).decode()
    checked = checks.check(spec, text.encode())
    landing = inbound.Landing(spec, text, len(rows), Channel.CONNECTOR, None)
    if checked.errors:
        inbound.quarantine(landing, checked.errors)
        landing = inbound.without(landing, set(checked.errors))
    if landing.row_count:
        inbound.land(landing)
    return landing.row_count


def run_due() -> int:
    """Run what is due, one worker a connector. Returns how many ran."""
    deadline, ran = time.monotonic() + RUN_S, 0
    while time.monotonic() < deadline:
        with transaction.atomic():
            connector = (
                Connector.objects.select_for_update(skip_locked=True)
                .filter(is_enabled=True, retired_at=None, due_at__lte=timezone.now())
                .exclude(kind=Connector.Kind.MQTT)
                .order_by("due_at")
                .first()
            )
            if connector is None:
                return ran
            Connector.objects.filter(pk=connector.pk).update(
                due_at=timezone.now() + timedelta(seconds=connector.every_s)
            )
        run(connector)
        ran += 1
    return ran


def on_message(topic: str, payload: bytes) -> None:
    """A message on a topic that MQTT connectors listen to: an object, or an array of them."""
    from paho.mqtt.client import topic_matches_sub

    for connector in Connector.objects.filter(kind=Connector.Kind.MQTT, is_enabled=True, retired_at=None):
        if not topic_matches_sub(connector.address, topic):
            continue
        record = ConnectorRun(connector=connector)
        try:
            found = orjson.loads(payload)
            items = found if isinstance(found, list) else [found]
            rows = [map_record(connector.mapping, {**item, "topic": topic}) for item in items]
            record.read_count = len(rows)
            record.accepted_count, record.is_ok = land(_spec(connector), rows), True
        except (ValueError, TypeError, ConnectorError, DomainError) as error:
            record.is_ok, record.message = False, str(error)[:2000]
        record.finished_at = timezone.now()
        record.save()
