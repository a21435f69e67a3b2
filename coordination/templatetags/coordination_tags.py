"""Tags of coordination's pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from coordination.models import Case, StageRecord
from coordination.services.performance import Figure

register = template.Library()
# Keys of StageRecord.data as readers see them.
DATA_KEYS = (gettext_noop("hours"), gettext_noop("score"), gettext_noop("number"))


@register.simple_tag
def lamp(case: Case) -> SafeString:
    """The coloured lamp, with its meaning in words for those who do not see it."""
    colour = case.lamp
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
