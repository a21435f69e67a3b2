"""Comprehensive evaluation 综合评价 (CJJ/T 312 §4.1.4-4)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvaluationConfig(AppConfig):
    """Comprehensive evaluation 综合评价 (CJJ/T 312 §4.1.4-4)."""

    name = "evaluation"
    verbose_name = _("Comprehensive evaluation")
