"""Pages about the tier itself: systems, architecture, clause coverage."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from platform_core.http import UserRequest
from platform_core.pages import registered
from platform_core.services import health

from . import clauses as clause_table
from .profiles import BUSINESS, DECISION, PLATFORM

LAYERS = ((DECISION, _("Decision support")), (BUSINESS, _("Business integration")), (PLATFORM, _("Unified base")))


@login_required
def system(request: UserRequest, app: str) -> HttpResponse:
    """What a system is to do, and how far it does; for those who may open the system."""
    profile = settings.PROFILE
    if not profile.has(app):
        raise Http404
    if not request.user.has_perm(f"platform_core.access_{app}"):
        raise PermissionDenied
    rows = [clause for clause in clause_table.of_tier(profile.tier) if clause.app == app]
    pages = [page for page in registered() if page.system == app and page.may(request.user, "view")]
    return render(
        request,
        "tiers/system.html",
        {
            "system": profile.system(app),
            "clauses": rows,
            "system_pages": pages,
            "active": f"system-{app}",
        },
    )


@login_required
@permission_required("platform_core.view_platform_health", raise_exception=True)
def architecture(request: UserRequest) -> HttpResponse:
    """Layers of the running tier (CJJ/T 312 app. A); for system administrators."""
    profile = settings.PROFILE
    rows = clause_table.of_tier(profile.tier)
    layers = []
    for key, title in LAYERS:
        systems = []
        for item in (system for system in profile.systems if system.layer == key):
            own = [clause for clause in rows if clause.app == item.app]
            pages = [page for page in registered() if page.system == item.app]
            systems.append(
                {
                    "system": item,
                    "total": len(own),
                    "done": sum(clause.status == "done" for clause in own),
                    "counts": [
                        (page.title_plural, page.model._default_manager.order_by()[:100_000].count())
                        for page in pages
                        if page.name != "auditentry"
                    ],
                }
            )
        layers.append({"title": title, "systems": systems})
    return render(
        request,
        "tiers/architecture.html",
        {
            "layers": layers,
            "checks": health.checks(),
            "exchange": profile.exchange,
            "active": "architecture",
        },
    )


@login_required
@permission_required("platform_core.view_platform_health", raise_exception=True)
def clauses(request: UserRequest) -> HttpResponse:
    """Clause by clause; for system administrators."""
    tier = settings.PROFILE.tier
    return render(
        request,
        "tiers/clauses.html",
        {
            "clauses": clause_table.of_tier(tier),
            "coverage": clause_table.coverage(tier),
            "active": "clauses",
        },
    )
