"""Makes and extends the typed tables. Names come from declared fields only (convergence.models.table.NAME)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from exchange.tables import FieldSpec, TableSpec

SCHEMA = "std"
SEQUENCE = f"{SCHEMA}.change_seq"
SQL_TYPES = {
    "str": "text", "int": "bigint", "float": "double precision", "bool": "boolean", "datetime": "timestamp",
    "date": "date", "json": "jsonb", "geometry": "geometry(Geometry,4490)",
}  # fmt: skip
SYSTEM_COLUMNS = (
    '"_source" bigint NOT NULL',  # account that is believed; 0 this platform, -1 several
    '"_batch" bigint NOT NULL',
    f"\"_seq\" bigint NOT NULL DEFAULT nextval('{SEQUENCE}')",  # grows with every change: the cursor of getdata
    '"_updated" timestamptz NOT NULL DEFAULT now()',
    '"_lineage" jsonb',  # field → source, where several sources were fused
)
_partitions: set[str] = set()


def quoted(name: str) -> str:
    """An identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def short_name(spec: TableSpec) -> str:
    """Name of the table without its schema."""
    return f"{spec.group}_{spec.table}"


def table_name(spec: TableSpec) -> str:
    """Schema and table, quoted."""
    return f"{SCHEMA}.{quoted(short_name(spec))}"


def column_type(field: FieldSpec) -> str:
    """SQL type of a field."""
    return SQL_TYPES[field.type]


def ensure(spec: TableSpec) -> None:
    """Create the table, or add the columns it lacks, in the caller's transaction; nothing is dropped or retyped."""
    columns = ", ".join(f"{quoted(field.name)} {column_type(field)}" for field in spec.fields)
    key = ", ".join(quoted(name) for name in spec.key)
    partitioning = f" PARTITION BY RANGE ({quoted(spec.time_field)})" if spec.is_partitioned else ""
    table = table_name(spec)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [table])
        if cursor.fetchone()[0] is None:
            system = ", ".join(SYSTEM_COLUMNS)
            cursor.execute(f"CREATE TABLE {table} ({columns}, {system}, PRIMARY KEY ({key})){partitioning}")
            cursor.execute(f"ALTER TABLE {table} ALTER COLUMN _source SET STATISTICS 100")
        for field in spec.fields:
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {quoted(field.name)} {column_type(field)}")
        for name, definition in _indexes(spec):
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {quoted(name)} ON {table} {definition}")


def _indexes(spec: TableSpec) -> list[tuple[str, str]]:
    """The cursor's; the time's, where the key does not lead with it; the division's, for statistics; shapes."""
    base = short_name(spec)[:50]
    found = [(f"{base}_seq", "(_seq)")]
    if spec.time_field and spec.key[0] != spec.time_field:
        found.append((f"{base}_time", f"({quoted(spec.time_field)})"))
    if spec.region_field and spec.key[0] != spec.region_field and not spec.is_partitioned:
        found.append((f"{base}_region", f"({quoted(spec.region_field)})"))
    found += [
        (f"{base}_{field.name}"[:60], f"USING gist ({quoted(field.name)})")
        for field in spec.fields
        if field.type == "geometry"
    ]
    return found


def ensure_trigram(spec: TableSpec, field: str) -> None:
    """An index for fuzzy comparison of a text field."""
    name = f"{short_name(spec)[:40]}_{field[:15]}_trgm"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE INDEX IF NOT EXISTS {quoted(name)} ON {table_name(spec)} USING gin ({quoted(field)} gin_trgm_ops)"
        )


def ensure_partitions(spec: TableSpec, months: set[str]) -> None:
    """Partitions for months `YYYY-MM`; one that was seen before is remembered in the process and costs nothing."""
    base = short_name(spec)
    for month in sorted(months):
        name = f"{base}_{month.replace('-', '')}"
        if name in _partitions:
            continue
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.{quoted(name)}"])
            if cursor.fetchone()[0] is not None:
                _partitions.add(name)  # only now: one just made may still be rolled back
                continue
            first = datetime.strptime(month, "%Y-%m")
            following = datetime(first.year + first.month // 12, first.month % 12 + 1, 1)
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{quoted(name)} PARTITION OF {table_name(spec)}"
                f" FOR VALUES FROM ('{first:%Y-%m-%d}') TO ('{following:%Y-%m-%d}')"
            )


def forget_partitions() -> None:
    """Partitions may be gone (archive, tests)."""
    _partitions.clear()
