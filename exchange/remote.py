"""Calls another platform's pushdata and getdata (CJJ/T 312 app. B)."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from exchange.models import PullSubscription, UpperPlatform
from exchange.protocol import signature
from exchange.protocol.codes import Code
from exchange.services import statistics

BASE = "/eUrbanMIS/api/v1"
TIMEOUT = httpx.Timeout(30, connect=5)
# Of the form encoding only what must be: JSON is mostly punctuation, and each escape triples it.
SAFE = "{}[]\":,/ !$'()*;<>?@\\^`|~"


@dataclass(frozen=True)
class Peer:
    """Where another platform is and how to sign for it."""

    peer: str
    address: str
    app_id: str
    secret: str
    public_key: str
    algorithm: str


@dataclass(frozen=True)
class Result:
    """What came back; network trouble is 10005 and transient."""

    code: Code
    message: str
    data: Any = None
    next_after: int | None = None
    has_more: bool = False
    is_transient: bool = False
    retry_after_s: int | None = None


def of_target(target: UpperPlatform) -> Peer:
    """The upper platform as a peer."""
    return Peer(f"upper:{target.pk}", target.address, target.app_id, target.secret, target.public_key, target.algorithm)


def of_pull(pull: PullSubscription) -> Peer:
    """The platform a table is fetched from."""
    return Peer(
        f"pull:{pull.pk}", pull.source.service_address, pull.app_id, pull.secret, pull.public_key, pull.algorithm
    )


_clients: dict[int, httpx.Client] = {}
_encryptors: OrderedDict[str, Callable[[bytes], bytes]] = OrderedDict()
_lock = threading.Lock()


def client() -> httpx.Client:
    """One pool of connections a process; a fork gets its own."""
    with _lock:
        if os.getpid() not in _clients:
            _clients.clear()
            _clients[os.getpid()] = httpx.Client(timeout=TIMEOUT, follow_redirects=False)
        return _clients[os.getpid()]


def _signed(peer: Peer, operation: str, parameters: Mapping[str, str]) -> dict[str, str]:
    import base64

    made = {**parameters, "appID": peer.app_id, "timestamp": str(int(time.time()))}
    key = f"{peer.algorithm}:{peer.public_key}"
    with _lock:
        encrypt = _encryptors.get(key)
        if encrypt is None:
            encrypt = _encryptors[key] = signature.encryptor(peer.public_key, peer.algorithm)
            while len(_encryptors) > 256:
                _encryptors.popitem(last=False)
    digest = signature.keyed_digest(operation, made, peer.secret, peer.algorithm)
    return {**made, "sign": base64.b64encode(encrypt(digest)).decode()}


def push(peer: Peer, group: str, table: str, data: str, rows: int) -> Result:
    """Push a JSON array of `rows` rows."""
    started = time.perf_counter()
    made = _signed(peer, "pushdata", {"group": group, "table": table, "data": data, "version": "1.0"})
    body = "&".join(f"{name}={quote(value, safe=SAFE)}" for name, value in made.items())
    result = _send(
        lambda: client().post(
            f"{peer.address.rstrip('/')}{BASE}/pushdata",
            content=body.encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
        )
    )
    _count(peer, "pushdata", group, table, result, rows, started)
    return result


def get(peer: Peer, group: str, table: str, where: str, *, limit: int = 1000, after: int | None = None) -> Result:
    """Fetch one page; `data` is a list of rows."""
    started = time.perf_counter()
    parameters = {"group": group, "table": table, "where": where, "limit": str(limit), "version": "1.0"}
    if after is not None:
        parameters["after"] = str(after)
    made = _signed(peer, "getdata", parameters)
    result = _send(lambda: client().get(f"{peer.address.rstrip('/')}{BASE}/getdata", params=made))
    _count(peer, "getdata", group, table, result, len(result.data or ()), started)
    return result


def _count(peer: Peer, interface: str, group: str, table: str, result: Result, rows: int, started: float) -> None:
    good = result.code is Code.SUCCESS
    statistics.note(
        "out", peer.peer, interface, group, table, result.code, rows if good else 0, time.perf_counter() - started
    )


def _send(call: Callable[[], httpx.Response]) -> Result:
    try:
        answer = call()
        body = orjson.loads(answer.content)
        code = Code(body["code"]) if not body.get("success") else Code.SUCCESS
        data = body.get("data")
        if isinstance(data, str) and data:
            data = orjson.loads(data)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Result(Code.SERVER, f"{type(error).__name__}: {error}"[:300], is_transient=True)
    except (ValueError, KeyError, TypeError) as error:
        return Result(Code.SERVER, f"unreadable answer: {error}"[:300], is_transient=True)
    retry_after = answer.headers.get("Retry-After", "")
    detail = "" if code is Code.SUCCESS or not data else f" {orjson.dumps(data)[:1000].decode()}"
    return Result(
        code,
        str(body.get("message", ""))[:1000] + detail,
        data,
        body.get("next"),
        bool(body.get("more")),
        # What another time may be well: too many calls, a clock that is being set, a fault over there.
        is_transient=answer.status_code == 429 or code in (Code.EXPIRED, Code.SERVER),
        retry_after_s=int(retry_after) if retry_after.isdigit() else None,
    )  # fmt: skip
