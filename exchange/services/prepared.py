"""Statements that every call repeats, planned once a connection: planning them costs as much as running them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def fetch_one(name: str, types: str, sql: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """First row of a statement with `$1…` of the given SQL types. Raises the database's errors."""
    with connection.cursor() as cursor:
        known = _prepared.setdefault(connection.connection, set())
        if name not in known:
            cursor.execute(f"PREPARE {name} ({types}) AS {sql}")
            known.add(name)
        places = ", ".join(["%s"] * len(parameters))
        cursor.execute(f"EXECUTE {name} ({places})", list(parameters))
        row = cursor.fetchone()
        return tuple(row) if row else None
