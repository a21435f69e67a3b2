"""Pages for everybody, on a phone or at a desk, without an account (CJJ/T 312 §4.3.6-2)."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.gis.db.models.functions import Distance
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from platform_core.errors import DomainError
from platform_core.forms.errors import blame
from platform_core.geo.measure import point_of
from platform_core.http import number_of
from platform_core.models import EvaluationPoint
from platform_core.services import throttle
from platform_core.services.divisions import own_districts
from publicservice.forms import CitizenForm
from publicservice.models import Appeal, ConvenienceService, Notice, ReturnVisit
from publicservice.services import appeals, messages

NEARBY = 20
FACILITIES = (4, 5, 6, 7, 8)  # parks, squares, markets, toilets, stations (CJJ/T 312 §2.0.6)
APPEALS_AN_HOUR = 20


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _notices() -> Any:
    now = timezone.now()
    return Notice.objects.current().filter(published_at__lte=now).filter(Q(expires_at=None) | Q(expires_at__gt=now))


def home(request: HttpRequest) -> HttpResponse:
    """What can be done here; public."""
    return render(request, "publicservice/citizen/home.html", {"notices": _notices()[:5], "kinds": Appeal.Kind.choices})


def new(request: HttpRequest) -> HttpResponse:
    """Complain, ask or suggest; public. What was typed survives an error, a photo has to be chosen again."""
    form = CitizenForm(
        request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind", "complaint")}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            throttle.demand("appeal", _address(request), APPEALS_AN_HOUR, 3600)
            wanted = appeals.NewAppeal(
                content=data["content"],
                kind=data["kind"],
                contact_name=data["contact_name"],
                phone=data["phone"],
                address=data["address"],
                location=data["location"],
                photos=data["photos"],
            )
            if settings.CITIZEN_SMS_CODE:
                appeal = appeals.receive_proved(wanted, data["code"])
            else:
                appeal = appeals.receive(wanted)
        except DomainError as error:
            blame(form, error)
        else:
            request.session["appeal"] = appeal.number
            return redirect("citizen-done")
    return render(
        request,
        "publicservice/citizen/new.html",
        {"form": form, "needs_code": settings.CITIZEN_SMS_CODE},
        status=422 if form.errors else 200,
    )


def done(request: HttpRequest) -> HttpResponse:
    """Number and query code, once, for the browser that sent the appeal."""
    appeal = get_object_or_404(Appeal, number=request.session.get("appeal", ""))
    return render(request, "publicservice/citizen/done.html", {"appeal": appeal})


@require_POST
def send_code(request: HttpRequest) -> JsonResponse:
    """Send a one-time code; public, five an hour a number."""
    try:
        code = messages.send_code(request.POST.get("phone", ""), _address(request))
    except DomainError as error:
        return JsonResponse({"message": error.message}, status=422)
    answer = {"message": _("The code is on its way.")}
    if settings.IS_DEMO and settings.SMS_GATEWAY == "console":
        answer["message"] = _("Demonstration without a gateway: the code is %s.") % code
    return JsonResponse(answer)


def track(request: HttpRequest) -> HttpResponse:
    """An appeal by its number and query code; public, and rating once there is a result."""
    number, code = request.POST.get("number", "").strip(), request.POST.get("code", "").strip()
    appeal, error = None, ""
    if request.method == "POST":
        try:
            throttle.demand("track", _address(request), 30, 600)
            appeal = Appeal.objects.filter(number=number, query_code=code).select_related("case").first()
            error = "" if appeal else _("There is no appeal with this number and code.")
            if appeal and "score" in request.POST:
                score = request.POST["score"]
                appeals.rate_appeal(appeal, number_of(score) or 0, request.POST.get("comment", "")[:200])
                appeal.refresh_from_db()
        except DomainError as refused:
            error = refused.message
    context: dict[str, Any] = {
        "appeal": appeal,
        "error": error,
        "number": number,
        "code": code,
        "scores": range(5, 0, -1),
    }
    if appeal:
        context["records"] = appeal.records.filter(is_public=True)
    return render(request, "publicservice/citizen/track.html", context, status=422 if error else 200)


def visit(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a return visit; public to who holds it."""
    found = get_object_or_404(ReturnVisit.objects.select_related("appeal__case"), token=token)
    error = ""
    if request.method == "POST" and found.state != ReturnVisit.State.DONE:
        score = request.POST.get("score", "")
        try:
            appeals.rate_appeal(found.appeal, number_of(score) or 0, request.POST.get("comment", "")[:200])
            found.refresh_from_db()
        except DomainError as refused:
            error = refused.message
    context = {"visit": found, "appeal": found.appeal, "error": error, "scores": range(5, 0, -1)}
    return render(request, "publicservice/citizen/visit.html", context, status=422 if error else 200)


def nearby(request: HttpRequest) -> HttpResponse:
    """Public facilities around a point; public."""
    point, found = point_of(request.GET), []
    if point:
        rows = (
            EvaluationPoint.objects.current()
            .filter(point_type__in=FACILITIES)
            .annotate(away=Distance("location", point))
        )
        kind = request.GET.get("kind", "")
        rows = rows.filter(point_type=kind) if kind.isdigit() else rows
        found = [
            {
                "name": row.name,
                "kind": row.get_point_type_display(),
                "address": row.address,
                "metres": round(row.away.m) if row.away else 0,
                "location": [row.location.x, row.location.y],
                "is_demo": row.is_demo,
            }
            for row in rows.order_by("away")[:NEARBY]
        ]
    kinds = [(value, EvaluationPoint.Type(value).label) for value in FACILITIES]
    context = {
        "point": [point.x, point.y] if point else None,
        "found": found,
        "kinds": kinds,
        "kind": request.GET.get("kind", ""),
    }
    return render(request, "publicservice/citizen/nearby.html", context)


def directory(request: HttpRequest) -> HttpResponse:
    """Whom to call about water, power, gas, heat; public."""
    rows = ConvenienceService.objects.current()
    groups = [(label, [row for row in rows if row.kind == kind]) for kind, label in ConvenienceService.Kind.choices]
    return render(request, "publicservice/citizen/directory.html", {"groups": [group for group in groups if group[1]]})


def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """A notice; public."""
    return render(request, "publicservice/citizen/notice.html", {"notice": get_object_or_404(_notices(), pk=pk)})


@require_GET
def districts(request: HttpRequest) -> HttpResponse:
    """The districts' boundaries for the citizens' map, coarse; public (administrative boundaries are)."""
    rows = own_districts().filter(geometry__isnull=False)
    features = []
    for row in rows:
        assert row.geometry is not None
        shape = row.geometry.simplify(0.001, preserve_topology=True)
        name = json.dumps(row.name, ensure_ascii=False)
        features.append(f'{{"type":"Feature","properties":{{"name":{name}}},"geometry":{shape.geojson}}}')
    if not features:
        raise Http404
    answer = HttpResponse(
        f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}', content_type="application/geo+json"
    )
    answer["Cache-Control"] = "public, max-age=86400"
    return answer
