"""The data standard: loading it from files, extending it at run time (CJJ/T 312 §5, §4.1.4-7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convergence.models import CleaningRule, DataTable, DataTableVersion
from convergence.store import ddl
from platform_core.errors import DomainError
from platform_core.models import User
from platform_core.services import audit

from .keeping import keeper

# The loader in C reads the same, ten times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FOLDER = Path(__file__).resolve().parents[1] / "standard"
TYPE = re.compile(r"([a-z]+?)(\d+)?(!)?")
# What of a field may change without breaking a caller: everything but its name and type.
SOFT = {"title", "unit", "codes", "min", "max", "pattern", "sensitivity", "length"}


def field_definition(written: list[Any]) -> dict[str, Any]:
    """`[name, "str6!", title, {more}]` as a definition. Raises DomainError."""
    found = TYPE.fullmatch(str(written[1])) if len(written) > 2 else None
    if found is None:
        raise DomainError("bad_field", _("“%s” is not a field: [name, type, title, …].") % written)
    kind, length, must = found.groups()
    more = dict(written[3]) if len(written) > 3 else {}
    definition: dict[str, Any] = {"name": written[0], "type": kind, "title": str(written[2]), **more}
    if length:
        definition["length"] = int(length)
    if must:
        definition["required"] = True
    return definition


def files() -> Iterator[tuple[str, dict[str, Any]]]:
    """(group, table as written) of every table of the shipped standard."""
    for file in sorted(FOLDER.glob("*.yaml")):
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - a safe one
        for table in document["tables"]:
            yield document["group"], table


@transaction.atomic
def load(names: set[str] | None = None) -> int:
    """Bring the shipped standard into the database. Returns the new tables.

    A table that is there stays as it is, but for optional fields that the shipped standard has gained since. `names`
    (`group.table`) keeps to some of them.
    """
    made = 0
    for group, written in files():
        if names is not None and f"{group}.{written['table']}" not in names:
            continue
        if known := DataTable.objects.filter(group=group, table=written["table"]).first():
            _grow(known, [field_definition(item) for item in written["fields"]])
            continue
        table = DataTable(
            group=group,
            table=written["table"],
            title=written["title"],
            description=written.get("description", ""),
            fields=[field_definition(item) for item in written["fields"]],
            key=written["key"],
            time_field=written.get("time", ""),
            region_field=written.get("region", ""),
            is_partitioned=written.get("partitioned", False),
            sensitivity=written.get("sensitivity", 1),
            source=written.get("source", "proposed"),
            update_cycle_h=written.get("cycle_h", 744),
            is_local=False,
        )
        _put_in_force(table, "load_standard", None)
        for order, rule in enumerate(written.get("rules", ()), start=1):
            CleaningRule.objects.create(
                table=table,
                kind=rule["kind"],
                field=rule.get("field", ""),
                parameters=rule.get("parameters", {}),
                action=rule["action"],
                order=order * 10,
            )
            if rule["kind"] == CleaningRule.Kind.DUPLICATE:
                ddl.ensure_trigram(table.spec(), rule["field"])
        made += 1
    for table in DataTable.objects.current():
        ddl.ensure(table.spec())
    keeper.forget()
    return made


def _grow(table: DataTable, shipped: list[dict[str, Any]]) -> None:
    names = {definition["name"] for definition in table.fields}
    added = [definition for definition in shipped if definition["name"] not in names and not definition.get("required")]
    if added:
        table.fields, table.version = [*table.fields, *added], table.version + 1
        _put_in_force(table, "load_standard", None)


def _put_in_force(table: DataTable, note: str, user: User | None) -> None:
    spec = table.spec()
    table.save()
    definition = {
        "title": table.title, "fields": table.fields, "key": table.key, "time": table.time_field,
        "region": table.region_field, "partitioned": table.is_partitioned,
    }  # fmt: skip
    DataTableVersion.objects.create(
        table=table, version=table.version, definition=definition, note=note[:200], published_by=user
    )
    ddl.ensure(spec)
    transaction.on_commit(keeper.forget)


@transaction.atomic
def add_table(table: DataTable, user: User) -> DataTable:
    """A table of this place's own. Raises DomainError where the definition contradicts itself."""
    if DataTable.objects.filter(group=table.group, table=table.table).exists():
        raise DomainError("table_exists", _("The data standard has %s already.") % table.name)
    table.version, table.is_local = 1, True
    _put_in_force(table, "", user)
    audit.record("add table", table, after={"fields": table.fields, "key": table.key})
    return table


@transaction.atomic
def change_fields(table: DataTable, fields: list[dict[str, Any]], user: User, note: str = "") -> DataTable:
    """Put a new version of a table's fields in force.

    Old callers go on: a field stays with its name and type, a new one is optional. Raises DomainError otherwise.
    """
    locked = DataTable.objects.select_for_update().get(pk=table.pk)
    before = {definition["name"]: definition for definition in locked.fields}
    after = {str(definition.get("name")): definition for definition in fields}
    for name, definition in before.items():
        if name not in after:
            raise DomainError("field_gone", _("Field %s is in use by callers; it cannot be taken away.") % name)
        if after[name].get("type") != definition["type"]:
            raise DomainError("field_retyped", _("Field %s cannot get another type.") % name)
        if after[name].get("required") and not definition.get("required"):
            raise DomainError("field_required", _("Field %s was optional; old callers may lack it.") % name)
    for name, definition in after.items():
        if name not in before and definition.get("required"):
            raise DomainError(
                "field_required", _("A new field is optional, or old callers would be refused: %s.") % name
            )
    if fields == locked.fields:
        return locked
    locked.fields, locked.version = fields, locked.version + 1
    _put_in_force(locked, note, user)
    audit.record("change table", locked, before={"fields": list(before.values())}, after={"fields": fields})
    return locked


audit.describe(
    add_table=gettext_lazy("added a table to the standard"),
    change_table=gettext_lazy("changed a table of the standard"),
)
