"""DRF permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

if TYPE_CHECKING:  # rest_framework reads this module while it is being imported itself
    from rest_framework.request import Request
    from rest_framework.views import APIView


class DenyByDefault(BasePermission):
    """A view that forgot to say who may use it refuses everybody."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Nobody."""
        return False
