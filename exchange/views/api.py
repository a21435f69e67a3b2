"""The interactive description of the interface. Public: whoever wants to connect must be able to read it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from exchange import tables
from exchange.api.description import document


def openapi(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3 as JSON."""
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False})


def page(request: HttpRequest) -> HttpResponse:
    """Tables and calls, with a signature made in the browser."""
    return render(request, "exchange/api.html", {"tables": list(tables.keeper().all())})
