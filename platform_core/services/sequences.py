"""Numbers without gaps or twins."""

from __future__ import annotations

from django.db import connection


def next_number(name: str) -> int:
    """The next number of a sequence, from 1; gap-free, so callers of one name queue until commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO platform_core_sequence (name, value) VALUES (%s, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = platform_core_sequence.value + 1 RETURNING value",
            [name],
        )
        return int(cursor.fetchone()[0])
