"""Many saves, one message: what a bulk change hands on is gathered and handed over in lots, in the same transaction.

A census of a million parts is then a thousand messages to the exchange instead of a million.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

LOT = 1000
Receive = Callable[[list[Any]], None]
_lots: ContextVar[dict[str, tuple[Receive, list[Any]]] | None] = ContextVar("lots", default=None)


def hand_over(name: str, item: Any, receive: Receive) -> None:
    """Give `receive` the item: at once, or inside `gathering` with up to 1,000 others of the same name."""
    lots = _lots.get()
    if lots is None:
        receive([item])
        return
    _receive, items = lots.setdefault(name, (receive, []))
    items.append(item)
    if len(items) >= LOT:
        receive(items.copy())
        items.clear()


@contextmanager
def gathering() -> Iterator[None]:
    """Gather what is handed over inside; the rest is handed over at the end, nothing after an error.

    Belongs inside the transaction whose rows are handed over. One inside another adds to the outer.
    """
    if _lots.get() is not None:
        yield
        return
    lots: dict[str, tuple[Receive, list[Any]]] = {}
    token = _lots.set(lots)
    try:
        yield
    finally:
        _lots.reset(token)
    for receive, items in lots.values():
        if items:
            receive(items)
