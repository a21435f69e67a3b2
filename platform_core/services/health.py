"""State of the processes and servers of this deployment (CJJ/T 312 §9.2.2)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

STALE_AFTER_S = 60


@dataclass(frozen=True)
class Check:
    """One line of the health page."""

    name: StrOrPromise
    is_ok: bool
    detail: str


def beat(process: str) -> None:
    """Note that a process is alive."""
    cache.set(f"heartbeat:{process}", time.time(), timeout=3600)


def _database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT postgis_lib_version(), pg_database_size(current_database())")
            version, size = cursor.fetchone()
    except DatabaseError as error:
        return Check(_("Database"), False, str(error).splitlines()[0])
    return Check(_("Database"), True, f"PostGIS {version}, {size / 2**20:.0f} MiB")


def _redis() -> Check:
    try:
        cache.set("health", "1", 10)
    except RedisError as error:
        return Check("Redis", False, type(error).__name__)
    return Check("Redis", True, "")


def _heartbeat(process: str, name: StrOrPromise) -> Check:
    try:
        seen = cache.get(f"heartbeat:{process}")
    except RedisError as error:
        return Check(name, False, type(error).__name__)
    if seen is None:
        return Check(name, False, "—")
    age = time.time() - float(seen)
    return Check(name, age < STALE_AFTER_S, f"{age:.0f} s")


def ready() -> bool:
    """Whether a request can be served: database and cache answer."""
    return _database().is_ok and _redis().is_ok


def checks() -> list[Check]:
    """Every check of the health page."""
    lines = [_database(), _redis(), _heartbeat("worker", _("Worker and scheduler"))]
    if settings.MQTT_URL:
        lines.append(_heartbeat("mqtt", _("MQTT ingest")))
    return lines
