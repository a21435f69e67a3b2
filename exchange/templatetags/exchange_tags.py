"""How the exchange's pages write states, times and shares."""

from __future__ import annotations

import math
from typing import Any

import orjson
from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

register = template.Library()
STATES: dict[str, tuple[Any, str]] = {
    "applied": (_("applied for"), "state-running"), "rejected": (_("rejected"), "state-failed"),
    "sandbox": (_("sandbox"), "state-running"), "live": (_("live"), "state-done"),
    "suspended": (_("suspended"), "state-failed"), "active": (_("active"), "state-done"),
    "paused": (_("paused"), "state-running"), "resting": (_("resting after failures"), "state-failed"),
    "waiting": (_("waiting"), "state-running"), "done": (_("stored"), "state-done"),
    "failed": (_("failed"), "state-failed"), "sent": (_("sent"), "state-done"),
    "dead": (_("dead letter"), "state-failed"),
}  # fmt: skip


@register.simple_tag
def exchange_state(state: str) -> SafeString:
    """A state as a coloured label."""
    label, kind = STATES.get(state, (state, ""))
    return format_html('<span class="tag {}">{}</span>', kind, label)


@register.simple_tag
def seconds(value: float) -> str:
    """A duration: `12 s`, `3 min`, `5 h`."""
    if value < 90:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 5400 else f"{value / 3600:.0f} h"


@register.simple_tag
def ms(value: float | None) -> str:
    """An upper bound in ms."""
    if value is None:
        return "—"
    return "> 30000" if math.isinf(value) else f"≤ {value:.0f}"


@register.simple_tag
def share(value: float | None) -> SafeString | str:
    """A percentage, red below 95."""
    if value is None:
        return "—"
    return format_html(
        '<span class="{}">{}%</span>', "bad-text" if value < 95 else "", f"{value:.1f}".removesuffix(".0")
    )


@register.simple_tag
def score_cell(value: float | None) -> SafeString:
    """A table cell with a share of 0–100: green from 95, yellow from 80, red below."""
    if value is None:
        return format_html('<td class="{}">—</td>', "score")
    kind = "good" if value >= 95 else "fair" if value >= 80 else "poor"
    return format_html('<td class="score {}">{}</td>', kind, f"{value:.1f}")


@register.filter
def to_json(value: Any) -> str:
    """JSON to read."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()
