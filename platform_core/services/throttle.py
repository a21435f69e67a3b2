"""How often something may be tried, by a counter in the cache; for doors that anybody can knock at."""

from __future__ import annotations

from django.core.cache import cache
from django.utils.translation import gettext as _

from platform_core.errors import DomainError


def demand(what: str, who: str, most: int, seconds: int) -> None:
    """Count one try. Raises DomainError after `most` within `seconds`."""
    key = f"throttle:{what}:{who}"
    cache.add(key, 0, seconds)
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        cache.set(key, 1, seconds)
        count = 1
    if count > most:
        raise DomainError("too_often", _("Too many tries. Please wait a little."))
