"""pushdata and getdata with chunks, retries, resumption and paging."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from .signing import sign

BASE = "/eUrbanMIS/api/v1"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
SUCCESS, PARAMETERS, SIGNATURE, EXPIRED, UNKNOWN_APP, SERVER = 10000, 10001, 10002, 10003, 10004, 10005
Row = dict[str, Any]


class ExchangeError(Exception):
    """A call that was answered with another code than success, or not at all (code 0)."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.code} {reply.message}")
        self.reply = reply


@dataclass(frozen=True)
class Reply:
    """An answer as received; `data` is parsed where it holds JSON."""

    http_status: int
    code: int
    message: str
    data: Any = None
    next_after: int | None = None
    has_more: bool = False
    retry_after_s: float | None = None
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def is_transient(self) -> bool:
        """Whether the same call may succeed later: no answer, too many calls, a fault over there."""
        return self.code in (0, SERVER) or self.http_status in (429, 502, 503, 504)


@dataclass(frozen=True)
class Pushed:
    """What a push came to: rows acknowledged now, rows acknowledged by an earlier run."""

    rows: int
    skipped: int


class Client:
    """A caller of one platform. `secret` is the key of the application, `public_key` what the platform issued."""

    def __init__(
        self, url: str, *, app_id: str, secret: str, public_key: str, algorithm: str = "rsa", timeout_s: float = 60,
        retries: int = 8, transport: httpx.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        self.url, self.app_id, self.secret = url.rstrip("/"), app_id, secret
        self.public_key, self.algorithm, self.retries = public_key, algorithm, retries
        self.http = httpx.Client(timeout=timeout_s, transport=transport)

    def signed(self, operation: str, parameters: dict[str, str]) -> dict[str, str]:
        """Parameters with appID, timestamp and sign."""
        made = {**parameters, "appID": self.app_id, "timestamp": str(int(time.time()))}
        made["sign"] = sign(operation, made, secret=self.secret, public_key=self.public_key, algorithm=self.algorithm)
        return made

    def call(self, operation: str, parameters: dict[str, str], *, compress: bool = False) -> Reply:
        """One signed call, without retry."""
        return self.send(operation, self.signed(operation, parameters), compress=compress)

    def send(self, operation: str, parameters: dict[str, str], *, compress: bool = False) -> Reply:
        """One call with parameters as they are."""
        address = f"{self.url}{BASE}/{operation}"
        if operation == "getdata":
            return self.request("GET", address, params=parameters)
        body, headers = urlencode(parameters).encode(), {"Content-Type": FORM}
        if compress:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        return self.request("POST", address, content=body, headers=headers)

    def request(self, method: str, address: str, **more: Any) -> Reply:
        """Any request; what is no answer of the interface becomes code 0."""
        try:
            answer = self.http.request(method, address, **more)
        except httpx.HTTPError as error:
            return Reply(0, 0, f"{type(error).__name__}: {error}")
        try:
            body = answer.json()
            code = SUCCESS if body["success"] else int(body["code"])
        except (ValueError, KeyError, TypeError):
            return Reply(answer.status_code, 0, answer.text[:200])
        data = body.get("data")
        if isinstance(data, str) and data:
            with suppress(ValueError):  # a platform may well put a sentence there
                data = json.loads(data)
        wait = answer.headers.get("Retry-After", "")
        return Reply(
            answer.status_code, code, str(body.get("message", "")), data, body.get("next"), bool(body.get("more")),
            float(wait) if wait.isdigit() else None, body,
        )  # fmt: skip

    def persist(self, attempt: Callable[[], Reply]) -> Reply:
        """Repeat a call, signed anew each time, while its failure is transient; exponential back-off with jitter.

        Raises ExchangeError for the last answer.
        """
        for number in range(self.retries + 1):
            reply = attempt()
            if reply.code == SUCCESS:
                return reply
            if not reply.is_transient or number == self.retries:
                break
            time.sleep(reply.retry_after_s or min(30.0, 0.25 * 2**number) * random.uniform(0.5, 1.0))  # noqa: S311
        raise ExchangeError(reply)

    def push(
        self, table: str, rows: Iterable[Row], *, chunk_rows: int = 1000, resume: str | Path | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Pushed:  # fmt: skip
        """Push rows to `group.table` chunk by chunk, in order. Raises ExchangeError where a chunk is refused.

        `resume` names a file that remembers acknowledged chunks by their content: a run that broke off goes on
        behind the last one. Receivers keep rows by natural key, so a chunk that arrives twice does no harm.
        """
        group, _dot, name = table.partition(".")
        journal = _Journal(Path(resume)) if resume else None
        sent = skipped = 0
        for chunk in _chunks(rows, chunk_rows):
            data = json.dumps(chunk, ensure_ascii=False, separators=(",", ":"))
            mark = hashlib.sha256(f"{self.app_id} {table} {data}".encode()).hexdigest()
            if journal and mark in journal:
                skipped += len(chunk)
                continue
            self.persist(lambda: self.call("pushdata", {"group": group, "table": name, "data": data}))  # noqa: B023
            if journal:
                journal.add(mark)
            sent += len(chunk)
            if progress:
                progress(sent)
        return Pushed(sent, skipped)

    def get(self, table: str, where: str = "", *, page_rows: int = 1000, after: int = 0) -> Iterator[Row]:
        """Rows of `group.table`, page by page in the order of their last change. Raises ExchangeError."""
        group, _dot, name = table.partition(".")
        while True:
            parameters = {"group": group, "table": name, "limit": str(page_rows), "after": str(after)}
            if where:
                parameters["where"] = where
            reply = self.persist(lambda: self.call("getdata", parameters))  # noqa: B023
            yield from reply.data or []
            if not reply.has_more or reply.next_after is None:
                return
            after = reply.next_after


class _Journal:
    """Marks of acknowledged chunks, one a line."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.marks = set(file.read_text().split()) if file.exists() else set()

    def __contains__(self, mark: str) -> bool:
        return mark in self.marks

    def add(self, mark: str) -> None:
        self.marks.add(mark)
        with self.file.open("a") as stream:
            stream.write(mark + "\n")
            stream.flush()


def _chunks(rows: Iterable[Row], size: int) -> Iterator[Sequence[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
