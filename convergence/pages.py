"""Lists and detail pages of the convergence (CJJ/T 312 §4.1.4-7)."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.utils.translation import gettext_lazy as _

from convergence import forms
from convergence.models import (
    Archive,
    CatalogueEntry,
    CleaningChange,
    CleaningRule,
    DataTable,
    DestructionRequest,
    TableSource,
)
from platform_core.http import UserRequest
from platform_core.models import User
from platform_core.pages import Column, ModelPages, register
from platform_core.pages.base import Panel

SHOWN = 50


class _Unscoped(ModelPages):
    """Metadata of the platform: who has the right sees all of it."""

    def rows(self, user: User) -> QuerySet:
        """Every row in use."""
        rows: QuerySet = self.model._default_manager.all()
        if any(field.name == "retired_at" for field in self.model._meta.fields):
            rows = rows.filter(retired_at=None)
        return rows.select_related(*self.related)


def _table_panel(request: UserRequest, table: DataTable) -> dict[str, Any]:
    return {
        "spec": table.spec(),
        "form": forms.NewFieldForm(),
        "versions": table.versions.select_related("published_by"),
        "may": request.user.has_perm("convergence.edit_standard"),
    }


def _rules_panel(request: UserRequest, table: DataTable) -> dict[str, Any]:
    return {"rules": table.rules.filter(retired_at=None), "sources": table.sources.all()}


def _lifecycle_panel(request: UserRequest, archive: Archive) -> dict[str, Any]:
    return {
        "requests": archive.destructions.select_related("asked_by", "decided_by"),
        "may_ask": request.user.has_perm("convergence.change_archive") and archive.state != "destroyed",
        "may_restore": request.user.has_perm("convergence.change_archive") and archive.state == "archived",
    }


def _decision_panel(request: UserRequest, asked: DestructionRequest) -> dict[str, Any]:
    may = request.user.has_perm("convergence.approve_destruction") and asked.state == "asked"
    return {"may": may and asked.asked_by_id != request.user.pk, "is_own": asked.asked_by_id == request.user.pk}


@register
class DataTablePages(_Unscoped):
    """Data standard 数据标准 (CJJ/T 312 §5)."""

    model, system = DataTable, "convergence"
    columns = (
        Column("name", _("table code")), Column("title", sort=True), Column("group", sort=True), Column("version"),
        Column("time_field"), Column("region_field"), Column("is_partitioned"),
        Column("update_cycle_h", is_numeric=True),
        Column("source"), Column("is_local", is_default=False),
    )  # fmt: skip
    details = (
        "name", "title", "description", "group", "version", "key", "time_field", "region_field", "is_partitioned",
        "sensitivity", "source", "update_cycle_h", "retention_months", "is_local",
    )  # fmt: skip
    filters, search, order = ("group", "source", "is_partitioned"), ("table", "title"), "pk"
    add_page = ("convergence-table-add", "convergence.edit_standard")
    panels = (
        Panel("fields", _("Fields and versions"), "convergence/panels/fields.html", _table_panel),
        Panel("rules", _("Rules and sources"), "convergence/panels/rules.html", _rules_panel),
    )


@register
class CleaningRulePages(_Unscoped):
    """Cleaning rules 清洗规则."""

    model, system, form = CleaningRule, "convergence", forms.RuleForm
    columns = (
        Column("table"), Column("kind"), Column("field"), Column("parameters"), Column("action"),
        Column("order", is_numeric=True), Column("is_enabled"),
    )  # fmt: skip
    filters, search, order, related = ("table", "kind", "action", "is_enabled"), ("field", "note"), "pk", ("table",)


@register
class CleaningChangePages(_Unscoped):
    """Cleaning records 清洗记录: value before and after, by rule."""

    model, system = CleaningChange, "convergence"
    columns = (
        Column("at"), Column("rule.table", _("table")), Column("key"), Column("field"), Column("rule"),
        Column("action"),
        Column("before"), Column("after"), Column("batch_id", is_numeric=True, is_default=False),
    )  # fmt: skip
    filters, search, order, related = ("action", "rule"), ("key",), "-id", ("rule__table",)


@register
class TableSourcePages(_Unscoped):
    """Sources and their priority 数据来源."""

    model, system, form = TableSource, "convergence", forms.SourceForm
    columns = (
        Column("table"), Column("name"), Column("priority", is_numeric=True), Column("rows", is_numeric=True),
        Column("first_at"), Column("last_at"),
    )  # fmt: skip
    details = ("table", "name", "source", "priority", "rows", "first_at", "last_at")
    filters, search, order, related = ("table",), ("name",), "pk", ("table",)


@register
class CatalogueEntryPages(_Unscoped):
    """Catalogue entries 资源编目: registration."""

    model, system, form = CatalogueEntry, "convergence", forms.CatalogueForm
    columns = (
        Column("code", sort=True), Column("title"), Column("provider"), Column("sharing"), Column("state"),
        Column("published_at"),
    )  # fmt: skip
    details = (
        "code", "title", "table", "summary", "keywords", "provider", "sharing", "condition", "state", "review_note",
        "published_at",
    )  # fmt: skip
    filters, search, order, related = ("state", "sharing"), ("code", "title", "keywords"), "code", ("provider", "table")

    def may_edit(self, instance: Model) -> bool:
        """Not while it is under review or published."""
        assert isinstance(instance, CatalogueEntry)
        return instance.state in ("draft", "rejected", "withdrawn")

    def store(self, instance: Model, form: ModelForm) -> None:
        """Entries are made with their tables; here they are described."""
        instance.save()

    def may(self, user: User, verb: str) -> bool:
        """For editors, who see drafts here; never added by hand. Readers have the catalogue itself."""
        return verb != "add" and super().may(user, "change" if verb == "view" else verb)


@register
class ArchivePages(_Unscoped):
    """Archives 归档 (CJJ/T 312 C.0.2-2)."""

    model, system = Archive, "convergence"
    columns = (
        Column("id", "#", sort=True), Column("table"), Column("first_at"), Column("last_at"),
        Column("row_count", is_numeric=True), Column("size_bytes", is_numeric=True), Column("state"),
        Column("created_at"),
    )  # fmt: skip
    details = ("table", "first_at", "last_at", "row_count", "file", "size_bytes", "sha256", "state", "created_at")
    filters, order, related = ("state", "table"), "-id", ("table",)
    panels = (Panel("life", _("Restore and destroy"), "convergence/panels/archive.html", _lifecycle_panel),)


@register
class DestructionRequestPages(_Unscoped):
    """Destructions 销毁: asked by one, decided by another."""

    model, system = DestructionRequest, "convergence"
    columns = (
        Column("id", "#", sort=True), Column("archive"), Column("reason"), Column("state"), Column("asked_by"),
        Column("asked_at"), Column("decided_by"), Column("decided_at"),
    )  # fmt: skip
    details = ("archive", "reason", "state", "asked_by", "asked_at", "decided_by", "decided_at", "protocol")
    filters, order, related = ("state",), "-id", ("archive__table", "asked_by", "decided_by")
    panels = (Panel("decide", _("Decision"), "convergence/panels/destruction.html", _decision_panel),)
