"""Data convergence 数据汇聚 (CJJ/T 312 §4.1.4-7)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConvergenceConfig(AppConfig):
    """Data convergence 数据汇聚 (CJJ/T 312 §4.1.4-7)."""

    name = "convergence"
    verbose_name = _("Data convergence")
