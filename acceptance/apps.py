"""Acceptance 验收 (CJJ/T 312 §8.2, apps. C–E)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AcceptanceConfig(AppConfig):
    """Acceptance 验收 (CJJ/T 312 §8.2, apps. C–E)."""

    name = "acceptance"
    verbose_name = _("Acceptance")
