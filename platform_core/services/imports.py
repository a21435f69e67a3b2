"""Bringing in files: read, check each row with the page's own form, show, and only then save all or nothing.

A small file is checked and imported at once, a large one (the census of a city's part facilities) by jobs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.gathering import gathering
from platform_core.geo import layers
from platform_core.models import ImportBatch, ImportRow, Job, User

from . import audit, jobs
from .import_files import Row, check_kind, rows_of

if TYPE_CHECKING:
    from platform_core.pages import ModelPages

AT_ONCE_BYTES = 40_000
AT_ONCE_ROWS = 300
LOT = 500
Report = Callable[[int, int], None]
KEEP_ROWS = timedelta(days=30)


def titles(pages: ModelPages) -> dict[str, str]:
    """Field → title of everything a row consists of, geometry too."""
    assert pages.form is not None
    return {name: str(field.label) for name, field in pages.form().fields.items()}


def shown(pages: ModelPages, data: Row) -> list[str]:
    """A row as its preview shows it: choices by label, a point by its coordinates."""
    assert pages.form is not None
    values = []
    for name, field in pages.form().fields.items():
        value = str(data.get(name, ""))
        if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
            choices: Any = field.choices
            value = next((str(label) for key, label in choices if str(key) == value), value)
        elif name == pages.geometry_field and value.startswith('{"type": "Point", "coordinates": ['):
            value = value.partition("[")[2].rstrip("]}")
        values.append(value)
    return values


def limit_choices(form: forms.BaseForm, user: User) -> None:
    """A form offers, and accepts, only rows inside the user's scope."""
    for field in form.fields.values():
        rows: Any = getattr(field, "queryset", None)
        if isinstance(field, forms.ModelChoiceField) and hasattr(rows, "visible_to"):
            field.queryset = rows.visible_to(user)


class _Checker:
    """Makes the forms of a file's rows: known rows come in lots, a choice is looked up once."""

    def __init__(self, pages: ModelPages, user: User) -> None:
        self.pages, self.user = pages, user
        self._chosen: dict[tuple[str, str], Any] = {}

    def bound(self, rows: Sequence[Row]) -> Iterator[forms.ModelForm]:
        """A bound form for each row, in order; `form.instance` is the row it will change, if there is one."""
        assert self.pages.form is not None
        for lot in (rows[start : start + LOT] for start in range(0, len(rows), LOT)):
            known = self._known(lot)
            for row in lot:
                instance = known(row)
                if instance is not None and not self.pages.may_edit(instance):
                    instance = None
                form = self.pages.form(row, instance=instance)
                limit_choices(form, self.user)
                for name, field in form.fields.items():
                    if type(field).to_python is forms.ModelChoiceField.to_python:
                        self._remember(name, field)
                yield form

    def _known(self, lot: Sequence[Row]) -> Callable[[Row], Any]:
        """How to find the user's row with the same key, which the import will change; None for a new one."""
        keys = self.pages.import_key
        if len(keys) == 1 and not isinstance(self._base_field(keys[0]), forms.ModelChoiceField):
            (key,) = keys
            wanted = {str(row[key]).strip() for row in lot if row.get(key)}
            found = {str(getattr(one, key)): one for one in self._rows(**{f"{key}__in": wanted})}
            return lambda row: found.get(str(row.get(key, "")).strip())
        return self._known_one

    def _known_one(self, row: Row) -> Any:
        lookups = {}
        for name in self.pages.import_key:
            if not row.get(name):
                return None
            to_field = getattr(self._base_field(name), "to_field_name", None)
            lookups[f"{name}__{to_field}" if to_field else name] = row[name]
        return self._rows(**lookups).first() if lookups else None

    def _rows(self, **lookups: Any) -> QuerySet:
        rows = self.pages.rows(self.user)
        try:
            return rows.filter(**lookups)
        except (ValueError, ValidationError):  # a key that is no number or date: the form says so
            return rows.none()

    def _base_field(self, name: str) -> forms.Field:
        assert self.pages.form is not None
        field: forms.Field = self.pages.form.base_fields[name]
        return field

    def _remember(self, name: str, field: forms.Field) -> None:
        look_up = field.to_python

        def to_python(value: Any) -> Any:
            key = (name, str(value))
            if key not in self._chosen:
                self._chosen[key] = look_up(value)
            return self._chosen[key]

        field.to_python = to_python  # type: ignore[method-assign]


def _ignore(done: int, total: int) -> None:
    """Nobody waits for progress."""


def _storable(value: Any) -> Any:
    """PostgreSQL stores no NUL; the form has said that there is one."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _check(batch: ImportBatch, pages: ModelPages, rows: Sequence[Row], user: User, report: Report) -> None:
    seen: set[tuple[str, ...]] = set()
    made = []
    for number, (data, form) in enumerate(zip(rows, _Checker(pages, user).bound(rows), strict=True), start=1):
        errors = {name: [str(message) for message in found] for name, found in form.errors.items()}
        key = tuple(str(data.get(name, "")) for name in pages.import_key)
        if key in seen:
            errors.setdefault(pages.import_key[-1], []).append(_("The file has this key twice."))
        seen.add(key)
        kept = json.loads(json.dumps({name: _storable(value) for name, value in data.items()}, default=str))
        made.append(
            ImportRow(batch=batch, number=number, data=kept, errors=errors, is_update=form.instance.pk is not None)
        )
        if len(made) == LOT or number == len(rows):
            ImportRow.objects.bulk_create(made)
            made.clear()
            report(number, len(rows))


@transaction.atomic
def read(pages: ModelPages, upload: UploadedFile, user: User) -> ImportBatch:
    """Read and check a file now. Raises DomainError where it cannot be read; row errors are kept with the row."""
    name = upload.name or ""
    check_kind(name, upload.size or 0)
    rows = rows_of(pages, name, upload.read())
    batch = ImportBatch.objects.create(page=pages.name, owner=user, original_name=name[:200])
    _check(batch, pages, rows, user, _ignore)
    return batch


def begin(pages: ModelPages, upload: UploadedFile, user: User) -> ImportBatch:
    """Check a small file now, a large one by a job. Raises DomainError like `read`."""
    name, size = upload.name or "", upload.size or 0
    check_kind(name, size)
    if size <= AT_ONCE_BYTES:
        return read(pages, upload, user)
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            page=pages.name, owner=user, original_name=name[:200], state=ImportBatch.State.CHECKING, file=upload
        )
        batch.job = jobs.start("import check", _("Check of a file: %s") % name[:100], user, batch=batch.pk)
        batch.save(update_fields=["job"])
    return batch


def _batch_of(job: Job) -> tuple[ImportBatch, ModelPages]:
    from platform_core.pages import find

    batch = ImportBatch.objects.get(pk=job.parameters["batch"])
    pages = find(batch.page)
    if pages is None or not pages.may(job.owner, "add"):
        raise DomainError("forbidden", _("You do not have the right to do this."))
    return batch, pages


def _outcome(batch: ImportBatch, rows: int) -> jobs.Outcome:
    return jobs.Outcome({"rows": rows, "url": reverse("page-import-preview", args=[batch.page, batch.pk])})


@jobs.kind("import check")
def check_job(job: Job, progress: jobs.Progress) -> jobs.Outcome:
    """Check an uploaded file; begins anew when a worker died over it, and has nothing to do when it died after it."""
    batch, pages = _batch_of(job)
    if batch.state != ImportBatch.State.CHECKING:
        return _outcome(batch, batch.rows.count())
    batch.rows.all().delete()
    with batch.file.open("rb") as stream:
        rows = rows_of(pages, batch.original_name, stream.read())
    _check(batch, pages, rows, job.owner, progress)
    # Who cancelled meanwhile has cancelled: only a batch that is still being checked becomes a preview.
    ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.CHECKING).update(state=ImportBatch.State.PREVIEW)
    batch.file.delete(save=False)
    ImportBatch.objects.filter(pk=batch.pk).update(file="")
    return _outcome(batch, len(rows))


def confirm_or_queue(pages: ModelPages, batch: ImportBatch, user: User) -> int | None:
    """Import a small batch now, returning the number of rows; queue a large one and return None. Raises DomainError."""
    if batch.rows.count() <= AT_ONCE_ROWS:
        return confirm(pages, batch, user)
    with transaction.atomic():
        locked = _confirmable(batch, (ImportBatch.State.PREVIEW,))
        locked.state = ImportBatch.State.IMPORTING
        locked.job = jobs.start("import", _("Import: %s") % locked.original_name[:100], user, batch=batch.pk)
        locked.save(update_fields=["state", "job"])
    return None


@jobs.kind("import")
def import_job(job: Job, progress: jobs.Progress) -> jobs.Outcome:
    """Save a confirmed batch; a worker that died after it has left nothing to do."""
    batch, pages = _batch_of(job)
    if batch.state == ImportBatch.State.CONFIRMED:
        return _outcome(batch, batch.rows.count())
    with progress.aside() as report:
        return _outcome(batch, confirm(pages, batch, job.owner, report))


def _confirmable(batch: ImportBatch, states: Sequence[str]) -> ImportBatch:
    locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if locked.state not in states:
        raise DomainError("import_over", _("This import was confirmed or cancelled already."))
    if locked.rows.exclude(errors={}).exists():
        raise DomainError("import_has_errors", _("Rows are wrong; mend the file and upload it again."))
    return locked


@transaction.atomic
def confirm(pages: ModelPages, batch: ImportBatch, user: User, report: Report = _ignore) -> int:
    """Save every row of a faultless batch. Raises DomainError, and saves nothing, when one has become wrong."""
    locked = _confirmable(batch, (ImportBatch.State.PREVIEW, ImportBatch.State.IMPORTING))
    numbers, rows = [], []
    for number, data in locked.rows.values_list("number", "data").iterator(2000):
        numbers.append(number)
        rows.append(data)
    with gathering():
        for count, (number, form) in enumerate(zip(numbers, _Checker(pages, user).bound(rows), strict=True), start=1):
            if not form.is_valid():
                raise DomainError(
                    "import_changed",
                    _("Row %(row)d no longer fits: %(errors)s") % {"row": number, "errors": form.errors.as_text()},
                )
            instance = form.save(commit=False)
            pages.prepare(instance)
            pages.store(instance, form)
            form.save_m2m()
            if count % LOT == 0:
                report(count, len(rows))
    locked.state, locked.confirmed_at = ImportBatch.State.CONFIRMED, timezone.now()
    locked.save()
    audit.record("import", locked, after={"page": pages.name, "rows": len(rows)})
    transaction.on_commit(lambda: layers.touch(pages.name))
    return len(rows)


def cancel(batch: ImportBatch) -> None:
    """Forget an import that was not confirmed, and stop its job. Raises DomainError when it is over."""
    if batch.job and batch.job.is_open:
        jobs.cancel(batch.job)  # first, and committed: the job holds the batch until it sees this
    with transaction.atomic():
        locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if locked.state == ImportBatch.State.CONFIRMED:
            raise DomainError("import_over", _("This import was confirmed or cancelled already."))
        locked.file.delete(save=False)
        locked.state = ImportBatch.State.CANCELLED
        locked.save(update_fields=["state", "file"])


@transaction.atomic
def expire_rows() -> None:
    """Forget the rows of files a month after they came; a batch that nobody confirmed is cancelled."""
    old = ImportBatch.objects.filter(created_at__lt=timezone.now() - KEEP_ROWS)
    for batch in old.filter(state=ImportBatch.State.CHECKING).exclude(file=""):
        batch.file.delete(save=True)
    waiting = (ImportBatch.State.CHECKING, ImportBatch.State.PREVIEW, ImportBatch.State.IMPORTING)
    old.filter(state__in=waiting).update(state=ImportBatch.State.CANCELLED)
    ImportRow.objects.filter(batch__in=old).delete()
