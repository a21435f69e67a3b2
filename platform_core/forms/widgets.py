"""Widgets that cost little: Django renders every option of a select by a template of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

Options = tuple[tuple[Any, Any], ...]
"""(value, label) as text, or (group label, its options)."""


class _Plain:
    """The same markup as the widget has, written at once; for the hundred options of selects on every desk."""

    def render(
        self: Any, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """HTML of the select."""
        attributes = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        if self.allow_multiple_selected:
            attributes["multiple"] = True
        chosen = value if isinstance(value, list | tuple) else [value]
        options: str = _markup(_texts(self.choices))
        for key in {escape("" if one is None else str(one)) for one in chosen}:
            options = options.replace(f'<option value="{key}">', f'<option value="{key}" selected>', 1)
        return format_html("<select{}>{}</select>", flatatt(attributes), mark_safe(options))  # noqa: S308 - escaped below


def options(choices: Any) -> SafeString:
    """Option elements of (value, label) pairs, for selects that belong to no form."""
    return _markup(_texts(choices))


def _texts(choices: Any) -> Options:
    return tuple((str(key), _texts(label) if isinstance(label, list | tuple) else str(label)) for key, label in choices)


@lru_cache(maxsize=200)
def _markup(options: Options) -> SafeString:
    """The options, none of them chosen."""
    return format_html_join(
        "",
        "{}",
        (
            (
                format_html('<optgroup label="{}">{}</optgroup>', key, _markup(label))
                if isinstance(label, tuple)
                else format_html('<option value="{}">{}</option>', key, label),
            )
            for key, label in options
        ),
    )


class PlainSelect(_Plain, forms.Select):
    """A select."""


class PlainSelectMultiple(_Plain, forms.SelectMultiple):
    """A select of several."""
