"""The floor every system stands on."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PlatformCoreConfig(AppConfig):
    """Shared vocabulary, identity, audit, maps and the shell of the pages."""

    name = "platform_core"
    verbose_name = _("Platform")

    def ready(self) -> None:
        """Bind Celery, connect listeners, declare pages."""
        from . import celery, listeners

        celery.app.set_default()
        listeners.connect()
        post_migrate.connect(listeners.create_access_permissions, sender=self)
