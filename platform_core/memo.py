"""What a process may remember for some seconds: short lists and rules that every request reads and few change."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import get_language

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Remembered(Generic[Given, Found]):
    """A read whose answer is kept by arguments and language; never in tests, which change what they read."""

    def __init__(self, read: Callable[Given, Found], seconds: float, most: int) -> None:
        self.read, self.seconds, self.most = read, seconds, most
        self._kept: dict[Any, tuple[float, Found]] = {}
        update_wrapper(self, read)

    def __call__(self, *args: Given.args, **options: Given.kwargs) -> Found:
        """The answer, at most `seconds` old. Nothing is kept of a read that raises."""
        if settings.ENVIRONMENT == "test":
            return self.read(*args, **options)
        key = (get_language(), args, tuple(sorted(options.items())))
        kept, now = self._kept.get(key), time.monotonic()
        if kept is not None and kept[0] > now:
            return kept[1]
        found = self.read(*args, **options)
        if len(self._kept) >= self.most:
            self._kept.clear()
        self._kept[key] = (now + self.seconds, found)
        return found

    def forget(self) -> None:
        """After a change in this process; the others find out when their time is over."""
        self._kept.clear()


def remembered(seconds: float, most: int = 1000) -> Callable[[Callable[Given, Found]], Remembered[Given, Found]]:
    """Keep the answers of a read for `seconds`, up to `most` of them. Arguments must be hashable."""

    def wrap(read: Callable[Given, Found]) -> Remembered[Given, Found]:
        return Remembered(read, seconds, most)

    return wrap


@remembered(1)
def version_of(what: str) -> int:
    """A number that is another one a second after any process has said `changed(what)` (one read of the shared cache).

    As an argument of a remembered read it makes a change count in every process.
    """
    return 0 if settings.ENVIRONMENT == "test" else int(cache.get(_key(what)) or 0)


def changed(what: str) -> None:
    """To be called in the transaction of the change; counts when it is committed."""

    def tell() -> None:
        cache.set(_key(what), time.time_ns(), None)
        version_of.forget()

    transaction.on_commit(tell)


def _key(what: str) -> str:
    return f"version-of-{what}"
