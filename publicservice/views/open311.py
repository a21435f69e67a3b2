"""Open311 GeoReport v2, JSON and XML; public, writing with an api_key."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from xml.etree import ElementTree

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from platform_core.errors import DomainError
from platform_core.http import has_nul
from platform_core.services import throttle
from publicservice.models import Appeal
from publicservice.services import open311

NAMES = {"services": "service", "service_requests": "request", "errors": "error", "attributes": "attribute"}


def _xml(root: str, rows: list[dict[str, Any]]) -> bytes:
    top = ElementTree.Element(root)
    for row in rows:
        item = ElementTree.SubElement(top, NAMES[root])
        for name, value in row.items():
            child = ElementTree.SubElement(item, name)
            if isinstance(value, bool):
                child.text = str(value).lower()
            elif value is not None and not isinstance(value, list):
                child.text = str(value)
    return bytes(ElementTree.tostring(top, encoding="utf-8", xml_declaration=True))


def _answer(kind: str, root: str, rows: list[dict[str, Any]], status: int = 200) -> HttpResponse:
    if kind == "xml":
        return HttpResponse(_xml(root, rows), content_type="text/xml; charset=utf-8", status=status)
    return JsonResponse(rows, safe=False, status=status, json_dumps_params={"ensure_ascii": False})


def _door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Errors as the specification wants them: a list of code and description."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, kind: str = "json", **options: Any) -> HttpResponse:
        try:
            throttle.demand("open311", str(request.META.get("REMOTE_ADDR")), 600, 60)
            if has_nul(request):
                raise DomainError("400", _("A value holds a sign that cannot be stored."))
            return view(request, *args, kind=kind, **options)
        except DomainError as error:
            status = int(error.code) if error.code.isdigit() else 429 if error.code == "too_often" else 400
            return _answer(kind, "errors", [{"code": status, "description": error.message}], status)

    return checked


@require_GET
@_door
def service_list(request: HttpRequest, *, kind: str) -> HttpResponse:
    """GET services; public."""
    return _answer(kind, "services", open311.services())


@require_GET
@_door
def service_definition(request: HttpRequest, code: str, *, kind: str) -> HttpResponse:
    """GET services/<code>; public."""
    found = open311.definition(code)
    if kind == "xml":
        top = ElementTree.Element("service_definition")
        ElementTree.SubElement(top, "service_code").text = code
        ElementTree.SubElement(top, "attributes")
        text = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
        return HttpResponse(text, content_type="text/xml; charset=utf-8")
    return JsonResponse(found)


@csrf_exempt
@require_http_methods(["GET", "POST"])
@_door
def requests(request: HttpRequest, *, kind: str) -> HttpResponse:
    """GET requests (public) and POST requests (with an api_key)."""
    if request.method == "POST":
        appeal: Appeal = open311.post(request.POST.dict())
        row = {"service_request_id": appeal.number, "service_notice": "", "account_id": ""}
        return _answer(kind, "service_requests", [row], 201)
    return _answer(kind, "service_requests", open311.find(request.GET.dict()))


@require_GET
@_door
def one_request(request: HttpRequest, number: str, *, kind: str) -> HttpResponse:
    """GET requests/<id>; public."""
    rows = open311.find({"service_request_id": number})
    if not rows:
        raise DomainError("404", "service_request_id not found")
    return _answer(kind, "service_requests", rows)


@require_GET
@_door
def token(request: HttpRequest, number: str, *, kind: str) -> HttpResponse:
    """GET tokens/<token>: requests get their id at once, so a token is the id; public."""
    if not open311.public_requests().filter(number=number).exists():
        raise DomainError("404", "token not found")
    return _answer(kind, "service_requests", [{"service_request_id": number, "token": number}])


@require_GET
def discovery(request: HttpRequest) -> HttpResponse:
    """GET discovery.json: where the service lives; public."""
    base = request.build_absolute_uri("/open311/v2")
    return JsonResponse(
        {
            "changeset": "2026-11-24T00:00:00Z",
            "contact": "",
            "key_service": "",
            "endpoints": [
                {
                    "specification": "http://wiki.open311.org/GeoReport_v2",
                    "url": base,
                    "changeset": "2026-11-24T00:00:00Z",
                    "type": "production",
                    "formats": ["application/json", "text/xml"],
                }
            ],
        }
    )
