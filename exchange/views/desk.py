"""The exchange desk: monitor, services and subscriptions (CJJ/T 312 §4.1.4-6-3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from exchange import tables
from exchange.models import Alarm, PlatformAccount, PullSubscription, TableGrant
from exchange.services import monitoring, outbound
from platform_core.http import UserRequest

PERIODS = (15, 60, 24 * 60)
CHART_MINUTES = 60
CALENDAR_DAYS = 180


def _minutes(request: UserRequest) -> int:
    wanted = request.GET.get("minutes", "")
    return next((minutes for minutes in PERIODS if str(minutes) == wanted), PERIODS[1])


@login_required
@permission_required("exchange.view_platformaccount", raise_exception=True)
def monitor(request: UserRequest) -> HttpResponse:
    """Platforms, interfaces, queues, live; for those who may see connected platforms."""
    minutes = _minutes(request)
    last = timezone.localdate()
    first = last - timedelta(days=CALENDAR_DAYS - 1)
    context: dict[str, Any] = {
        "active": "exchange-monitor",
        "minutes": minutes,
        "periods": [(value, _("%d min") % value if value < 120 else _("%d h") % (value // 60)) for value in PERIODS],
        "queue": monitoring.queue(),
        "platforms": monitoring.platforms(request.user, minutes),
        "uppers": monitoring.uppers(minutes),
        "interfaces": monitoring.interfaces(request.user, minutes),
        "alarms": Alarm.objects.filter(cleared_at=None).select_related("rule")[:10],
        "now": timezone.localtime(),
    }
    if request.htmx and not request.htmx.boosted:
        return render(request, "exchange/_monitor.html", context)
    context["chart"] = _chart()
    context["calendar"] = _calendar(first.isoformat(), last.isoformat(), monitoring.days(first, last))
    return render(request, "exchange/monitor.html", context)


def _chart() -> dict[str, Any]:
    found = monitoring.series(CHART_MINUTES)
    lines = ((_("received rows"), "received", "#14506b"), (_("sent rows"), "sent", "#2e7d4f"))
    return {
        "color": [colour for _title, _name, colour in lines] + ["#a8261f"],
        "tooltip": {"trigger": "axis"},
        "legend": {"top": 0},
        "grid": {"left": 50, "right": 46, "top": 34, "bottom": 26},
        "xAxis": {"type": "category", "data": found["at"], "boundaryGap": False},
        "yAxis": [
            {"type": "value", "name": _("rows"), "minInterval": 1},
            {"type": "value", "name": _("faults"), "minInterval": 1, "splitLine": {"show": False}},
        ],
        "series": [
            *(
                {
                    "name": title,
                    "type": "line",
                    "data": found[name],
                    "showSymbol": False,
                    "areaStyle": {"opacity": 0.15},
                }
                for title, name, _colour in lines
            ),
            {"name": _("faults"), "type": "bar", "yAxisIndex": 1, "data": found["faults"], "barMaxWidth": 6},
        ],
    }


def _calendar(first: str, last: str, days: dict[str, int]) -> dict[str, Any]:
    most = max(days.values(), default=1)
    return {
        "tooltip": {},
        "visualMap": {
            "min": 0, "max": most, "type": "continuous", "orient": "horizontal", "left": "center", "bottom": 0,
            "itemHeight": 120, "itemWidth": 12, "inRange": {"color": ["#e3eff4", "#4a92b0", "#0b3144"]},
        },
        "calendar": {
            "range": [first, last], "left": 44, "right": 14, "top": 26, "bottom": 44, "cellSize": ["auto", 15],
            "dayLabel": {"firstDay": 1, "nameMap": "ZH"}, "monthLabel": {"nameMap": "ZH"}, "yearLabel": {"show": False},
            "itemStyle": {"borderColor": "#fff", "color": "#f3f6f8"}, "splitLine": {"lineStyle": {"color": "#9fb3c0"}},
        },
        "series": [{"type": "heatmap", "coordinateSystem": "calendar", "data": sorted(days.items())}],
    }  # fmt: skip


@login_required
@permission_required("exchange.view_platformaccount", raise_exception=True)
def services(request: UserRequest) -> HttpResponse:
    """Interfaces published and who subscribed 接口服务发布与订阅; for those who may see connected platforms."""
    grants = list(
        TableGrant.objects.filter(
            account__in=PlatformAccount.objects.visible_to(request.user).filter(state__in=("sandbox", "live"))
        ).select_related("account")
    )
    pulls = list(PullSubscription.objects.current().select_related("source"))
    own = set(outbound.sources())
    rows = []
    for spec in tables.keeper().all():
        fitting = [grant for grant in grants if grant.group in ("*", spec.group) and grant.table in ("*", spec.table)]
        rows.append(
            {
                "spec": spec,
                "is_own": spec.name in own,
                "push": sorted({grant.account.name for grant in fitting if grant.may_push}),
                "get": sorted({grant.account.name for grant in fitting if grant.may_get}),
                "pulls": [pull for pull in pulls if (pull.group, pull.table) == (spec.group, spec.table)],
            }
        )
    return render(request, "exchange/services.html", {"active": "exchange-services", "rows": rows})
