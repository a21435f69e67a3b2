"""Checks of pushed rows against a table (CJJ/T 312 table B.0.1), compiled once for each version of the table.

msgspec decodes and checks a whole call in C; only a call that fails is looked at row by row to say what is wrong where.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec

from exchange.tables import FieldSpec, TableSpec

MAX_ROW_ERRORS = 100
BIGGEST = 1.7e308
REAL = {
    "str": str, "int": int, "float": float, "bool": bool, "datetime": datetime, "date": date, "json": Any,
    "geometry": dict[str, Any],
}  # fmt: skip
SAID = {
    "str": "字符型", "int": "整型", "float": "浮点型", "bool": "布尔型", "datetime": "时间 YYYY-MM-DD HH:MM:SS",
    "date": "日期 YYYY-MM-DD", "json": "JSON", "geometry": "GeoJSON 几何",
}  # fmt: skip


class DataError(Exception):
    """`data` is not a JSON array of objects at all; the message says why."""


@dataclass
class Checked:
    """Outcome of a check: number of rows, the faulty ones (number from 0 → field → messages), unknown fields."""

    count: int
    errors: dict[int, dict[str, list[str]]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def _kind(spec: FieldSpec) -> Any:
    if spec.codes:
        return Literal[spec.codes]
    kind: Any = REAL[spec.type]
    if spec.type == "str":
        limits: dict[str, Any] = {}
        if spec.length:
            limits["max_length"] = spec.length
        if spec.pattern:
            limits["pattern"] = spec.pattern
        if spec.required:
            limits["min_length"] = 1
        return Annotated[kind, msgspec.Meta(**limits)] if limits else kind
    if spec.type in ("int", "float"):
        least = spec.least if spec.least is not None else (-(2**63) if spec.type == "int" else -BIGGEST)
        most = spec.most if spec.most is not None else (2**63 - 1 if spec.type == "int" else BIGGEST)
        convert = int if spec.type == "int" else float
        return Annotated[kind, msgspec.Meta(ge=convert(least), le=convert(most))]
    return kind


@lru_cache(maxsize=512)
def _decoders(spec: TableSpec) -> tuple[msgspec.json.Decoder[Any], msgspec.json.Decoder[Any]]:
    """(of a whole call, of one row)."""
    members = [
        (name.name, _kind(name)) if name.required else (name.name, _kind(name) | None, None)
        for name in sorted(spec.fields, key=lambda item: not item.required)
    ]
    row = msgspec.defstruct("Row", members)
    return msgspec.json.Decoder(list[row], strict=False), msgspec.json.Decoder(row, strict=False)  # type: ignore[valid-type]


@lru_cache(maxsize=4096)
def _field_decoder(spec: FieldSpec) -> msgspec.json.Decoder[Any]:
    kind = _kind(spec)
    return msgspec.json.Decoder(kind if spec.required else kind | None, strict=False)


def check(spec: TableSpec, data: bytes) -> Checked:
    """Check a JSON array of rows. Raises DataError where it is no such array; row errors are in the result."""
    if b"\\u0000" in data or b"\0" in data:
        raise DataError("data 含有空字符 (U+0000)")
    whole, one = _decoders(spec)
    number_as_time = _number_as_time(spec)
    if number_as_time is not None and number_as_time.search(data):
        return _look_closer(spec, data, one)
    try:
        rows = whole.decode(data)
    except (msgspec.ValidationError, RecursionError):
        return _look_closer(spec, data, one)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"data 不是合法的 JSON：{error}") from error
    return Checked(len(rows), {}, _unknown(spec, data) if rows else [])


@lru_cache(maxsize=512)
def _number_as_time(spec: TableSpec) -> re.Pattern[bytes] | None:
    """Finds a time written as a number, which the lenient decoder would take for seconds since 1970."""
    names = "|".join(item.name for item in spec.fields if item.type in ("datetime", "date"))
    return re.compile(rf'"(?:{names})"\s*:\s*-?\d'.encode()) if names else None


def _unknown(spec: TableSpec, data: bytes) -> list[str]:
    """Fields of the first row that the table does not have: ignored, but told to the caller."""
    end = data.find(b"}") + 1
    try:
        first = msgspec.json.decode(data[data.find(b"{") : end], type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        return []  # the first row has an object inside; not worth a second parse of the call
    known = {name.name for name in spec.fields}
    return [name for name in first if name not in known][:20]


def _look_closer(spec: TableSpec, data: bytes, one: msgspec.json.Decoder[Any]) -> Checked:
    try:
        rows = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.ValidationError, RecursionError) as error:
        raise DataError("data 必须是 JSON 数组") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"data 不是合法的 JSON：{error}") from error
    checked, number_as_time = Checked(len(rows)), _number_as_time(spec)
    for number, raw in enumerate(rows):
        try:
            one.decode(raw)
            if number_as_time is None or not number_as_time.search(bytes(raw)):
                continue
        except (msgspec.ValidationError, msgspec.DecodeError, RecursionError):
            pass  # said field by field below
        if errors := _row_errors(spec, bytes(raw)):
            checked.errors[number] = errors
            if len(checked.errors) >= MAX_ROW_ERRORS:
                break
    return checked


def _row_errors(spec: TableSpec, raw: bytes) -> dict[str, list[str]]:
    try:
        row = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError):
        return {"": ["这一行不是 JSON 对象"]}
    errors = {}
    for name in spec.fields:
        if name.name not in row:
            if name.required:
                errors[name.name] = ["必填"]
            continue
        raw_value = bytes(row[name.name])
        if name.type in ("datetime", "date") and raw_value[:1] not in (b'"', b"n"):
            errors[name.name] = [_why(name, raw_value)]
            continue
        try:
            _field_decoder(name).decode(raw_value)
        except (msgspec.ValidationError, msgspec.DecodeError, RecursionError):
            errors[name.name] = [_why(name, raw_value)]
    return errors


def _why(spec: FieldSpec, raw: bytes) -> str:
    shown = raw[:60].decode(errors="replace")
    if raw in (b"null", b'""') and spec.required:
        return "必填"
    if spec.codes:
        return f"{shown} 不在代码表内（{'、'.join(spec.codes[:12])}）"
    limits = []
    if spec.length and spec.type == "str":
        limits.append(f"最长 {spec.length} 个字符")
    if spec.pattern:
        limits.append(f"格式 {spec.pattern}")
    if spec.least is not None:
        limits.append(f"不小于 {spec.least:g}")
    if spec.most is not None:
        limits.append(f"不大于 {spec.most:g}")
    return f"{shown} 不是{SAID[spec.type]}" + (f"（{'，'.join(limits)}）" if limits else "")
