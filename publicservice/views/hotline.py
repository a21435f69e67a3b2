"""The hotline's pages: an agent's, a supervisor's, reports and recordings (CJJ/T 312 §4.3.6-1)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from coordination.services.performance import Span
from platform_core.http import UserRequest, day_of, number_of
from platform_core.services import audit
from publicservice.cti import adapter
from publicservice.models import Agent, Appeal, Call
from publicservice.services import hotline
from publicservice.services.messages import phone_digest


def _panel(request: UserRequest) -> dict[str, Any]:
    agent = hotline.agent_of(request.user)
    call = hotline.current_call(agent)
    known: Any = Appeal.objects.visible_to(request.user)
    waiting = Call.objects.filter(state=Call.State.QUEUED).order_by("queued_at")
    return {
        "agent": agent,
        "call": call,
        "known": known.filter(phone_digest=phone_digest(call.caller)).order_by("-received_at")[:5]
        if call and call.caller
        else [],
        "waiting": waiting[:10],
        "waiting_count": waiting.count(),
        "answers_itself": adapter().answers_itself,
        "today": Call.objects.filter(
            agent=agent, answered_at__gte=timezone.localtime().replace(hour=0, minute=0, second=0)
        ).count(),
        "is_simulated": settings.IS_DEMO and not settings.CTI_URL,
        "active": "hotline",
    }


@login_required
@permission_required("publicservice.answer_calls", raise_exception=True)
def desk(request: UserRequest) -> HttpResponse:
    """An agent's desk: state, the call that rings, the caller's earlier appeals; for agents. Polled in part."""
    if not Agent.objects.current().filter(user=request.user).exists():
        return render(request, "publicservice/hotline.html", {"agent": None, "active": "hotline"})
    template = "_hotline.html" if request.htmx and not request.htmx.boosted else "hotline.html"
    return render(request, f"publicservice/{template}", _panel(request))


@login_required
@permission_required("publicservice.answer_calls", raise_exception=True)
@require_POST
def act(request: UserRequest, what: str) -> HttpResponse:
    """Ready, away, off; pick up, hang up, three-way; for agents, about their own calls."""
    number = number_of(request.POST.get("call")) or 0
    if what in ("ready", "away", "offline"):
        hotline.set_state(request.user, what)
        hotline.distribute()
    elif what == "pick-up":
        hotline.pick_up(request.user)
    elif what == "hang-up":
        hotline.hang_up(request.user, number)
    elif what == "three-way":
        hotline.three_way(request.user, number, request.POST.get("number", ""))
        messages.success(request, _("The third party is being called."))
    elif what == "simulate" and settings.IS_DEMO and not settings.CTI_URL:
        caller = f"138{secrets.randbelow(10**8):08d}"
        hotline.incoming(f"sim-{secrets.token_hex(6)}", caller, secrets.choice(("12319", "12345")), "1", is_demo=True)
        hotline.distribute()
    else:
        raise Http404
    return redirect("hotline")


@login_required
@permission_required("publicservice.supervise_hotline", raise_exception=True)
def supervise(request: UserRequest) -> HttpResponse:
    """Agents, queue and running calls, with listening; for the hotline's supervisors. Polled in part."""
    agents = Agent.objects.visible_to(request.user).current().select_related("user")
    open_calls = Call.objects.filter(ended_at=None).select_related("agent__user").order_by("queued_at")
    context = {
        "agents": agents,
        "waiting": [call for call in open_calls if call.state == Call.State.QUEUED],
        "running": [call for call in open_calls if call.state != Call.State.QUEUED],
        "has_place": Agent.objects.current().filter(user=request.user).exists(),
        "active": "hotline-supervise",
    }
    template = "_supervise.html" if request.htmx and not request.htmx.boosted else "supervise.html"
    return render(request, f"publicservice/{template}", context)


@login_required
@permission_required("publicservice.supervise_hotline", raise_exception=True)
@require_POST
def listen(request: UserRequest, pk: int) -> HttpResponse:
    """Listen to a running call on one's own telephone; for the hotline's supervisors."""
    hotline.listen(request.user, pk)
    messages.success(request, _("Your telephone rings; you will hear the call."))
    return redirect("hotline-supervise")


@login_required
@permission_required("publicservice.supervise_hotline", raise_exception=True)
@require_GET
def recording(request: UserRequest, pk: int) -> FileResponse:
    """A call's recording; for the hotline's supervisors, and audited."""
    call = get_object_or_404(Call, pk=pk)
    if not call.recording:
        raise Http404
    audit.record("hear recording", call)
    return FileResponse(call.recording.open("rb"), content_type="audio/wav")


@login_required
@permission_required("publicservice.supervise_hotline", raise_exception=True)
def report(request: UserRequest) -> HttpResponse:
    """Figures by day and by agent; for the hotline's supervisors."""
    last = day_of(request.GET.get("last")) or timezone.localdate()
    first = day_of(request.GET.get("first")) or last - timedelta(days=13)
    begin, end = Span(min(first, last), last).bounds()
    days = hotline.report(begin, end)
    chart = {
        "tooltip": {"trigger": "axis"},
        "legend": {"data": [_("incoming calls"), _("answered")], "top": 0},
        "grid": {"left": 50, "right": 20, "top": 34, "bottom": 24},
        "xAxis": {"type": "category", "data": [f"{row['day']:%m-%d}" for row in reversed(days)]},
        "yAxis": {"type": "value"},
        "color": ["#14506b", "#2f9e57"],
        "series": [
            {"name": _("incoming calls"), "type": "bar", "data": [row["calls"] for row in reversed(days)]},
            {"name": _("answered"), "type": "bar", "data": [row["answered"] for row in reversed(days)]},
        ],
    }
    context = {
        "days": days, "agents": hotline.report_by_agent(begin, end), "chart": chart, "first": first, "last": last,
        "active": "hotline-report",
    }  # fmt: skip
    return render(request, "publicservice/hotline_report.html", context)
