"""Who calls, and whether the call is genuine (CJJ/T 312 §6.3).

Order of the checks: appID (10004), timestamp (10003), signature (10002), then everything else (10001).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from exchange.models import PlatformAccount
from exchange.protocol import signature
from exchange.protocol.codes import Code, Refused

from .prepared import fetch_one

log = logging.getLogger(__name__)
REMEMBERED = 4096
MAX_KEYS = 3


@dataclass(frozen=True)
class Grant:
    """A subscription as the gate needs it."""

    group: str
    table: str
    may_push: bool
    may_get: bool
    region_prefix: str


@dataclass(frozen=True)
class Caller:
    """An account that may call, ready for use."""

    id: int
    app_id: str
    name: str
    version: int
    algorithm: str
    secret: str
    is_sandbox: bool
    is_partial: bool
    window_s: int
    max_rows: int
    calls_per_minute: int
    region_prefix: str
    grants: tuple[Grant, ...]
    keys: tuple[tuple[datetime | None, Callable[[bytes], bytes]], ...]

    def scope(self, group: str, table: str, verb: str) -> str:
        """Division prefix within which the account may `push` or `get` the table; the most exact grant decides.

        Raises Refused (10001) where there is none.
        """
        fitting = [grant for grant in self.grants if grant.group in ("*", group) and grant.table in ("*", table)]
        fitting.sort(key=lambda grant: (grant.group == "*", grant.table == "*"))
        if not fitting or not (fitting[0].may_push if verb == "push" else fitting[0].may_get):
            raise Refused(Code.PARAMETERS, f"未授权{'推送' if verb == 'push' else '查询'} {group}.{table}")
        return fitting[0].region_prefix


_known: OrderedDict[str, Caller] = OrderedDict()
_lock = threading.Lock()


def forget() -> None:
    """Drop what is remembered (tests, key rotation of the field encryption)."""
    with _lock:
        _known.clear()


def find(app_id: str) -> Caller:
    """The caller of an appID; one small query when it is remembered. Raises Refused (10004)."""
    version = _version(app_id)
    if version is None:
        raise Refused(Code.UNKNOWN_APP)
    with _lock:
        caller = _known.get(app_id)
        if caller is not None and caller.version == version:
            _known.move_to_end(app_id)
            return caller
    caller = _load(app_id)
    with _lock:
        _known[app_id] = caller
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
    return caller


_VERSION = """
SELECT version FROM exchange_platformaccount
WHERE app_id = $1 AND state IN ('sandbox', 'live') AND retired_at IS NULL
"""


def _version(app_id: str) -> int | None:
    """First question of every call, so it is the one that finds out whether the connection still lives."""
    for is_last in (connection.in_atomic_block, True):
        # The first statement is the health check: a second one would cost as much as the question itself.
        connection.health_check_done = True  # type: ignore[attr-defined]
        try:
            row = fetch_one("exchange_version", "text", _VERSION, [app_id])
            return int(row[0]) if row else None
        except (OperationalError, InterfaceError):
            if is_last:
                raise
            connection.close()
    return None


def _load(app_id: str) -> Caller:
    account = PlatformAccount.objects.select_related("region").get(app_id=app_id)
    keys = [key for key in account.keys.order_by("-id")[:MAX_KEYS] if key.is_valid]
    return Caller(
        account.pk,
        app_id,
        account.name,
        account.version,
        account.algorithm,
        account.secret,
        account.state == PlatformAccount.State.SANDBOX,
        account.is_partial,
        account.window_s,
        account.max_rows,
        account.calls_per_minute,
        account.region.prefix,
        tuple(
            Grant(
                grant.group,
                grant.table,
                grant.may_push,
                grant.may_get,
                grant.region.prefix if grant.region else account.region.prefix,
            )
            for grant in account.grants.select_related("region")
        ),
        tuple((key.expires_at, signature.decryptor(key.private_key, key.algorithm)) for key in keys),
    )


def authenticate(operation: str, parameters: Mapping[str, str]) -> tuple[Caller, bytes]:
    """The caller, and the SHA-256 of its signature, by which a replay is told. Raises Refused."""
    for name in ("appID", "timestamp", "sign"):
        if not parameters.get(name):
            raise Refused(Code.PARAMETERS, f"缺少 {name}")
    if "\0" in parameters["appID"]:
        raise Refused(Code.UNKNOWN_APP)
    caller = find(parameters["appID"])
    _check_time(parameters["timestamp"], caller.window_s)
    ciphertext = _check_signature(operation, parameters, caller)
    _count(caller)
    return caller, hashlib.sha256(ciphertext).digest()


def _check_time(text: str, window_s: int) -> None:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise Refused(Code.PARAMETERS, "timestamp 必须是 1970 年至今的秒数")
    skew = int(text) - int(time.time())
    if abs(skew) > window_s:
        raise Refused(Code.EXPIRED, f"与服务器时间相差 {skew} 秒，允许 {window_s} 秒")


def _check_signature(operation: str, parameters: Mapping[str, str], caller: Caller) -> bytes:
    try:
        ciphertext = signature.decode(parameters["sign"])
    except signature.SignatureError as error:
        raise Refused(Code.SIGNATURE) from error
    wanted = signature.keyed_digest(operation, parameters, caller.secret, caller.algorithm)
    now = timezone.now()
    for expires_at, decrypt in caller.keys:
        if expires_at is not None and expires_at < now:
            continue
        try:
            if hmac.compare_digest(decrypt(ciphertext), wanted):
                return ciphertext
        except signature.SignatureError:
            continue  # made with another key of the rotation
    raise Refused(Code.SIGNATURE)


_redis: list[Redis] = []


def _count(caller: Caller) -> None:
    """Refuse with 429 above the account's calls a minute.

    A counter that is out of reach does not stop the exchange: losing data is worse than a caller above its limit.
    """
    if not _redis:
        _redis.append(Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5))
    minute = int(time.time() // 60)
    key = f"{settings.TIER}:exchange:rate:{caller.id}:{minute}"
    try:
        count = int(_redis[0].incr(key))
        if count == 1:
            _redis[0].expire(key, 120)
    except RedisError as error:
        log.warning("calls are not counted: %s", type(error).__name__)
        return
    if count > caller.calls_per_minute:
        raise Refused(
            Code.PARAMETERS,
            f"超过每分钟 {caller.calls_per_minute} 次",
            http_status=429,
            retry_after_s=60 - int(time.time() % 60),
        )
