"""Password login."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend


class PlatformBackend(ModelBackend):
    """Django's own checks; its permissions come from roles (groups) and the user's own rights."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Neither a closed nor a retired account; asked at every request, so retiring ends open sessions too."""
        return super().user_can_authenticate(user) and user.retired_at is None
