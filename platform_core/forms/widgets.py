"""Widgets that cost little: Django renders every option of a select by a template of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class PlainSelect(forms.Select):
    """The same markup as forms.Select, written at once; for selects with a hundred options on a page of every desk."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """HTML of the select."""
        attributes = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        chosen = "" if value is None else str(value)
        return format_html("<select{}>{}</select>", flatatt(attributes), self._options(self.choices, chosen))

    def _options(self, choices: Any, chosen: str) -> SafeString:
        parts = []
        for key, label in choices:
            if isinstance(label, list | tuple):
                parts.append(format_html('<optgroup label="{}">{}</optgroup>', key, self._options(label, chosen)))
            else:
                mark = " selected" if str(key) == chosen else ""
                parts.append(format_html('<option value="{}"{}>{}</option>', key, mark, label))
        return format_html_join("", "{}", ((part,) for part in parts))
