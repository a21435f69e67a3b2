"""Data exchange 数据交换 (CJJ/T 312 §6, app. B)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    """Data exchange 数据交换 (CJJ/T 312 §6, app. B)."""

    name = "exchange"
    verbose_name = _("Data exchange")

    def ready(self) -> None:
        """Connect what must happen whenever an account changes; listen on MQTT."""
        from . import listeners, pages  # noqa: F401 - registers
        from .channels import mqtt

        listeners.connect()
        mqtt.register()
