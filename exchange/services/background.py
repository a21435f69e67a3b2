"""One quiet thread a process for work that a call should not wait for: counts, and hints to the workers."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import close_old_connections, connection

log = logging.getLogger(__name__)
TICK_S = 0.05
_due: dict[str, tuple[float, Callable[[], object]]] = {}
_lock = threading.Lock()
_owner = [0]


def every(name: str, seconds: float, work: Callable[[], object]) -> None:
    """Have `work` done once, within `seconds` from now; further calls until then are the same request."""
    if settings.ENVIRONMENT == "test":
        return  # tests call the work themselves; a thread would see another transaction
    with _lock:
        _due.setdefault(name, (time.monotonic() + seconds, work))
        if _owner[0] != os.getpid():  # a fork does not inherit threads
            _owner[0] = os.getpid()
            threading.Thread(target=_run, name="exchange-background", daemon=True).start()


def _run() -> None:
    while True:
        time.sleep(TICK_S)
        now = time.monotonic()
        with _lock:
            ready = [(name, work) for name, (at, work) in _due.items() if at <= now]
            for name, _work in ready:
                del _due[name]
        if not ready:
            continue
        close_old_connections()
        for name, work in ready:
            try:
                work()
            except Exception:  # the thread must outlive any one piece of work
                log.exception("%s", name)
                connection.close()
