"""Public service 公众服务 (CJJ/T 312 §4.3.6)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PublicServiceConfig(AppConfig):
    """Public service 公众服务 (CJJ/T 312 §4.3.6)."""

    name = "publicservice"
    verbose_name = _("Public service")
