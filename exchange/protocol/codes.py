"""Status codes (CJJ/T 312 table B.0.4) and the answer that carries them (table B.0.3)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import orjson


class Code(IntEnum):
    """10001–10005 are the standard's; 10000 is ours for success, which the standard leaves open."""

    SUCCESS = 10000
    PARAMETERS = 10001
    SIGNATURE = 10002
    EXPIRED = 10003
    UNKNOWN_APP = 10004
    SERVER = 10005


MESSAGES = {
    Code.SUCCESS: "成功",
    Code.PARAMETERS: "参数不合法",
    Code.SIGNATURE: "签名验证失败",
    Code.EXPIRED: "接口时效失效",
    Code.UNKNOWN_APP: "未分配的 appID",
    Code.SERVER: "服务端错误",
}


class Refused(Exception):
    """A call that is answered with a code; `http_status` differs from 200 only for 413 and 429."""

    def __init__(
        self,
        code: Code,
        detail: str = "",
        *,
        data: Any = None,
        http_status: int = 200,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.data, self.http_status = code, detail, data, http_status
        self.retry_after_s = retry_after_s


def answer(code: Code, detail: str = "", data: Any = None, *, is_plain: bool = True, **more: Any) -> bytes:
    """The JSON body. `data` is a string holding JSON as table B.0.3 says, or JSON itself where the caller asked
    for version 1.1. Members beyond the standard's four are extensions that a plain caller ignores.
    """
    message = MESSAGES[code] + (f"：{detail}" if detail else "")
    held = "" if data is None else orjson.dumps(data, default=str)
    body = {"success": code is Code.SUCCESS, "code": int(code), "message": message, **more}
    if is_plain:
        body["data"] = held.decode() if isinstance(held, bytes) else held
    else:
        body["data"] = orjson.Fragment(held) if held else None
    return orjson.dumps(body)
