"""Quality of converged data on the six properties of CJJ/T 312 C.0.2-4, by table, source and day.

Each is a share of 0–100 of the rows delivered that day; one that nothing speaks for stays empty:
truthfulness   rows not contradicted by place or by the tables they refer to
completeness   values present among those the table has room for
accuracy       rows that no rule on a single value corrected, flagged or refused
consistency    rows that agree with themselves and with other sources
currency       100 while the newest row is younger than the table's cycle, then falling to 0 at three cycles
exchangeability calls of the source for the table that were accepted
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from convergence.models import CleaningChange, DataTable, QualityScore, SourceRecord, TableSource
from convergence.store import ddl
from convergence.store.ddl import quoted
from exchange.models import CallStatistic, InboundBatch, PlatformAccount
from exchange.protocol.codes import Code

DIMENSIONS: dict[str, tuple[str, ...]] = {
    "truthfulness": ("inside", "reference"),
    "accuracy": ("trim", "range", "pattern", "code", "unit", "map"),
    "consistency": ("cross_field", "duplicate"),
}
ALL_DIMENSIONS = ("truthfulness", "completeness", "accuracy", "consistency", "currency", "exchangeability")


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = timezone.make_aware(datetime.combine(day, time.min))
    return start, start + timedelta(days=1)


def score_day(day: date) -> int:
    """Compute the day's scores anew. Returns how many rows of scores there are."""
    start, end = _bounds(day)
    batches = InboundBatch.objects.filter(received_at__gte=start, received_at__lt=end).exclude(state="sandbox")
    delivered = batches.values("group", "table", "account").annotate(
        rows=Sum("row_count"), refused=Sum("refused_count")
    )  # fmt: skip
    tables = {(table.group, table.table): table for table in DataTable.objects.current()}
    made = 0
    for line in delivered:
        table = tables.get((line["group"], line["table"]))
        if table is None:
            continue
        with transaction.atomic():
            values = _score(table, line["account"] or 0, day, line["rows"], line["refused"])
            QualityScore.objects.update_or_create(table=table, source=line["account"] or 0, day=day, defaults=values)
        made += 1
    return made


def _score(table: DataTable, source: int, day: date, rows: int, refused: int) -> dict[str, Any]:
    found = _findings(table, source, day)
    values: dict[str, Any] = {"received": rows, "refused": refused}
    # What a rule refused counts with that rule; what could not even be read is inaccurate.
    by_rules = changes(table, source, day).filter(action="refuse").aggregate(rows=Count("key", distinct=True))["rows"]
    found["accuracy"] += max(0, refused - by_rules)
    for dimension in DIMENSIONS:
        bad = min(rows, found[dimension])
        values[dimension] = 100 * (1 - bad / rows) if rows else None
    start, end = _bounds(day)
    disputed = SourceRecord.objects.filter(table=table, source=source, seen_at__gte=start, seen_at__lt=end).count()
    if rows and values["consistency"] is not None:
        values["consistency"] = max(0.0, values["consistency"] - 100 * min(rows, disputed) / rows)
    values["completeness"] = _completeness(table, start, end)
    values["currency"] = _currency(table, source, end)
    values["exchangeability"] = _exchangeability(table, source, start, end)
    said = [values[name] for name in ALL_DIMENSIONS if values[name] is not None]
    values["total"] = sum(said) / len(said) if said else None
    return values


def changes(table: DataTable, source: int, day: date, dimension: str = "") -> Any:
    """Cleaning records of a source's rows of a day: what a score is made of."""
    start, end = _bounds(day)
    batches = InboundBatch.objects.filter(
        group=table.group, table=table.table, account=source or None, received_at__gte=start, received_at__lt=end
    )
    found = CleaningChange.objects.filter(rule__table=table, batch_id__in=batches.values("pk")).select_related("rule")
    if dimension in DIMENSIONS:
        found = found.filter(rule__kind__in=DIMENSIONS[dimension])
    return found


def _findings(table: DataTable, source: int, day: date) -> dict[str, int]:
    """Rows with a finding, by dimension; filling an empty field in is none."""
    return {
        dimension: changes(table, source, day, dimension).aggregate(rows=Count("key", distinct=True))["rows"]
        for dimension in DIMENSIONS
    }


def _completeness(table: DataTable, start: datetime, end: datetime) -> float | None:
    spec = table.spec()
    names = [quoted(field.name) for field in spec.fields]
    filled = " + ".join(f"count({name})" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), {filled} FROM {ddl.table_name(spec)} WHERE _updated >= %s AND _updated < %s",
            [start, end],
        )
        rows, values = cursor.fetchone()
    return 100 * values / (rows * len(names)) if rows else None


def _currency(table: DataTable, source: int, end: datetime) -> float | None:
    known = TableSource.objects.filter(table=table, source=source).first()
    if known is None:
        return None
    age_h = max(0.0, (min(end, timezone.now()) - known.last_at).total_seconds() / 3600)
    cycle = table.update_cycle_h
    return 100.0 if age_h <= cycle else max(0.0, 100 * (3 * cycle - age_h) / (2 * cycle))


def _exchangeability(table: DataTable, source: int, start: datetime, end: datetime) -> float | None:
    if source == 0:
        return None
    app_id = PlatformAccount.objects.filter(pk=source).values_list("app_id", flat=True).first()
    calls = CallStatistic.objects.filter(
        minute__gte=start, minute__lt=end, direction="in", peer=app_id or "", group=table.group, table=table.table
    ).aggregate(total=Sum("calls"), good=Sum("calls", filter=Q(code=Code.SUCCESS)))  # fmt: skip
    return 100 * (calls["good"] or 0) / calls["total"] if calls["total"] else None


def trend(table: DataTable | None, days: int = 30) -> dict[str, list[Any]]:
    """Mean of each property a day, over all sources, for the chart."""
    from django.db.models import Avg

    first = timezone.localdate() - timedelta(days=days - 1)
    scores = QualityScore.objects.filter(day__gte=first)
    if table is not None:
        scores = scores.filter(table=table)
    rows: Any = scores.values("day").order_by("day").annotate(
        **{f"mean_{name}": Avg(name) for name in (*ALL_DIMENSIONS, "total")}
    )  # fmt: skip
    made: dict[str, list[Any]] = {"day": [], **{name: [] for name in (*ALL_DIMENSIONS, "total")}}
    for row in rows:
        made["day"].append(f"{row['day']:%m-%d}")
        for name in (*ALL_DIMENSIONS, "total"):
            value = row[f"mean_{name}"]
            made[name].append(None if value is None else round(value, 1))
    return made
