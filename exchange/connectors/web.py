"""HTTP sources: JSON and CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import orjson

from exchange.models import Connector

from .base import ConnectorError, Reading

MAX_BYTES = 100 * 2**20
TIMEOUT_S = 60


def _fetch(connector: Connector) -> bytes:
    headers = {"Authorization": f"Bearer {connector.secret}"} if connector.secret else {}
    try:
        with httpx.stream(
            "GET", connector.address, headers=headers, timeout=TIMEOUT_S, follow_redirects=True
        ) as answer:
            answer.raise_for_status()
            parts, size = [], 0
            for part in answer.iter_bytes():
                size += len(part)
                if size > MAX_BYTES:
                    raise ConnectorError(f"答复超过 {MAX_BYTES // 2**20} MiB")
                parts.append(part)
            return b"".join(parts)
    except httpx.HTTPStatusError as error:
        raise ConnectorError(f"HTTP {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConnectorError(f"{type(error).__name__}: {error}") from error


def read_json(connector: Connector, limit: int) -> Reading:
    """A JSON answer; `query` is the path to the array of records (`data.items`). GeoJSON features are unfolded."""
    try:
        found: Any = orjson.loads(_fetch(connector))
    except ValueError as error:
        raise ConnectorError(f"答复不是 JSON：{error}") from error
    for part in (part for part in connector.query.strip().split(".") if part):
        found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        found = [
            {**(item.get("properties") or {}), "geometry": item.get("geometry")} for item in found.get("features", [])
        ]
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ConnectorError(f"“{connector.query or '答复'}”不是对象的数组")
    return Reading(found[:limit])


def parse_csv(content: bytes, limit: int) -> list[dict[str, Any]]:
    """Records of a CSV text with a heading, in UTF-8 or GB 18030. Raises ConnectorError."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise ConnectorError("文件既不是 UTF-8 也不是 GB 18030 编码")
    records = []
    for record in csv.DictReader(io.StringIO(text)):
        records.append({str(name).strip(): value for name, value in record.items() if name})
        if len(records) >= limit:
            break
    return records


def read_csv(connector: Connector, limit: int) -> Reading:
    """A CSV answer with a heading."""
    return Reading(parse_csv(_fetch(connector), limit))
