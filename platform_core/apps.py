"""The floor every system stands on."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PlatformCoreConfig(AppConfig):
    """Shared vocabulary, identity, audit, maps and the shell of the pages."""

    name = "platform_core"
    verbose_name = _("Platform")

    def ready(self) -> None:
        """Bind Celery, connect listeners, declare pages, jobs and layers."""
        from . import celery, listeners
        from .geo import layers
        from .pages import administration, geography  # noqa: F401 - registers
        from .services import exports, imports  # noqa: F401 - register kinds of jobs

        celery.app.set_default()
        for app in settings.PROFILE.apps:
            if find_spec(f"{app}.admin"):
                import_module(f"{app}.admin")
        listeners.connect()
        layers.register_core_layers()
        post_migrate.connect(listeners.create_access_permissions, sender=self)
