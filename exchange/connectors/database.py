"""SQL sources, read-only, by SQLAlchemy: whatever database the department has."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from exchange.models import Connector

from .base import ConnectorError, Reading


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value


def read_sql(connector: Connector, limit: int) -> Reading:
    """One SELECT. `:cursor` in it stands for the largest value of its last column at the reading before ('' at first),
    so that only what is new is read. The address's `{secret}` is the password.
    """
    text = connector.query.strip().rstrip(";")
    if not text.lower().startswith(("select", "with")):
        raise ConnectorError("查询必须是 SELECT")
    address = connector.address.replace("{secret}", quote(connector.secret or "", safe=""))
    try:
        engine = sqlalchemy.create_engine(address, pool_size=1, connect_args={})
        with engine.connect() as link:
            found = link.execution_options(stream_results=True).execute(
                sqlalchemy.text(text), {"cursor": connector.cursor} if ":cursor" in text else {}
            )
            names = list(found.keys())
            rows = found.fetchmany(limit)
            link.rollback()
        engine.dispose()
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise ConnectorError(str(error).splitlines()[0]) from error
    records = [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in rows]
    largest = max((str(record[names[-1]]) for record in records if record[names[-1]] is not None), default="")
    return Reading(records, max(largest, connector.cursor))
