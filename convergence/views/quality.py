"""Quality of converged data (CJJ/T 312 C.0.2-4), and the life cycle's acts (C.0.2-2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from convergence.models import Archive, DataTable, DestructionRequest, QualityScore
from convergence.services import lifecycle, quality
from exchange.models import PlatformAccount, QuarantinedRow
from platform_core.http import UserRequest

TITLES = {
    "truthfulness": gettext_lazy("truthfulness"), "completeness": gettext_lazy("completeness"),
    "accuracy": gettext_lazy("accuracy"), "consistency": gettext_lazy("consistency"),
    "currency": gettext_lazy("currency"), "exchangeability": gettext_lazy("exchangeability"),
}  # fmt: skip
SHOWN = 100
COLOURS = ["#14506b", "#2e7d4f", "#c2571a", "#6a3d9a", "#2b8ab5", "#8a5a00", "#1d2733"]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        newest = QualityScore.objects.order_by("-day").values_list("day", flat=True).first()
        return newest or timezone.localdate()


@login_required
@permission_required("convergence.view_qualityscore", raise_exception=True)
def overview(request: UserRequest) -> HttpResponse:
    """Scores of a day by table and platform, and the trend; for those who may see quality."""
    day = _day(request.GET.get("day", ""))
    accounts = dict(PlatformAccount.objects.visible_to(request.user).values_list("pk", "name")) | {
        0: _("this platform")
    }
    found_scores = QualityScore.objects.filter(day=day, source__in=list(accounts)).select_related("table")
    scores = [
        {"score": score, "source": accounts[score.source], "values": [getattr(score, name) for name in TITLES]}
        for score in found_scores.order_by("total")
    ]  # fmt: skip
    found = quality.trend(None)
    chart: dict[str, Any] = {
        "color": COLOURS,
        "tooltip": {"trigger": "axis"},
        "legend": {"top": 0},
        "grid": {"left": 40, "right": 16, "top": 34, "bottom": 26},
        "xAxis": {"type": "category", "data": found["day"]},
        "yAxis": {"type": "value", "min": 0, "max": 100},
        "series": [
            {"name": str(title), "type": "line", "data": found[name], "connectNulls": True}
            for name, title in (*TITLES.items(), ("total", _("score")))
        ],
    }
    context = {
        "scores": scores, "day": day, "previous": day - timedelta(days=1), "following": day + timedelta(days=1),
        "titles": list(TITLES.values()), "chart": chart, "active": "quality",
    }  # fmt: skip
    return render(request, "convergence/quality.html", context)


@login_required
@permission_required("convergence.view_qualityscore", raise_exception=True)
def rows(request: UserRequest, pk: int) -> HttpResponse:
    """The rows behind a score: what rules found, what is in quarantine; for those who may see quality."""
    score = get_object_or_404(QualityScore.objects.select_related("table"), pk=pk)
    if score.source and not PlatformAccount.objects.visible_to(request.user).filter(pk=score.source).exists():
        raise Http404
    dimension = request.GET.get("dimension", "")
    changes = quality.changes(score.table, score.source, score.day, dimension)
    refused = QuarantinedRow.objects.visible_to(request.user).filter(
        group=score.table.group, table=score.table.table, batch__account=score.source or None,
        created_at__date=score.day,
    )  # fmt: skip
    context = {
        "score": score, "titles": TITLES, "dimension": dimension, "changes": changes.order_by("-id")[:SHOWN],
        "refused": refused[:SHOWN], "values": [(name, title, getattr(score, name)) for name, title in TITLES.items()],
        "active": "quality",
    }  # fmt: skip
    return render(request, "convergence/quality_rows.html", context)


@login_required
@require_POST
@permission_required("convergence.change_archive", raise_exception=True)
def archive_act(request: UserRequest, pk: int) -> HttpResponse:
    """Bring an archive back, or ask for its destruction; for those who keep archives."""
    found = get_object_or_404(Archive, pk=pk)
    if request.POST.get("act") == "restore":
        messages.success(request, _("%d rows are back.") % lifecycle.restore(found))
        return redirect("page-detail", "archive", pk)
    asked = lifecycle.ask_destruction(found, request.POST.get("reason", ""), request.user)
    messages.success(request, _("Asked; somebody else decides."))
    return redirect("page-detail", "destructionrequest", asked.pk)


@login_required
@require_POST
@permission_required("convergence.approve_destruction", raise_exception=True)
def destruction_act(request: UserRequest, pk: int) -> HttpResponse:
    """Decide about a destruction; for those who may approve it, never the one who asked."""
    asked = get_object_or_404(DestructionRequest, pk=pk)
    lifecycle.decide_destruction(asked, request.user, approve=request.POST.get("act") == "approve")
    messages.success(request, _("Decided."))
    return redirect("page-detail", "destructionrequest", pk)


@login_required
@require_POST
@permission_required("convergence.change_archive", raise_exception=True)
def archive_now(request: UserRequest, pk: int) -> HttpResponse:
    """Archive rows of a table before a day; for those who keep archives."""
    table = get_object_or_404(DataTable.objects.current(), pk=pk)
    text = request.POST.get("before", "")
    try:
        before = date.fromisoformat(text)
    except ValueError:
        messages.error(request, _("“%s” is not a day.") % text)
        return redirect("page-detail", "datatable", pk)
    made = lifecycle.archive(table, datetime(before.year, before.month, before.day))
    if made is None:
        messages.warning(request, _("There is nothing before that day."))
        return redirect("page-detail", "datatable", pk)
    messages.success(request, _("%d rows are archived.") % made.row_count)
    return redirect("page-detail", "archive", made.pk)
