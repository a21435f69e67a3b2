"""Password login, and whose rights are asked at every request."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend

REMEMBER_S = 3.0
"""How long a process may go on with rights that were changed meanwhile; reading them is two joins a request."""
MOST = 2000


class PlatformBackend(ModelBackend):
    """Django's own checks; its permissions come from roles (groups) and the user's own rights."""

    _known: dict[int, tuple[float, set[str]]] = {}

    def user_can_authenticate(self, user: Any) -> bool:
        """Neither a closed nor a retired account; asked at every request, so retiring ends open sessions too."""
        return super().user_can_authenticate(user) and user.retired_at is None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Rights of an active user, remembered by the process for REMEMBER_S."""
        if obj is not None or not user_obj.is_active or user_obj.is_superuser or settings.ENVIRONMENT == "test":
            return super().get_all_permissions(user_obj, obj)
        now = time.monotonic()
        found = self._known.get(user_obj.pk)
        if found is None or found[0] < now:
            if len(self._known) >= MOST:
                self._known.clear()
            found = self._known[user_obj.pk] = (now + REMEMBER_S, super().get_all_permissions(user_obj))
        return found[1]
