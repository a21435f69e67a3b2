"""What the monitor shows: platforms, interfaces, queues, days (CJJ/T 312 §4.1.4-6-3, §6.1.6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from exchange.models import CallStatistic, InboundBatch, OutboundChunk, PlatformAccount, QuarantinedRow, UpperPlatform
from exchange.protocol.codes import Code
from platform_core.models import User

from .statistics import CLASSES, percentile


@dataclass
class Line:
    """A platform or interface over a period."""

    name: str
    calls: int = 0
    good: int = 0
    rows: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * CLASSES)
    state: str = ""
    url: str = ""
    last_at: datetime | None = None
    waiting: int = 0
    last_error: str = ""

    def add(self, statistic: CallStatistic) -> None:
        """Count one minute's row in."""
        self.calls += statistic.calls
        self.good += statistic.calls if statistic.code == Code.SUCCESS else 0
        self.rows += statistic.rows
        self.latency = [a + b for a, b in zip(self.latency, statistic.latency, strict=True)]

    @property
    def rate(self) -> float | None:
        """Share of good calls in %; None without calls."""
        return 100 * self.good / self.calls if self.calls else None

    @property
    def p50(self) -> float | None:
        """Median latency in ms."""
        return percentile(self.latency, 0.5)

    @property
    def p95(self) -> float | None:
        """95th percentile in ms."""
        return percentile(self.latency, 0.95)


@dataclass(frozen=True)
class Queue:
    """What waits."""

    inbound: int
    inbound_rows: int
    inbound_lag_s: float
    outbound: int
    outbound_rows: int
    outbound_lag_s: float
    dead: int
    quarantine: int
    failed: int


def platforms(user: User, minutes: int) -> list[Line]:
    """Connected platforms of the user's scope, with their calls over the last minutes."""
    lines = {}
    for account in PlatformAccount.objects.visible_to(user).exclude(app_id=None):
        lines[str(account.app_id)] = Line(
            account.name, state=account.state, url=f"/p/platformaccount/{account.pk}/", last_at=account.last_seen_at
        )
    for statistic in _minutes(minutes, "in", list(lines)):
        lines[statistic.peer].add(statistic)
    errors = _last_errors(list(lines))
    for app_id, line in lines.items():
        line.last_error = errors.get(app_id, "")
    return sorted(lines.values(), key=lambda line: (-line.calls, line.name))


def _last_errors(peers: Sequence[str]) -> dict[str, str]:
    found = (
        CallStatistic.objects.filter(peer__in=peers, direction="in", minute__gte=timezone.now() - timedelta(days=1))
        .exclude(code=Code.SUCCESS)
        .order_by("peer", "-minute")
        .distinct("peer")
    )
    return {row.peer: f"{row.code}（{timezone.localtime(row.minute):%H:%M}）" for row in found}


def uppers(minutes: int) -> list[Line]:
    """Upper platforms: calls, what waits for them, the last error."""
    lines = {}
    waiting = dict(
        OutboundChunk.objects.filter(state="waiting").values_list("lane__target").annotate(rows=Sum("row_count"))
    )
    for upper in UpperPlatform.objects.current():
        state = "resting" if upper.open_until and upper.open_until > timezone.now() else upper.state
        lines[f"upper:{upper.pk}"] = Line(
            upper.name, state=state, url=f"/p/upperplatform/{upper.pk}/", last_at=upper.last_success_at,
            waiting=waiting.get(upper.pk, 0), last_error=upper.last_error,
        )  # fmt: skip
    for statistic in _minutes(minutes, "out", list(lines)):
        lines[statistic.peer].add(statistic)
    return sorted(lines.values(), key=lambda line: line.name)


def interfaces(user: User, minutes: int) -> list[Line]:
    """Each interface and table that was called."""
    lines: dict[tuple[str, str], Line] = {}
    peers = [app for app in PlatformAccount.objects.visible_to(user).values_list("app_id", flat=True) if app]
    for statistic in _minutes(minutes, "in", peers):
        name = f"{statistic.group}.{statistic.table}" if statistic.group else "—"
        line = lines.setdefault((statistic.interface, name), Line(name, state=statistic.interface))
        line.add(statistic)
    return sorted(lines.values(), key=lambda line: -line.calls)[:50]


def _minutes(minutes: int, direction: str, peers: Sequence[str]) -> Any:
    since = timezone.now() - timedelta(minutes=minutes)
    return CallStatistic.objects.filter(minute__gte=since, direction=direction, peer__in=peers).iterator(2000)


def queue() -> Queue:
    """Depth and age of both queues (three queries over partial indexes)."""
    now = timezone.now()
    waiting = InboundBatch.objects.filter(state="waiting").aggregate(
        number=Count("pk"), rows=Sum("row_count"), first=Min("received_at")
    )
    owed = OutboundChunk.objects.filter(state="waiting").aggregate(
        number=Count("pk"), rows=Sum("row_count"), first=Min("created_at")
    )
    return Queue(
        waiting["number"], waiting["rows"] or 0, (now - waiting["first"]).total_seconds() if waiting["first"] else 0.0,
        owed["number"], owed["rows"] or 0, (now - owed["first"]).total_seconds() if owed["first"] else 0.0,
        OutboundChunk.objects.filter(state="dead").count(), QuarantinedRow.objects.filter(state="open").count(),
        InboundBatch.objects.filter(state="failed").count(),
    )  # fmt: skip


def series(minutes: int) -> dict[str, list[Any]]:
    """Calls and rows a minute, in and out, for the chart."""
    now = timezone.now().replace(second=0, microsecond=0)
    rows = (
        CallStatistic.objects.filter(minute__gte=now - timedelta(minutes=minutes))
        .values("minute")
        .annotate(
            received=Sum("rows", filter=Q(direction="in")),
            sent=Sum("rows", filter=Q(direction="out")),
            faults=Sum("calls", filter=~Q(code=Code.SUCCESS)),
        )
    )
    found = {row["minute"]: row for row in rows}
    made: dict[str, list[Any]] = {"at": [], "received": [], "sent": [], "faults": []}
    for back in range(minutes - 1, -1, -1):
        at = now - timedelta(minutes=back)
        row: Any = found.get(at, {})
        made["at"].append(f"{timezone.localtime(at):%H:%M}")
        for name in ("received", "sent", "faults"):
            made[name].append(row.get(name) or 0)
    return made


def days(first: date, last: date) -> dict[str, int]:
    """Rows received on each local day, for the calendar."""
    zone = timezone.get_default_timezone()
    begin, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (received_at AT TIME ZONE 'Asia/Shanghai')::date AS day, sum(row_count) FROM exchange_inboundbatch"
            " WHERE received_at >= %s AND received_at < %s AND channel <> 'local' GROUP BY 1",
            [begin, end],
        )
        return {day.isoformat(): int(rows) for day, rows in cursor.fetchall()}


def totals() -> dict[tuple[str, str, str, int], tuple[int, int]]:
    """(direction, peer, interface, code) → (calls, rows) since counting began, for /metrics."""
    found: dict[tuple[str, str, str, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    rows = CallStatistic.objects.values("direction", "peer", "interface", "code").annotate(
        all_calls=Sum("calls"), all_rows=Sum("rows")
    )
    for row in rows:
        found[row["direction"], row["peer"], row["interface"], row["code"]] = (row["all_calls"], row["all_rows"])
    return found
