"""Keeps the exchange's own tables small."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from exchange.models import CallStatistic, ConnectorRun, InboundBatch, OutboundChunk, SeenSignature

SIGNATURES = timedelta(hours=2)  # twice the widest timestamp window
PAYLOADS = timedelta(days=7)
BATCHES = timedelta(days=400)
MINUTES = timedelta(days=400)
PART = 20_000


def tidy() -> None:
    """Forget what is past its time; in small steps, so that nobody waits for a lock."""
    now = timezone.now()
    _delete(SeenSignature._meta.db_table, "seen_at < %s", now - SIGNATURES)
    _delete(OutboundChunk._meta.db_table, "state = 'sent' AND sent_at < %s", now - PAYLOADS)
    _delete(CallStatistic._meta.db_table, "minute < %s", now - MINUTES)
    _delete(ConnectorRun._meta.db_table, "started_at < %s", now - BATCHES)
    # What is stored is stored: the batch stays as a record, its rows need not lie there twice.
    InboundBatch.objects.filter(state__in=("done", "sandbox"), received_at__lt=now - PAYLOADS).exclude(
        payload="[]"
    ).update(payload="[]")
    _delete(
        InboundBatch._meta.db_table,
        "state IN ('done', 'sandbox') AND refused_count = 0 AND received_at < %s",
        now - BATCHES,
    )


def _delete(table: str, condition: str, before: datetime) -> None:
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {condition} LIMIT {PART}))",
                [before],
            )
            if cursor.rowcount < PART:
                return
