"""What every connector does: read records, map them to rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exchange.models import Connector

MAX_RECORDS = 200_000
Record = dict[str, Any]


class ConnectorError(Exception):
    """The source cannot be read, or its answer is not what it should be; the message says which and why."""


@dataclass(frozen=True)
class Reading:
    """Records of one reading, and where the next one goes on."""

    records: list[Record]
    cursor: str = ""


Reader = Callable[[Connector, int], Reading]


def read(connector: Connector, limit: int = MAX_RECORDS) -> Reading:
    """Read records with the reader of the connector's kind. Raises ConnectorError."""
    from . import database, files, web

    readers: dict[str, Reader] = {
        Connector.Kind.HTTP_JSON: web.read_json,
        Connector.Kind.HTTP_CSV: web.read_csv,
        Connector.Kind.SQL: database.read_sql,
        Connector.Kind.SFTP: files.read_sftp,
    }
    if connector.kind not in readers:
        raise ConnectorError("MQTT 消息随到随收，不按周期读取")
    return readers[connector.kind](connector, limit)


def map_record(mapping: dict[str, Any], record: Record) -> Record:
    """A row: each field from its source column, a constant, or a factor times a column.

    `{"field": "column"}` or `{"field": {"from": "column", "factor": 0.001, "map": {"in": "out"}, "value": constant}}`;
    `a.b` reaches into nested JSON. Raises ConnectorError for a factor of something that is no number.
    """
    row: Record = {}
    for field, wanted in mapping.items():
        rule = wanted if isinstance(wanted, dict) else {"from": wanted}
        value = rule["value"] if "value" in rule else _reach(record, str(rule.get("from", field)))
        if isinstance(value, str):
            value = value.strip()
        if value in ("", None):
            continue
        if "map" in rule:
            value = rule["map"].get(str(value), value)
        if "factor" in rule:
            try:
                value = float(value) * float(rule["factor"])
            except (TypeError, ValueError) as error:
                raise ConnectorError(f"{field}：{value!r} 不是数，不能乘 {rule['factor']}") from error
        row[field] = value
    return row


def _reach(record: Record, path: str) -> Any:
    value: Any = record
    if path in record:
        return record[path]
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
