"""Files that a department drops into an SFTP folder: CSV, Excel-free JSON and GeoJSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import paramiko

from exchange.models import Connector

from .base import ConnectorError, Reading
from .web import MAX_BYTES, parse_csv

TIMEOUT_S = 30


def read_sftp(connector: Connector, limit: int) -> Reading:
    """Files of `sftp://user@host:port/folder` that are newer than the cursor, oldest first.

    The cursor is the name and time of the last file read. `query` is the host's public key (`ssh-ed25519 AAAA…`),
    without which no connection is made: a password must not go to somebody else's machine.
    """
    address = urlsplit(connector.address)
    if address.scheme != "sftp" or not address.hostname or not address.username:
        raise ConnectorError("地址形如 sftp://用户@主机:端口/目录")
    client = paramiko.SSHClient()
    host = f"[{address.hostname}]:{address.port}" if address.port not in (None, 22) else address.hostname
    kind, _blank, key = connector.query.strip().partition(" ")
    try:
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{host} {kind} {key.split()[0]}") if key.strip() else None
    except paramiko.SSHException as error:
        raise ConnectorError(f"主机公钥无法识别：{error}") from error
    if entry is None or entry.key is None:
        raise ConnectorError("请在“查询”中填写主机公钥（ssh-ed25519 AAAA…）")
    client.get_host_keys().add(host, kind, entry.key)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        client.connect(
            address.hostname, address.port or 22, unquote(address.username), connector.secret or None,
            timeout=TIMEOUT_S, banner_timeout=TIMEOUT_S, allow_agent=False, look_for_keys=False,
        )  # fmt: skip
        with client.open_sftp() as folder:
            folder.chdir(unquote(address.path) or ".")
            return _read_new(folder, connector.cursor, limit)
    except (TimeoutError, paramiko.SSHException, OSError) as error:
        raise ConnectorError(f"{type(error).__name__}: {error}") from error
    finally:
        client.close()


def _read_new(folder: paramiko.SFTPClient, cursor: str, limit: int) -> Reading:
    records: list[dict[str, Any]] = []
    waiting = sorted(
        (f"{item.st_mtime:020d}|{item.filename}", item) for item in folder.listdir_attr()
        if item.filename.lower().endswith((".csv", ".json", ".geojson"))
    )  # fmt: skip
    for mark, item in waiting:
        if mark <= cursor:
            continue
        if (item.st_size or 0) > MAX_BYTES:
            raise ConnectorError(f"{item.filename} 超过 {MAX_BYTES // 2**20} MiB")
        with folder.open(item.filename) as stream:
            content = stream.read()
        found = (
            parse_csv(content, limit) if item.filename.lower().endswith(".csv") else _parse_json(item.filename, content)
        )
        if records and len(records) + len(found) > limit:
            break
        records += found
        cursor = mark
    return Reading(records, cursor)


def _parse_json(name: str, content: bytes) -> list[dict[str, Any]]:
    try:
        found = orjson.loads(content)
    except ValueError as error:
        raise ConnectorError(f"{name} 不是 JSON：{error}") from error
    if isinstance(found, dict) and "features" in found:
        found = [{**(item.get("properties") or {}), "geometry": item.get("geometry")} for item in found["features"]]
    if not isinstance(found, list):
        raise ConnectorError(f"{name} 不是 JSON 数组")
    return found
