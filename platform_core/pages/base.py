"""The declaration of a model's pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.gis.db.models import GeometryField
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django_filters import FilterSet

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from platform_core.http import UserRequest
    from platform_core.models import User


@dataclass(frozen=True)
class Column:
    """A column of a list; `path` is an attribute path, `sort` the indexed field it may be sorted by."""

    path: str
    title: StrOrPromise = ""
    sort: bool = False
    is_numeric: bool = False
    is_default: bool = True


@dataclass(frozen=True)
class Panel:
    """A further tab of a detail page: a template, what it needs, and the right that shows it ('' for every reader)."""

    name: str
    title: StrOrPromise
    template: str
    context: Callable[[UserRequest, Any], dict[str, Any]]
    permission: str = ""


class ModelPages:
    """Everything the generic pages need to know about a model. Subclass, set a few names, `register`."""

    model: ClassVar[type[Model]]
    system: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    filters: ClassVar[tuple[str, ...]] = ()
    filterset: ClassVar[type[FilterSet]] = FilterSet
    search: ClassVar[tuple[str, ...]] = ()
    order: ClassVar[str] = "pk"
    related: ClassVar[tuple[str, ...]] = ()
    form: ClassVar[type[forms.ModelForm] | None] = None
    import_key: ClassVar[tuple[str, ...]] = ()
    details: ClassVar[tuple[str, ...]] = ()
    map_layer: ClassVar[str] = ""
    panels: ClassVar[tuple[Panel, ...]] = ()
    may_have_attachments: ClassVar[bool] = False
    add_page: ClassVar[tuple[str, str] | None] = None
    """Url name and right of a page of its own for new rows, where the generic form does not do."""
    detail_page: ClassVar[str] = ""
    """Url name of a row's own page (one argument, its key), where the generic one does not do."""

    def __init__(self) -> None:
        self.name: str = self.model._meta.model_name or ""
        self.title = self.model._meta.verbose_name
        self.title_plural = self.model._meta.verbose_name_plural

    def permission(self, verb: str) -> str:
        """`view`, `add` or `change` of the model."""
        return f"{self.model._meta.app_label}.{verb}_{self.model._meta.model_name}"

    def may(self, user: User, verb: str) -> bool:
        """Whether the user has the right and may open the system the page belongs to."""
        if verb != "view" and self.form is None:
            return False
        return user.has_perm(f"platform_core.access_{self.system}") and user.has_perm(self.permission(verb))

    def demand(self, user: User, verb: str) -> None:
        """Raise PermissionDenied unless `may`."""
        if not self.may(user, verb):
            raise PermissionDenied(_("You do not have the right to do this."))

    def rows(self, user: User) -> QuerySet:
        """The user's rows, in use."""
        rows: Any = self.model._default_manager.all()
        rows = rows.visible_to(user)
        if any(field.name == "retired_at" for field in self.model._meta.fields):
            rows = rows.current()
        return rows.select_related(*self.related)

    def row(self, user: User, key: str) -> Model:
        """One of the user's rows. Raises Http404, also for a key that cannot be one."""
        try:
            return get_object_or_404(self.rows(user), pk=key)
        except (ValueError, ValidationError) as error:
            raise Http404 from error

    def may_edit(self, instance: Model) -> bool:
        """Whether this row may be changed at all, by those who have the right."""
        return True

    def warnings(self, instance: Model) -> list[str]:
        """What an operator should know about a row although it is allowed."""
        return []

    def prepare(self, instance: Model) -> None:
        """Fill in what follows from other fields, before saving."""

    def store(self, instance: Model, form: forms.ModelForm) -> None:
        """Save a new or changed row."""
        instance.save()

    @property
    def geometry_field(self) -> str | None:
        """Name of the geometry column, if there is one."""
        for field in self.model._meta.fields:
            if isinstance(field, GeometryField):
                return str(field.name)
        return None

    def column_title(self, column: Column) -> StrOrPromise:
        """Its own title, or the field's."""
        return column.title or self.path_title(column.path)

    def path_title(self, path: str) -> StrOrPromise:
        """Title of the column that shows a path, else the field's."""
        for column in self.columns:
            if column.path == path and column.title:
                return column.title
        field: Any = self.model._meta.get_field(path.split(".", maxsplit=1)[0])
        title: StrOrPromise = field.verbose_name
        return title

    def value(self, row: Model, path: str) -> Any:
        """Value at a path, as a reader sees it: choices by label, dates local, empty as ''."""
        value: Any = row
        for part in path.split("."):
            display = getattr(value, f"get_{part}_display", None)
            value = display() if display else getattr(value, part, None)
            if value is None:
                return ""
        if isinstance(value, dict | list):
            return readable(value)
        if hasattr(value, "astimezone"):
            return formats.date_format(timezone.localtime(value), "Y-m-d H:i")
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, float):
            return f"{value:.2f}"
        return value


def readable(value: Any) -> str:
    """JSON as somebody reads it: `name: 南湖公园；grid: 12`."""
    if isinstance(value, dict):
        return "；".join(f"{key}: {readable(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "、".join(readable(item) for item in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "—" if value is None or value == "" else str(value)


_registry: dict[str, ModelPages] = {}


def register(declaration: type[ModelPages]) -> type[ModelPages]:
    """Class decorator: serve the pages of a model."""
    pages = declaration()
    _registry[pages.name] = pages
    return declaration


def registered() -> list[ModelPages]:
    """All pages of this tier."""
    return list(_registry.values())


def find(name: str) -> ModelPages | None:
    """Pages by model name."""
    return _registry.get(name)
