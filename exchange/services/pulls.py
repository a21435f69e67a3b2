"""Fetches subscribed tables from other platforms by getdata, with a cursor (CJJ/T 312 §4.1.4-6-1, §4.2.6-1)."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from exchange import remote, tables
from exchange.models import PullSubscription
from exchange.models.batch import Channel
from exchange.protocol import checks
from exchange.protocol.codes import Code
from platform_core.errors import DomainError

from . import inbound

log = logging.getLogger(__name__)
PAGE_ROWS = 1000
PULL_S = 20.0


def pull_due() -> int:
    """Fetch what is due, one worker a subscription. Returns the rows landed."""
    deadline, total = time.monotonic() + PULL_S, 0
    while time.monotonic() < deadline:
        with transaction.atomic():
            pull = (
                PullSubscription.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("source")
                .filter(is_enabled=True, retired_at=None, due_at__lte=timezone.now())
                .order_by("due_at")
                .first()
            )
            if pull is None:
                return total
            # Taken: nobody else begins while the network is waited for.
            PullSubscription.objects.filter(pk=pull.pk).update(due_at=timezone.now() + timedelta(seconds=pull.every_s))
        try:
            total += fetch(pull, deadline)
        except DomainError as error:
            PullSubscription.objects.filter(pk=pull.pk).update(last_error=error.message[:300])
            log.warning("%s: %s", pull, error.message)
    return total


def fetch(pull: PullSubscription, deadline: float) -> int:
    """All pages after the cursor; each lands together with its new cursor. Returns the rows. Raises DomainError."""
    spec = tables.keeper().find(pull.group, pull.table)
    if spec is None:
        raise DomainError("unknown_table", _("The data standard has no table %s.") % f"{pull.group}.{pull.table}")
    total, cursor = 0, pull.cursor
    while True:
        result = remote.get(remote.of_pull(pull), pull.group, pull.table, pull.where, limit=PAGE_ROWS, after=cursor)
        if result.code is not Code.SUCCESS:
            raise DomainError("refused", result.message)
        rows = result.data or []
        following = result.next_after or cursor
        if rows:
            _land(pull, spec, rows, following)
            total += len(rows)
        if not result.has_more:
            PullSubscription.objects.filter(pk=pull.pk).update(last_success_at=timezone.now(), last_error="")
            return total
        cursor = following
        if time.monotonic() > deadline:
            PullSubscription.objects.filter(pk=pull.pk).update(due_at=timezone.now())
            return total


@transaction.atomic
def _land(pull: PullSubscription, spec: tables.TableSpec, rows: list[tables.Row], following: int) -> None:
    text = orjson.dumps(rows).decode()
    try:
        checked = checks.check(spec, text.encode())
    except checks.DataError as error:
        raise DomainError("bad_data", str(error)) from error
    landing = inbound.Landing(spec, text, len(rows), Channel.PULL, pull.source_id)
    if checked.errors:
        # What another platform keeps against its own standard is set aside here, not lost and not stored.
        inbound.quarantine(landing, checked.errors)
        landing = inbound.without(landing, set(checked.errors))
    if landing.row_count:
        inbound.land(landing)
    PullSubscription.objects.filter(pk=pull.pk).update(cursor=following)
