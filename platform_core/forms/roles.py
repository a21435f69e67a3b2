"""Roles that a platform makes for itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import Permission
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from platform_core.models import Role

# What the three separated administrators alone may do is not for sale in other roles.
RESERVED = {
    "platform_core.add_role",
    "platform_core.change_role",
    "platform_core.view_auditentry",
    "platform_core.verify_audit_log",
    "platform_core.assign_rights",
    "platform_core.manage_credentials",
    "platform_core.add_user",
    "platform_core.change_user",
}
VERBS = {"view": _("view"), "add": _("add"), "change": _("change")}


def right_choices() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Rights of this tier by system: opening it, and viewing, adding, changing what its pages show."""
    from platform_core.pages import registered

    groups = []
    for system in settings.PROFILE.systems:
        choices: list[tuple[str, Any]] = [(f"platform_core.access_{system.app}", _("open the system"))]
        for pages in registered():
            if pages.system != system.app:
                continue
            choices += [
                (right, format_lazy("{}: {}", pages.title_plural, label))
                for verb, label in VERBS.items()
                if (right := pages.permission(verb)) not in RESERVED and (verb == "view" or pages.form is not None)
            ]
        groups.append((system.label, choices))
    return groups


class RoleForm(forms.ModelForm):
    """A role's name and rights; the separated duties are not offered."""

    rights = forms.MultipleChoiceField(label=_("rights"), choices=right_choices, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Role
        fields = ("name", "code", "description")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial["rights"] = self.instance.right_names()

    def _save_m2m(self) -> None:
        """Store the rights once the role has its key."""
        super()._save_m2m()  # type: ignore[misc]
        wanted = set(self.cleaned_data["rights"])
        rows = Permission.objects.select_related("content_type")
        self.instance.permissions.set(row for row in rows if f"{row.content_type.app_label}.{row.codename}" in wanted)
