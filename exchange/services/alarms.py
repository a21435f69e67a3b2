"""Tells administrators when the exchange is not well (CJJ/T 312 §6.1.6)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from exchange import remote
from exchange.models import Alarm, AlarmRule, CallStatistic, PlatformAccount, UpperPlatform
from exchange.protocol.codes import Code
from platform_core.models import User
from platform_core.services.notifications import notify

from . import monitoring

log = logging.getLogger(__name__)
LEAST_CALLS = 5
Measured = Iterator[tuple[str, float]]


def _failure_rate(rule: AlarmRule) -> Measured:
    """Per peer, in %; a handful of calls is no rate."""
    since = timezone.now() - timedelta(minutes=rule.period_min)
    rows = CallStatistic.objects.filter(minute__gte=since).values("peer").annotate(
        total=Sum("calls"), bad=Sum("calls", filter=~Q(code=Code.SUCCESS))
    )  # fmt: skip
    names = dict(PlatformAccount.objects.exclude(app_id=None).values_list("app_id", "name"))
    names |= {f"upper:{key}": name for key, name in UpperPlatform.objects.values_list("pk", "name")}
    for row in rows:
        if row["total"] >= LEAST_CALLS and row["peer"] in names:
            yield names[row["peer"]], 100 * (row["bad"] or 0) / row["total"]


def _lag(_rule: AlarmRule) -> Measured:
    queue = monitoring.queue()
    yield _("received, not stored"), queue.inbound_lag_s
    yield _("owed, not sent"), queue.outbound_lag_s


def _silence(_rule: AlarmRule) -> Measured:
    """Minutes since the last call of each live platform."""
    now = timezone.now()
    for account in PlatformAccount.objects.current().filter(state="live"):
        last = account.last_seen_at or account.reviewed_at
        if last:
            yield account.name, (now - last).total_seconds() / 60


def _dead_letters(_rule: AlarmRule) -> Measured:
    yield _("outbox"), float(monitoring.queue().dead)


def _quarantine(_rule: AlarmRule) -> Measured:
    yield _("quarantine"), float(monitoring.queue().quarantine)


MEASURES: dict[str, Callable[[AlarmRule], Measured]] = {
    "failure_rate": _failure_rate, "lag": _lag, "silence": _silence, "dead_letters": _dead_letters,
    "quarantine": _quarantine,
}  # fmt: skip


DEFAULTS = (
    ("调用失败率过高", "failure_rate", 20, 15),
    ("数据积压过久", "lag", 600, 15),
    ("平台一天未调用", "silence", 1440, 15),
    ("出现死信", "dead_letters", 0, 15),
    ("问题数据过多", "quarantine", 100, 15),
)


def load_defaults() -> int:
    """A first set of rules where there is none; they are edited in the page. Returns how many were made."""
    if AlarmRule.objects.exists():
        return 0
    for name, kind, threshold, period in DEFAULTS:
        AlarmRule.objects.create(name=name, kind=kind, threshold=threshold, period_min=period)
    return len(DEFAULTS)


def check() -> int:
    """Raise what is newly broken, clear what is well again. Returns the alarms raised."""
    raised = 0
    for rule in AlarmRule.objects.current().filter(is_enabled=True):
        values = dict(MEASURES[rule.kind](rule))
        broken = {subject: value for subject, value in values.items() if value > rule.threshold}
        for subject, value in broken.items():
            raised += _raise(rule, subject, value)
        rule.alarms.filter(cleared_at=None).exclude(subject__in=[subject[:100] for subject in broken]).update(
            cleared_at=timezone.now()
        )
    return raised


def _raise(rule: AlarmRule, subject: str, value: float) -> int:
    with transaction.atomic():
        alarm, is_new = Alarm.objects.get_or_create(
            rule=rule, subject=subject[:100], cleared_at=None, defaults={"value": value}
        )
        if not is_new:
            Alarm.objects.filter(pk=alarm.pk).update(value=value)
            return 0
        for user in User.objects.with_right("exchange.operate_exchange")[:100]:
            notify(
                user,
                _("Exchange alarm: %s") % f"{rule.name} {subject} {value:.0f}",
                url="/exchange/monitor/",
                level="warning",
            )
    if rule.webhook:
        _call_webhook(rule, alarm)
    return 1


def _call_webhook(rule: AlarmRule, alarm: Alarm) -> None:
    content = {
        "rule": rule.name, "kind": rule.kind, "subject": alarm.subject, "value": alarm.value,
        "threshold": rule.threshold, "raisedAt": alarm.raised_at.isoformat(),
    }  # fmt: skip
    try:
        remote.client().post(rule.webhook, json=content, timeout=5).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("webhook of %s: %s", rule, error)
