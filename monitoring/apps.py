"""Operation monitoring 运行监测 and monitoring analysis 监测分析 (CJJ/T 312 §4.3.7, §4.1.4-3)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    """Operation monitoring 运行监测 and monitoring analysis 监测分析 (CJJ/T 312 §4.3.7, §4.1.4-3)."""

    name = "monitoring"
    verbose_name = _("Operation monitoring")
