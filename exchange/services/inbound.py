"""From the call to the store: land durably, then clean, fuse and keep; what cannot be kept is set aside.

The batch row is the truth. A Celery message only says that there is something to do; a sweep finds what was missed.
Batches of one table are stored in the order of their arrival by one worker at a time, several in one transaction.
(CJJ/T 312 §6.1.3, §6.1.5)
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
import orjson
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange import tables
from exchange.models import InboundBatch, QuarantinedRow
from exchange.models.batch import Channel
from exchange.protocol import checks
from platform_core.errors import DomainError
from platform_core.models import User
from platform_core.services import audit

from . import outbound
from .background import every
from .prepared import fetch_one

log = logging.getLogger(__name__)
ROWS_AT_ONCE = 5000
MAX_ATTEMPTS = 5
RETRY_S = 5
DRAIN_S = 20.0
HINT_S = 0.05
LOCK_SPACE = 312_10  # advisory locks (space, table): one drain a table


@dataclass(frozen=True)
class Landing:
    """Checked rows about to become durable; `text` is the JSON array."""

    spec: tables.TableSpec
    text: str
    row_count: int
    channel: str
    account_id: int | None
    digest: bytes | None = None
    is_sandbox: bool = False


def without(landing: Landing, numbers: set[int]) -> Landing:
    """The same call less some rows."""
    rows = [raw for number, raw in enumerate(_raw(landing)) if number not in numbers]
    return replace(landing, text=msgspec.json.encode(rows).decode(), row_count=len(rows))


def _raw(landing: Landing) -> list[msgspec.Raw]:
    """Rows as written: a faulty one may hold what no parser takes."""
    found: list[msgspec.Raw] = msgspec.json.decode(landing.text, type=list[msgspec.Raw])
    return found


def check_region(spec: tables.TableSpec, landing: Landing, prefix: str, checked: checks.Checked) -> None:
    """Mark rows of divisions that the caller may not write; costs a parse only where the caller is limited."""
    name = spec.region_field
    if not prefix or not name or landing.row_count == 0:
        return
    kind = msgspec.defstruct("Place", [(name, str | None, None)])
    for number, raw in enumerate(_raw(landing)):
        if number in checked.errors:
            continue
        value = getattr(msgspec.json.decode(raw, type=kind), name)
        if value is not None and not value.startswith(prefix):
            checked.errors[number] = {name: [f"{value} 不在授权区划 {prefix} 之内"]}


_LAND = """
WITH seen AS (
  INSERT INTO exchange_seensignature (digest, seen_at) SELECT $1, now() WHERE $1 IS NOT NULL
  ON CONFLICT DO NOTHING RETURNING 1
)
INSERT INTO exchange_inboundbatch
  (account_id, channel, "group", "table", payload, row_count, state, received_at, due_at, attempts, changed_count,
   refused_count, error)
SELECT $2, $3, $4, $5, $6, $7, $8, clock_timestamp(), clock_timestamp(), 0, 0, 0, ''
WHERE $1 IS NULL OR EXISTS (SELECT 1 FROM seen)
RETURNING id
"""
_LAND_TYPES = "bytea, bigint, text, text, text, text, int, text"


def land(landing: Landing) -> int | None:
    """Make rows durable in one statement. Returns the batch's key; None where the signature was used before."""
    state = InboundBatch.State.SANDBOX if landing.is_sandbox else InboundBatch.State.WAITING
    spec = landing.spec
    row = fetch_one(
        "exchange_land",
        _LAND_TYPES,
        _LAND,
        [
            landing.digest,
            landing.account_id,
            landing.channel,
            spec.group,
            spec.table,
            landing.text,
            landing.row_count,
            state,
        ],
    )
    if row is None:
        return None
    if not landing.is_sandbox:
        every("exchange inbound hint", HINT_S, _hint)
    return int(row[0])


@transaction.atomic
def quarantine(landing: Landing, errors: Mapping[int, dict[str, list[str]]]) -> InboundBatch:
    """Set rows aside that were fetched, not pushed: their sender cannot be told."""
    rows = {number: row for number, row in enumerate(orjson.loads(landing.text)) if number in errors}
    batch = InboundBatch.objects.create(
        account_id=landing.account_id, channel=landing.channel, group=landing.spec.group, table=landing.spec.table,
        payload="[]", row_count=len(rows), refused_count=len(rows), state=InboundBatch.State.DONE,
        processed_at=timezone.now(),
    )  # fmt: skip
    QuarantinedRow.objects.bulk_create(
        QuarantinedRow(
            batch=batch, number=number, group=batch.group, table=batch.table,
            data=row if isinstance(row, dict) else {"": row}, errors=errors[number],
        )
        for number, row in rows.items()
    )  # fmt: skip
    return batch


def _hint() -> None:
    from exchange.tasks import drain_inbound, send_hint

    send_hint(drain_inbound)


def drain(seconds: float = DRAIN_S) -> int:
    """Store what waits, table by table, until nothing is due or the time is over. Returns the batches stored."""
    deadline, total = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        done = sum(_drain_table(group, table) for group, table in _waiting_tables())
        if not done:
            break
        total += done
    return total


def _waiting_tables() -> list[tuple[str, str]]:
    """A loose index scan: the number of waiting batches does not matter."""
    with connection.cursor() as cursor:
        cursor.execute("""
            WITH RECURSIVE t AS (
              (SELECT "group", "table" FROM exchange_inboundbatch WHERE state = 'waiting'
               ORDER BY "group", "table" LIMIT 1)
              UNION ALL
              SELECT n.* FROM t, LATERAL (
                SELECT b."group", b."table" FROM exchange_inboundbatch b
                WHERE b.state = 'waiting' AND (b."group", b."table") > (t."group", t."table")
                ORDER BY b."group", b."table" LIMIT 1) n)
            SELECT * FROM t""")
        return [(str(row[0]), str(row[1])) for row in cursor.fetchall()]


def _drain_table(group: str, table: str) -> int:
    """One transaction: the oldest batches of a table, as far as they come from one source."""
    spec = tables.keeper().find(group, table)
    with transaction.atomic():
        if not _lock(group, table):
            return 0
        batches = _claim(group, table)
        if not batches:
            return 0
        try:
            with transaction.atomic():
                if spec is None:
                    raise DomainError("unknown_table", _("The data standard has no table %s.") % f"{group}.{table}")
                _store(spec, batches)
        except (DatabaseError, DomainError, ValueError, TypeError) as error:
            log.warning("%s.%s: batches from %s wait: %s", group, table, batches[0].pk, error)
            if len(batches) > 1:
                _isolate(spec, batches)
            else:
                _postpone(batches[0], str(error))
    return len(batches)


def _lock(group: str, table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK_SPACE, f"{group}.{table}"])
        return bool(cursor.fetchone()[0])


def _claim(group: str, table: str) -> list[InboundBatch]:
    """The oldest waiting batches of one source, up to ROWS_AT_ONCE rows; one that must wait holds up its followers."""
    found: list[InboundBatch] = []
    rows = 0
    waiting = InboundBatch.objects.filter(state="waiting", group=group, table=table).order_by("id")
    for batch in waiting.select_related("account__region").defer("payload")[:500]:
        if batch.due_at > timezone.now() and not found:
            return []
        same = not found or (batch.account_id, batch.channel) == (found[0].account_id, found[0].channel)
        if not same or (found and rows + batch.row_count > ROWS_AT_ONCE) or batch.due_at > timezone.now():
            break
        found.append(batch)
        rows += batch.row_count
    return found


def _store(spec: tables.TableSpec, batches: Sequence[InboundBatch]) -> None:
    account = batches[0].account
    source = tables.Source(account.pk, account.name, account.region.prefix) if account else tables.Source(0, "", "")
    payloads = dict(InboundBatch.objects.filter(pk__in=[batch.pk for batch in batches]).values_list("pk", "payload"))
    arrivals = [tables.Arrival(batch.pk, orjson.loads(payloads[batch.pk])) for batch in batches]
    absorbed = tables.keeper().absorb(spec, source, arrivals)
    QuarantinedRow.objects.bulk_create(
        QuarantinedRow(
            batch_id=refusal.batch_id,
            number=refusal.number,
            group=spec.group,
            table=spec.table,
            data=refusal.row,
            errors=refusal.errors,
        )
        for refusal in absorbed.refused
    )
    refused: dict[int, int] = {}
    for refusal in absorbed.refused:
        refused[refusal.batch_id] = refused.get(refusal.batch_id, 0) + 1
    now = timezone.now()
    InboundBatch.objects.filter(pk__in=[batch.pk for batch in batches]).update(
        state=InboundBatch.State.DONE, processed_at=now, attempts=F("attempts") + 1, error=""
    )
    if absorbed.changed:  # told on the last of them: several calls are stored as one
        InboundBatch.objects.filter(pk=batches[-1].pk).update(changed_count=len(absorbed.changed))
    for batch_id, count in refused.items():
        InboundBatch.objects.filter(pk=batch_id).update(refused_count=count)
    outbound.relay(spec, absorbed.changed)


def _isolate(spec: tables.TableSpec | None, batches: Sequence[InboundBatch]) -> None:
    """One bad batch must not stop the good ones beside it: store them one by one, in order, until one fails."""
    for batch in batches:
        try:
            with transaction.atomic():
                if spec is None:
                    raise DomainError("unknown_table", _("The data standard no longer has this table."))
                _store(spec, [batch])
        except (DatabaseError, DomainError, ValueError, TypeError) as error:
            _postpone(batch, str(error))
            return


def _postpone(batch: InboundBatch, error: str) -> None:
    """Try again a little later; after MAX_ATTEMPTS it is failed, and an operator may start it again."""
    batch.attempts += 1
    batch.error = error[:2000]
    batch.due_at = timezone.now() + timedelta(seconds=RETRY_S * 2**batch.attempts)
    if batch.attempts >= MAX_ATTEMPTS:
        batch.state = InboundBatch.State.FAILED
    batch.save(update_fields=["attempts", "error", "due_at", "state"])


@transaction.atomic
def retry(batch: InboundBatch) -> None:
    """Give a failed batch another round. Raises DomainError where it is not failed."""
    started = InboundBatch.objects.filter(pk=batch.pk, state=InboundBatch.State.FAILED).update(
        state=InboundBatch.State.WAITING, attempts=0, due_at=timezone.now()
    )
    if not started:
        raise DomainError("not_failed", _("This batch has not failed."))
    audit.record("retry batch", batch)
    every("exchange inbound hint", HINT_S, _hint)


@transaction.atomic
def replay(row: QuarantinedRow, data: dict[str, Any], user: User) -> int:
    """Store a quarantined row as corrected. Returns the new batch's key.

    Raises DomainError where the row was settled already, or is still wrong (`details`: field → messages).
    """
    locked = QuarantinedRow.objects.select_for_update().get(pk=row.pk)
    if locked.state != QuarantinedRow.State.OPEN:
        raise DomainError("row_settled", _("This row was replayed or discarded already."))
    spec = tables.keeper().find(locked.group, locked.table)
    if spec is None:
        raise DomainError("unknown_table", _("The data standard no longer has this table."))
    text = orjson.dumps([data]).decode()
    try:
        checked = checks.check(spec, text.encode())
    except checks.DataError as error:
        raise DomainError("bad_row", str(error)) from error
    if checked.errors:
        faults = "；".join(f"{name}: {'、'.join(said)}" for name, said in checked.errors[0].items())
        raise DomainError("bad_row", _("Still wrong: %s") % faults, errors=checked.errors[0])
    batch_id = land(Landing(spec, text, 1, Channel.REPLAY, locked.batch.account_id))
    assert batch_id is not None
    _settle(locked, QuarantinedRow.State.REPLAYED, user)
    audit.record("replay row", locked, before={"data": locked.data}, after={"data": data})
    return batch_id


@transaction.atomic
def discard(row: QuarantinedRow, user: User) -> None:
    """Give a quarantined row up. Raises DomainError where it was settled already."""
    locked = QuarantinedRow.objects.select_for_update().get(pk=row.pk)
    if locked.state != QuarantinedRow.State.OPEN:
        raise DomainError("row_settled", _("This row was replayed or discarded already."))
    _settle(locked, QuarantinedRow.State.DISCARDED, user)
    audit.record("discard row", locked)


def _settle(row: QuarantinedRow, state: str, user: User) -> None:
    row.state, row.settled_at, row.settled_by = state, timezone.now(), user
    row.save(update_fields=["state", "settled_at", "settled_by"])


audit.describe(
    retry_batch=gettext_lazy("started a batch again"),
    replay_row=gettext_lazy("replayed a row"),
    discard_row=gettext_lazy("discarded a row"),
)
