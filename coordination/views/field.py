"""The supervisor's phone: a PWA that goes on working without a network (CJJ/T 106 监管数据无线采集).

Reports, answers and positions wait in the phone (IndexedDB) and are sent when the network is back; each carries an id
of the phone's, so that one which arrives twice counts once.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from coordination.models import Case, CaseCategory, CaseTask, RosterEntry, StageRecord
from coordination.services import definitions, field, moving, reporting
from platform_core.errors import DomainError
from platform_core.geo.measure import point_of
from platform_core.http import UserRequest

MINE = 30


def _demand(request: UserRequest, right: str = "field_case") -> None:
    if not request.user.has_perm(f"coordination.{right}"):
        raise PermissionDenied(_("You do not have the right to do this."))


@login_required
def app(request: UserRequest) -> HttpResponse:
    """The page; for supervisors. Everything in it comes by `state`, so that it can be kept for offline use."""
    _demand(request)
    return render(request, "coordination/field.html")


def worker(request: HttpRequest) -> HttpResponse:
    """The service worker; for everybody, it holds no data."""
    files = [
        "css/platform.css", "css/field.css", "js/field.js", "js/map.js", "vendor/protomaps-leaflet.js",
        "leaflet/leaflet.js", "leaflet/leaflet.css", "icon.svg",
    ]  # fmt: skip
    answer = render(
        request,
        "coordination/field_worker.js",
        {"files": [static(name) for name in files]},
        content_type="text/javascript",
    )
    answer["Service-Worker-Allowed"] = "/coordination/field/"
    answer["Cache-Control"] = "no-cache"
    return answer


def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest; for everybody."""
    return JsonResponse(
        {
            "name": _("City supervisor"),
            "short_name": _("City supervisor"),
            "start_url": "/coordination/field/",
            "scope": "/coordination/field/",
            "display": "standalone",
            "background_color": "#f3f6f8",
            "theme_color": "#14506b",
            "icons": [{"src": static("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
        },
        content_type="application/manifest+json",
    )


@login_required
@require_GET
def state(request: UserRequest) -> JsonResponse:
    """The supervisor's tasks, reports, shift and the categories, and a fresh CSRF token; for supervisors."""
    _demand(request)
    flow = definitions.workflow(definitions.in_force().pk)
    return JsonResponse(
        {
            "csrf": get_token(request),
            "name": request.user.full_name,
            "tasks": [_task(task) for task in _tasks(request)],
            "mine": [
                {
                    "number": case.number,
                    "category": case.category.name if case.category else "",
                    "description": case.description,
                    "state": flow.label(case.state),
                    "at": f"{timezone.localtime(case.reported_at):%m-%d %H:%M}",
                }
                for case in Case.objects.filter(reporter=request.user)
                .select_related("category")
                .order_by("-reported_at")[:MINE]
            ],
            "categories": [
                {"code": row.code, "name": row.name, "major": row.major_name, "kind": row.kind}
                for row in CaseCategory.objects.current()
            ],
            "shift": _shift(field.today(request.user)),
            "km_today": _km_today(request),
        }
    )


def _tasks(request: UserRequest) -> list[CaseTask]:
    rows: Any = CaseTask.objects.visible_to(request.user)
    open_tasks = rows.filter(state="open", kind__in=("verify", "check"))
    mine = open_tasks.filter(assignee=request.user) | open_tasks.filter(assignee=None)
    found: list[CaseTask] = list(mine.select_related("case__category").order_by("case__due_at", "id")[:100])
    return found


def _task(task: CaseTask) -> dict[str, Any]:
    case = task.case
    return {
        "id": task.pk,
        "case": case.pk,
        "version": case.version,
        "kind": task.kind,
        "number": case.number,
        "category": case.category.name if case.category else "",
        "description": case.description,
        "address": case.address,
        "location": [case.location.x, case.location.y],
        "due": f"{timezone.localtime(case.due_at):%m-%d %H:%M}" if case.due_at else "",
        "lamp": case.lamp,
    }


def _shift(entry: RosterEntry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {
        "name": str(entry.shift),
        "day": str(entry.day),
        "came": f"{timezone.localtime(entry.came_at):%H:%M}" if entry.came_at else "",
        "left": f"{timezone.localtime(entry.left_at):%H:%M}" if entry.left_at else "",
        "is_late": entry.is_late,
    }


def _km_today(request: UserRequest) -> float:
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return round(field.track_km(request.user.pk, start, start + timedelta(days=1)), 2)


def _refused(error: DomainError) -> JsonResponse:
    """422 with the reason: the phone keeps the item and shows why, instead of sending it for ever."""
    return JsonResponse({"code": error.code, "message": error.message}, status=422)


def _moment(text: str) -> datetime | None:
    """When the phone says it was done; never in the future, never more than three days ago."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None or timezone.is_naive(found):
        return None
    now = timezone.now()
    return min(max(found, now - timedelta(days=3)), now)


@login_required
@require_POST
def report(request: UserRequest) -> JsonResponse:
    """A report with photos; for supervisors. `uuid` is the phone's own number of it."""
    _demand(request, "report_case")
    location = point_of(request.POST)
    if location is None:
        return JsonResponse({"code": "no_location", "message": _("The position is needed.")}, status=422)
    try:
        number = uuid.UUID(request.POST.get("uuid", ""))
        case = reporting.report(
            reporting.Report(
                description=request.POST.get("description", ""),
                location=location,
                category=request.POST.get("category", ""),
                address=request.POST.get("address", ""),
                part=request.POST.get("part", ""),
                client_uuid=number,
                photos=request.FILES.getlist("photos"),
            ),
            request.user,
            at=_moment(request.POST.get("at", "")),
        )
    except ValueError:
        return JsonResponse({"code": "bad_uuid", "message": _("The report has no number of its own.")}, status=422)
    except DomainError as error:
        return _refused(error)
    return JsonResponse({"number": case.number}, status=201)


@login_required
@require_POST
def answer(request: UserRequest, case_id: int) -> JsonResponse:
    """The result of a verification or check; for the supervisor whose task it is. Sent twice, it counts once."""
    _demand(request)
    code, number = request.POST.get("move", ""), request.POST.get("uuid", "")
    if code not in ("verify_true", "verify_false", "check_pass", "check_fail"):
        return JsonResponse({"code": "bad_move", "message": _("This is no answer.")}, status=422)
    if number and StageRecord.objects.filter(case=case_id, actor=request.user, data__form__uuid=number).exists():
        return JsonResponse({"number": ""})
    given = moving.Given(
        opinion=request.POST.get("opinion", ""),
        photos=request.FILES.getlist("photos"),
        location=point_of(request.POST),
        form={"uuid": number} if number else {},
    )
    try:
        case = moving.move(case_id, code, request.user, given)
    except DomainError as error:
        return _refused(error)
    return JsonResponse({"number": case.number}, status=201)


@login_required
@require_POST
def track(request: UserRequest) -> JsonResponse:
    """Positions; for supervisors. Positions sent before are passed over."""
    _demand(request)
    try:
        fixes = [
            field.Fix(
                datetime.fromtimestamp(row["at"] / 1000, tz=timezone.get_default_timezone()),
                float(row["lon"]),
                float(row["lat"]),
                float(row["accuracy"]) if row.get("accuracy") is not None else None,
            )
            for row in json.loads(request.body)["points"]
        ]
        kept = field.keep_track(request.user, fixes)
    except (ValueError, KeyError, TypeError, OverflowError, RawPostDataException):  # the last: it came as a form
        return JsonResponse({"code": "bad_points", "message": _("The positions cannot be read.")}, status=422)
    except DomainError as error:
        return _refused(error)
    return JsonResponse({"kept": kept})


@login_required
@require_POST
def attend(request: UserRequest) -> JsonResponse:
    """Check in or out of a shift; for supervisors."""
    _demand(request)
    try:
        if request.POST.get("direction") == "out":
            entry = field.check_out(request.user)
        else:
            entry = field.check_in(request.user, point_of(request.POST))
    except DomainError as error:
        return _refused(error)
    return JsonResponse({"shift": _shift(entry)})
