"""Exports of list pages as jobs: Excel, CSV, GeoJSON."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl
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


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is quoted."""
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _lines(pages: ModelPages, rows: Iterable[Model]) -> Iterable[list[Any]]:
    for row in rows:
        yield [_cell(pages.value(row, column.path)) for column in pages.columns]


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


def _write_geojson(pages: ModelPages, rows: Iterable[Model], file: Path) -> None:
    names = [name for name in (pages.form().fields if pages.form else ()) if name != pages.geometry_field]
    with file.open("w", encoding="utf-8") as stream:
        stream.write('{"type":"FeatureCollection","features":[')
        for number, row in enumerate(rows):
            shape = getattr(row, pages.geometry_field or "")
            properties = {name: row.serializable_value(name) for name in names}
            feature = {
                "type": "Feature",
                "properties": properties,
                "geometry": json.loads(shape.geojson) if shape else None,
            }
            stream.write((",\n" if number else "\n") + json.dumps(feature, ensure_ascii=False, default=str))
        stream.write("\n]}\n")


WRITERS: dict[str, Callable[[ModelPages, Iterable[Model], Path], None]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "geojson": _write_geojson,
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
