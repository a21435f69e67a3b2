"""Lists and detail pages of the exchange (CJJ/T 312 §4.1.4-6-3, §6.2)."""

from __future__ import annotations

from typing import Any

import orjson
from django.utils.translation import gettext_lazy as _

from exchange import forms, tables
from exchange.models import (
    Alarm,
    AlarmRule,
    Connector,
    InboundBatch,
    OutboundChunk,
    PlatformAccount,
    PullSubscription,
    QuarantinedRow,
    UpperPlatform,
)
from platform_core.http import UserRequest
from platform_core.pages import Column, ModelPages, register
from platform_core.pages.base import Panel

SHOWN = 50


def _account_panel(request: UserRequest, account: PlatformAccount) -> dict[str, Any]:
    user = request.user
    return {
        "keys": account.keys.all(),
        "grants": account.grants.select_related("region"),
        "grant_form": forms.GrantForm(),
        "may_review": user.has_perm("exchange.review_account"),
        "may_keys": user.has_perm("exchange.manage_keys"),
        "batches": account.batches.order_by("-id")[:10],
    }


def _upper_panel(request: UserRequest, upper: UpperPlatform) -> dict[str, Any]:
    lanes = []
    for lane in upper.lanes.order_by("group", "table"):
        chunks = lane.chunks.filter(state="waiting")
        lanes.append({"lane": lane, "waiting": chunks.count(), "rows": sum(chunks.values_list("row_count", flat=True))})
    return {
        "lanes": lanes,
        "tables": [spec for spec in tables.keeper().all() if upper.wants(spec.name)],
        "may": request.user.has_perm("exchange.operate_exchange"),
        "dead": OutboundChunk.objects.filter(lane__target=upper, state="dead").select_related("lane")[:SHOWN],
    }


def _batch_panel(request: UserRequest, batch: InboundBatch) -> dict[str, Any]:
    rows = orjson.loads(batch.payload)[:SHOWN]
    names = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    return {
        "names": names,
        "rows": [[row.get(name) for name in names] for row in rows if isinstance(row, dict)],
        "quarantine": batch.quarantine.order_by("number")[:SHOWN],
        "may": request.user.has_perm("exchange.operate_exchange") and batch.state == "failed",
    }


def _connector_panel(request: UserRequest, connector: Connector) -> dict[str, Any]:
    return {"runs": connector.runs.all()[:20], "may": request.user.has_perm("exchange.operate_exchange")}


def _quarantine_panel(request: UserRequest, row: QuarantinedRow) -> dict[str, Any]:
    spec = tables.keeper().find(row.group, row.table)
    fields = [
        {"field": field, "value": row.data.get(field.name, ""), "errors": row.errors.get(field.name, [])}
        for field in (spec.fields if spec else ())
    ]
    return {
        "fields": fields,
        "other_errors": {name: said for name, said in row.errors.items() if not spec or spec.field(name) is None},
        "may": request.user.has_perm("exchange.operate_exchange") and row.state == "open",
    }


@register
class PlatformAccountPages(ModelPages):
    """Connected platforms 接入平台."""

    model, system, form = PlatformAccount, "exchange", forms.AccountForm
    columns = (
        Column("name", sort=True), Column("app_id", sort=True), Column("kind"), Column("region"), Column("state"),
        Column("algorithm", is_default=False), Column("last_seen_at"), Column("created_at", sort=True),
    )  # fmt: skip
    details = (
        "name", "app_id", "kind", "region", "state", "algorithm", "service_address", "contact", "window_s",
        "push_windows", "is_partial", "max_rows", "calls_per_minute", "review_note", "reviewed_at", "last_seen_at",
    )  # fmt: skip
    filters, search, order, related = ("kind", "state", "region"), ("name", "app_id"), "-created_at", ("region",)
    panels = (Panel("access", _("Keys and subscriptions"), "exchange/panels/account.html", _account_panel),)


@register
class UpperPlatformPages(ModelPages):
    """Upper platforms 上级平台."""

    model, system, form = UpperPlatform, "exchange", forms.UpperForm
    columns = (
        Column("name", sort=True), Column("address"), Column("state"), Column("app_id"), Column("last_success_at"),
        Column("last_error"),
    )  # fmt: skip
    details = (
        "name", "address", "state", "app_id", "algorithm", "tables", "push_windows", "chunk_rows", "failures",
        "open_until", "last_success_at", "last_error",
    )  # fmt: skip
    search, order = ("name", "address"), "name"
    panels = (Panel("outbox", _("Outbox"), "exchange/panels/upper.html", _upper_panel),)


@register
class InboundBatchPages(ModelPages):
    """Received batches 接收批次."""

    model, system = InboundBatch, "exchange"
    columns = (
        Column("id", "#", sort=True), Column("received_at"), Column("account"), Column("channel"), Column("group"),
        Column("table"), Column("row_count", is_numeric=True), Column("changed_count", is_numeric=True),
        Column("refused_count", is_numeric=True), Column("state"),
    )  # fmt: skip
    details = (
        "id", "account", "channel", "group", "table", "row_count", "changed_count", "refused_count", "state",
        "received_at", "processed_at", "attempts", "error",
    )  # fmt: skip
    filters, search, order, related = ("state", "channel", "account", "table"), ("table",), "-id", ("account",)
    panels = (Panel("rows", _("Rows as received"), "exchange/panels/batch.html", _batch_panel),)


@register
class QuarantinedRowPages(ModelPages):
    """Quarantine 问题数据: rows that could not be stored."""

    model, system = QuarantinedRow, "exchange"
    columns = (
        Column("id", "#", sort=True), Column("created_at"), Column("group"), Column("table"), Column("errors"),
        Column("state"), Column("settled_by", is_default=False),
    )  # fmt: skip
    details = ("batch", "number", "group", "table", "state", "created_at", "settled_at", "settled_by", "errors")
    filters, search, order, related = ("state", "group", "table"), ("table",), "-id", ("settled_by",)
    panels = (Panel("correct", _("Correct and replay"), "exchange/panels/quarantine.html", _quarantine_panel),)


@register
class OutboundChunkPages(ModelPages):
    """Outbox 发送队列."""

    model, system = OutboundChunk, "exchange"
    columns = (
        Column("id", "#", sort=True), Column("lane"), Column("row_count", is_numeric=True), Column("state"),
        Column("created_at"), Column("sent_at"), Column("error"),
    )  # fmt: skip
    filters, order, related = ("state",), "-id", ("lane__target",)


@register
class PullSubscriptionPages(ModelPages):
    """Subscriptions by which tables are fetched 接口服务订阅."""

    model, system, form = PullSubscription, "exchange", forms.PullForm
    columns = (
        Column("source"), Column("group"), Column("table"), Column("every_s", is_numeric=True), Column("is_enabled"),
        Column("cursor", is_numeric=True), Column("last_success_at"), Column("last_error"),
    )  # fmt: skip
    filters, order, related = ("is_enabled", "group"), "pk", ("source",)


@register
class ConnectorPages(ModelPages):
    """Connections to departments' systems 部门系统对接."""

    model, system, form = Connector, "exchange", forms.ConnectorForm
    columns = (
        Column("name", sort=True), Column("kind"), Column("group"), Column("table"), Column("every_s", is_numeric=True),
        Column("is_enabled"), Column("due_at"),
    )  # fmt: skip
    details = (
        "name",
        "kind",
        "region",
        "address",
        "query",
        "group",
        "table",
        "mapping",
        "every_s",
        "is_enabled",
        "cursor",
    )
    filters, search, order, related = ("kind", "is_enabled"), ("name",), "name", ("region",)
    panels = (Panel("runs", _("Try and run"), "exchange/panels/connector.html", _connector_panel),)


@register
class AlarmRulePages(ModelPages):
    """Alarm rules 告警规则."""

    model, system, form = AlarmRule, "exchange", forms.AlarmRuleForm
    columns = (
        Column("name", sort=True), Column("kind"), Column("threshold", is_numeric=True),
        Column("period_min", is_numeric=True), Column("webhook"), Column("is_enabled"),
    )  # fmt: skip
    filters, search, order = ("kind", "is_enabled"), ("name",), "name"


@register
class AlarmPages(ModelPages):
    """Alarms 告警."""

    model, system = Alarm, "exchange"
    columns = (
        Column("raised_at"), Column("rule"), Column("subject"), Column("value", is_numeric=True), Column("cleared_at"),
    )  # fmt: skip
    filters, search, order, related = ("rule",), ("subject",), "-id", ("rule",)
