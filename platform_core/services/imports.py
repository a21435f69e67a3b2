"""Bringing in files: read, check each row with the page's own form, show, and only then save all or nothing."""

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
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from platform_core.errors import DomainError
from platform_core.gathering import gathering
from platform_core.geo import layers
from platform_core.models import ImportBatch, ImportRow, User

from . import audit

if TYPE_CHECKING:
    from platform_core.pages import ModelPages

MAX_ROWS = 50_000
MAX_BYTES = 50 * 2**20
Row = dict[str, Any]


def fields(pages: ModelPages) -> list[tuple[str, str]]:
    """(field, title) of every column a file may have; geometry comes as `longitude`+`latitude` or a shape."""
    assert pages.form is not None
    return [(name, str(field.label)) for name, field in pages.form().fields.items() if name != pages.geometry_field]


def titles(pages: ModelPages) -> dict[str, str]:
    """Field → title of everything a row consists of, geometry too."""
    assert pages.form is not None
    return {name: str(field.label) for name, field in pages.form().fields.items()}


def limit_choices(form: forms.BaseForm, user: User) -> None:
    """A form offers, and accepts, only rows inside the user's scope."""
    for field in form.fields.values():
        rows: Any = getattr(field, "queryset", None)
        if isinstance(field, forms.ModelChoiceField) and hasattr(rows, "visible_to"):
            field.queryset = rows.visible_to(user)


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


def _form(pages: ModelPages, row: Row, user: User) -> forms.ModelForm:
    assert pages.form is not None
    form = pages.form(row, instance=_known(pages, row, user))
    limit_choices(form, user)
    return form


def _known(pages: ModelPages, row: Row, user: User) -> Any:
    """The user's row with the same key, which the import will change; None for a new one."""
    assert pages.form is not None
    lookups = {}
    for name in pages.import_key:
        if not row.get(name):
            return None
        to_field = getattr(pages.form.base_fields[name], "to_field_name", None)
        lookups[f"{name}__{to_field}" if to_field else name] = row[name]
    known = pages.rows(user).filter(**lookups).first() if lookups else None
    return known if known is None or pages.may_edit(known) else None


@transaction.atomic
def read(pages: ModelPages, upload: UploadedFile, user: User) -> ImportBatch:
    """Read and check a file. Raises DomainError where it cannot be read at all; row errors are kept with the row."""
    suffix = Path(upload.name or "").suffix.lower()
    if suffix not in READERS:
        raise DomainError(
            "unknown_format", _("Use .xlsx, .csv, .geojson or a zipped Shapefile; this is “%s”.") % suffix
        )
    if (upload.size or 0) > MAX_BYTES:
        raise DomainError("too_large", _("The file is larger than %d MiB.") % (MAX_BYTES // 2**20))
    batch = ImportBatch.objects.create(page=pages.name, owner=user, original_name=(upload.name or "")[:200])
    rows, seen = [], set()
    for number, raw in enumerate(READERS[suffix](upload.read()), start=1):
        if number > MAX_ROWS:
            raise DomainError("too_many_rows", _("The file has more than %d rows; split it.") % MAX_ROWS)
        data = _shape(pages, raw)
        form = _form(pages, data, user)
        errors = {name: [str(message) for message in found] for name, found in form.errors.items()}
        key = tuple(str(data.get(name, "")) for name in pages.import_key)
        if key in seen:
            errors.setdefault(pages.import_key[-1], []).append(_("The file has this key twice."))
        seen.add(key)
        rows.append(
            ImportRow(
                batch=batch,
                number=number,
                data=json.loads(json.dumps(data, default=str)),
                errors=errors,
                is_update=form.instance.pk is not None,
            )
        )
    if not rows:
        raise DomainError("empty_file", _("The file has no rows."))
    ImportRow.objects.bulk_create(rows, batch_size=2000)
    return batch


@transaction.atomic
def confirm(pages: ModelPages, batch: ImportBatch, user: User) -> int:
    """Save every row of a faultless batch. Raises DomainError, and saves nothing, when one has become wrong."""
    locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if locked.state != ImportBatch.State.PREVIEW:
        raise DomainError("import_over", _("This import was confirmed or cancelled already."))
    if locked.rows.exclude(errors={}).exists():
        raise DomainError("import_has_errors", _("Rows are wrong; mend the file and upload it again."))
    count = 0
    with gathering():
        for row in locked.rows.iterator(500):
            form = _form(pages, row.data, user)
            if not form.is_valid():
                raise DomainError(
                    "import_changed",
                    _("Row %(row)d no longer fits: %(errors)s") % {"row": row.number, "errors": form.errors.as_text()},
                )
            instance = form.save(commit=False)
            pages.prepare(instance)
            pages.store(instance, form)
            form.save_m2m()
            count += 1
    locked.state, locked.confirmed_at = ImportBatch.State.CONFIRMED, timezone.now()
    locked.save()
    audit.record("import", locked, after={"page": pages.name, "rows": count})
    transaction.on_commit(lambda: layers.touch(pages.name))
    return count


def cancel(batch: ImportBatch) -> None:
    """Forget an import that was not confirmed."""
    ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.PREVIEW).update(state=ImportBatch.State.CANCELLED)
