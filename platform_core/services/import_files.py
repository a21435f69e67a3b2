"""Files that somebody brings in, read row by row: Excel, CSV, GeoJSON, a zipped Shapefile."""

from __future__ import annotations

import csv
import io
import json
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import shapefile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from openpyxl.utils.exceptions import InvalidFileException

from platform_core.errors import DomainError

if TYPE_CHECKING:
    from platform_core.pages import ModelPages

MAX_ROWS = 100_000
MAX_BYTES = 50 * 2**20
Row = dict[str, Any]


def fields(pages: ModelPages) -> list[tuple[str, str]]:
    """(field, title) of every column a file may have; geometry comes as `longitude`+`latitude` or a shape."""
    assert pages.form is not None
    return [(name, str(field.label)) for name, field in pages.form().fields.items() if name != pages.geometry_field]


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DomainError("bad_encoding", _("The text is neither UTF-8 nor GB 18030."))


def _read_csv(content: bytes) -> Iterator[Row]:
    yield from csv.DictReader(io.StringIO(_text(content)))


def _unpacked(content: bytes) -> zipfile.ZipFile:
    """An archive that does not unpack to more than memory can take."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    if sum(info.file_size for info in archive.infolist()) > 4 * MAX_BYTES:
        raise DomainError("too_large", _("The archive unpacks to more than %d MiB.") % (4 * MAX_BYTES // 2**20))
    return archive


def _read_xlsx(content: bytes) -> Iterator[Row]:
    _unpacked(content).close()
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    lines = book.worksheets[0].iter_rows(values_only=True)
    header = [str(cell or "").strip() for cell in next(lines, ())]
    for line in lines:
        if any(cell is not None for cell in line):
            yield {title: cell for title, cell in zip(header, line, strict=False) if title}


def _read_geojson(content: bytes) -> Iterator[Row]:
    for feature in json.loads(_text(content))["features"]:
        geometry = feature.get("geometry")
        yield {**(feature.get("properties") or {}), "geometry": json.dumps(geometry) if geometry else ""}


def _read_shapefile(content: bytes) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, _unpacked(content) as archive:
        names = [name for name in archive.namelist() if Path(name).suffix.lower() in (".shp", ".shx", ".dbf", ".cpg")]
        for name in names:  # flat and by suffix only: a path inside the archive is not trusted
            Path(folder, "shape" + Path(name).suffix.lower()).write_bytes(archive.read(name))
        cpg = next((name for name in names if name.lower().endswith(".cpg")), "")
        encoding = archive.read(cpg).decode().strip() if cpg else "utf-8"
        with shapefile.Reader(str(Path(folder, "shape")), encoding=encoding) as reader:
            for item in reader.iterShapeRecords():
                yield {**item.record.as_dict(), "geometry": json.dumps(item.shape.__geo_interface__)}


READERS: dict[str, tuple[Callable[[bytes], Iterator[Row]], str]] = {
    ".csv": (_read_csv, gettext_noop("This is not a readable table of text (%s).")),
    ".xlsx": (_read_xlsx, gettext_noop("This is not a readable Excel file (%s).")),
    ".geojson": (_read_geojson, gettext_noop("This is not a GeoJSON FeatureCollection (%s).")),
    ".json": (_read_geojson, gettext_noop("This is not a GeoJSON FeatureCollection (%s).")),
    ".zip": (_read_shapefile, gettext_noop("This is not a zipped Shapefile (%s).")),
}
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, csv.Error, shapefile.ShapefileException, InvalidFileException,
    OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError, AssertionError,
    NotImplementedError,
)  # fmt: skip
"""What the readers raise about files that are damaged or something else (XML errors are SyntaxErrors)."""


def _raw(name: str, content: bytes) -> Iterator[Row]:
    read, message = READERS[Path(name).suffix.lower()]
    try:
        yield from read(content)
    except DAMAGED as error:
        raise DomainError("unreadable", _(message) % f"{type(error).__name__}: {error}"[:120]) from error


def _shape(pages: ModelPages, columns: dict[str, str], row: Row) -> Row:
    """Rename titles (`columns`: title → field), and make the geometry one value."""
    made = {columns.get(str(key).strip(), str(key).strip()): value for key, value in row.items() if key}
    if pages.geometry_field:
        shape = made.pop("geometry", "") or made.pop(pages.geometry_field, "")
        longitude, latitude = made.pop("longitude", made.pop("经度", "")), made.pop("latitude", made.pop("纬度", ""))
        if not shape and longitude not in ("", None) and latitude not in ("", None):
            shape = json.dumps({"type": "Point", "coordinates": [_number(longitude), _number(latitude)]})
        made[pages.geometry_field] = shape
    wanted = {*columns.values(), pages.geometry_field}
    return {key: ("" if value is None else value) for key, value in made.items() if key in wanted}


def _number(value: Any) -> float | str:
    try:
        return float(value)
    except ValueError:
        return str(value)


def check_kind(name: str, size: int) -> None:
    """Raise DomainError for a file that is not even worth reading."""
    suffix = Path(name).suffix.lower()
    if suffix not in READERS:
        raise DomainError(
            "unknown_format", _("Use .xlsx, .csv, .geojson or a zipped Shapefile; this is “%s”.") % suffix
        )
    if size > MAX_BYTES:
        raise DomainError("too_large", _("The file is larger than %d MiB.") % (MAX_BYTES // 2**20))


def rows_of(pages: ModelPages, name: str, content: bytes) -> list[Row]:
    """The rows of a file by field names. Raises DomainError where it cannot be read at all."""
    columns = {title.strip(): field for field, title in fields(pages)}
    rows: list[Row] = []
    for raw in _raw(name, content):
        if len(rows) == MAX_ROWS:
            raise DomainError("too_many_rows", _("The file has more than %d rows; split it.") % MAX_ROWS)
        rows.append(_shape(pages, columns, raw))
    if not rows:
        raise DomainError("empty_file", _("The file has no rows."))
    return rows
