"""The numbered requirements of the standard, and how far each is met."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("clauses.yaml")
STATES = ("done", "part", "open")
STATE_TITLES = {"done": "已实现", "part": "部分实现", "open": "未实现"}


@dataclass(frozen=True)
class Clause:
    """A requirement. `tests` are pytest node ids; a clause marked done names at least one."""

    code: str
    tiers: tuple[str, ...]
    title: str
    obligation: str
    app: str
    status: str
    tests: tuple[str, ...] = ()
    note: str = ""

    @property
    def status_title(self) -> str:
        """The state in Chinese."""
        return STATE_TITLES[self.status]


@lru_cache
def load() -> tuple[Clause, ...]:
    """Every clause, in the order of the standard. Raises ValueError for a row that says nonsense."""
    rows = []
    for row in yaml.safe_load(FILE.read_text(encoding="utf-8")):
        tiers = row["tier"].split(",")
        status = row.get("status", "open")
        if status not in STATES or row["duty"] not in ("应", "宜", "可"):
            raise ValueError(f"clauses.yaml: {row['code']}: {status} {row['duty']}")
        rows.append(
            Clause(
                str(row["code"]),
                tuple(tiers),
                row["title"],
                row["duty"],
                row["app"],
                status,
                tuple(row.get("tests", ())),
                row.get("note", ""),
            )
        )
    return tuple(rows)


def of_tier(tier: str) -> tuple[Clause, ...]:
    """Clauses a tier must satisfy."""
    return tuple(clause for clause in load() if tier in clause.tiers)


def coverage(tier: str) -> Counter[str]:
    """Number of a tier's clauses by state."""
    return Counter(clause.status for clause in of_tier(tier))
