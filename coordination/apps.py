"""Command and coordination 指挥协调 (CJJ/T 312 §4.3.4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from platform_core.models import User


def _waiting(queue: str, user: User) -> int:
    from .selectors import QUEUES, queue_rows

    return queue_rows(QUEUES[queue], user).order_by().count()


class CoordinationConfig(AppConfig):
    """Command and coordination 指挥协调 (CJJ/T 312 §4.3.4)."""

    name = "coordination"
    verbose_name = _("Command and coordination")

    def ready(self) -> None:
        """Declare pages, map layers, jobs, and what goes to and comes from the exchange."""
        from convergence.loading import register_loader
        from platform_core.context import register_count
        from platform_core.geo.layers import MapLayer, register
        from platform_core.services.audit import describe

        from . import pages, selectors
        from .models import Case, Place
        from .services import keytasks, publishing

        register(
            MapLayer(
                "partfacility", _("Part facilities"), pages.PartFacility, "location", ("code", "name", "type_code"),
                "coordination.view_partfacility", "#2e7d4f", "point", cluster_below=16, page="partfacility",
                is_on=False,
            )
        )  # fmt: skip
        register(
            MapLayer(
                "case", _("Open cases"), Case, "location", ("number", "description", "state"), "coordination.view_case",
                "#b3261e", "point", cluster_below=14, page="case", seconds=15,
                restrict=lambda rows, zoom: rows.filter(is_open=True),
            )
        )  # fmt: skip
        register(
            MapLayer(
                "place", _("Places"), Place, "location", ("code", "name"), "coordination.view_place", "#6a3d9a",
                "point", cluster_below=15, page="place", is_on=False,
            )
        )  # fmt: skip
        describe(
            draft_workflow=_("drafted a workflow"),
            edit_workflow=_("edited a workflow"),
            publish_workflow=_("published a workflow"),
            assign_key_task=_("assigned a key task"),
            answer_key_task=_("answered a key task"),
        )
        for queue in selectors.QUEUES.values():
            register_count(f"desk:{queue.code}", partial(_waiting, queue.code))
        publishing.connect_publishers()
        register_loader("supervision.keyTask", keytasks.receive)
