"""What a city starts with: categories, limits, the workflow, indicators, grades, shifts (all editable afterwards)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone

from coordination.models import CaseCategory, Emergency, Grade, Indicator, Shift, TimeLimit, WorkflowDefinition
from coordination.workflow import STANDARD
from platform_core.models import CodeList

from . import definitions, limits

DATA = Path(__file__).resolve().parents[1] / "data"
SHIFTS = (
    ("早班", "06:00", "14:00"),
    ("中班", "14:00", "22:00"),
    ("夜班", "22:00", "06:00"),
    ("常白班", "08:30", "17:30"),
)


def _read(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((DATA / name).read_text(encoding="utf-8")))


def load_categories(urgent: set[str]) -> int:
    """Every leaf of the part and event code lists; what a city has changed stays. Returns how many are new."""
    made = 0
    for listed, letter, kind in (("part-type", "P", "part"), ("event-type", "E", "event")):
        codelist = CodeList.objects.current_version(listed)
        rows = list(codelist.codes.all())
        majors = {row.value: row.name for row in rows if not row.parent_value}
        for row in rows:
            if row.parent_value:
                code = f"{letter}{row.value}"
                _category, created = CaseCategory.objects.get_or_create(
                    code=code,
                    defaults={
                        "kind": kind,
                        "name": row.name,
                        "major_name": majors.get(row.parent_value, ""),
                        "emergency": Emergency.URGENT if code in urgent else Emergency.NORMAL,
                        "source": codelist.source,
                    },
                )
                made += created
    return made


def load_workflow() -> bool:
    """Version 1 from coordination/workflow.py, once."""
    if WorkflowDefinition.objects.exists():
        return False
    WorkflowDefinition.objects.create(
        version=1,
        name="城市管理案件处置流程",
        state=WorkflowDefinition.State.PUBLISHED,
        spec=STANDARD.to_data(),
        published_at=timezone.now(),
    )
    return True


@transaction.atomic
def load() -> str:
    """Everything; repeating it adds only what is missing. Returns a summary."""
    data, measured = _read("limits.yaml"), _read("indicators.yaml")
    categories = load_categories(set(data["urgent"]))
    if not TimeLimit.objects.exists():
        for row in data["limits"]:
            TimeLimit.objects.create(source=data["source"], **row)
    for position, row in enumerate(measured["indicators"]):
        Indicator.objects.get_or_create(
            code=row["code"],
            defaults={
                "name": row["name"],
                "subject_kinds": row["kinds"],
                "formula": row["formula"],
                "unit": row.get("unit", ""),
                "weight": row.get("weight", 0),
                "score_formula": row.get("score", ""),
                "acceptance_limit": row.get("limit"),
                "limit_is_upper": row.get("upper", False),
                "clause": row.get("clause", ""),
                "position": position,
                "source": measured["source"],
            },
        )
    for letter, least in measured["grades"].items():
        Grade.objects.get_or_create(letter=letter, defaults={"least": least})
    for name, start, end in SHIFTS:
        Shift.objects.get_or_create(name=name, defaults={"starts_at": start, "ends_at": end})
    load_workflow()
    definitions.forget()
    limits.rules.forget()
    return f"{categories} new categories, {TimeLimit.objects.count()} limits, {Indicator.objects.count()} indicators"
