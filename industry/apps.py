"""Industry applications 行业应用 (CJJ/T 312 §4.3.5)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IndustryConfig(AppConfig):
    """Industry applications 行业应用 (CJJ/T 312 §4.3.5)."""

    name = "industry"
    verbose_name = _("Industry applications")
