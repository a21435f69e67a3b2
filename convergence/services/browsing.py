"""Rows of a typed table for people: inside their divisions, sensitive fields masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from convergence.models import DataTable, TableSource
from convergence.store import ddl, rows
from convergence.store.ddl import quoted
from exchange.protocol.where import WhereError, compile_where
from exchange.tables import Row, TableSpec
from platform_core.errors import DomainError
from platform_core.http import number_of
from platform_core.models import User

PAGE = 50
MASKED_FROM = 3
"""Sensitivity level from which a field is masked on pages."""


@dataclass(frozen=True)
class Browse:
    """What a reader asked for."""

    where: str = ""
    after: str = ""
    order: str = ""


@dataclass
class Browsed:
    """A page of rows with where each came from."""

    rows: list[dict[str, Any]]
    next_after: int | None
    estimate: int


def scope_condition(spec: TableSpec, user: User) -> tuple[str, list[Any]]:
    """SQL that keeps to the user's divisions; nobody without a scope sees anything."""
    if user.is_superuser:
        return "TRUE", []
    prefixes = [scope.region_prefix for scope in user.scopes() if scope.region_prefix is not None]
    if not spec.region_field or any(prefix == "" for prefix in prefixes):
        return ("TRUE", []) if prefixes or user.scopes() else ("FALSE", [])
    if not prefixes:
        return "FALSE", []
    parts = " OR ".join(f"t.{quoted(spec.region_field)} LIKE %s" for _prefix in prefixes)
    return f"({parts})", [f"{prefix}%" for prefix in prefixes]


def browse(table: DataTable, wanted: Browse, user: User) -> Browsed:
    """A page, newest change first. Raises DomainError for a condition that cannot be read."""
    spec = table.spec()
    try:
        condition, values = compile_where(spec, wanted.where)
    except WhereError as error:
        place = _(" (character %d)") % error.position if error.position else ""
        raise DomainError("bad_where", f"{error}{place}") from error
    scope, scope_values = scope_condition(spec, user)
    parameters = [*values, *scope_values]
    before = ""
    if (after := number_of(wanted.after)) is not None:
        before = " AND t._seq < %s"
        parameters.append(after)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {rows.output(spec)}, t._source, t._updated, t._lineage::json, t._seq FROM {ddl.table_name(spec)} t"
            f" WHERE ({condition}) AND {scope}{before} ORDER BY t._seq DESC LIMIT {PAGE + 1}",
            parameters,
        )
        found = cursor.fetchall()
        cursor.execute(
            "SELECT COALESCE(sum(GREATEST(c.reltuples, 0)), 0)::bigint FROM pg_class c WHERE c.oid = ANY("
            "SELECT relid FROM pg_partition_tree(%s::regclass) UNION SELECT %s::regclass) AND c.relkind = 'r'",
            [ddl.table_name(spec), ddl.table_name(spec)],
        )
        estimate = int(cursor.fetchone()[0])
    names = dict(TableSource.objects.filter(table=table).values_list("source", "name"))
    names |= {0: _("this platform"), rows.MIXED: _("several sources")}
    made = [_line(spec, values, names) for values in found[:PAGE]]
    return Browsed(made, found[PAGE - 1][-1] if len(found) > PAGE else None, max(estimate, len(made)))


def _line(spec: TableSpec, values: tuple[Any, ...], names: dict[int, str]) -> dict[str, Any]:
    source, updated, lineage, _seq = values[-4:]
    shown: list[Any] = []
    for field, value in zip(spec.fields, values, strict=False):
        if field.sensitivity >= MASKED_FROM and value:
            shown.append("***")
        elif field.type == "geometry" and value:
            shown.append(value.get("type", ""))
        else:
            shown.append(value)
    told: Row = {name: names.get(owner, str(owner)) for name, owner in (lineage or {}).items()}
    return {"values": shown, "source": names.get(source, str(source)), "updated": updated, "lineage": told}
