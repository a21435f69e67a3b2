"""Application maintenance 应用维护 (CJJ/T 312 §4.1.4-8, §9)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MaintenanceConfig(AppConfig):
    """Application maintenance 应用维护 (CJJ/T 312 §4.1.4-8, §9)."""

    name = "maintenance"
    verbose_name = _("Application maintenance")
