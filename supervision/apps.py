"""Supervision and inspection 监督检查 (CJJ/T 312 §4.1.4-2, §4.2.2)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupervisionConfig(AppConfig):
    """Supervision and inspection 监督检查 (CJJ/T 312 §4.1.4-2, §4.2.2)."""

    name = "supervision"
    verbose_name = _("Supervision and inspection")
