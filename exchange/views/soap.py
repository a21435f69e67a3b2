"""SOAP address (CJJ/T 312 §6.1.4). Public: the signature says who calls."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from exchange.channels import soap
from exchange.protocol.codes import Refused

from .interface import read_body


@csrf_exempt
def endpoint(request: HttpRequest) -> HttpResponse:
    """POST an envelope; GET (?wsdl) the description."""
    if request.method == "GET":
        return HttpResponse(soap.wsdl(f"{settings.PUBLIC_URL}{request.path}"), content_type="text/xml; charset=utf-8")
    if request.method != "POST":
        answer = HttpResponse(status=405)
        answer["Allow"] = "GET, POST"
        return answer
    try:
        body = read_body(request)
    except Refused as refusal:
        return HttpResponse(soap.fault(refusal), content_type="text/xml; charset=utf-8", status=refusal.http_status)
    content, kind = soap.answer(body)
    return HttpResponse(content, content_type=kind)
