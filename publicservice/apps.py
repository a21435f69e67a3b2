"""Public service 公众服务 (CJJ/T 312 §4.3.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from platform_core.models import User


def _open_appeals(user: User) -> int:
    from .models import Appeal

    return Appeal.objects.visible_to(user).filter(state=Appeal.State.RECEIVED).count()


def _visits(user: User) -> int:
    from .services.visits import call_list

    return len(call_list(user))


class PublicServiceConfig(AppConfig):
    """Public service 公众服务 (CJJ/T 312 §4.3.6)."""

    name = "publicservice"
    verbose_name = _("Public service")

    def ready(self) -> None:
        """Declare pages; hear of cases; what goes to and comes from the exchange."""
        from convergence.loading import register_loader
        from platform_core.context import register_count
        from platform_core.events import case_moved
        from platform_core.services.audit import describe

        from . import pages  # noqa: F401 - registers
        from .services import appeals, publishing

        case_moved.connect(appeals.on_case_moved, dispatch_uid="appeals")
        publishing.connect_publishers()
        register_loader("service.appeal", publishing.take_in)
        register_count("appeal-list", _open_appeals)
        register_count("visits", _visits)
        describe(reveal_contact=_("looked at who made it"), hear_recording=_("heard a recording"))
