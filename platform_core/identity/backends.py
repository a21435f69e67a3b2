"""Password login."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend


class PlatformBackend(ModelBackend):
    """Django's own checks; its permissions come from roles (groups) and the user's own rights."""
