"""Fusion: one master record out of several sources, field by field (CJJ/T 312 §4.1.4-7-3).

A field is taken from the source with the smallest priority number that says something about it; of equals, from the
one heard last. `_lineage` of the row says which source each field came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from convergence.models import SourceRecord, TableSource
from convergence.store import rows
from exchange.tables import Row, Source, TableSpec

OWN, DIRECT, RELAYED = 10, 50, 70
"""Priorities of new sources: this platform itself; a platform about its own division; one that passes on."""


def default_priority(source: Source) -> int:
    """The higher a platform stands, the farther it is from what it reports: a province passes its cities' data on."""
    if source.id == 0:
        return OWN
    return DIRECT if len(source.region_prefix) >= 4 else RELAYED


def settle(table_id: int, spec: TableSpec, source: int, arrived: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """(rows nobody else is believed for, rows fused with what others said). Rows that say the same are dropped.

    A fused row has all fields and `_lineage`; each source's own values are kept.
    """
    key_of = rows.key_of(spec)
    stored = {key_of(row): (row, owner) for row, owner in rows.of_other_sources(spec, arrived, source)}
    plain, disputed = [], []
    for row in arrived:
        found = stored.get(key_of(row))
        if found is None:
            plain.append(row)
        elif _differ(spec, row, found[0]) or found[1] == rows.MIXED:
            disputed.append(row)
    if not disputed:
        return plain, []
    return plain, _fuse(table_id, spec, source, disputed, stored)


def _differ(spec: TableSpec, row: Row, stored: Row) -> bool:
    return any(field.name in row and row[field.name] != stored[field.name] for field in spec.fields)


def _fuse(
    table_id: int, spec: TableSpec, source: int, disputed: list[Row], stored: dict[rows.Key, tuple[Row, int]]
) -> list[Row]:
    key_of = rows.key_of(spec)
    known = {field.name for field in spec.fields}
    texts = {key_of(row): "|".join(key_of(row))[:200] for row in disputed}
    now = timezone.now()
    words = [
        SourceRecord(table_id=table_id, key=texts[key_of(row)], source=source, seen_at=now,
                     values={name: value for name, value in row.items() if name in known})
        for row in disputed
    ]  # fmt: skip
    first_dispute = [
        SourceRecord(table_id=table_id, key=texts[key], source=owner, seen_at=now, values=row)
        for key, (row, owner) in stored.items()
        if key in texts and owner != rows.MIXED
    ]
    SourceRecord.objects.bulk_create(first_dispute, ignore_conflicts=True)
    SourceRecord.objects.bulk_create(
        words, update_conflicts=True, unique_fields=["table", "key", "source"], update_fields=["values", "seen_at"]
    )
    priorities = dict(TableSource.objects.filter(table_id=table_id).values_list("source", "priority"))
    said: dict[str, list[SourceRecord]] = {}
    for word in SourceRecord.objects.filter(table_id=table_id, key__in=list(texts.values())):
        said.setdefault(word.key, []).append(word)
    return [_master(spec, row, said[texts[key_of(row)]], priorities) for row in disputed]


def _master(spec: TableSpec, row: Row, words: list[SourceRecord], priorities: dict[int, int]) -> Row:
    ranked = sorted(words, key=lambda word: (priorities.get(word.source, 100), -word.seen_at.timestamp()))
    master: Row = {name: row[name] for name in spec.key}
    lineage: dict[str, Any] = {}
    for field in spec.fields:
        if field.name in spec.key:
            continue
        word = next((word for word in ranked if word.values.get(field.name) is not None), None)
        master[field.name] = word.values[field.name] if word else None
        if word:
            lineage[field.name] = word.source
    return {**master, "_lineage": lineage}
