"""Performance evaluation 绩效评价 (GB/T 30428.4; CJJ/T 312 §C.0.4-4, §D.0.4-24…27)."""

from __future__ import annotations

from typing import Any

import openpyxl
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from coordination.models import Subject
from coordination.services import definitions, performance
from platform_core.http import UserRequest, day_of
from platform_core.models import Region
from platform_core.services import audit

DRILL = 200


def _span(request: UserRequest) -> tuple[str, performance.Span]:
    """Period and days asked for; this month unless said otherwise. A free span is `custom`."""
    period = request.GET.get("period", "month")
    day = day_of(request.GET.get("day")) or timezone.localdate()
    if period == "custom":
        first = day_of(request.GET.get("first")) or day.replace(day=1)
        return period, performance.Span(first, max(day_of(request.GET.get("last")) or day, first))
    return period, performance.span_of(period if period in performance.PERIODS else "month", day)


def _chart(table: performance.Table) -> dict[str, Any]:
    scored = [line for line in table.lines if line.score is not None][:15][::-1]
    return {
        "tooltip": {},
        "grid": {"left": 130, "right": 50, "top": 6, "bottom": 24},
        "xAxis": {"type": "value", "max": 100},
        "yAxis": {"type": "category", "data": [line.name for line in scored]},
        "series": [
            {
                "type": "bar",
                "data": [round(line.score or 0, 1) for line in scored],
                "label": {"show": True, "position": "right"},
            }
        ],
    }


@login_required
@permission_required("coordination.view_performance", raise_exception=True)
def report(request: UserRequest) -> HttpResponse:
    """Indicators by division, department, post, person or category, Excel by format=xlsx; for those who evaluate."""
    kind = request.GET.get("by", Subject.REGION)
    kind = kind if kind in Subject.values else Subject.REGION
    within = request.GET.get("within", "")
    period, span = _span(request)
    is_by_street = bool(within) and kind == Subject.REGION
    table = performance.report(
        kind, span, request.user, within=within if within.isdigit() else "", is_by_street=is_by_street
    )
    if request.GET.get("format") == "xlsx":
        return _excel(table)
    return render(
        request,
        "coordination/performance.html",
        {
            "table": table,
            "kinds": Subject.choices,
            "period": period,
            "periods": [
                ("day", _("day")), ("week", _("week")), ("month", _("month")), ("quarter", _("quarter")),
                ("year", _("year")), ("custom", _("from – to")),
            ],
            "day": request.GET.get("day") or timezone.localdate().isoformat(),
            "within": Region.objects.filter(code=within).defer("geometry").first() if within else None,
            "limits": [figure for figure in table.total.figures if figure.indicator.acceptance_limit is not None],
            "chart": _chart(table),
            "active": "performance",
        },
    )  # fmt: skip


def _excel(table: performance.Table) -> HttpResponse:
    from platform_core.services.exports import cell

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(_("performance")[:31])
    sheet.append([f"{table.span.first} – {table.span.last}"])
    sheet.append(
        [
            _("name"),
            *(f"{row.name}{'（' + row.unit + '）' if row.unit else ''}" for row in table.indicators),
            _("score"),
            _("grade"),
        ]
    )
    for line in [*table.lines, table.total]:
        figures = [round(figure.value, 2) if figure.value is not None else "" for figure in line.figures]
        sheet.append([cell(line.name), *figures, round(line.score, 2) if line.score is not None else "", line.grade])
    answer = HttpResponse(content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer["Content-Disposition"] = f'attachment; filename="performance-{table.kind}-{table.span.first}.xlsx"'
    book.save(answer)
    audit.record("export", name=f"performance {table.kind} {table.span.first}–{table.span.last}")
    return answer


@login_required
@permission_required("coordination.view_performance", raise_exception=True)
def drill(request: UserRequest) -> HttpResponse:
    """The cases behind a line; for those who evaluate."""
    kind, subject = request.GET.get("by", ""), request.GET.get("subject", "")
    _period, span = _span(request)
    flow = definitions.workflow(definitions.in_force().pk)
    rows = performance.cases_of(kind if kind in Subject.values else Subject.REGION, subject, span, request.user)
    found = (
        rows.select_related("category", "department", "region")
        .defer("region__geometry")
        .order_by("-reported_at")[: DRILL + 1]
    )
    cases = [(case, flow.label(case.state)) for case in found]
    return render(
        request,
        "coordination/drill.html",
        {
            "cases": cases[:DRILL],
            "has_more": len(cases) > DRILL,
            "span": span,
            "title": request.GET.get("name", subject),
            "active": "performance",
        },
    )
