"""Acquiring a file: read, shown, and only then landed (CJJ/T 312 §4.1.4-7-1)."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import orjson
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from exchange.models.batch import Channel
from exchange.protocol import checks
from exchange.services import inbound
from exchange.tables import FieldSpec, Row, TableSpec
from platform_core.errors import DomainError
from platform_core.models import User
from platform_core.services import audit

MAX_ROWS, MAX_BYTES, PART = 100_000, 50 * 2**20, 1000
KEEP_S = 3600


def read(spec: TableSpec, upload: UploadedFile) -> list[Row]:
    """Rows of a file by field name or title, values as the fields' types. Raises DomainError."""
    if (upload.size or 0) > MAX_BYTES:
        raise DomainError("too_large", _("The file is larger than %d MiB.") % (MAX_BYTES // 2**20))
    suffix, content = Path(upload.name or "").suffix.lower(), upload.read()
    match suffix:
        case ".csv":
            records = _csv(content)
        case ".xlsx":
            records = _xlsx(content)
        case ".json" | ".geojson":
            records = _json(content)
        case _:
            raise DomainError("unknown_format", _("Use .csv, .xlsx, .json or .geojson; this is “%s”.") % suffix)
    if len(records) > MAX_ROWS:
        raise DomainError("too_many_rows", _("The file has more than %d rows; split it.") % MAX_ROWS)
    if not records:
        raise DomainError("empty_file", _("The file has no rows."))
    return [_row(spec, record) for record in records]


def _csv(content: bytes) -> list[Row]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return [dict(record) for record in csv.DictReader(io.StringIO(content.decode(encoding)))]
        except UnicodeDecodeError:
            continue
    raise DomainError("bad_encoding", _("The text is neither UTF-8 nor GB 18030."))


def _xlsx(content: bytes) -> list[Row]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, KeyError, OSError, ValueError) as error:
        raise DomainError("bad_xlsx", _("This is not a readable Excel file (.xlsx).")) from error
    lines = book.worksheets[0].iter_rows(values_only=True)
    header = [str(cell or "").strip() for cell in next(lines, ())]
    return [dict(zip(header, line, strict=False)) for line in lines if any(cell is not None for cell in line)]


def _json(content: bytes) -> list[Row]:
    try:
        found: Any = orjson.loads(content)
    except ValueError as error:
        raise DomainError("bad_json", _("This is not JSON (%s).") % error) from error
    if isinstance(found, dict) and isinstance(found.get("features"), list):
        found = [{**(item.get("properties") or {}), "geometry": item.get("geometry")} for item in found["features"]]
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise DomainError("bad_json", _("This is not an array of objects."))
    return found


def _row(spec: TableSpec, record: Row) -> Row:
    names = {field.title: field.name for field in spec.fields}
    made: Row = {}
    for title, value in record.items():
        field = spec.field(names.get(str(title).strip(), str(title).strip()))
        if field is not None and value not in (None, ""):
            made[field.name] = _typed(field, value)
    return made


def _typed(field: FieldSpec, value: Any) -> Any:
    """A cell as the field's type, as far as the file's own types allow; the check says what is wrong with the rest."""
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%d %H:%M:%S" if field.type == "datetime" else "%Y-%m-%d")
    if field.type == "str" and not isinstance(value, str):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if field.type in ("json", "geometry") and isinstance(value, str):
        with suppress(ValueError):
            return json.loads(value)
    return value.strip() if isinstance(value, str) else value


def preview(spec: TableSpec, rows: list[Row], user: User) -> tuple[str, checks.Checked]:
    """Keep rows for an hour under a token and check them."""
    text = orjson.dumps(rows, default=str).decode()
    checked = checks.check(spec, text.encode())
    token = get_random_string(24)
    cache.set(f"convergence:file:{user.pk}:{token}", {"table": spec.name, "text": text}, KEEP_S)
    return token, checked


def confirm(spec: TableSpec, token: str, user: User) -> int:
    """Land the rows of a preview. Returns how many. Raises DomainError where it is gone or still faulty."""
    kept = cache.get(f"convergence:file:{user.pk}:{token}")
    if kept is None or kept["table"] != spec.name:
        raise DomainError("preview_gone", _("The preview is no longer kept; upload the file again."))
    rows = orjson.loads(kept["text"])
    if checks.check(spec, kept["text"].encode()).errors:
        raise DomainError("import_has_errors", _("Rows are wrong; mend the file and upload it again."))
    for start in range(0, len(rows), PART):
        part = rows[start : start + PART]
        inbound.land(inbound.Landing(spec, orjson.dumps(part).decode(), len(part), Channel.FILE, None))
    cache.delete(f"convergence:file:{user.pk}:{token}")
    audit.record("import", after={"table": spec.name, "rows": len(rows)}, actor=user, name=spec.name)
    return len(rows)
