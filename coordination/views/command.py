"""Supervision and command 监督指挥: the command hall's screen (CJJ/T 312 §4.3.4-3)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Count
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from coordination import selectors
from coordination.models import Case, CaseCategory, LastPosition, Subject
from coordination.services import definitions, performance
from platform_core.http import UserRequest
from platform_core.services.divisions import own_districts
from platform_core.views.map import home_bounds

TREND_DAYS = 30
HEAT_POINTS = 3000
NEWEST = 12
# Business lines of §4.3.4-3 by the department's trade, as the categories are grouped in GB/T 30428.2.
LINES = (
    ("P01", "municipal"), ("P02", "municipal"), ("E04", "municipal"), ("P03", "sanitation"), ("E01", "sanitation"),
    ("P04", "greening"), ("E02", "enforcement"), ("E03", "enforcement"), ("E05", "enforcement"), ("P05", "municipal"),
)  # fmt: skip


def _line_names() -> dict[str, str]:
    return {
        "municipal": _("municipal utilities"),
        "sanitation": _("appearance and sanitation"),
        "greening": _("greening"),
        "enforcement": _("law enforcement"),
    }


def _figures(request: UserRequest) -> list[dict[str, Any]]:
    open_cases: Any = Case.objects.visible_to(request.user)
    lamps = selectors.lamps(open_cases.open())
    today = performance.Span(timezone.localdate(), timezone.localdate())
    sums: Counter[str] = Counter()
    for measures in performance.measures_by_subject(Subject.REGION, today, request.user).values():
        sums.update(measures)
    return [
        {"label": _("open cases"), "value": lamps["all"], "kind": ""},
        {"label": _("overdue"), "value": lamps["red"], "kind": "bad"},
        {"label": _("soon due"), "value": lamps["yellow"], "kind": "warn"},
        {"label": _("reported today"), "value": sums["reported"], "kind": ""},
        {"label": _("registered today"), "value": sums["registered"], "kind": ""},
        {"label": _("disposed of today"), "value": sums["disposed"], "kind": ""},
        {"label": _("closed today"), "value": sums["closed"], "kind": "good"},
    ]


def _charts(request: UserRequest) -> dict[str, Any]:
    last = timezone.localdate()
    span = performance.Span(last - timedelta(days=TREND_DAYS - 1), last)
    rows: Any = Case.objects.visible_to(request.user)
    begin, _end = span.bounds()
    grouped: dict[str | None, int] = dict(
        rows.filter(reported_at__gte=begin)
        .order_by()
        .values_list("category")
        .annotate(count=Count("pk"))
        .values_list("category", "count")
    )
    return {"trend": _trend(request, span), "categories": _by_category(grouped), "lines": _by_line(grouped)}


def _trend(request: UserRequest, span: performance.Span) -> dict[str, Any]:
    reported = performance.trend("reported", span, request.user)
    closed = dict(performance.trend("closed", span, request.user))
    line = {"type": "line", "showSymbol": False}
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"data": [_("reported"), _("closed")], "top": 0},
        "grid": {"left": 44, "right": 16, "top": 30, "bottom": 24},
        "xAxis": {"type": "category", "data": [f"{day:%m-%d}" for day, _count in reported]},
        "yAxis": {"type": "value"},
        "color": ["#3fb0e0", "#58c98b"],
        "series": [
            {**line, "name": _("reported"), "data": [count for _day, count in reported]},
            {**line, "name": _("closed"), "data": [closed.get(day, 0) for day, _count in reported]},
        ],
    }


def _by_category(grouped: dict[str | None, int]) -> dict[str, Any]:
    """The ten most frequent categories."""
    top = sorted(((count, code) for code, count in grouped.items() if code), reverse=True)[:10][::-1]
    names = CaseCategory.objects.in_bulk([code for _count, code in top])
    return {
        "tooltip": {},
        "grid": {"left": 110, "right": 40, "top": 6, "bottom": 20},
        "xAxis": {"type": "value", "splitNumber": 3},
        "yAxis": {"type": "category", "data": [names[code].name if code in names else code for _n, code in top]},
        "series": [{"type": "bar", "data": [count for count, _c in top], "label": {"show": True, "position": "right"}}],
    }


def _by_line(grouped: dict[str | None, int]) -> dict[str, Any]:
    """The four business lines of §4.3.4-3."""
    sums: Counter[str] = Counter()
    for code, count in grouped.items():
        line = next((line for prefix, line in LINES if code and code.startswith(prefix)), "")
        if line:
            sums[line] += count
    ring = {
        "type": "pie",
        "radius": ["40%", "72%"],
        "center": ["30%", "52%"],
        "label": {"position": "inside", "formatter": "{c}", "color": "#06141d"},
        "data": [{"name": title, "value": sums[line]} for line, title in _line_names().items()],
    }
    return {
        "tooltip": {"trigger": "item"},
        "color": ["#3fb0e0", "#f2b84b", "#58c98b", "#e0705a"],
        "legend": {"orient": "vertical", "right": 4, "top": "middle"},
        "series": [ring],
    }


@login_required
@permission_required("coordination.watch_command", raise_exception=True)
def screen(request: UserRequest) -> HttpResponse:
    """Live cases, people and vehicles, heat, categories, trend; for those who watch the command hall."""
    return render(
        request,
        "coordination/screen.html",
        {
            "figures": _figures(request),
            **_charts(request),
            "bounds": home_bounds(request.user),
            "districts": own_districts().filter(geometry__isnull=False).visible_to(request.user).count(),
        },
    )


@login_required
@permission_required("coordination.watch_command", raise_exception=True)
@require_GET
def live(request: UserRequest) -> JsonResponse:
    """What moves on the screen, polled: figures, newest cases, positions, heat; for those who watch."""
    rows: Any = Case.objects.visible_to(request.user)
    flow = definitions.workflow(definitions.in_force().pk)
    newest = (
        rows.open().select_related("category", "region").defer("region__geometry").order_by("-reported_at")[:NEWEST]
    )
    heat = rows.open().values_list("location", flat=True)[:HEAT_POINTS]
    positions: Any = LastPosition.objects.visible_to(request.user)
    since = timezone.now() - timedelta(hours=12)
    return JsonResponse(
        {
            "figures": _figures(request),
            "newest": [
                {
                    "number": case.number,
                    "category": case.category.name if case.category else "—",
                    "state": flow.label(case.state),
                    "lamp": case.lamp,
                    "place": case.address or str(case.region),
                    "at": f"{timezone.localtime(case.reported_at):%H:%M}",
                    "location": [case.location.x, case.location.y],
                    "is_demo": case.is_demo,
                }
                for case in newest
            ],
            "heat": [[point.y, point.x, 1] for point in heat],
            "positions": [
                {
                    "name": row.user.full_name,
                    "carrier": row.carrier,
                    "at": f"{timezone.localtime(row.at):%H:%M}",
                    "location": [row.location.x, row.location.y],
                }
                for row in positions.filter(at__gte=since).select_related("user")[:500]
            ],
        }
    )
