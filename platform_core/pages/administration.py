"""Pages of administration: organisations, people, roles, codes, calendar, audit (CJJ/T 312 §4.1.4-8, §4.3.12)."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms as django_forms
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.utils.translation import gettext_lazy as _

from platform_core.forms import models as forms
from platform_core.forms.roles import RoleForm
from platform_core.models import AuditEntry, CalendarDay, Code, CodeList, Organisation, Role, User
from platform_core.services import audit

from .base import Column, ModelPages, register, registered
from .panels import CODES, CREDENTIALS, RIGHTS, ROLE_RIGHTS


@register
class OrganisationPages(ModelPages):
    """Organisations 机构 (CJJ/T 312 §4.1.4-8-1, §4.3.12-1)."""

    model, system, form = Organisation, "maintenance", forms.OrganisationForm
    columns = (
        Column("indented_name", _("name")),
        Column("code"),
        Column("kind"),
        Column("region"),
        Column("leader"),
        Column("phone"),
        Column("is_demo"),
    )
    details = ("name", "code", "kind", "region", "leader", "phone", "is_demo")
    filters, search, order, related = ("kind", "region"), ("code", "name"), "path", ("region",)

    def store(self, instance: Model, form: ModelForm) -> None:
        """A new node hangs below its parent; treebeard computes its path when it is added."""
        if instance.pk:
            instance.save()
        else:
            Organisation.objects.add_child(form.cleaned_data["parent"], instance=instance)


@register
class UserPages(ModelPages):
    """Users 人员 (CJJ/T 312 §4.1.4-8-1, §4.3.12-1)."""

    model, system, form = User, "maintenance", forms.UserForm
    columns = (
        Column("username", sort=True),
        Column("full_name", sort=True),
        Column("organisation"),
        Column("post"),
        Column("masked_phone", _("telephone")),
        Column("is_active"),
        Column("last_login"),
        Column("is_demo"),
    )
    details = ("username", "full_name", "organisation", "post", "masked_phone", "is_active", "last_login", "is_demo")
    filters, search, order = ("organisation", "is_active"), ("username", "full_name", "post"), "username"
    related = ("organisation",)
    panels = (RIGHTS, CREDENTIALS)

    def store(self, instance: Model, form: ModelForm) -> None:
        """A new account cannot log in before the security administrator gives it a password."""
        assert isinstance(instance, User)
        if instance.pk is None:
            instance.set_unusable_password()
        instance.save()


@register
class CodeListPages(ModelPages):
    """Code lists 代码."""

    model, system, form = CodeList, "maintenance", forms.CodeListForm
    columns = (Column("code", sort=True), Column("name"), Column("version"), Column("state"), Column("source"))
    filters, search, order = ("state",), ("code", "name"), "code"
    panels = (CODES,)

    def may_edit(self, instance: Model) -> bool:
        """A published version never changes."""
        assert isinstance(instance, CodeList)
        return instance.state == CodeList.State.DRAFT


@register
class CalendarDayPages(ModelPages):
    """Working calendar 工作日历."""

    model, system, form = CalendarDay, "maintenance", forms.CalendarDayForm
    columns = (Column("day", sort=True), Column("kind"), Column("name"), Column("source"))
    filters, search, order = ("kind",), ("name",), "-day"


class _Unscoped(ModelPages):
    """Tables without a data scope: who has the right sees all of them."""

    def rows(self, user: User) -> QuerySet:
        """Every row."""
        return self.model._default_manager.all().select_related(*self.related)


@register
class CodePages(_Unscoped):
    """Codes of a list; changed while its version is a draft."""

    model, system, form, import_key = Code, "maintenance", forms.CodeForm, ("codelist", "value")
    columns = (
        Column("value", sort=True),
        Column("name"),
        Column("codelist"),
        Column("parent_value"),
        Column("position", is_numeric=True, is_default=False),
    )
    filters, search, order, related = ("codelist",), ("value", "name"), "value", ("codelist",)

    def may_edit(self, instance: Model) -> bool:
        """Only in a draft."""
        assert isinstance(instance, Code)
        return instance.codelist.state == CodeList.State.DRAFT


@register
class RolePages(_Unscoped):
    """Roles 角色; built-in ones come with the platform and are renewed with it, so only own ones are edited."""

    model, system, form = Role, "maintenance", RoleForm
    columns = (
        Column("name"),
        Column("code", sort=True),
        Column("duty"),
        Column("description"),
        Column("is_builtin"),
    )
    panels = (ROLE_RIGHTS,)
    filters, search, order = ("duty",), ("name", "code"), "code"

    def may_edit(self, instance: Model) -> bool:
        """Not the built-in ones."""
        assert isinstance(instance, Role)
        return not instance.is_builtin


def _object_types() -> list[tuple[str, Any]]:
    """Models that have pages."""
    return sorted(
        ((pages.model._meta.label_lower, pages.title) for pages in registered()), key=lambda choice: str(choice[1])
    )


class AuditFilter(django_filters.FilterSet):
    """By act, kind of object, user and day."""

    action = django_filters.ChoiceFilter(label=_("action"), choices=audit.action_choices)
    object_type = django_filters.ChoiceFilter(label=_("object type"), choices=_object_types)
    since = django_filters.DateFilter(
        "at", "date__gte", label=_("from"), widget=django_forms.DateInput({"type": "date"})
    )
    until = django_filters.DateFilter("at", "date__lte", label=_("to"), widget=django_forms.DateInput({"type": "date"}))


@register
class AuditEntryPages(_Unscoped):
    """Audit log 审计日志: for audit administrators (CJJ/T 312 §9.2.1)."""

    model, system, filterset = AuditEntry, "maintenance", AuditFilter
    columns = (
        Column("at"),
        Column("actor_name"),
        Column("action_label", _("action")),
        Column("object_label", _("object type")),
        Column("object_name"),
        Column("ip"),
        Column("sequence", is_numeric=True),
    )
    details = (
        "at",
        "actor_name",
        "action_label",
        "object_label",
        "object_id",
        "object_name",
        "before",
        "after",
        "ip",
        "sequence",
        "hash",
    )
    search, order = ("actor_name", "object_name"), "-pk"
