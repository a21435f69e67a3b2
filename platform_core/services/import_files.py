"""Files that somebody brings in, read row by row: Excel, CSV, GeoJSON, a zipped Shapefile."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import shapefile
from django.utils.translation import gettext as _
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


def _read_xlsx(content: bytes) -> Iterator[Row]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError) as error:
        raise DomainError("bad_xlsx", _("This is not a readable Excel file (.xlsx).")) from error
    lines = book.worksheets[0].iter_rows(values_only=True)
    header = [str(cell or "").strip() for cell in next(lines, ())]
    for line in lines:
        if any(cell is not None for cell in line):
            yield {title: cell for title, cell in zip(header, line, strict=False) if title}


def _read_geojson(content: bytes) -> Iterator[Row]:
    try:
        document = json.loads(_text(content))
        features = document["features"]
    except (ValueError, KeyError, TypeError) as error:
        raise DomainError("bad_geojson", _("This is not a GeoJSON FeatureCollection (%s).") % error) from error
    for feature in features:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        yield {**(properties or {}), "geometry": json.dumps(geometry) if geometry else ""}


def _read_shapefile(content: bytes) -> Iterator[Row]:
    try:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [
                name for name in archive.namelist() if Path(name).suffix.lower() in (".shp", ".shx", ".dbf", ".cpg")
            ]
            if sum(archive.getinfo(name).file_size for name in names) > 4 * MAX_BYTES:
                raise DomainError("too_large", _("The archive unpacks to more than %d MiB.") % (4 * MAX_BYTES // 2**20))
            for name in names:  # flat and by suffix only: a path inside the archive is not trusted
                Path(folder, "shape" + Path(name).suffix.lower()).write_bytes(archive.read(name))
            encoding = (
                archive.read(cpg).decode().strip()
                if (cpg := next((n for n in names if n.lower().endswith(".cpg")), ""))
                else "utf-8"
            )
            with shapefile.Reader(str(Path(folder, "shape")), encoding=encoding) as reader:
                for item in reader.iterShapeRecords():
                    yield {**item.record.as_dict(), "geometry": json.dumps(item.shape.__geo_interface__)}
    except (zipfile.BadZipFile, shapefile.ShapefileException, LookupError, UnicodeDecodeError) as error:
        raise DomainError("bad_shapefile", _("This is not a zipped Shapefile (%s).") % error) from error


READERS = {
    ".csv": _read_csv,
    ".xlsx": _read_xlsx,
    ".geojson": _read_geojson,
    ".json": _read_geojson,
    ".zip": _read_shapefile,
}


def _shape(pages: ModelPages, row: Row) -> Row:
    """Rename titles to fields, and make the geometry one value."""
    names = {title.strip(): name for name, title in fields(pages)}
    made = {names.get(str(key).strip(), str(key).strip()): value for key, value in row.items() if key}
    if pages.geometry_field:
        shape = made.pop("geometry", "") or made.pop(pages.geometry_field, "")
        longitude, latitude = made.pop("longitude", made.pop("经度", "")), made.pop("latitude", made.pop("纬度", ""))
        if not shape and longitude not in ("", None) and latitude not in ("", None):
            shape = json.dumps({"type": "Point", "coordinates": [_number(longitude), _number(latitude)]})
        made[pages.geometry_field] = shape
    wanted = {name for name, _title in fields(pages)} | {pages.geometry_field}
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
    rows: list[Row] = []
    for raw in READERS[Path(name).suffix.lower()](content):
        if len(rows) == MAX_ROWS:
            raise DomainError("too_many_rows", _("The file has more than %d rows; split it.") % MAX_ROWS)
        rows.append(_shape(pages, raw))
    if not rows:
        raise DomainError("empty_file", _("The file has no rows."))
    return rows
