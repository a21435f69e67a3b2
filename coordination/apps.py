"""Command and coordination 指挥协调 (CJJ/T 312 §4.3.4)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoordinationConfig(AppConfig):
    """Command and coordination 指挥协调 (CJJ/T 312 §4.3.4)."""

    name = "coordination"
    verbose_name = _("Command and coordination")

    def ready(self) -> None:
        """Declare pages and the map layer."""
        from platform_core.geo import layers

        from . import pages

        model = pages.PartFacility
        layers.register(
            layers.MapLayer(
                "partfacility",
                _("Part facilities"),
                model,
                "location",
                ("code", "name", "type_code"),
                "coordination.view_partfacility",
                "#2e7d4f",
                "point",
                cluster_below=16,
                page="partfacility",
                is_on=False,
            )
        )
