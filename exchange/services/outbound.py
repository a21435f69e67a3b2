"""The outbox: rows owed to upper platforms, in order, until they are acknowledged (CJJ/T 312 §4.3.10, §6.1.6).

A domain app calls `publish` in its own transaction. Its rows take the same way as those that came from outside: they
are stored here, and what is new or changed goes on to every target that wants the table. So a province relays what its
cities sent, and what changed nothing is not sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import orjson
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange import tables
from exchange.models import OutboundChunk, OutboundLane, UpperPlatform
from exchange.models.batch import Channel
from platform_core.errors import DomainError
from platform_core.services import audit

from .background import every

CHUNK_ROWS = 1000
HINT_S = 0.05
Publisher = Callable[[], Iterable[tables.Row]]
_publishers: dict[str, Publisher] = {}


def register_source(name: str, rows: Publisher) -> None:
    """Declare where all rows of `group.table` come from, so that the whole table can be sent (again)."""
    _publishers[name] = rows


def sources() -> list[str]:
    """Tables this platform has rows of its own for."""
    return sorted(_publishers)


def publish(group: str, table: str, rows: Sequence[tables.Row]) -> None:
    """Hand rows of this platform to the exchange, in the caller's transaction.

    Raises DomainError where the data standard has no such table or a row does not fit it: then the caller's change
    is not made either, instead of being lost on the way up.
    """
    from exchange.protocol import checks

    from . import inbound

    spec = tables.keeper().find(group, table)
    if spec is None:
        raise DomainError("unknown_table", _("The data standard has no table %s.") % f"{group}.{table}")
    for part in _parts(rows):
        text = orjson.dumps(part, default=str).decode()
        checked = checks.check(spec, text.encode())
        if checked.errors:
            number, errors = next(iter(checked.errors.items()))
            said = "；".join(f"{name}: {'、'.join(found)}" for name, found in errors.items())
            raise DomainError("bad_row", _("Row %(row)d of %(table)s: %(errors)s") % {
                "row": number + 1, "table": spec.name, "errors": said})  # fmt: skip
        inbound.land(inbound.Landing(spec, text, len(part), Channel.LOCAL, None))


def _parts(rows: Iterable[tables.Row]) -> Iterator[list[tables.Row]]:
    iterator = iter(rows)
    while part := list(islice(iterator, CHUNK_ROWS)):
        yield part


def publish_all(name: str) -> int:
    """Publish a whole table of this platform again. Returns the number of rows. Raises DomainError."""
    if name not in _publishers:
        raise DomainError("no_source", _("This platform has no rows of its own for %s.") % name)
    group, _dot, table = name.partition(".")
    total = 0
    for part in _parts(_publishers[name]()):
        with transaction.atomic():
            publish(group, table, part)
        total += len(part)
    return total


def relay(spec: tables.TableSpec, rows: Sequence[tables.Row]) -> None:
    """Owe rows to every target that wants the table; in the transaction that stored them."""
    if not rows:
        return
    wanting = [
        target for target in UpperPlatform.objects.filter(state="active", retired_at=None) if target.wants(spec.name)
    ]
    if not wanting:
        return
    for target in wanting:
        owe(target, spec, rows)
    transaction.on_commit(wake)


def owe(target: UpperPlatform, spec: tables.TableSpec, rows: Iterable[tables.Row]) -> int:
    """Append rows to a target's lane. Returns how many."""
    lane, total = None, 0
    for part in _parts(rows):
        if lane is None:
            lane, _created = OutboundLane.objects.get_or_create(target=target, group=spec.group, table=spec.table)
        OutboundChunk.objects.create(lane=lane, payload=_compact(part), row_count=len(part))
        total += len(part)
    return total


def _compact(rows: Sequence[dict[str, Any]]) -> str:
    return orjson.dumps(rows, default=str).decode()


def resend(target: UpperPlatform, name: str) -> int:
    """Owe a target the whole table as it is stored here, read page by page. Returns the rows. Raises DomainError."""
    group, _dot, table = name.partition(".")
    spec = tables.keeper().find(group, table)
    if spec is None or not target.wants(name):
        raise DomainError("unknown_table", _("The data standard has no table %s.") % name)
    total, after = 0, 0
    while True:
        page = tables.keeper().select(spec, tables.Selection("TRUE", (), limit=CHUNK_ROWS, after=after), "")
        with transaction.atomic():
            total += owe(target, spec, page.rows)
        if not page.has_more:
            break
        after = page.next_after or 0
    wake()
    return total


def wake() -> None:
    """Tell the workers that there is something to send."""
    every("exchange outbound hint", HINT_S, _hint)


def _hint() -> None:
    from exchange.tasks import send_hint, send_outbound

    send_hint(send_outbound)


audit.describe(
    grant_tables=gettext_lazy("granted tables"),
    withdraw_tables=gettext_lazy("withdrew tables"),
    join_upper_platform=gettext_lazy("applied at an upper platform"),
    admitted_by_upper_platform=gettext_lazy("was admitted by an upper platform"),
    pause_upper_platform=gettext_lazy("paused sending"),
    resume_upper_platform=gettext_lazy("resumed sending"),
    resend_table=gettext_lazy("sent a table again"),
    discard_chunk=gettext_lazy("gave a dead letter up"),
)
