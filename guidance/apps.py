"""Business guidance 业务指导 (CJJ/T 312 §4.1.4-1)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GuidanceConfig(AppConfig):
    """Business guidance 业务指导 (CJJ/T 312 §4.1.4-1)."""

    name = "guidance"
    verbose_name = _("Business guidance")
