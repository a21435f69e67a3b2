"""A case: its page, its moves, a new one, the print sheet, and what helps to decide."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.gis.geos import Point
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Min
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from coordination import forms, selectors
from coordination.models import Case, PartFacility
from coordination.services import (
    classifying,
    definitions,
    duplicates,
    geocoding,
    holding,
    moving,
    reporting,
    routing,
)
from coordination.workflow import Workflow
from platform_core.errors import DomainError
from platform_core.forms.errors import blame
from platform_core.http import UserRequest, number_of

HELPS_WITH = {"reported", "registering"}


def _demand_view(request: UserRequest) -> None:
    if not (
        request.user.has_perm("platform_core.access_coordination") and request.user.has_perm("coordination.view_case")
    ):
        raise PermissionDenied(_("You do not have the right to do this."))


def _map_data(case: Case, request: UserRequest) -> dict[str, Any]:
    shown = {"unitgrid": "platform_core.view_unitgrid", "partfacility": "coordination.view_partfacility"}
    return {
        "layers": [name for name, right in shown.items() if request.user.has_perm(right)],
        "location": [case.location.x, case.location.y],
        "part": [case.part.location.x, case.part.location.y] if case.part else None,
        "number": case.number,
    }


def _forms(
    case: Case, flow: Workflow, request: UserRequest, pending: set[str], failed: forms.MoveForm | None
) -> list[dict[str, Any]]:
    """The moves offered, each with its form."""
    found = []
    for step in holding.offered(case, flow, request.user, pending):
        suggestion = routing.suggest(case) if "department" in step.requires else None
        if failed is not None and failed.step.code == step.code:
            fields = forms.fields_html(failed)
        else:
            known = forms.Known.of(step, case, suggestion.department.pk if suggestion else None)
            fields = forms.empty_fields(case.definition_id, step.code, known)
        is_open = failed is not None and failed.step.code == step.code
        found.append({"step": step, "fields": fields, "suggestion": suggestion, "is_open": is_open})
    return found


def _show(request: UserRequest, pk: int, failed: forms.MoveForm | None = None, status: int = 200) -> HttpResponse:
    case = selectors.case_of(request.user, pk)
    flow = definitions.workflow(case.definition_id)
    is_new = case.state in HELPS_WITH
    pending = selectors.pending_of(case, flow)
    desk = request.GET.get("desk") or request.POST.get("desk", "")
    context = {
        "case": case,
        "state": flow.label(case.state),
        "steps": _steps(case, flow),
        "pending": pending,
        "moves": _forms(case, flow, request, {asked.kind for asked in pending}, failed),
        "timeline": selectors.timeline(case, flow),
        "near": duplicates.near(case.location, case.category_id or "", request.user, excluding=case.pk)
        if is_new
        else [],
        "guesses": classifying.suggest_categories(case.description) if is_new and not case.category_id else [],
        "map": _map_data(case, request),
        "desk": desk if desk in selectors.QUEUES else "",
        "active": "case-list",
    }
    return render(request, "coordination/case.html", context, status=status)


def _steps(case: Case, flow: Workflow) -> list[dict[str, Any]]:
    """The main path of the case's workflow, with what is behind and where the case is."""
    path, here = flow.main_path(), flow.place_on_path(case.state)
    at = path.index(here) if here else -1
    is_over = flow.states[here].is_final if here else False
    return [
        {"label": flow.label(code), "is_done": number < at or is_over, "is_here": number == at}
        for number, code in enumerate(path)
    ]


@login_required
def detail(request: UserRequest, pk: int) -> HttpResponse:
    """A case with its course, photos, place, and the moves that are the reader's; for those who may see cases."""
    _demand_view(request)
    return _show(request, pk)


@login_required
@require_GET
def random_case(request: UserRequest) -> HttpResponse:
    """A case drawn by chance, with its whole course: the spot check of acceptance (CJJ/T 312 §D.0.4-29).

    For those who may see cases; drawn among the reader's cases that have been registered.
    """
    _demand_view(request)
    rows: Any = Case.objects.visible_to(request.user).filter(registered_at__isnull=False)
    ends = rows.aggregate(low=Min("pk"), high=Max("pk"))
    if ends["low"] is None:
        messages.warning(request, _("No cases."))
        return redirect("page-list", "case")
    start = secrets.randbelow(ends["high"] - ends["low"] + 1) + ends["low"]
    drawn = rows.filter(pk__gte=start).order_by("pk").values_list("pk", flat=True).first()
    return redirect("case", drawn)


@login_required
@require_POST
def make_move(request: UserRequest, pk: int, code: str) -> HttpResponse:
    """Make a move; for those whose turn it is. An error keeps what was typed."""
    _demand_view(request)
    rows: Any = Case.objects.visible_to(request.user)
    case = get_object_or_404(rows.only("definition_id", "category_id", "emergency"), pk=pk)
    flow = definitions.workflow(case.definition_id)
    step = flow.moves.get(code)
    if step is None:
        raise Http404
    form = forms.MoveForm(step, forms.Known.of(step, case), request.POST, request.FILES, prefix=code)
    if not form.is_valid():
        return _show(request, pk, form, 422)
    try:
        moved = moving.move(pk, code, request.user, form.given(), version=_version(request))
    except DomainError as error:
        blame(form, error)
        messages.error(request, error.message)
        return _show(request, pk, form, 409)
    messages.success(request, _("%(number)s: %(move)s. Now “%(state)s”.") % {
        "number": moved.number, "move": step.label, "state": flow.label(moved.state),
    })  # fmt: skip
    queue = selectors.QUEUES.get(request.POST.get("desk", ""))
    if queue and request.user.has_perm(f"coordination.{queue.right}"):
        return redirect("desk", queue.code)
    return redirect("case", pk)


def _version(request: UserRequest) -> int | None:
    return number_of(request.POST.get("version"))


@login_required
@permission_required("coordination.accept_case", raise_exception=True)
def new_case(request: UserRequest) -> HttpResponse:
    """Take down a report; for acceptors. What was typed survives an error."""
    form = forms.CaseForm(request.POST or None, request.FILES or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        report = reporting.Report(
            description=given["description"],
            location=given["location"],
            source=given["source"],
            category=given["category"],
            address=given["address"] or geocoding.address_at(given["location"]),
            emergency=given["emergency"],
            part=given["part"],
            photos=given["photos"],
        )
        try:
            case = reporting.report(report, request.user)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("Taken down as %s.") % case.number)
            return redirect(reverse("case", args=[case.pk]) + "?desk=acceptance")
    return render(
        request,
        "coordination/new_case.html",
        {"form": form, "active": "/coordination/desk/acceptance/"},
        status=422 if form.errors else 200,
    )


@login_required
@require_GET
def helps(request: UserRequest) -> HttpResponse:
    """What helps while a report is taken down: categories for the text, similar cases near the place; for acceptors."""
    if not request.user.has_perm("coordination.accept_case"):
        raise PermissionDenied
    location = _point(request.GET.get("location", ""))
    category = request.GET.get("category", "")
    context = {
        "guesses": classifying.suggest_categories(request.GET.get("description", "")),
        "near": duplicates.near(location, category, request.user) if location else [],
        "address": geocoding.address_at(location) if location else "",
    }
    return render(request, "coordination/_helps.html", context)


def _point(text: str) -> Point | None:
    """A GeoJSON point; None for anything else."""
    try:
        shape = json.loads(text) if text else {}
        longitude, latitude = shape["coordinates"]
        return Point(float(longitude), float(latitude), srid=4490)
    except (ValueError, KeyError, TypeError):
        return None


@login_required
@require_GET
def part_at(request: UserRequest) -> JsonResponse:
    """The part nearest to a point within 15 m, with its owner; for those who may see parts."""
    if not request.user.has_perm("coordination.view_partfacility"):
        raise PermissionDenied
    location = _point(request.GET.get("location", ""))
    if location is None:
        return JsonResponse({"message": _("The place cannot be read.")}, status=400)
    reach = 15 / duplicates.METRES_PER_DEGREE
    from django.contrib.gis.db.models.functions import Distance

    rows = PartFacility.objects.current().filter(location__dwithin=(location, reach)).select_related("owner")
    part = rows.annotate(away=Distance("location", location)).order_by("away").first()
    if part is None:
        return JsonResponse({})
    return JsonResponse(
        {
            "code": part.code,
            "name": part.name,
            "category": f"P{part.type_code}",
            "owner": part.owner.name if part.owner else "",
            "location": [part.location.x, part.location.y],
        }
    )


@login_required
@require_GET
def print_sheet(request: UserRequest, pk: int) -> HttpResponse:
    """The case as a PDF sheet; for those who may see it."""
    _demand_view(request)
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    case = selectors.case_of(request.user, pk)
    flow = definitions.workflow(case.definition_id)
    entries = selectors.timeline(case, flow)
    html = render_to_string(
        "coordination/sheet.html",
        {
            "case": case,
            "state": flow.label(case.state),
            "timeline": entries,
            "photos": _photo_data(entries),
        },
        request,
    )
    fetcher = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)  # only what stands in the sheet itself
    answer = HttpResponse(HTML(string=html, url_fetcher=fetcher).write_pdf(), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{case.number}.pdf"'
    return answer


def _photo_data(entries: list[selectors.Entry]) -> list[dict[str, str]]:
    import base64

    found = []
    for entry in entries:
        for photo in entry.photos:
            if photo.thumbnail:
                with photo.thumbnail.open("rb") as stream:
                    data = base64.b64encode(stream.read()).decode()
                found.append({"label": entry.move or _("report"), "uri": f"data:image/jpeg;base64,{data}"})
    return found
