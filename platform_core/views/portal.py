"""Portal 统一门户: home page, search, health, style guide (CJJ/T 312 §4.1.2-3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from platform_core.context import menu, page_url, waiting
from platform_core.forms.models import RegionChoice
from platform_core.http import UserRequest
from platform_core.models import PlatformInstance, Role, User
from platform_core.pages import find, registered
from platform_core.services import audit, health

SEARCH_HITS = 8
NEWS = 6
COUNTED = 10_000


def healthz(request: UserRequest) -> HttpResponse:
    """For load balancers: 200 when a request can be served, else 503. Public, says nothing else."""
    good = health.ready()
    return JsonResponse({"ok": good}, status=200 if good else 503)


@login_required
def home(request: UserRequest) -> HttpResponse:
    """What the user's roles put on their desk, their news and their work in the background; for every user."""
    roles = list(Role.objects.filter(user=request.user))
    return render(
        request,
        "platform_core/home.html",
        {
            "tiles": _tiles(request.user, roles),
            "roles": roles,
            "scopes": request.user.data_scopes.select_related("region", "organisation"),
            "news": request.user.notifications.filter(read_at=None).order_by("-id")[:NEWS],
            "jobs": request.user.jobs.order_by("-id")[:NEWS],
            "active": "home",
        },
    )


def _tiles(user: User, roles: list[Role]) -> list[dict[str, Any]]:
    """The tiles of all roles once each, as far as the user's rights reach; lists with the count of visible rows."""
    entries = {entry["key"]: entry for group in menu(user) for entry in group["entries"]}
    open_to_all = {
        "screen": {"label": _("Command screen"), "url": reverse("screen"), "icon": "activity"},
        "map": {"label": _("Map"), "url": reverse("map"), "icon": "map"},
    }
    tiles: list[dict[str, Any]] = []
    for name in dict.fromkeys(name for role in roles for name in role.home_tiles):
        pages = find(name.removesuffix("-list")) if name.endswith("-list") else None
        if pages is not None and pages.may(user, "view"):
            count = pages.rows(user).order_by()[: COUNTED + 1].count()
            tiles.append({"label": pages.title_plural, "url": page_url(name), "count": count, "most": COUNTED})
        elif name in open_to_all:
            tiles.append(open_to_all[name])
        elif pages is None and name in entries:
            tiles.append(_entry_tile(name, entries[name], user))
    return tiles


def _entry_tile(key: str, entry: dict[str, Any], user: User) -> dict[str, Any]:
    count = waiting(key, user)
    if count is None:
        return {"icon": entry["name"], **entry}
    return {"count": count, "most": COUNTED, "label": entry["label"], "url": entry["url"]}


@login_required
def search(request: UserRequest) -> HttpResponse:
    """Everything the user may see whose code or name contains the text; for every user."""
    text = request.GET.get("q", "").strip()
    found: list[dict[str, Any]] = []
    for pages in registered():
        if len(text) < 2 or not pages.search or not pages.may(request.user, "view"):
            continue
        match = Q()
        for path in pages.search:
            match |= Q(**{f"{path}__icontains": text})
        if rows := list(pages.rows(request.user).filter(match)[:SEARCH_HITS]):
            found.append({"pages": pages, "rows": rows})
    return render(request, "platform_core/search.html", {"text": text, "found": found})


@login_required
@permission_required("platform_core.view_platform_health", raise_exception=True)
def health_page(request: UserRequest) -> HttpResponse:
    """State of processes and servers; for system administrators (CJJ/T 312 §9.2.2)."""
    return render(request, "platform_core/health.html", {"checks": health.checks(), "active": "health"})


@login_required
@require_POST
@permission_required("platform_core.verify_audit_log", raise_exception=True)
def verify_audit(request: UserRequest) -> HttpResponse:
    """Recompute the chain; for audit administrators."""
    report = audit.verify()
    if report.is_intact:
        messages.success(request, _("The audit log is intact: %d entries checked.") % report.checked)
    else:
        messages.error(request, _("The audit log is broken at chain number %d.") % report.broken_at)
    return redirect("page-list", "auditentry")


class RegionForm(forms.Form):
    """A form for the style guide: one field right, one wrong."""

    name = forms.CharField(label=gettext_lazy("name"), required=False)
    region = RegionChoice()


@login_required
@permission_required("platform_core.view_platform_health", raise_exception=True)
def style_guide(request: UserRequest) -> HttpResponse:
    """All pieces of a page; for system administrators."""
    chart = {
        "tooltip": {},
        "xAxis": {"data": [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri")]},
        "yAxis": {},
        "series": [{"type": "bar", "data": [12, 20, 15, 8, 17]}],
    }
    levels = (
        ("success", gettext_lazy("It worked.")),
        ("warning", gettext_lazy("Look at this.")),
        ("error", gettext_lazy("This is wrong.")),
    )
    platform = PlatformInstance.objects.select_related("region").first()
    shape = platform.region.geometry if platform else None
    context = {
        "chart": chart,
        "levels": levels,
        "codes": ("210102", "210103", "210105"),
        "form": RegionForm({"region": "000000"}),  # unknown, so that an error shows
        "shape": shape.simplify(0.01).geojson if shape else "",
        "active": "style-guide",
    }
    return render(request, "platform_core/style_guide.html", context)


def forbidden(request: UserRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return render(
        request,
        "platform_core/error.html",
        {"message": str(exception or "") or _("You do not have the right to do this.")},
        status=403,
    )


def not_found(request: UserRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return render(
        request,
        "platform_core/error.html",
        {"message": _("There is nothing here, or it lies outside your data scope.")},
        status=404,
    )
