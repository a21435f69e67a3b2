"""The catalogue for those who look for data (CJJ/T 312 §4.1.4-7-4)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convergence.models import CatalogueEntry
from convergence.models.table import Group
from convergence.services import catalogue
from convergence.services.browsing import Browse, browse
from platform_core.http import UserRequest

PREVIEW = 10


@login_required
@permission_required("convergence.view_catalogueentry", raise_exception=True)
def search(request: UserRequest) -> HttpResponse:
    """Published resources, by word and group; for those who may see the catalogue. Editors see all of it."""
    entries = CatalogueEntry.objects.current().select_related("table", "provider")
    if not request.user.has_perm("convergence.change_catalogueentry"):
        entries = entries.filter(state=CatalogueEntry.State.PUBLISHED)
    text, group, state = request.GET.get("q", "").strip(), request.GET.get("group", ""), request.GET.get("state", "")
    if text:
        entries = entries.filter(
            Q(title__icontains=text) | Q(code__icontains=text) | Q(keywords__icontains=text)
            | Q(summary__icontains=text) | Q(table__fields__icontains=text)
        )  # fmt: skip
    if group in Group.values:
        entries = entries.filter(table__group=group)
    if state in CatalogueEntry.State.values:
        entries = entries.filter(state=state)
    lines = []
    for entry in entries.order_by("table__group", "code")[:200]:
        newest = catalogue.freshness(entry.table)
        lines.append({"entry": entry, "newest": newest, "badge": catalogue.badge(entry.table, newest)})
    context = {
        "lines": lines, "text": text, "group": group, "groups": Group.choices, "state": state,
        "states": CatalogueEntry.State.choices, "active": "catalogue",
        "may_edit": request.user.has_perm("convergence.change_catalogueentry"),
    }  # fmt: skip
    return render(request, "convergence/catalogue.html", context)


@login_required
@permission_required("convergence.view_catalogueentry", raise_exception=True)
def entry(request: UserRequest, pk: int) -> HttpResponse:
    """One resource: metadata, fields, freshness, a few rows of the reader's divisions."""
    found = get_object_or_404(CatalogueEntry.objects.current().select_related("table", "provider"), pk=pk)
    may_edit = request.user.has_perm("convergence.change_catalogueentry")
    if found.state != CatalogueEntry.State.PUBLISHED and not may_edit:
        raise Http404
    newest = catalogue.freshness(found.table)
    context = {
        "entry": found, "spec": found.table.spec(), "newest": newest, "badge": catalogue.badge(found.table, newest),
        "followed": found.subscriptions.filter(user=request.user).exists(), "may_edit": may_edit,
        "may_publish": request.user.has_perm("convergence.publish_catalogue"), "active": "catalogue",
        "sources": found.table.sources.all(),
    }  # fmt: skip
    if found.sharing != CatalogueEntry.Sharing.NONE or may_edit:
        context["preview"] = browse(found.table, Browse(), request.user).rows[:PREVIEW]
    return render(request, "convergence/entry.html", context)


@login_required
@require_POST
@permission_required("convergence.view_catalogueentry", raise_exception=True)
def act(request: UserRequest, pk: int) -> HttpResponse:
    """Follow, submit, publish, send back, withdraw; the service checks who may."""
    found = get_object_or_404(CatalogueEntry.objects.current(), pk=pk)
    name = request.POST.get("act", "")
    if name == "follow":
        followed = catalogue.subscribe(found, request.user)
        messages.success(request, _("You are told about new data.") if followed else _("You are no longer told."))
    elif name in catalogue.MOVES:
        moved = catalogue.move(found, name, request.user, request.POST.get("note", ""))
        messages.success(request, f"{moved.title}: {moved.get_state_display()}")
    else:
        raise Http404
    return redirect("catalogue-entry", pk)


def dcat(request: HttpRequest) -> HttpResponse:
    """The published catalogue as DCAT; public, it holds metadata only."""
    answer = JsonResponse(catalogue.dcat(), json_dumps_params={"ensure_ascii": False})
    answer["Content-Type"] = "application/ld+json; charset=utf-8"
    return answer
