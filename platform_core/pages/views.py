"""Views of the generic pages: thin, each states who may use it."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from platform_core.geo import layers
from platform_core.http import UserRequest
from platform_core.models import AuditEntry, ImportBatch, SavedView
from platform_core.services import audit, import_files, imports, jobs

from .base import ModelPages
from .base import find as find_pages
from .listing import PAGE_SIZES, build
from .panels import ATTACHMENTS

log = logging.getLogger(__name__)


def _pages(name: str) -> ModelPages:
    pages = find_pages(name)
    if pages is None:
        raise Http404
    return pages


def _context(request: UserRequest, pages: ModelPages, **more: Any) -> dict[str, Any]:
    return {
        "pages": pages,
        "active": f"{pages.name}-list",
        "may_add": pages.may(request.user, "add"),
        "may_change": pages.may(request.user, "change"),
        "add_page": pages.add_page[0] if pages.add_page and request.user.has_perm(pages.add_page[1]) else "",
        **more,
    }


@login_required
def list_view(request: UserRequest, name: str) -> HttpResponse:
    """List; for those who may view the model."""
    pages = _pages(name)
    pages.demand(request.user, "view")
    listing = build(pages, pages.rows(request.user), request.GET)
    context = _context(
        request,
        pages,
        listing=listing,
        page_sizes=PAGE_SIZES,
        saved_views=SavedView.objects.filter(user=request.user, page=name),
    )
    template = "_table.html" if request.htmx and not request.htmx.boosted else "list.html"
    return render(request, f"platform_core/{template}", context)


@login_required
def detail_view(request: UserRequest, name: str, pk: str) -> HttpResponse:
    """One row with its history; for those who may view it."""
    pages = _pages(name)
    pages.demand(request.user, "view")
    if pages.detail_page:
        return redirect(pages.detail_page, pages.row(request.user, pk).pk)
    instance = pages.row(request.user, pk)
    timeline = AuditEntry.objects.filter(object_type=instance._meta.label_lower, object_id=str(instance.pk)).order_by(
        "-id"
    )[:50]
    paths = pages.details or tuple(column.path for column in pages.columns)
    fields = [(pages.path_title(path), pages.value(instance, path)) for path in paths]
    return render(
        request,
        "platform_core/detail.html",
        _context(
            request,
            pages,
            instance=instance,
            fields=fields,
            timeline=timeline,
            warnings=pages.warnings(instance),
            geometry=_geometry(pages, instance),
            panels=_panels(request, pages, instance),
            may_edit=pages.may_edit(instance),
            may_retire=hasattr(instance, "retire"),
        ),
    )


def _panels(request: UserRequest, pages: ModelPages, instance: Model) -> list[dict[str, Any]]:
    """The page's tabs that the user may see, each with its context."""
    panels = [*pages.panels, *([ATTACHMENTS] if pages.may_have_attachments else [])]
    return [
        {"panel": panel, "context": panel.context(request, instance)}
        for panel in panels
        if not panel.permission or request.user.has_perm(panel.permission)
    ]


def _geometry(pages: ModelPages, instance: Model) -> str:
    field = pages.geometry_field
    shape = getattr(instance, field) if field else None
    return shape.geojson if shape else ""


@login_required
def form_view(request: UserRequest, name: str, pk: str | None = None) -> HttpResponse:
    """Create or edit; for those who may add or change."""
    pages = _pages(name)
    pages.demand(request.user, "change" if pk else "add")
    instance = pages.row(request.user, pk) if pk else None
    assert pages.form is not None
    if instance and not pages.may_edit(instance):
        raise PermissionDenied(_("This row can no longer be changed."))
    before = audit.snapshot(instance) if instance else None
    form = pages.form(request.POST or None, instance=instance, initial=None if pk else request.GET.dict())
    imports.limit_choices(form, request.user)
    if request.method == "POST" and form.is_valid():
        saved = _save(pages, form, before)
        messages.success(request, _("Saved: %s") % saved)
        for warning in pages.warnings(saved):
            messages.warning(request, warning)
        return redirect("page-detail", name, saved.pk)
    return render(
        request,
        "platform_core/form.html",
        _context(request, pages, form=form, instance=instance),
        status=422 if form.errors else 200,
    )


@transaction.atomic
def _save(pages: ModelPages, form: Any, before: dict[str, Any] | None) -> Model:
    instance: Model = form.save(commit=False)
    pages.prepare(instance)
    pages.store(instance, form)
    form.save_m2m()
    audit.record("change" if before else "create", instance, before=before, after=audit.snapshot(instance))
    transaction.on_commit(lambda: layers.touch(pages.name))
    return instance


@login_required
@require_POST
def retire_view(request: UserRequest, name: str, pk: str) -> HttpResponse:
    """Take a row out of use; for those who may change it. Nothing is deleted."""
    pages = _pages(name)
    pages.demand(request.user, "change")
    instance = pages.row(request.user, pk)
    if not hasattr(instance, "retire") or not pages.may_edit(instance):
        raise Http404
    with transaction.atomic():
        instance.retire()
        audit.record("retire", instance)
    layers.touch(name)
    messages.success(request, _("Taken out of use: %s") % instance)
    return redirect("page-list", name)


@login_required
@require_POST
def export_view(request: UserRequest, name: str) -> HttpResponse:
    """Start an export job of the rows the list shows; for those who may view."""
    pages = _pages(name)
    pages.demand(request.user, "view")
    kind = request.POST.get("format", "xlsx")
    if kind not in ("xlsx", "csv", "geojson", "zip") or (kind in ("geojson", "zip") and not pages.geometry_field):
        raise Http404
    jobs.start(
        "export",
        _("Export: %s") % pages.title_plural,
        request.user,
        page=name,
        query=request.POST.get("query", ""),
        format=kind,
    )
    messages.success(request, _("The export has started; its file will be in the job centre."))
    return redirect("jobs")


@login_required
@require_POST
def save_view(request: UserRequest, name: str) -> HttpResponse:
    """Keep filters, order and columns under a name; for those who may view."""
    pages = _pages(name)
    pages.demand(request.user, "view")
    title = request.POST.get("name", "").strip()[:40]
    if title:
        SavedView.objects.update_or_create(
            user=request.user, page=name, name=title, defaults={"query": request.POST.get("query", "")[:2000]}
        )
    return redirect(reverse("page-list", args=[name]) + "?" + request.POST.get("query", ""))


@login_required
def import_view(request: UserRequest, name: str) -> HttpResponse:
    """Upload a file and see it checked; for those who may add."""
    pages = _pages(name)
    pages.demand(request.user, "add")
    if request.method == "POST" and (upload := request.FILES.get("file")):
        batch = imports.begin(pages, upload, request.user)
        return redirect("page-import-preview", name, batch.pk)
    return render(request, "platform_core/import.html", _context(request, pages, fields=import_files.fields(pages)))


@login_required
def import_preview(request: UserRequest, name: str, batch_id: int) -> HttpResponse:
    """Rows as read with their errors; POST confirms or cancels. Only the one who uploaded may."""
    pages = _pages(name)
    pages.demand(request.user, "add")
    batch = get_object_or_404(ImportBatch.objects.select_related("job"), pk=batch_id, page=name, owner=request.user)
    if request.method == "POST":
        if "cancel" in request.POST:
            imports.cancel(batch)
            return redirect("page-list", name)
        count = imports.confirm_or_queue(pages, batch, request.user)
        if count is None:
            return redirect("page-import-preview", name, batch_id)
        messages.success(request, _("Imported %d rows.") % count)
        return redirect("page-list", name)
    if batch.is_waiting and request.htmx and not request.htmx.boosted:
        return render(request, "platform_core/_import_waiting.html", {"batch": batch, "pages": pages})
    bad, titles = batch.rows.exclude(errors={}), imports.titles(pages)
    context = _context(
        request,
        pages,
        batch=batch,
        total=batch.rows.count(),
        bad_count=bad.count(),
        bad=bad[:200],
        titles=titles,
        sample=[{"row": row, "values": imports.shown(pages, row.data)} for row in batch.rows.filter(errors={})[:10]],
    )
    answer = render(request, "platform_core/import_preview.html", context)
    if request.htmx and not request.htmx.boosted:
        answer["HX-Refresh"] = "true"  # the job is over: the whole page
    return answer
