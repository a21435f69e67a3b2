"""Performance counts, kept as cases move (GB/T 30428.4): every StageRecord says what it adds, `fold` adds it up.

A record is written in the transaction of its move and folded a little later by a worker, so that desks never wait for
each other at a shared counter. Nothing is counted twice or lost: folding marks the record in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from coordination.models import DayCount, StageRecord, Subject
from platform_core.models import User

FOLD_BATCH = 5000
FOLD_LOCK = 312_0401
Delta = list[Any]
"""[day, measure, number, person id or None]."""


def day_of(moment: datetime) -> str:
    """The local day a moment belongs to."""
    return timezone.localtime(moment).date().isoformat()


def delta(moment: datetime, measure: str, number: int = 1, person: int | None = None) -> Delta:
    """One entry of StageRecord.deltas."""
    return [day_of(moment), measure, number, person]


Key = tuple[str, str, str, str]  # day, kind, subject, measure


def _sums(records: list[StageRecord]) -> dict[Key, int]:
    persons = {entry[3] for record in records for entry in record.deltas if entry[3]}
    posts = dict(User.objects.filter(pk__in=persons).values_list("pk", "post"))
    sums: dict[Key, int] = defaultdict(int)
    for record in records:
        for day, measure, number, person in record.deltas:
            sums[day, Subject.REGION, record.region_id, measure] += number
            if record.category_id:
                sums[day, Subject.CATEGORY, record.category_id, measure] += number
            if record.department_id:
                sums[day, Subject.DEPARTMENT, str(record.department_id), measure] += number
            if person:
                sums[day, Subject.PERSON, str(person), measure] += number
                sums[day, Subject.POST, posts.get(person) or "-", measure] += number
    return {key: number for key, number in sums.items() if number}


UPSERT = """
INSERT INTO coordination_daycount (day, subject_kind, subject, measure, count)
SELECT * FROM unnest(%s::date[], %s::text[], %s::text[], %s::text[], %s::int[])
ON CONFLICT (subject_kind, day, subject, measure) DO UPDATE SET count = coordination_daycount.count + EXCLUDED.count
"""


def _add(sums: dict[Key, int]) -> None:
    if not sums:
        return
    keys = sorted(sums)  # one order for everybody, so that two workers cannot block each other
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [*(list(part) for part in zip(*keys, strict=True)), [sums[key] for key in keys]])


@transaction.atomic
def fold() -> int:
    """Add up the next FOLD_BATCH records. Returns how many; 0 too when another worker is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [FOLD_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    waiting = (
        StageRecord.objects.filter(is_folded=False).order_by("id").only("deltas", "region", "category", "department")
    )
    records = list(waiting[:FOLD_BATCH])
    _add(_sums(records))
    StageRecord.objects.filter(pk__in=[record.pk for record in records]).update(is_folded=True)
    return len(records)


def fold_all() -> int:
    """Fold until nothing waits."""
    total = 0
    while done := fold():
        total += done
    return total


def recount() -> dict[Key, int]:
    """All counts anew from every record, without touching the table: what `fold` must agree with."""
    sums: dict[Key, int] = defaultdict(int)
    batch: list[StageRecord] = []
    for record in (
        StageRecord.objects.order_by("id").only("deltas", "region", "category", "department").iterator(FOLD_BATCH)
    ):
        batch.append(record)
        if len(batch) == FOLD_BATCH:
            _merge(sums, batch)
            batch = []
    _merge(sums, batch)
    return {key: number for key, number in sums.items() if number}


def _merge(sums: dict[Key, int], batch: list[StageRecord]) -> None:
    for key, number in _sums(batch).items():
        sums[key] += number


@transaction.atomic
def rebuild() -> int:
    """Throw the counts away and count every record again; repairs what a restore broke. Returns the rows."""
    sums = recount()
    DayCount.objects.all().delete()
    StageRecord.objects.filter(is_folded=False).update(is_folded=True)
    _add(sums)
    return len(sums)
