"""Domain errors as JSON, in one place."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from platform_core.errors import DomainError


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DomainError → 409 {code, message, details}; DRF's own errors as usual."""
    if isinstance(error, DomainError):
        return Response({"code": error.code, "message": error.message, "details": error.details}, status=409)
    return drf_handler(error, context)
