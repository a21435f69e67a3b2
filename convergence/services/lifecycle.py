"""Retention, archive to Parquet, restoring, destruction by two people (CJJ/T 312 C.0.2-2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convergence.models import Archive, DataTable, DestructionRequest
from convergence.store import ddl, rows
from convergence.store.ddl import quoted
from exchange.tables import TableSpec
from platform_core.errors import DomainError
from platform_core.models import User
from platform_core.services import audit

PART = 20_000
ARROW = {
    "str": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "datetime": pa.string(),
    "date": pa.string(), "json": pa.string(), "geometry": pa.string(),
}  # fmt: skip


def apply_retention() -> int:
    """Archive what is older than its table's retention. Returns the archives made."""
    made = 0
    for table in DataTable.objects.current().exclude(retention_months=None).exclude(time_field=""):
        before = _months_ago(table.retention_months or 0)
        if archive(table, before) is not None:
            made += 1
    return made


def _months_ago(months: int) -> datetime:
    today = timezone.localtime()
    month = today.year * 12 + today.month - 1 - months
    return datetime(month // 12, month % 12 + 1, 1)


@transaction.atomic
def archive(table: DataTable, before: datetime) -> Archive | None:
    """Move rows with a time before `before` into a Parquet file; None where there are none.

    The file is complete and its checksum known before a row is deleted. Raises DomainError without a time field.
    """
    spec = table.spec()
    if not spec.time_field:
        raise DomainError("no_time", _("%s has no time field to archive by.") % table)
    time_field, name = quoted(spec.time_field), ddl.table_name(spec)
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(
            f"SELECT count(*), min({time_field}), max({time_field}) FROM {name} WHERE {time_field} < %s", [before]
        )
        count, first, last = cursor.fetchone()
    if not count:
        return None
    file = (
        Path(settings.ARCHIVE_ROOT)
        / table.group
        / f"{table.table}-{first:%Y%m%d%H%M%S}-{last:%Y%m%d%H%M%S}-{timezone.now():%Y%m%d%H%M%S%f}.parquet"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    _write(spec, file, before)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {name} WHERE {time_field} < %s", [before])
        if cursor.rowcount != count or pq.read_metadata(file).num_rows != count:
            raise DomainError(
                "archive_differs", _("The archive does not hold what is to be deleted; nothing was changed.")
            )
    made = Archive.objects.create(
        table=table, first_at=timezone.make_aware(first), last_at=timezone.make_aware(last), row_count=count,
        file=str(file.relative_to(settings.ARCHIVE_ROOT)), size_bytes=file.stat().st_size, sha256=_checksum(file),
    )  # fmt: skip
    audit.record("archive data", made, after={"rows": count, "before": before.isoformat()})
    return made


def _write(spec: TableSpec, file: Path, before: datetime) -> None:
    schema = pa.schema(
        [(field.name, ARROW[field.type]) for field in spec.fields]
        + [("_source", pa.int64()), ("_lineage", pa.string())]
    )
    texts = [field.name for field in spec.fields if field.type in ("json", "geometry")]
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in _parts(spec, before):
            for row in part:
                for name in [*texts, "_lineage"]:
                    row[name] = None if row[name] is None else orjson.dumps(row[name]).decode()
            writer.write_table(pa.Table.from_pylist(part, schema))


def _parts(spec: TableSpec, before: datetime) -> Iterator[list[dict[str, Any]]]:
    names = [*(field.name for field in spec.fields), "_source", "_lineage"]
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {rows.output(spec)}, t._source, t._lineage::json, t._seq FROM {ddl.table_name(spec)} t"
                f" WHERE t.{quoted(spec.time_field)} < %s AND t._seq > %s ORDER BY t._seq LIMIT {PART}",
                [before, after],
            )
            found = cursor.fetchall()
        if not found:
            return
        after = found[-1][-1]
        yield [dict(zip(names, values, strict=False)) for values in found]


def _checksum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def path_of(found: Archive) -> Path:
    """The archive's file. Raises DomainError where it is not there or was changed."""
    file = Path(settings.ARCHIVE_ROOT) / found.file
    if not file.exists():
        raise DomainError("archive_gone", _("The file %s is not there.") % found.file)
    if _checksum(file) != found.sha256:
        raise DomainError("archive_damaged", _("The file %s was changed after it was written.") % found.file)
    return file


@transaction.atomic
def restore(found: Archive) -> int:
    """Bring an archive's rows back; what arrived since then stays as it is. Returns the rows. Raises DomainError."""
    locked = Archive.objects.select_for_update().select_related("table").get(pk=found.pk)
    if locked.state != Archive.State.ARCHIVED:
        raise DomainError("wrong_state", _("This archive is “%s”.") % locked.get_state_display())
    spec = locked.table.spec()
    texts = {field.name for field in spec.fields if field.type in ("json", "geometry")}
    total = 0
    for part in pq.ParquetFile(path_of(locked)).iter_batches(batch_size=PART):
        items = part.to_pylist()
        if spec.is_partitioned:
            ddl.ensure_partitions(spec, {str(row[spec.time_field])[:7] for row in items})
        by_source: dict[int, list[dict[str, Any]]] = {}
        for row in items:
            for name in texts:
                row[name] = None if row[name] is None else orjson.loads(row[name])
            row.pop("_lineage", None)
            by_source.setdefault(row.pop("_source"), []).append(row)
        for source, members in by_source.items():
            total += len(rows.upsert(spec, members, source, 0))
    locked.state = Archive.State.RESTORED
    locked.save(update_fields=["state"])
    audit.record("restore archive", locked, after={"rows": total})
    return total


@transaction.atomic
def ask_destruction(found: Archive, reason: str, user: User) -> DestructionRequest:
    """Ask that an archive be destroyed. Raises DomainError where it is in use or asked for already."""
    if found.state == Archive.State.DESTROYED:
        raise DomainError("wrong_state", _("This archive is “%s”.") % found.get_state_display())
    if found.destructions.filter(state="asked").exists():
        raise DomainError("asked", _("Its destruction was asked for already."))
    if not reason.strip():
        raise DomainError("no_reason", _("Say why."))
    made = DestructionRequest.objects.create(archive=found, reason=reason.strip()[:300], asked_by=user)
    audit.record("ask destruction", made)
    return made


@transaction.atomic
def decide_destruction(request: DestructionRequest, user: User, *, approve: bool) -> None:
    """Destroy the archive's file, or refuse. Never by the one who asked. Raises DomainError."""
    locked = DestructionRequest.objects.select_for_update().select_related("archive__table").get(pk=request.pk)
    if locked.state != DestructionRequest.State.ASKED:
        raise DomainError("decided", _("This was decided already."))
    if locked.asked_by_id == user.pk:
        raise DomainError("same_person", _("Another person than the one who asked must decide."))
    locked.decided_by, locked.decided_at = user, timezone.now()
    if approve:
        file = path_of(locked.archive)
        size = file.stat().st_size
        locked.protocol = _("%(file)s, %(rows)d rows, %(size)d bytes, SHA-256 %(sum)s, destroyed at %(at)s") % {
            "file": locked.archive.file, "rows": locked.archive.row_count, "size": size, "sum": locked.archive.sha256,
            "at": f"{timezone.localtime():%Y-%m-%d %H:%M:%S}",
        }  # fmt: skip
        locked.state = DestructionRequest.State.DONE
        Archive.objects.filter(pk=locked.archive_id).update(state=Archive.State.DESTROYED)
        transaction.on_commit(lambda: file.unlink(missing_ok=True))
    else:
        locked.state = DestructionRequest.State.REFUSED
    locked.save()
    audit.record("destroy archive" if approve else "refuse destruction", locked, after={"protocol": locked.protocol})


audit.describe(
    archive_data=gettext_lazy("archived data"), restore_archive=gettext_lazy("restored an archive"),
    ask_destruction=gettext_lazy("asked for destruction"), destroy_archive=gettext_lazy("destroyed an archive"),
    refuse_destruction=gettext_lazy("refused a destruction"),
)  # fmt: skip
