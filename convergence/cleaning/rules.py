"""The kinds of rules. Each is a factory: from a rule and a call's rows to a judge of one row.

A judge returns None where the row is as it should be, else what is wrong and, where it can tell, the right value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import shapely
from django.db import connection
from shapely.geometry.base import BaseGeometry

from convergence.store import ddl
from convergence.store.ddl import quoted
from exchange.tables import Row, TableSpec, keeper
from platform_core.models import Code, Region

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip
NOTHING = object()


@dataclass(frozen=True)
class Finding:
    """What is wrong, and the value that would be right (NOTHING where only a person can tell)."""

    message: str
    value: Any = NOTHING
    field: str = ""


Judge = Callable[[Row], Finding | None]
Factory = Callable[[TableSpec, str, dict[str, Any], Sequence[Row]], Judge]


def trim(_spec: TableSpec, field: str, _parameters: dict[str, Any], _rows: Sequence[Row]) -> Judge:
    """No blanks around, no double ones inside, full-width letters and digits as half-width (NFKC)."""

    def judge(row: Row) -> Finding | None:
        value = row.get(field)
        if not isinstance(value, str):
            return None
        right = " ".join(unicodedata.normalize("NFKC", value).split())
        return None if right == value else Finding("多余空白或全角字符", right)

    return judge


def range_(_spec: TableSpec, field: str, parameters: dict[str, Any], _rows: Sequence[Row]) -> Judge:
    """`min`, `max`."""
    least, most = parameters.get("min"), parameters.get("max")

    def judge(row: Row) -> Finding | None:
        value = row.get(field)
        if value is None:
            return None
        if least is not None and value < least:
            return Finding(f"{value} 小于 {least}", least)
        if most is not None and value > most:
            return Finding(f"{value} 大于 {most}", most)
        return None

    return judge


def pattern(_spec: TableSpec, field: str, parameters: dict[str, Any], _rows: Sequence[Row]) -> Judge:
    """`pattern`: a regular expression for the whole value."""
    wanted = re.compile(parameters["pattern"])

    def judge(row: Row) -> Finding | None:
        value = row.get(field)
        return None if value is None or wanted.fullmatch(str(value)) else Finding(f"{value} 不符合格式")

    return judge


def code(_spec: TableSpec, field: str, parameters: dict[str, Any], _rows: Sequence[Row]) -> Judge:
    """`list`: a code list of the platform; or `codes`: the permitted values."""
    if "list" in parameters:
        allowed = set(
            Code.objects.filter(codelist__code=parameters["list"], codelist__state="published").values_list(
                "value", flat=True
            )
        )
    else:
        allowed = {str(value) for value in parameters["codes"]}

    def judge(row: Row) -> Finding | None:
        value = row.get(field)
        return None if value is None or str(value) in allowed else Finding(f"{value} 不在代码表内")

    return judge


def unit(_spec: TableSpec, field: str, parameters: dict[str, Any], _rows: Sequence[Row]) -> Judge:
    """`unit_field`: where the unit stands; `to`: {unit: [right unit, factor]}."""
    unit_field, to = parameters["unit_field"], parameters["to"]

    def judge(row: Row) -> Finding | None:
        found = to.get(row.get(unit_field))
        if found is None or row.get(field) is None:
            return None
        right, factor = found
        value = row[field] * factor
        was = row[unit_field]
        row[unit_field] = right
        return Finding(f"单位 {was} 换算为 {right}", value)

    return judge


def map_(_spec: TableSpec, field: str, parameters: dict[str, Any], _rows: Sequence[Row]) -> Judge:
    """`values`: {wrong: right}, for the words of other systems."""
    values = parameters["values"]

    def judge(row: Row) -> Finding | None:
        value = row.get(field)
        return Finding(f"{value} 映射", values[value]) if isinstance(value, str) and value in values else None

    return judge


def fill(spec: TableSpec, field: str, parameters: dict[str, Any], _rows: Sequence[Row]) -> Judge:
    """`template` over the row's fields (times may be formatted), or `value`, where the field is empty."""
    times = [item.name for item in spec.fields if item.type == "datetime"]
    template = parameters.get("template")

    def judge(row: Row) -> Finding | None:
        if row.get(field) not in (None, ""):
            return None
        if template is None:
            return Finding("空值填充", parameters["value"])
        values = {**row}
        for name in times:
            if isinstance(values.get(name), str):
                values[name] = datetime.fromisoformat(values[name])
        return Finding("空值填充", template.format(**values))

    return judge


def cross_field(_spec: TableSpec, field: str, parameters: dict[str, Any], _rows: Sequence[Row]) -> Judge:
    """`is`: an operator, `other`: the field it is compared with."""
    holds, other, sign = OPERATORS[parameters["is"]], parameters["other"], parameters["is"]

    def judge(row: Row) -> Finding | None:
        mine, theirs = row.get(field), row.get(other)
        if mine is None or theirs is None or holds(mine, theirs):
            return None
        return Finding(f"{field} {mine} 应 {sign} {other} {theirs}")

    return judge


def reference(_spec: TableSpec, field: str, parameters: dict[str, Any], rows: Sequence[Row]) -> Judge:
    """`table` (group.table) and `field`, or `model: region`: the value exists there. One query a call."""
    values = sorted({str(row[field]) for row in rows if row.get(field) not in (None, "")})
    if parameters.get("model") == "region":
        there = set(Region.objects.filter(code__in=values).values_list("code", flat=True))
    else:
        group, _dot, table = parameters["table"].partition(".")
        target = keeper().find(group, table)
        if target is None:
            return lambda row: None
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT DISTINCT {quoted(parameters['field'])}::text FROM {ddl.table_name(target)}"
                f" WHERE {quoted(parameters['field'])} = ANY(%s)",
                [values],
            )
            there = {row[0] for row in cursor.fetchall()}

    def judge(row: Row) -> Finding | None:
        value = row.get(field)
        if value in (None, "") or str(value) in there:
            return None
        return Finding(f"{value} 在 {parameters.get('table') or '行政区划'} 中不存在")

    return judge


@lru_cache(maxsize=512)
def _outline(code: str) -> Any:
    """Boundary of a division, prepared for many questions; of its county where it has none itself."""
    for length in (len(code), 6):
        region = Region.objects.filter(code=code[:length], geometry__isnull=False).first()
        if region is not None and region.geometry is not None:
            shape = shapely.buffer(shapely.from_wkb(bytes(region.geometry.wkb)), 0.002)  # about 200 m of tolerance
            shapely.prepare(shape)
            return shape
    return None


def inside(_spec: TableSpec, field: str, parameters: dict[str, Any], _rows: Sequence[Row]) -> Judge:
    """`region`: the field with the division's code; `lat`: the latitude's field where `field` is a longitude."""
    region_field, latitude = parameters["region"], parameters.get("lat")

    def judge(row: Row) -> Finding | None:
        if row.get(field) is None or not row.get(region_field):
            return None
        outline = _outline(str(row[region_field]))
        if outline is None:
            return None
        if latitude:
            if row.get(latitude) is None:
                return None
            shape: BaseGeometry = shapely.Point(row[field], row[latitude])
        else:
            shape = shapely.from_geojson(orjson.dumps(row[field]))
        return None if shapely.covers(outline, shape) else Finding(f"不在区划 {row[region_field]} 边界之内")

    return judge


DUPLICATE_ROWS = 500


def duplicate(spec: TableSpec, field: str, parameters: dict[str, Any], rows: Sequence[Row]) -> Judge:
    """`similarity` (0–1) of the texts and `within_m` of the places (fields lon, lat), with another key."""
    least, within = float(parameters.get("similarity", 0.9)), parameters.get("within_m")
    key = spec.key
    asked = [row for row in rows if row.get(field)][:DUPLICATE_ROWS]
    keys = [{name: str(row[name]) for name in key} for row in asked]
    items = [
        {"k": "|".join(item.values()), "v": row[field], "lon": row.get("lon"), "lat": row.get("lat")}
        for item, row in zip(keys, asked, strict=True)
    ]
    stored_key = " || '|' || ".join(f"t.{quoted(name)}::text" for name in key)
    place = ""
    if within is not None and spec.field("lon"):
        place = " AND ST_DistanceSphere(ST_MakePoint(t.lon, t.lat), ST_MakePoint(i.lon, i.lat)) <= " + str(
            float(within)
        )
    found: dict[str, str] = {}
    if items:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(least)])
            cursor.execute(
                f"SELECT i.k, min({stored_key}) FROM jsonb_to_recordset(%s::jsonb)"
                f" AS i(k text, v text, lon double precision, lat double precision)"
                f" JOIN {ddl.table_name(spec)} t ON t.{quoted(field)} %% i.v AND {stored_key} <> i.k{place} GROUP BY 1",
                [orjson.dumps(items, default=str).decode()],
            )
            found = dict(cursor.fetchall())

    def judge(row: Row) -> Finding | None:
        twin = found.get("|".join(str(row[name]) for name in key))
        return Finding(f"疑似与 {twin} 重复") if twin else None

    return judge


KINDS: dict[str, Factory] = {
    "trim": trim, "range": range_, "pattern": pattern, "code": code, "unit": unit, "map": map_, "fill": fill,
    "cross_field": cross_field, "reference": reference, "inside": inside, "duplicate": duplicate,
}  # fmt: skip
