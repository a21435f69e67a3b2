"""The keeper of the exchange's tables: cleans, fuses and stores what landed (CJJ/T 312 §4.1.4-7)."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from convergence.cleaning import clean
from convergence.cleaning.engine import record
from convergence.loading import load
from convergence.models import CleaningRule, DataTable, TableSource
from convergence.store import ddl, rows
from exchange.tables import Absorbed, Arrival, Page, Row, Selection, Source, TableSpec

from . import fusion

REMEMBER_S = 2.0
"""How long a process may go on with a table, its rules and sources after they were changed elsewhere."""


@dataclass(frozen=True)
class Known:
    """A table with what is needed to store its rows."""

    table_id: int
    spec: TableSpec
    rules: tuple[CleaningRule, ...]
    sources: frozenset[int]


class Keeper:
    """TableKeeper over the typed store."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[float, Known | None]] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """After a change in this process."""
        with self._lock:
            self._known.clear()
        ddl.forget_partitions()

    def known(self, group: str, table: str) -> Known | None:
        """A table in force, remembered for REMEMBER_S."""
        now = time.monotonic()
        with self._lock:
            found = self._known.get((group, table))
        if found is not None and found[0] > now and settings.ENVIRONMENT != "test":
            return found[1]
        loaded = self._load(group, table)
        with self._lock:
            self._known[group, table] = (now + REMEMBER_S, loaded)
            if len(self._known) > 2000:  # names that callers made up
                self._known.clear()
        return loaded

    def _load(self, group: str, table: str) -> Known | None:
        if "\0" in group or "\0" in table:
            return None
        row = DataTable.objects.current().filter(group=group, table=table).first()
        if row is None:
            return None
        rules = tuple(CleaningRule.objects.current().filter(table=row, is_enabled=True).order_by("order", "id"))
        sources = frozenset(TableSource.objects.filter(table=row).values_list("source", flat=True))
        return Known(row.pk, row.spec(), rules, sources)

    def find(self, group: str, table: str) -> TableSpec | None:
        """The table in force, or None."""
        known = self.known(group, table)
        return known.spec if known else None

    def all(self) -> list[TableSpec]:
        """Every table in force."""
        return [table.spec() for table in DataTable.objects.current().order_by("group", "table")]

    def absorb(self, spec: TableSpec, source: Source, arrivals: Sequence[Arrival]) -> Absorbed:
        """Clean, fuse, store; of two rows with one key the later wins, field by field."""
        known = self.known(spec.group, spec.table)
        assert known is not None
        cleaned = clean(spec, known.rules, arrivals)
        refused_rows = {id(refusal.row) for refusal in cleaned.refused}
        merged = _merge(spec, cleaned.rows)
        if spec.is_partitioned and merged:
            ddl.ensure_partitions(spec, {str(row[spec.time_field])[:7] for row in merged.values()})
        batch_id = arrivals[-1].batch_id
        # First of all: a source that is new has no priority otherwise.
        self._count(known, source, sum(len(arrival.rows) for arrival in arrivals))
        changed = self._write(known, source, list(merged.values()), batch_id)
        fresh = (
            [row for key, row in merged.items() if key in changed]
            if len(changed) < len(merged)
            else list(merged.values())
        )
        kept = {id(row) for row in fresh} | refused_rows
        record(spec, [(row, note) for row, note in cleaned.notes if id(row) in kept])
        load(spec.name, fresh)
        corrected = len({id(row) for row, note in cleaned.notes if note["action"] == CleaningRule.Action.CORRECT})
        return Absorbed(fresh, len(cleaned.rows) - len(fresh), corrected, cleaned.refused)

    def _write(self, known: Known, source: Source, merged: list[Row], batch_id: int) -> set[rows.Key]:
        if not merged:
            return set()
        others = known.sources - {source.id}
        if not others:
            return rows.upsert(known.spec, merged, source.id, batch_id)
        plain, fused = fusion.settle(known.table_id, known.spec, source.id, merged)
        changed = rows.upsert(known.spec, plain, source.id, batch_id) if plain else set()
        if fused:
            changed |= rows.upsert(known.spec, fused, rows.MIXED, batch_id, has_lineage=True)
        return changed

    def _count(self, known: Known, source: Source, delivered: int) -> None:
        told = TableSource.objects.filter(table_id=known.table_id, source=source.id).update(
            rows=F("rows") + delivered, last_at=timezone.now()
        )
        if not told:
            TableSource.objects.create(
                table_id=known.table_id, source=source.id, name=source.name, rows=delivered,
                priority=fusion.default_priority(source),
            )  # fmt: skip
            self.forget()

    def select(self, spec: TableSpec, selection: Selection, region_prefix: str) -> Page:
        """Rows inside a division's subtree."""
        return rows.select(spec, selection, region_prefix)


def _merge(spec: TableSpec, found: Sequence[Row]) -> dict[rows.Key, Row]:
    key_of = rows.key_of(spec)
    merged: dict[rows.Key, Row] = {}
    for row in found:
        key = key_of(row)
        known = merged.get(key)
        if known is None:
            merged[key] = row
        else:
            known.update(row)
    return merged


keeper = Keeper()
