"""Tags of coordination's pages."""

from __future__ import annotations

import html
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from coordination.models import Case, Emergency, StageRecord
from coordination.selectors import Row
from coordination.services.performance import Figure
from coordination.workflow import Move
from platform_core.forms import widgets

register = template.Library()
# Keys of StageRecord.data as readers see them.
DATA_KEYS = (gettext_noop("hours"), gettext_noop("score"), gettext_noop("number"))


@register.simple_tag
def lamp(case: Case) -> SafeString:
    """The coloured lamp, with its meaning in words for those who do not see it."""
    return _lamp(case.lamp, get_language())


@lru_cache(maxsize=32)
def _lamp(colour: str, language: str | None) -> SafeString:
    if not colour:
        return format_html('<span class="lamp off" title="{}"></span>', _("over"))
    words = {"green": _("in time"), "yellow": _("soon due"), "red": _("overdue"), "grey": _("clock stopped")}[colour]
    return format_html('<span class="lamp {}" title="{}"><span class="sr">{}</span></span>', colour, words, words)


@register.simple_tag
def time_left(case: Case) -> SafeString | str:
    """`2 h 5 min`, or how long ago the limit ended."""
    if case.is_suspended:
        return _("clock stopped")
    if case.due_at is None:
        return "—"
    minutes = int((case.due_at - timezone.now()).total_seconds() // 60)
    text = _span(abs(minutes))
    if minutes < 0:
        return format_html('<span class="bad-text">{}</span>', _("%s late") % text)
    return text


def _span(minutes: int) -> str:
    if minutes >= 2880:
        return _("%d d") % (minutes // 1440)
    if minutes >= 60:
        return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return _("%d min") % minutes


ROW = (
    '<tr data-href="{address}" tabindex="-1">{tick}<td>{lamp}</td><td class="number">{left}</td>'
    '<td><a href="{address}">{number}</a>{marks}</td><td>{state}</td><td>{category}</td>'
    '<td class="clip">{description}</td><td class="clip">{place}</td><td class="clip">{party}</td>'
    "<td>{reported_at}</td></tr>"
)
TICK = '<td><input type="checkbox" name="case" value="{}" aria-label="{}"></td>'
SHOWN = ("address", "state", "category", "place", "reported_at")


@register.simple_tag
def queue_rows(rows: list[Row], bulk: Move | None, has_leader: bool) -> SafeString:
    """The rows of a desk, written at once: by a template they cost ten times as much, and desks are asked all day."""
    return mark_safe("".join(_row(row, bulk is not None, has_leader) for row in rows))  # noqa: S308 - _row escapes


def _row(row: Row, has_ticks: bool, has_leader: bool) -> str:
    case, tick = row.case, ""
    if has_ticks:
        tick = TICK.format(row.ticket, case.number) if row.ticket else "<td></td>"
    texts = {name: getattr(row, name) for name in SHOWN}
    party = row.department if has_leader else row.source
    texts |= {"number": case.number, "description": case.description, "party": party}
    return ROW.format(
        **{name: html.escape(text) for name, text in texts.items()},
        tick=tick,
        lamp=lamp(case),
        marks=_marks(case.is_demo, bool(case.emergency), case.supervised_at is not None, get_language()),
        left=conditional_escape(time_left(case)),
    )


@lru_cache(maxsize=32)
def _marks(is_demo: bool, is_urgent: bool, is_urged: bool, language: str | None) -> SafeString:
    """What stands beside the number."""
    found = []
    if is_demo:
        found.append(format_html('<span class="tag tag-demo">{}</span>', _("demonstration")))
    if is_urgent:
        found.append(format_html('<span class="tag urgent">{}</span>', Emergency.URGENT.label))
    if is_urged:
        found.append(format_html('<span class="tag urged">{}</span>', _("urged on")))
    return format_html_join("", " {}", ((mark,) for mark in found))


register.filter("options", widgets.options)


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The page's parameters with some changed."""
    data = context["request"].GET.copy()
    for name, value in changes.items():
        data[name] = str(value)
    return "?" + data.urlencode()


@register.simple_tag
def percent(share: float) -> str:
    """0.42 → 42 %."""
    return f"{share:.0%}"


@register.simple_tag
def figure_value(figure: Figure) -> str:
    """A value with its unit; a dash where there is none."""
    if figure.value is None:
        return "—"
    unit = figure.indicator.unit
    return (
        f"{figure.value:.1f}%"
        if unit == "%"
        else f"{figure.value:g}"
        if figure.value == int(figure.value)
        else f"{figure.value:.2f}"
    )


@register.simple_tag
def form_data(record: StageRecord) -> SafeString | str:
    """What was filled in besides the opinion."""
    pairs = [(key, value) for part in record.data.values() for key, value in part.items() if key != "uuid"]
    if not pairs:
        return ""
    return format_html(
        '<p class="muted">{}</p>', format_html_join(" · ", "{}: {}", ((_(key), value) for key, value in pairs))
    )
