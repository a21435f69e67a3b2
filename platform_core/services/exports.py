"""Exports of list pages as jobs: Excel, CSV, GeoJSON, Shapefile."""

from __future__ import annotations

import csv
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl
import shapefile
from django.db.models import Model
from django.http import QueryDict
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.pages import ModelPages, find
from platform_core.pages.listing import filtered

from . import audit
from .jobs import Outcome, Progress, kind

REPORT_EVERY = 500
EXCEL_ROWS = 1_000_000


def cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is quoted."""
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _lines(pages: ModelPages, rows: Iterable[Model]) -> Iterable[list[Any]]:
    for row in rows:
        yield [cell(pages.value(row, column.path)) for column in pages.columns]


def _write_csv(pages: ModelPages, rows: Iterable[Model], file: Path) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([str(pages.column_title(column)) for column in pages.columns])
        writer.writerows(_lines(pages, rows))


def _write_xlsx(pages: ModelPages, rows: Iterable[Model], file: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(str(pages.title_plural)[:31])
    sheet.append([str(pages.column_title(column)) for column in pages.columns])
    for line in _lines(pages, rows):
        sheet.append(line)
    book.save(file)


def _field_names(pages: ModelPages) -> list[str]:
    """Fields that an import reads back, or the columns' own where nothing can be imported."""
    if pages.form is None:
        return [column.path for column in pages.columns if column.path != "is_demo"]
    return [name for name in pages.form().fields if name != pages.geometry_field]


def _as_imported(pages: ModelPages, row: Model, name: str) -> Any:
    """A value as the import form would read it: a division by its code, a layer by its own."""
    if pages.form is None:
        return pages.value(row, name)
    field: Any = pages.form.base_fields[name]
    value = field.prepare_value(getattr(row, name))
    return value.pk if isinstance(value, Model) else value


def _write_geojson(pages: ModelPages, rows: Iterable[Model], file: Path) -> None:
    names = _field_names(pages)
    with file.open("w", encoding="utf-8") as stream:
        stream.write('{"type":"FeatureCollection","features":[')
        for number, row in enumerate(rows):
            shape = getattr(row, pages.geometry_field or "")
            properties = {name: _as_imported(pages, row, name) for name in names}
            feature = {
                "type": "Feature",
                "properties": properties,
                "geometry": json.loads(shape.geojson) if shape else None,
            }
            stream.write((",\n" if number else "\n") + json.dumps(feature, ensure_ascii=False, default=str))
        stream.write("\n]}\n")


SHAPE_TYPES = {"Point": shapefile.POINT, "LineString": shapefile.POLYLINE, "MultiLineString": shapefile.POLYLINE}
DBF_NAME, DBF_TEXT = 10, 254
CGCS2000_WKT = (
    'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,'
    '298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


def _write_shapefile(pages: ModelPages, rows: Iterable[Model], file: Path) -> None:
    """Zipped Shapefile in UTF-8; the format cuts field names to 10 and texts to 254 bytes, and holds one kind of shape.

    Raises DomainError where the rows have several kinds.
    """
    names = _field_names(pages)
    kind = None
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, pages.name)
        with shapefile.Writer(str(base), encoding="utf-8") as writer:
            for name in names:
                writer.field(name[:DBF_NAME], "C", size=DBF_TEXT)
            for row in rows:
                shape = getattr(row, pages.geometry_field or "")
                if shape is None:
                    continue
                wanted = SHAPE_TYPES.get(shape.geom_type, shapefile.POLYGON)
                if kind not in (None, wanted):
                    raise DomainError(
                        "mixed_shapes", _("A Shapefile holds one kind of shape; filter the list or use GeoJSON.")
                    )
                kind = writer.shapeType = wanted
                writer.shape(json.loads(shape.geojson))
                writer.record(*(_dbf(_as_imported(pages, row, name)) for name in names))
        base.with_suffix(".cpg").write_text("UTF-8")
        base.with_suffix(".prj").write_text(CGCS2000_WKT)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)


def _dbf(value: Any) -> str:
    """A text of at most 254 bytes, never cut inside a sign."""
    text = "" if value is None else str(value)
    return text.encode()[:DBF_TEXT].decode(errors="ignore")


WRITERS: dict[str, Callable[[ModelPages, Iterable[Model], Path], None]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "geojson": _write_geojson,
    "zip": _write_shapefile,
}


@kind("export")
def export(job: Any, progress: Progress) -> Outcome:
    """The rows the owner sees now under the list's filters."""
    pages = find(job.parameters["page"])
    if pages is None:
        raise DomainError("unknown_page", _("This list is not on this platform."))
    pages.demand(job.owner, "view")
    _filterset, rows = filtered(pages, pages.rows(job.owner), QueryDict(job.parameters["query"]))
    total, suffix = rows.count(), job.parameters["format"]
    if suffix == "xlsx" and total > EXCEL_ROWS:
        raise DomainError("too_many_rows", _("Excel holds %d rows at most; use CSV.") % EXCEL_ROWS)

    def counted() -> Iterable[Model]:
        for number, row in enumerate(rows.order_by(pages.order).iterator(2000), start=1):
            yield row
            if number % REPORT_EVERY == 0:
                progress(number, total)

    with tempfile.NamedTemporaryFile(suffix=f".{suffix}", delete=False) as stream:
        file = Path(stream.name)
    WRITERS[suffix](pages, counted(), file)
    audit.record("export", job, after={"page": pages.name, "rows": total, "format": suffix})
    return Outcome({"rows": total}, file, f"{pages.title_plural}.{suffix}")
