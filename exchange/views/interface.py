"""HTTP front of the interface (CJJ/T 312 tables B.0.1, B.0.2). Public: the signature says who calls."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from exchange.models.batch import Channel
from exchange.protocol.codes import Code, Refused, answer
from exchange.services import dispatcher

MAX_PARAMETERS = 30
FORM = "application/x-www-form-urlencoded"


def respond(reply: dispatcher.Reply) -> HttpResponse:
    """The JSON body over HTTP: 200 for every answered call, 413 and 429 for size and rate."""
    made = HttpResponse(reply.body, content_type="application/json; charset=utf-8", status=reply.http_status)
    if reply.retry_after_s is not None:
        made["Retry-After"] = str(reply.retry_after_s)
    return made


def refuse(refusal: Refused) -> HttpResponse:
    """A call that never reached the dispatcher."""
    return respond(
        dispatcher.Reply(answer(refusal.code, refusal.detail, refusal.data), refusal.code, refusal.http_status)
    )


@csrf_exempt
def pushdata(request: HttpRequest) -> HttpResponse:
    """Receive rows; for every account, by signature."""
    if request.method != "POST":
        return _not_allowed("POST")
    try:
        parameters = _form(request)
    except Refused as refusal:
        return refuse(refusal)
    return respond(dispatcher.call("pushdata", parameters, Channel.HTTP))


@csrf_exempt
def getdata(request: HttpRequest) -> HttpResponse:
    """Answer a query; for every account, by signature."""
    if request.method != "GET":
        return _not_allowed("GET")
    try:
        parameters = parse(request.META.get("QUERY_STRING", "").encode("latin-1"))
    except Refused as refusal:
        return refuse(refusal)
    return respond(dispatcher.call("getdata", parameters, Channel.HTTP))


def _not_allowed(method: str) -> HttpResponse:
    made = refuse(Refused(Code.PARAMETERS, f"请用 {method}", http_status=405))
    made["Allow"] = method
    return made


def read_body(request: HttpRequest) -> bytes:
    """The body, unpacked where it is gzip. Raises Refused for one that is too large, damaged or cut off."""
    limit = settings.EXCHANGE_MAX_BODY_BYTES
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > limit:
        raise Refused(Code.PARAMETERS, f"请求超过 {limit // 2**20} MiB", http_status=413)
    try:
        body = request.read(limit + 1)
    except (UnreadablePostError, RawPostDataException) as error:
        raise Refused(Code.PARAMETERS, "请求体不完整") from error
    if len(body) < int(length):
        raise Refused(Code.PARAMETERS, "请求体不完整")
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "identity").lower()
    if encoding == "gzip":
        return _unpack(body, limit)
    if encoding != "identity":
        raise Refused(Code.PARAMETERS, "Content-Encoding 只支持 gzip")
    return body


def _unpack(body: bytes, limit: int) -> bytes:
    """Never more than the limit in memory, whatever the archive promises."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refused(Code.PARAMETERS, "gzip 数据损坏") from error
    if len(plain) > limit:
        raise Refused(Code.PARAMETERS, f"请求解压后超过 {limit // 2**20} MiB", http_status=413)
    if not unpacker.eof:
        raise Refused(Code.PARAMETERS, "gzip 数据不完整")
    return plain


def _form(request: HttpRequest) -> dict[str, str]:
    if request.content_type != FORM:
        raise Refused(Code.PARAMETERS, f"Content-Type 应为 {FORM}")
    return parse(read_body(request))


def parse(encoded: bytes) -> dict[str, str]:
    """Form parameters, each once, in UTF-8. Raises Refused (10001)."""
    try:
        pairs: Iterable[tuple[str, str]] = parse_qsl(
            encoded.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeDecodeError as error:
        raise Refused(Code.PARAMETERS, "参数不是 UTF-8 编码") from error
    except ValueError as error:
        raise Refused(Code.PARAMETERS, f"参数超过 {MAX_PARAMETERS} 个") from error
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name in parameters:
            raise Refused(Code.PARAMETERS, f"参数 {name[:40]} 重复")
        parameters[name] = value
    return parameters
