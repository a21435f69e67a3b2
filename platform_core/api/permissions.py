"""DRF permissions."""

from __future__ import annotations

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class DenyByDefault(BasePermission):
    """A view that forgot to say who may use it refuses everybody."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Nobody."""
        return False
