"""Writes rows into a typed table and reads them out, in sets (CJJ/T 312 §4.1.4-7-3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection

from exchange.tables import FieldSpec, Page, Row, Selection, TableSpec

from . import ddl
from .ddl import quoted

Key = tuple[str, ...]
MIXED = -1
"""`_source` of a row that several sources were fused into."""


def key_of(spec: TableSpec) -> Callable[[Row], Key]:
    """A function from a normalised row to its natural key as texts."""
    names = spec.key
    return lambda row: tuple(str(row[name]) for name in names)


@lru_cache(maxsize=1024)
def _upsert_sql(spec: TableSpec, names: tuple[str, ...], has_lineage: bool) -> str:
    fields = {field.name: field for field in spec.fields}
    record = ", ".join(f"{quoted(name)} {_record_type(fields[name])}" for name in names)
    taken = ", ".join(_from_record(fields[name]) for name in names)
    columns = ", ".join(quoted(name) for name in names)
    others = [name for name in names if name not in spec.key]
    table = ddl.table_name(spec)
    lineage = ', "_lineage"', ', r."_lineage"', ', "_lineage" jsonb'
    into, value, declared = lineage if has_lineage else ("", "", "")
    if others or has_lineage:
        sets = [f"{quoted(name)} = EXCLUDED.{quoted(name)}" for name in others]
        sets += ['"_source" = EXCLUDED."_source"', '"_batch" = EXCLUDED."_batch"', '"_lineage" = EXCLUDED."_lineage"']
        sets += [f"\"_seq\" = nextval('{ddl.SEQUENCE}')", '"_updated" = now()']
        before = ", ".join([f"t.{quoted(name)}" for name in others] + (['t."_lineage"'] if has_lineage else []))
        after = ", ".join(
            [f"EXCLUDED.{quoted(name)}" for name in others] + (['EXCLUDED."_lineage"'] if has_lineage else [])
        )
        conflict = f"DO UPDATE SET {', '.join(sets)} WHERE ROW({before}) IS DISTINCT FROM ROW({after})"
    else:
        conflict = "DO NOTHING"
    key = ", ".join(quoted(name) for name in spec.key)
    back = ", ".join(_key_text(fields[name], "t") for name in spec.key)
    return (
        f"INSERT INTO {table} AS t ({columns}, _source, _batch{into})"
        f" SELECT {taken}, %s, %s{value} FROM json_to_recordset(%s::json) AS r({record}{declared})"
        f" ON CONFLICT ({key}) {conflict} RETURNING {back}"
    )


def _record_type(field: FieldSpec) -> str:
    return "jsonb" if field.type == "geometry" else ddl.column_type(field)


def _from_record(field: FieldSpec) -> str:
    name = f"r.{quoted(field.name)}"
    if field.type == "geometry":
        return f"CASE WHEN jsonb_typeof({name}) = 'object' THEN ST_SetSRID(ST_GeomFromGeoJSON({name}::text), 4490) END"
    return name


def _key_text(field: FieldSpec, table: str) -> str:
    name = f"{table}.{quoted(field.name)}"
    if field.type == "datetime":
        return f"to_char({name}, 'YYYY-MM-DD HH24:MI:SS')"
    return f"{name}::text"


def upsert(spec: TableSpec, rows: Sequence[Row], source: int, batch_id: int, *, has_lineage: bool = False) -> set[Key]:
    """Insert or change rows, each key once; absent fields keep their value. Returns the keys of what changed."""
    changed: set[Key] = set()
    known = {field.name for field in spec.fields} | ({"_lineage"} if has_lineage else set())
    for names, members in _by_fields(rows, known):
        plain = tuple(name for name in names if name != "_lineage")
        with connection.cursor() as cursor:
            cursor.execute(
                _upsert_sql(spec, plain, has_lineage), [source, batch_id, orjson.dumps(members, default=str).decode()]
            )
            changed.update(tuple(row) for row in cursor.fetchall())
    return changed


def _by_fields(rows: Sequence[Row], known: set[str]) -> Iterable[tuple[tuple[str, ...], list[Row]]]:
    """Rows with the same fields together: nearly always one set."""
    if rows and all(row.keys() == rows[0].keys() for row in rows):
        return [(tuple(sorted(known.intersection(rows[0]))), list(rows))]
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(sorted(known.intersection(row))), []).append(row)
    return groups.items()


def output(spec: TableSpec, table: str = "t") -> str:
    """The SELECT list that gives rows as the interface writes them."""
    parts = []
    for field in spec.fields:
        name = f"{table}.{quoted(field.name)}"
        if field.type == "datetime":
            name = f"to_char({name}, 'YYYY-MM-DD HH24:MI:SS')"
        elif field.type == "date":
            name = f"to_char({name}, 'YYYY-MM-DD')"
        elif field.type == "geometry":
            name = f"ST_AsGeoJSON({name}, 7)::json"
        elif field.type == "json":
            name = f"{name}::json"  # the driver parses json, and leaves jsonb to Django's own fields
        parts.append(f"{name} AS {quoted(field.name)}")
    return ", ".join(parts)


def select(spec: TableSpec, selection: Selection, region_prefix: str) -> Page:
    """One page of rows inside a division's subtree."""
    conditions, parameters = [f"({selection.condition})"], list(selection.parameters)
    if region_prefix and spec.region_field:
        conditions.append(f"{quoted(spec.region_field)} LIKE %s")
        parameters.append(region_prefix + "%")
    if selection.after is not None:
        conditions.append("_seq > %s")
        parameters.append(selection.after)
    order = _order(spec, selection)
    sql = (
        f"SELECT {output(spec)}, t._seq FROM {ddl.table_name(spec)} t WHERE {' AND '.join(conditions)}"
        f"{order} LIMIT %s OFFSET %s"
    )
    more = 1 if selection.after is not None else 0
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, selection.limit + more, selection.offset])
        found = cursor.fetchall()
    names = [field.name for field in spec.fields]
    has_more = bool(more) and len(found) > selection.limit
    found = found[: selection.limit]
    rows = [dict(zip(names, values, strict=False)) for values in found]
    return Page(rows, found[-1][-1] if more and found else selection.after, has_more)


def _order(spec: TableSpec, selection: Selection) -> str:
    if selection.after is not None:
        return " ORDER BY t._seq"
    if selection.order:
        parts = [f"{quoted(name)}{' DESC' if down else ''}" for name, down in selection.order]
        parts += [quoted(name) for name in spec.key if name not in {name for name, _down in selection.order}]
        return " ORDER BY " + ", ".join(parts)
    if selection.offset:  # pages by offset need some order, whichever
        return " ORDER BY " + ", ".join(quoted(name) for name in spec.key)
    return ""


def of_other_sources(spec: TableSpec, rows: Sequence[Row], source: int) -> list[tuple[Row, int]]:
    """Stored rows with the keys of `rows` that another source is believed for: (row, its source)."""
    fields = {field.name: field for field in spec.fields}
    record = ", ".join(f"{quoted(name)} {ddl.column_type(fields[name])}" for name in spec.key)
    match = " AND ".join(f"t.{quoted(name)} = k.{quoted(name)}" for name in spec.key)
    keys = [{name: row[name] for name in spec.key} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {output(spec)}, t._source FROM {ddl.table_name(spec)} t"
            f" JOIN jsonb_to_recordset(%s::jsonb) AS k({record}) ON {match} WHERE t._source <> %s",
            [orjson.dumps(keys, default=str).decode(), source],
        )
        found = cursor.fetchall()
    names = [field.name for field in spec.fields]
    return [(dict(zip(names, values, strict=False)), int(values[-1])) for values in found]


def count(spec: TableSpec, condition: str = "TRUE", parameters: Sequence[Any] = ()) -> int:
    """Number of rows."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {ddl.table_name(spec)} WHERE {condition}", list(parameters))
        return int(cursor.fetchone()[0])
