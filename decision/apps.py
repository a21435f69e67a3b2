"""Decision support 决策建议 (CJJ/T 312 §4.1.4-5, §4.2.5, §4.3.9)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DecisionConfig(AppConfig):
    """Decision support 决策建议 (CJJ/T 312 §4.1.4-5, §4.2.5, §4.3.9)."""

    name = "decision"
    verbose_name = _("Decision support")
