"""Sends the outbox: lane by lane, chunk by chunk, resumed where it broke off (CJJ/T 312 §6.1.6)."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from exchange import remote
from exchange.models import OutboundChunk, OutboundLane, UpperPlatform
from exchange.protocol.codes import Code
from platform_core.services import audit

log = logging.getLogger(__name__)
LOCK_SPACE = 312_20
MAX_WAIT_S = 300
BREAKER_FAILURES, BREAKER_S = 5, 30
SEND_S = 20.0
FETCH = 50  # chunks looked at together: small ones leave as one call


def send(seconds: float = SEND_S) -> int:
    """Send what is due until nothing is, or the time is over. Returns the rows acknowledged."""
    deadline, total = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        done = 0
        for lane in _due_lanes():
            with _locked(lane) as is_ours:
                if is_ours:
                    done += _send_lane(lane, deadline)
        if not done:
            break
        total += done
    return total


def _due_lanes() -> list[OutboundLane]:
    now = timezone.now()
    lanes = OutboundLane.objects.select_related("target").filter(
        target__state="active", target__retired_at=None, due_at__lte=now
    )
    waiting = OutboundChunk.objects.filter(state="waiting")
    return [
        lane
        for lane in lanes
        if (lane.target.open_until is None or lane.target.open_until <= now)
        and in_window(lane.target.push_windows, timezone.localtime(now))
        and waiting.filter(lane=lane).exists()
    ]


def in_window(windows: list[str], now: datetime) -> bool:
    """Whether a local time lies in one of the agreed windows, `HH:MM-HH:MM`; 22:00-06:00 passes midnight."""
    at = f"{now:%H:%M}"
    for window in windows or ["00:00-24:00"]:
        start, _dash, end = window.partition("-")
        if start <= end:
            if start <= at < end:
                return True
        elif at >= start or at < end:
            return True
    return False


@contextmanager
def _locked(lane: OutboundLane) -> Iterator[bool]:
    """A session lock, so that no transaction stays open while the network is waited for; it dies with its holder."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, lane.pk])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, lane.pk])


def _send_lane(lane: OutboundLane, deadline: float) -> int:
    sent = 0
    while time.monotonic() < deadline:
        chunks = _next(lane)
        if not chunks:
            break
        outcome = _call(lane, chunks)
        if outcome is None:
            break
        sent += outcome
    return sent


def _next(lane: OutboundLane) -> list[OutboundChunk]:
    """The first chunk that is not acknowledged, and its followers as far as they fit into one call."""
    taken: list[OutboundChunk] = []
    rows = 0
    for chunk in OutboundChunk.objects.filter(lane=lane, state="waiting").order_by("id")[:FETCH].iterator(chunk_size=5):
        if taken and rows + chunk.row_count > lane.target.chunk_rows:
            break
        taken.append(chunk)
        rows += chunk.row_count
    return taken


def _call(lane: OutboundLane, chunks: list[OutboundChunk]) -> int | None:
    """One pushdata. Returns the rows acknowledged; None when the lane must wait."""
    data = chunks[0].payload if len(chunks) == 1 else "[" + ",".join(chunk.payload[1:-1] for chunk in chunks) + "]"
    rows = sum(chunk.row_count for chunk in chunks)
    result = remote.push(remote.of_target(lane.target), lane.group, lane.table, data, rows)
    if result.code is Code.SUCCESS:
        _acknowledge(lane, chunks)
        return rows
    if result.code is Code.PARAMETERS and not result.is_transient:
        if len(chunks) == 1:
            _bury(lane, chunks[0], result.message)
            return 0 if _next(lane) else None
        # One of several is poison: each goes alone, so that only it is put aside.
        for chunk in chunks:
            if _call(lane, [chunk]) is None and OutboundChunk.objects.filter(pk=chunk.pk, state="waiting").exists():
                return None
        return rows
    _back_off(lane, result.message, result.retry_after_s)
    return None


@transaction.atomic
def _acknowledge(lane: OutboundLane, chunks: list[OutboundChunk]) -> None:
    now = timezone.now()
    OutboundChunk.objects.filter(pk__in=[chunk.pk for chunk in chunks]).update(
        state=OutboundChunk.State.SENT, sent_at=now, payload="", error=""
    )
    if lane.attempts:
        lane.attempts = 0
        lane.save(update_fields=["attempts"])
    UpperPlatform.objects.filter(pk=lane.target_id).update(
        failures=0, open_until=None, last_success_at=now, last_error=""
    )


@transaction.atomic
def _bury(lane: OutboundLane, chunk: OutboundChunk, message: str) -> None:
    """Refused for what it says: it will not get better by repetition. An operator sees it, the rest goes on."""
    OutboundChunk.objects.filter(pk=chunk.pk).update(state=OutboundChunk.State.DEAD, error=message[:2000])
    UpperPlatform.objects.filter(pk=lane.target_id).update(last_error=message[:300])
    log.warning("%s: chunk %s is a dead letter: %s", lane, chunk.pk, message)


@transaction.atomic
def _back_off(lane: OutboundLane, message: str, retry_after_s: int | None) -> None:
    """Exponential waiting with jitter for the lane; after BREAKER_FAILURES in a row the whole target rests."""
    now = timezone.now()
    lane.attempts += 1
    wait = retry_after_s or min(MAX_WAIT_S, 2 ** min(lane.attempts, 9)) * random.uniform(0.5, 1.0)  # noqa: S311
    lane.due_at = now + timedelta(seconds=wait)
    lane.save(update_fields=["attempts", "due_at"])
    target = UpperPlatform.objects.select_for_update().get(pk=lane.target_id)
    failures = target.failures + 1
    UpperPlatform.objects.filter(pk=target.pk).update(
        failures=failures,
        last_error=message[:300],
        open_until=now + timedelta(seconds=BREAKER_S) if failures >= BREAKER_FAILURES else target.open_until,
    )
    log.info("%s waits %.1f s: %s", lane, wait, message)


@transaction.atomic
def revive(chunk: OutboundChunk) -> None:
    """Send a dead letter again, at its old place in the order."""
    OutboundChunk.objects.filter(pk=chunk.pk, state=OutboundChunk.State.DEAD).update(state="waiting", error="")
    OutboundLane.objects.filter(pk=chunk.lane_id).update(due_at=timezone.now())


@transaction.atomic
def discard(chunk: OutboundChunk) -> None:
    """Give a dead letter up."""
    OutboundChunk.objects.filter(pk=chunk.pk, state=OutboundChunk.State.DEAD).update(
        state=OutboundChunk.State.DISCARDED
    )
    audit.record("discard chunk", chunk)
