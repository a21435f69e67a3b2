"""Password login, and whose rights are asked at every request."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from platform_core.models import User


class PlatformBackend(ModelBackend):
    """Django's own checks; its permissions come from roles (groups) and the user's own rights."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Neither a closed nor a retired account; asked at every request, so retiring ends open sessions too."""
        return super().user_can_authenticate(user) and user.retired_at is None

    def get_user(self, user_id: int) -> User | None:
        """The account of a session, read at every request, so without building a query."""
        user = next(iter(User.objects.raw("SELECT * FROM platform_core_user WHERE id = %s", [user_id])), None)
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Rights of an active user, as User.rights remembers them."""
        if obj is not None or not user_obj.is_active or user_obj.is_superuser:
            return super().get_all_permissions(user_obj, obj)
        return set(user_obj.rights)
