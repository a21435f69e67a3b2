"""One way to write each value, before rules look at it and keys are compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson
import shapely
from shapely.errors import GEOSException

from exchange.tables import Row, TableSpec

CHINA = timezone(timedelta(hours=8))
FIRST_YEAR, LAST_YEAR = 1970, 2100
Fix = Callable[[Any], Any]


def _moment(value: Any) -> Any:
    """`YYYY-MM-DD HH:MM:SS` in China Standard Time."""
    if isinstance(value, str) and len(value) == 19 and value[10] == " ":
        return value
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is not None:
        moment = moment.astimezone(CHINA)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _partition_moment(value: Any) -> Any:
    text = _moment(value)
    if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise ValueError(f"年份不在 {FIRST_YEAR} 至 {LAST_YEAR} 之间")
    return text


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, str) else value


def _real(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value


def _truth(value: Any) -> Any:
    return value.lower() in ("true", "1") if isinstance(value, str) else value


def _shape(value: Any) -> Any:
    """A GeoJSON geometry inside the world. Raises ValueError."""
    if isinstance(value, str):
        value = orjson.loads(value)
    try:
        shape = shapely.from_geojson(orjson.dumps(value))
    except GEOSException as error:
        raise ValueError("不是 GeoJSON 几何") from error
    if shape.is_empty:
        raise ValueError("几何为空")
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("坐标超出经纬度范围")
    return orjson.loads(shapely.to_geojson(shapely.transform(shape, _round)))


def _round(coordinates: Any) -> Any:
    """To a centimetre: what is read back must compare equal to what was written."""
    return coordinates.round(7)


FIXES: dict[str, Fix] = {"datetime": _moment, "int": _whole, "float": _real, "bool": _truth, "geometry": _shape}


def plan_of(spec: TableSpec) -> tuple[tuple[str, Fix], ...]:
    """What `normalise` does to which field; made once for many rows."""
    plan: list[tuple[str, Fix]] = []
    for field in spec.fields:
        if spec.is_partitioned and field.name == spec.time_field:
            plan.append((field.name, _partition_moment))
        elif field.type in FIXES:
            plan.append((field.name, FIXES[field.type]))
    return tuple(plan)


def normalise(plan: tuple[tuple[str, Fix], ...], row: Row) -> dict[str, list[str]]:
    """Rewrite a row's values in place. Returns what cannot be read (field → messages)."""
    errors: dict[str, list[str]] = {}
    for name, fix in plan:
        value = row.get(name)
        if value is None:
            continue
        try:
            row[name] = fix(value)
        except (ValueError, TypeError) as error:
            errors[name] = [str(error)]
    return errors
