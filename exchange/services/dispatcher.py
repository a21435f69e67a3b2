"""pushdata and getdata, whatever the transport: HTTP, SOAP and MQTT call these two (CJJ/T 312 §6.1.1, §6.1.4)."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction

from exchange import tables
from exchange.models.batch import Channel
from exchange.protocol import checks, where
from exchange.protocol.codes import Code, Refused, answer

from . import gate, inbound, statistics

log = logging.getLogger(__name__)
VERSIONS = ("1.0", "1.1")
PLAIN = "1.0"
DEFAULT_LIMIT, MAX_LIMIT = 1000, 10_000
MAX_OFFSET = 100_000
PUSH_PARAMETERS = {"group", "table", "data", "appID", "timestamp", "sign", "version"}
GET_PARAMETERS = {
    "group",
    "table",
    "where",
    "appID",
    "timestamp",
    "sign",
    "version",
    "orderBy",
    "limit",
    "offset",
    "after",
}


@dataclass(frozen=True)
class Reply:
    """The JSON body and what HTTP wants to know beside it."""

    body: bytes
    code: Code
    http_status: int = 200
    retry_after_s: int | None = None


def call(operation: str, parameters: Mapping[str, str], channel: str) -> Reply:
    """Answer a call; always with a documented code, never with an exception."""
    started = time.perf_counter()
    is_plain = parameters.get("version", PLAIN) != "1.1"
    rows = 0
    try:
        if operation == "pushdata":
            data, more, rows = _push(parameters, channel)
        else:
            data, more, rows = _get(parameters)
        reply = Reply(answer(Code.SUCCESS, "", data, is_plain=is_plain, **more), Code.SUCCESS)
    except Refused as refusal:
        body = answer(refusal.code, refusal.detail, refusal.data, is_plain=is_plain)
        reply = Reply(body, refusal.code, refusal.http_status, refusal.retry_after_s)
    except DatabaseError as error:
        log.error("%s: %s", operation, str(error).splitlines()[0] if str(error) else type(error).__name__)
        reply = Reply(answer(Code.SERVER, is_plain=is_plain), Code.SERVER)
    except Exception:  # the boundary of the interface: callers get 10005, never a traceback
        log.exception("%s", operation)
        reply = Reply(answer(Code.SERVER, is_plain=is_plain), Code.SERVER)
    statistics.note(
        "in",
        parameters.get("appID", "")[:32],
        operation if channel == Channel.HTTP else f"{channel}-{operation[:4]}",
        parameters.get("group", "")[:40],
        parameters.get("table", "")[:60],
        reply.code,
        rows if reply.code is Code.SUCCESS else 0,
        time.perf_counter() - started,
    )
    return reply


def _table(parameters: Mapping[str, str], allowed: set[str]) -> tables.TableSpec:
    for name in ("group", "table"):
        if not parameters.get(name):
            raise Refused(Code.PARAMETERS, f"缺少 {name}")
    version = parameters.get("version", PLAIN)
    if version not in VERSIONS:
        raise Refused(Code.PARAMETERS, f"version 为 {'、'.join(VERSIONS)}")
    if unknown := sorted(set(parameters) - allowed):
        raise Refused(Code.PARAMETERS, f"未知参数 {'、'.join(name[:40] for name in unknown[:5])}")
    spec = tables.keeper().find(parameters["group"], parameters["table"])
    if spec is None:
        raise Refused(Code.PARAMETERS, f"没有数据表 {parameters['group'][:40]}.{parameters['table'][:60]}")
    return spec


def _push(parameters: Mapping[str, str], channel: str) -> tuple[Any, dict[str, Any], int]:
    caller, digest = gate.authenticate("pushdata", parameters)
    spec = _table(parameters, PUSH_PARAMETERS)
    region_prefix = caller.scope(spec.group, spec.table, "push")
    text = parameters.get("data")
    if not text:
        raise Refused(Code.PARAMETERS, "缺少 data")
    data = text.encode()
    try:
        checked = checks.check(spec, data)
    except checks.DataError as error:
        raise Refused(Code.PARAMETERS, str(error)) from error
    if checked.count > caller.max_rows:
        raise Refused(Code.PARAMETERS, f"每次最多 {caller.max_rows} 行，收到 {checked.count} 行", http_status=413)
    if checked.count == 0:
        raise Refused(Code.PARAMETERS, "data 没有数据行")
    landed = inbound.Landing(spec, text, checked.count, channel, caller.id, digest, is_sandbox=caller.is_sandbox)
    inbound.check_region(spec, landed, region_prefix, checked)
    errors = [{"row": number, "errors": fields} for number, fields in sorted(checked.errors.items())]
    if errors and not (caller.is_partial and len(errors) < checked.count):
        raise Refused(Code.PARAMETERS, f"{len(errors)} 行有误，全部未接收", data=errors)
    if errors:
        landed = inbound.without(landed, set(checked.errors))
    if inbound.land(landed) is None:
        raise Refused(Code.SIGNATURE, "签名已使用过")
    data_part: dict[str, Any] = {"received": landed.row_count}
    if errors:
        data_part["refused"] = errors
    if checked.unknown:
        data_part["ignoredFields"] = checked.unknown
    if caller.is_sandbox:
        data_part["sandbox"] = True
    return data_part, {}, landed.row_count


def _get(parameters: Mapping[str, str]) -> tuple[Any, dict[str, Any], int]:
    caller, digest = gate.authenticate("getdata", parameters)
    spec = _table(parameters, GET_PARAMETERS)
    region_prefix = caller.scope(spec.group, spec.table, "get")
    selection = read_selection(spec, parameters)
    with transaction.atomic():
        _remember(digest)
        page = tables.keeper().select(spec, selection, region_prefix)
    more = {"next": page.next_after, "more": page.has_more} if selection.after is not None else {}
    return page.rows, more, len(page.rows)


def _remember(digest: bytes) -> None:
    """Refuse a signature that was used before. Raises Refused (10002)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exchange_seensignature (digest, seen_at) VALUES (%s, now()) ON CONFLICT DO NOTHING", [digest]
        )
        if cursor.rowcount == 0:
            raise Refused(Code.SIGNATURE, "签名已使用过")


def read_selection(spec: tables.TableSpec, parameters: Mapping[str, str]) -> tables.Selection:
    """`where` and the documented extensions orderBy, limit, offset, after. Raises Refused (10001)."""
    try:
        condition, values = where.compile_where(spec, parameters.get("where", ""))
    except where.WhereError as error:
        place = f"（第 {error.position} 个字符）" if error.position else ""
        raise Refused(
            Code.PARAMETERS, f"where：{error}{place}", data={"position": error.position, "field": error.field}
        ) from error
    after = _number(parameters, "after", 2**62, None)
    order = _order(spec, parameters.get("orderBy", ""))
    if after is not None and order:
        raise Refused(Code.PARAMETERS, "after 不能与 orderBy 同用")
    return tables.Selection(
        condition,
        values,
        order,
        _number(parameters, "limit", MAX_LIMIT, DEFAULT_LIMIT) or DEFAULT_LIMIT,
        _number(parameters, "offset", MAX_OFFSET, 0) or 0,
        after,
    )


def _number(parameters: Mapping[str, str], name: str, most: int, default: int | None) -> int | None:
    text = parameters.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
        raise Refused(Code.PARAMETERS, f"{name} 为 0 至 {most} 的整数")
    return int(text)


def _order(spec: tables.TableSpec, text: str) -> tuple[tuple[str, bool], ...]:
    found = []
    for part in (part.strip() for part in text.split(",") if part.strip()):
        name, _blank, direction = part.partition(" ")
        descending = name.startswith("-") or direction.strip().lower() == "desc"
        name = name.lstrip("-")
        field = spec.field(name)
        if field is None or field.type in ("json", "geometry") or direction.strip().lower() not in ("", "asc", "desc"):
            raise Refused(Code.PARAMETERS, f"orderBy：{part[:40]} 不是 {spec.name} 可排序的字段")
        found.append((name, descending))
    return tuple(found[:5])
