"""What an exchangeable table is, and who keeps its rows (CJJ/T 312 §6, app. B).

`convergence` holds the data standard and the rows; it stands above this app, so it registers itself here as the keeper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

TYPES = ("str", "int", "float", "bool", "datetime", "date", "json", "geometry")
Row = dict[str, Any]


@dataclass(frozen=True)
class FieldSpec:
    """A field of a table. `length` counts characters; `codes` are the permitted values, empty for any."""

    name: str
    type: str
    title: str
    length: int | None = None
    required: bool = False
    unit: str = ""
    codes: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    pattern: str = ""
    sensitivity: int = 1


@dataclass(frozen=True)
class TableSpec:
    """A table of the data standard: natural key, time field, region field, fields."""

    group: str
    table: str
    title: str
    fields: tuple[FieldSpec, ...]
    key: tuple[str, ...]
    time_field: str = ""
    region_field: str = ""
    is_partitioned: bool = False
    version: int = 1
    sensitivity: int = 1
    source: str = "proposed"
    description: str = ""

    @property
    def name(self) -> str:
        """`group.table`."""
        return f"{self.group}.{self.table}"

    def field(self, name: str) -> FieldSpec | None:
        """A declared field, or None."""
        return next((found for found in self.fields if found.name == name), None)


@dataclass(frozen=True)
class Source:
    """Where rows come from: an account's id (0: this platform itself), its name, the divisions it may write."""

    id: int
    name: str
    region_prefix: str = ""


@dataclass
class Arrival:
    """One durable batch on its way into the store; `rows` as parsed from JSON."""

    batch_id: int
    rows: list[Row]


@dataclass
class Refusal:
    """A row that cannot be stored: its batch, its place there (from 0), and why (field → messages)."""

    batch_id: int
    number: int
    row: Row
    errors: dict[str, list[str]]


@dataclass
class Absorbed:
    """Result of storing: rows new or changed (as cleaned), how many were unchanged, what was refused."""

    changed: list[Row] = field(default_factory=list)
    unchanged: int = 0
    corrected: int = 0
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """Rows of a getdata answer; `next_after` is the cursor behind the last of them, where one was asked for."""

    rows: list[Row]
    next_after: int | None = None
    has_more: bool = False


@dataclass(frozen=True)
class Selection:
    """A checked `where`: SQL text with placeholders, its parameters, order and paging."""

    condition: str
    parameters: tuple[Any, ...]
    order: tuple[tuple[str, bool], ...] = ()  # (field, descending)
    limit: int = 1000
    offset: int = 0
    after: int | None = None


class TableKeeper(Protocol):
    """Knows the data standard and keeps its rows."""

    def find(self, group: str, table: str) -> TableSpec | None:
        """The table in force, or None."""

    def all(self) -> Sequence[TableSpec]:
        """Every table in force."""

    def absorb(self, spec: TableSpec, source: Source, arrivals: Sequence[Arrival]) -> Absorbed:
        """Clean, fuse and store rows in the caller's transaction; later rows win over earlier ones."""

    def select(self, spec: TableSpec, selection: Selection, region_prefix: str) -> Page:
        """Rows inside a division's subtree."""


_keeper: list[TableKeeper] = []


def register_keeper(keeper: TableKeeper) -> None:
    """Name the keeper; called once by the app that is it."""
    _keeper[:] = [keeper]


def keeper() -> TableKeeper:
    """The keeper of this platform. Raises LookupError where none is installed."""
    if not _keeper:
        raise LookupError("no app registered a TableKeeper")
    return _keeper[0]
