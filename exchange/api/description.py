"""OpenAPI 3 description of the interface, generated from the data standard (CJJ/T 312 app. B)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.plumbing import (
    ResolvedComponent,
    build_basic_type,
    build_object_type,
    build_parameter_type,
    build_root_object,
)
from drf_spectacular.types import OpenApiTypes

from exchange import tables
from exchange.protocol.codes import MESSAGES, Code
from exchange.services.dispatcher import MAX_LIMIT, VERSIONS
from exchange.tables import FieldSpec, TableSpec

BASIC = {
    "str": OpenApiTypes.STR, "int": OpenApiTypes.INT64, "float": OpenApiTypes.DOUBLE, "bool": OpenApiTypes.BOOL,
    "date": OpenApiTypes.DATE, "json": OpenApiTypes.ANY, "geometry": OpenApiTypes.OBJECT,
}  # fmt: skip
EXAMPLES: dict[str, Any] = {
    "int": 1, "float": 1.5, "bool": True, "date": "2026-01-31", "json": {}, "datetime": "2019-04-19 12:00:00",
    "geometry": {"type": "Point", "coordinates": [123.43, 41.8]},
}  # fmt: skip


def field_schema(field: FieldSpec) -> dict[str, Any]:
    """JSON Schema of a field, with its Chinese name, unit and limits."""
    if field.type == "datetime":
        made: dict[str, Any] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"}
    else:
        made = dict(build_basic_type(BASIC[field.type]) or {})
    made["title"] = field.title + (f"（{field.unit}）" if field.unit else "")
    limits = {
        "maxLength": field.length if field.type == "str" else None, "pattern": field.pattern or None,
        "minimum": field.least, "maximum": field.most, "enum": list(field.codes) or None,
    }  # fmt: skip
    return made | {name: value for name, value in limits.items() if value is not None}


def example(spec: TableSpec) -> dict[str, Any]:
    """A row that passes the checks as far as the types tell."""
    row: dict[str, Any] = {}
    for field in spec.fields:
        if field.codes:
            row[field.name] = field.codes[0]
        elif field.type == "str":
            digits = "210102" if "Code" in field.name or field.name in ("code", "BM") else ""
            length = field.length or 10
            filled = digits.ljust(length, "0") if "]{" in field.pattern else digits or "示例"
            row[field.name] = filled[:length]
        else:
            value = EXAMPLES[field.type]
            row[field.name] = max(value, field.least or 0) if field.type in ("int", "float") else value
    return {name: value for name, value in row.items() if name != "BM"}


def _basic(kind: OpenApiTypes, **more: Any) -> dict[str, Any]:
    return {**(build_basic_type(kind) or {}), **more}


def _answer() -> dict[str, Any]:
    codes = "；".join(f"{int(code)} {text}" for code, text in MESSAGES.items())
    return build_object_type(
        {
            "success": _basic(OpenApiTypes.BOOL, title="调用成功或失败标识"),
            "code": _basic(OpenApiTypes.INT, title=codes, enum=[int(code) for code in Code]),
            "message": _basic(OpenApiTypes.STR, title="调用成功或失败描述"),
            "data": _basic(OpenApiTypes.STR, title="其他数据（JSON 文本；version=1.1 时为 JSON）"),
            "next": _basic(OpenApiTypes.INT64, title="扩展：下一页的 after"),
            "more": _basic(OpenApiTypes.BOOL, title="扩展：是否还有下一页"),
        },
        required=["success", "code", "message", "data"],
    )


def _text(title: str, **more: Any) -> dict[str, Any]:
    return _basic(OpenApiTypes.STR, title=title, **more)


def _shared() -> dict[str, dict[str, Any]]:
    return {
        "appID": _text("平台标识"),
        "timestamp": _text("时间戳，1970 年至今秒数", pattern=r"^\d{1,12}$"),
        "sign": _text("签名，见 docs/exchange-protocol.md §3"),
        "version": _text("默认 1.0", enum=list(VERSIONS)),
    }


def _push(specs: Sequence[TableSpec], groups: list[str], names: list[str]) -> dict[str, Any]:
    form = build_object_type(
        {
            "group": _text("数据分组", enum=groups),
            "table": _text("数据表名", enum=names),
            "data": _text("推送数据表的 JSON 数组"),
            **_shared(),
        },
        required=["group", "table", "data", "appID", "timestamp", "sign"],
    )
    examples = {
        spec.name: {
            "summary": f"{spec.name} {spec.title}",
            "value": {"group": spec.group, "table": spec.table, "data": _json([example(spec)])},
        }
        for spec in specs
    }
    return {
        "operationId": "pushdata",
        "tags": ["app. B"],
        "summary": "通用数据推送接口（表 B.0.1）",
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": form, "examples": examples}},
        },
        "responses": _answers(),
    }


def _get(groups: list[str], names: list[str]) -> dict[str, Any]:
    query = {
        "group": _text("数据分组", enum=groups), "table": _text("数据表名", enum=names), "where": _text("查询条件"),
        "orderBy": _text("扩展：排序字段，逗号分隔，可加 desc"), "limit": _text(f"扩展：行数，最多 {MAX_LIMIT}"),
        "offset": _text("扩展：跳过的行数"), "after": _text("扩展：游标，从 0 开始"), **_shared(),
    }  # fmt: skip
    required = {"group", "table", "appID", "timestamp", "sign"}
    return {
        "operationId": "getdata",
        "tags": ["app. B"],
        "summary": "通用数据查询接口（表 B.0.2）",
        "parameters": [
            build_parameter_type(name, schema, "query", required=name in required) for name, schema in query.items()
        ],
        "responses": _answers(),
    }


def _answers() -> dict[str, Any]:
    said = {"200": "应答；成败看 code", "413": "请求过大，应答体相同", "429": "调用过于频繁，应答体相同"}
    return {status: _response(text) for status, text in said.items()}


def _row(spec: TableSpec) -> dict[str, Any]:
    """Schema of a table's rows."""
    made = build_object_type(
        {field.name: field_schema(field) for field in spec.fields},
        required=[field.name for field in spec.fields if field.required],
    )
    return {**made, "title": f"{spec.title}（主键 {'、'.join(spec.key)}；v{spec.version}；{spec.source}）"}


def document() -> dict[str, Any]:
    """The whole description."""
    specs = list(tables.keeper().all())
    groups, names = sorted({spec.group for spec in specs}), sorted({spec.table for spec in specs})
    paths = {
        "/eUrbanMIS/api/v1/pushdata": {"post": _push(specs, groups, names)},
        "/eUrbanMIS/api/v1/getdata": {"get": _get(groups, names)},
    }
    schemas = {"Answer": _answer(), **{spec.name: _row(spec) for spec in specs}}
    made = build_root_object(paths, {"schemas": schemas}, "1.0", "1.0")
    made["info"] = {
        "title": "城市运行管理服务平台数据交换接口",
        "version": "1.0",
        "description": "CJJ/T 312-2021 附录 B。数据表由数据标准生成。",
    }
    made["servers"] = [{"url": settings.PUBLIC_URL}]
    return dict(made)


def _response(description: str) -> dict[str, Any]:
    reference = ResolvedComponent("Answer", ResolvedComponent.SCHEMA, _answer(), "Answer").ref
    return {"description": description, "content": {"application/json": {"schema": reference}}}


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
