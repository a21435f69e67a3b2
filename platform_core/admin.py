"""Data administration (django-unfold): small tables of the platform that need no page of their own.

Not Django's default site: third-party apps register there, and their tables are nobody's daily work. An app's
`admin.py` registers with `site` and derives from `PlatformAdmin`, which keeps data scope and audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from platform_core.models import PlatformInstance, Sequence, WorkingPeriod
from platform_core.services import audit

# Unfold is driven by Alpine.js, which evaluates attributes; only these pages allow it.
RELAXED = {"script-src": ["'unsafe-inline'", "'unsafe-eval'"]}


class PlatformAdminSite(UnfoldAdminSite):
    """For staff who may open application maintenance."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff with the system's right."""
        return super().has_permission(request) and request.user.has_perm("platform_core.access_maintenance")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The platform's own log-in, with its lockout and second factor; refusal for those who are logged in."""
        if request.user.is_authenticated and not self.has_permission(request):
            from platform_core.views.portal import forbidden

            return forbidden(request)  # type: ignore[arg-type]
        return HttpResponseRedirect(f"{resolve_url(settings.LOGIN_URL)}?next={resolve_url('admin:index')}")

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        """As Django's, with the content policy these pages need."""
        inner = super().admin_view(view, cacheable)

        def relaxed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            answer = inner(request, *args, **kwargs)
            answer._csp_update = RELAXED
            return answer

        return update_wrapper(relaxed, inner)


site = PlatformAdminSite(name="admin")


class PlatformAdmin(ModelAdmin):
    """Rows of the user's data scope; every change in the audit log; nothing is deleted unless a class allows it."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows the user may see."""
        rows = super().get_queryset(request)
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save and record (Django wraps the view in one transaction)."""
        before = audit.snapshot(type(obj)._default_manager.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        audit.record("change" if change else "create", obj, before=before, after=audit.snapshot(obj))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete and record."""
        audit.record("delete", obj, before=audit.snapshot(obj))
        super().delete_model(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """No."""
        return False


class WorkingPeriodAdmin(PlatformAdmin):
    """Working hours; a wrong one is removed."""

    list_display = ("starts_at", "ends_at")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """By right."""
        return request.user.has_perm("platform_core.delete_workingperiod")


class PlatformInstanceAdmin(PlatformAdmin):
    """Name and parent address; tier and region are fixed at set-up."""

    fields = ("name", "parent_url", "tier", "region", "organisation")
    readonly_fields = ("tier", "region", "organisation")
    list_display = ("name", "tier", "region", "parent_url")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one."""
        return False


class SequenceAdmin(PlatformAdmin):
    """Counters, to look at: a number that was given out is never given out again."""

    list_display = ("name", "value")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """No."""
        return False


site.register(WorkingPeriod, WorkingPeriodAdmin)
site.register(PlatformInstance, PlatformInstanceAdmin)
site.register(Sequence, SequenceAdmin)
site.index_title = _("Data administration")
