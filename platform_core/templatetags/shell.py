"""Tags of the shell, in every template."""

from __future__ import annotations

from typing import Any

from django import template
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from platform_core.context import page_url
from platform_core.context import side as main_menu
from platform_core.models import AuditEntry
from platform_core.pages import Column, ModelPages
from platform_core.pages.base import readable
from platform_core.pages.listing import Listing

register = template.Library()

# Feather-like outlines drawn for this project, 24×24, stroke only.
ICONS = {
    "book": "M4 5h7v15H4zM13 5h7v15h-7z",
    "eye": "M2 12c5-8 15-8 20 0-5 8-15 8-20 0zM12 9v6M9 12h6",
    "radio": "M12 12v9M8 8a6 6 0 0 1 8 0M5 5a10 10 0 0 1 14 0",
    "tool": "M4 20l9-9M13 4l7 7-3 3-7-7z",
    "phone": "M5 4h4l2 5-3 2a12 12 0 0 0 5 5l2-3 5 2v4c-9 2-17-6-15-15z",
    "activity": "M2 12h5l3-8 4 16 3-8h5",
    "check": "M4 4h16v16H4zM8 12l3 3 5-6",
    "chart": "M4 20V4M4 20h16M8 16v-5M12 16V8M16 16v-7",
    "swap": "M4 8h15l-4-4M20 16H5l4 4",
    "layers": "M12 3l9 5-9 5-9-5zM3 13l9 5 9-5",
    "cog": "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
    "award": "M12 3a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM8 14l-2 7 6-3 6 3-2-7",
    "bell": "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
    "map": "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14",
    "health": "M2 12h5l3-8 4 16 3-8h5",
    "architecture": "M12 3l9 5-9 5-9-5zM3 13l9 5 9-5",
    "clauses": "M4 4h16v16H4zM8 12l3 3 5-6",
    "home": "M4 11l8-7 8 7v9H4zM10 20v-6h4v6",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline SVG; decorative, so hidden from screen readers."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>', ICONS.get(name, ICONS["check"])
    )


@register.simple_tag(takes_context=True)
def side(context: dict[str, Any]) -> SafeString:
    """The main menu as the user's rights leave it."""
    request = context["request"]
    if not request.user.is_authenticated:
        return SafeString()
    return main_menu(request.user, context.get("active", ""), request.path)


@register.simple_tag
def page(name: str, *args: str) -> str:
    """Url of a page by name."""
    return page_url(name, args)


@register.simple_tag
def column_title(pages: ModelPages, column: Column) -> Any:
    """Title of a column."""
    return capfirst(str(pages.column_title(column)))


@register.simple_tag
def cell(pages: ModelPages, row: Model, column: Column) -> Any:
    """Value of a cell; the demo flag as a label, truth as a word."""
    if column.path == "is_demo":
        return demo_label() if getattr(row, "is_demo", False) else ""
    return pages.value(row, column.path)


@register.simple_tag
def demo_label() -> SafeString:
    """The mark of invented data."""
    return format_html('<span class="tag tag-demo">{}</span>', _("demo data"))


@register.simple_tag
def title_of(titles: dict[str, str], name: str) -> str:
    """A field's title; its name where it has none (errors of the whole row have `__all__`)."""
    return capfirst(titles.get(name, "" if name == "__all__" else name))


@register.simple_tag
def changes(entry: AuditEntry) -> list[dict[str, Any]]:
    """Fields of an audit entry by title, before and after."""
    try:
        model = apps.get_model(entry.object_type)
    except (LookupError, ValueError):
        model = None
    before, after = entry.before or {}, entry.after or {}
    rows = []
    for name in sorted({*before, *after}):
        try:
            label: Any = model._meta.get_field(name).verbose_name if model else name
        except FieldDoesNotExist:
            label = name
        if before.get(name) not in (None, "", []) or after.get(name) not in (None, "", []):
            rows.append({"label": label, "before": readable(before.get(name)), "after": readable(after.get(name))})
    return rows


@register.simple_tag
def sort_link(listing: Listing, column: Column) -> str:
    """Address that sorts by this column, or turns the order round."""
    return listing.link(sort=f"-{column.path}" if listing.sort == column.path else column.path)


@register.simple_tag
def page_link(listing: Listing, **changes: str) -> str:
    """Address of the list with changes."""
    return listing.link(**changes)


@register.simple_tag
def sort_mark(listing: Listing, column: Column) -> SafeString:
    """An arrow where the list is sorted."""
    marks = {column.path: "▲", f"-{column.path}": "▼"}
    return mark_safe(marks.get(listing.sort, ""))  # noqa: S308 - constant
