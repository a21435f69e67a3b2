"""Counts calls in the process and adds them to the minute's rows every two seconds (CJJ/T 312 §4.1.4-6-3).

A call must not pay for being counted; a process that is killed loses two seconds of counts and no data.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left
from datetime import datetime

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from exchange.models.statistics import LATENCY_BOUNDS_MS

from .background import every

log = logging.getLogger(__name__)
FLUSH_S = 2.0
Key = tuple[datetime, str, str, str, str, str, int]
_counts: dict[Key, list[int]] = {}
_lock = threading.Lock()
CLASSES = len(LATENCY_BOUNDS_MS) + 1


def note(
    direction: str, peer: str, interface: str, group: str, table: str, code: int, rows: int, seconds: float
) -> None:
    """Count one call; `rows` are those accepted or returned."""
    minute = timezone.now().replace(second=0, microsecond=0)
    clean = tuple(text.replace("\0", "") for text in (peer, interface[:10], group, table))
    key: Key = (minute, direction, *clean, int(code))  # type: ignore[assignment]
    with _lock:
        counts = _counts.setdefault(key, [0] * (2 + CLASSES))
        counts[0] += 1
        counts[1] += rows
        counts[2 + bisect_left(LATENCY_BOUNDS_MS, seconds * 1000)] += 1
    every("exchange statistics", FLUSH_S, flush)


def flush() -> int:
    """Add what was counted to the database; what cannot be written is kept for the next time. Returns the rows."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    if not taken:
        return 0
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for key in sorted(taken):  # one order for all processes, so that they never wait in a circle
                calls, rows, *latency = taken[key]
                cursor.execute(_ADD, [*key, calls, rows, latency])
            seen = sorted({key[2] for key in taken if key[1] == "in"})
            cursor.execute("UPDATE exchange_platformaccount SET last_seen_at = now() WHERE app_id = ANY(%s)", [seen])
    except DatabaseError as error:
        log.warning("statistics wait: %s", type(error).__name__)
        _put_back(taken)
        return 0
    return len(taken)


def _put_back(taken: dict[Key, list[int]]) -> None:
    with _lock:
        for key, counts in taken.items():
            known = _counts.setdefault(key, [0] * (2 + CLASSES))
            for place, count in enumerate(counts):
                known[place] += count


_ADD = """
INSERT INTO exchange_callstatistic AS s
  (minute, direction, peer, interface, "group", "table", code, calls, rows, latency)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (minute, direction, peer, interface, "group", "table", code) DO UPDATE SET
  calls = s.calls + EXCLUDED.calls, rows = s.rows + EXCLUDED.rows,
  latency = (SELECT array_agg(a + b ORDER BY place)
             FROM unnest(s.latency, EXCLUDED.latency) WITH ORDINALITY AS both_(a, b, place))
"""


def percentile(latency: list[int], share: float) -> float | None:
    """Upper bound in ms of the class that holds the share (0–1); None without calls; infinite above the last bound."""
    total = sum(latency)
    if not total:
        return None
    reached = 0
    for place, count in enumerate(latency):
        reached += count
        if reached >= share * total:
            return float(LATENCY_BOUNDS_MS[place]) if place < len(LATENCY_BOUNDS_MS) else float("inf")
    return None
