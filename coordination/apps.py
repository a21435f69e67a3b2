"""Command and coordination 指挥协调 (CJJ/T 312 §4.3.4)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoordinationConfig(AppConfig):
    """Command and coordination 指挥协调 (CJJ/T 312 §4.3.4)."""

    name = "coordination"
    verbose_name = _("Command and coordination")
