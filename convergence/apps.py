"""Data convergence 数据汇聚 (CJJ/T 312 §4.1.4-7)."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class ConvergenceConfig(AppConfig):
    """Data convergence 数据汇聚 (CJJ/T 312 §4.1.4-7)."""

    name = "convergence"
    verbose_name = _("Data convergence")

    def ready(self) -> None:
        """Become the keeper of the exchange's tables; publish or load the shared vocabulary."""
        from exchange.tables import register_keeper

        from . import loading, pages  # noqa: F401 - registers
        from .services.keeping import keeper

        register_keeper(keeper)
        receives = any(way.receives and way.partner != "horizontal" for way in settings.PROFILE.exchange)
        if receives:
            loading.connect_loaders()
        else:
            loading.connect_publishers()
