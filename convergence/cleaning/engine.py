"""Runs a table's rules over rows and keeps the record of what they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import connection

from convergence.models import CleaningRule
from convergence.store.normal import normalise, plan_of
from exchange.tables import Arrival, Refusal, Row, TableSpec

from .rules import KINDS, NOTHING, Finding

Note = dict[str, Any]


@dataclass
class Cleaned:
    """Rows that may be stored, rows that may not, and the notes of the rules by position of the row."""

    rows: list[Row] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[tuple[Row, Note]] = field(default_factory=list)


def clean(spec: TableSpec, rules: Sequence[CleaningRule], arrivals: Sequence[Arrival]) -> Cleaned:
    """Normalise rows, then apply the rules in their order; rows are changed in place."""
    cleaned = Cleaned()
    places: list[tuple[int, int, Row]] = []
    plan = plan_of(spec)
    for arrival in arrivals:
        for number, row in enumerate(arrival.rows):
            errors = normalise(plan, row)
            if errors:
                cleaned.refused.append(Refusal(arrival.batch_id, number, row, errors))
            else:
                places.append((arrival.batch_id, number, row))
    rows = [row for _batch, _number, row in places]
    judges = [(rule, KINDS[rule.kind](spec, rule.field, rule.parameters, rows)) for rule in rules]
    for batch_id, number, row in places:
        errors = {}
        for rule, judge in judges:
            finding = judge(row)
            if finding is None:
                continue
            note = _apply(rule, row, finding, batch_id)
            cleaned.notes.append((row, note))
            if note["action"] == CleaningRule.Action.REFUSE:
                errors.setdefault(rule.field, []).append(finding.message)
        if errors:
            cleaned.refused.append(Refusal(batch_id, number, row, errors))
        else:
            cleaned.rows.append(row)
    return cleaned


def _apply(rule: CleaningRule, row: Row, finding: Finding, batch_id: int) -> Note:
    before = row.get(rule.field)
    action = rule.action
    if action == CleaningRule.Action.CORRECT and finding.value is NOTHING:
        action = CleaningRule.Action.FLAG  # nobody can tell the right value
    after: Any = finding.message
    if action == CleaningRule.Action.CORRECT:
        row[rule.field] = after = finding.value
    return {
        "rule_id": rule.pk,
        "batch_id": batch_id,
        "field": rule.field,
        "action": str(action),
        "before": None if isinstance(before, dict) else before,
        "after": after,
    }


def record(spec: TableSpec, notes: Sequence[tuple[Row, Note]]) -> None:
    """Keep notes, in one statement."""
    if not notes:
        return
    lines = [{**note, "key": "|".join(str(row.get(name)) for name in spec.key)[:200]} for row, note in notes]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO convergence_cleaningchange (rule_id, batch_id, key, field, action, before, after, at)"
            " SELECT rule_id, batch_id, key, field, action, before, after, now()"
            " FROM jsonb_to_recordset(%s::jsonb) AS r(rule_id bigint, batch_id bigint, key text, field text,"
            " action text, before jsonb, after jsonb)",
            [orjson.dumps(lines, default=str).decode()],
        )
