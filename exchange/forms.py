"""Forms of the exchange's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange import tables
from exchange.models import AlarmRule, Connector, PlatformAccount, PullSubscription, TableGrant, UpperPlatform
from exchange.services import accounts
from platform_core.errors import DomainError
from platform_core.forms.models import RegionChoice


class WindowsField(forms.CharField):
    """Windows `HH:MM-HH:MM`, separated by commas."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("agreed push windows"))
        options.setdefault("help_text", gettext_lazy("such as 22:00-06:00, 12:00-13:00; 00:00-24:00 for all day"))
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """List → text."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Text → list."""
        text = super().clean(value).replace("，", ",")
        try:
            return accounts.check_windows([part.strip() for part in text.split(",") if part.strip()])
        except DomainError as error:
            raise ValidationError(error.message) from error


class NamesField(forms.CharField):
    """Tables `group.table` or `group.*`, separated by commas; empty for all."""

    def prepare_value(self, value: Any) -> Any:
        """List → text."""
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Text → list; each must be a table or a group of the data standard."""
        names = [part.strip() for part in super().clean(value).replace("，", ",").split(",") if part.strip()]
        known = {spec.name for spec in tables.keeper().all()} | {f"{spec.group}.*" for spec in tables.keeper().all()}
        if unknown := [name for name in names if name not in known]:
            raise ValidationError(_("The data standard has no table %s.") % ", ".join(unknown))
        return names


class AccountForm(forms.ModelForm):
    """What may be changed of a platform after its application."""

    region = RegionChoice()
    push_windows = WindowsField()

    class Meta:
        model = PlatformAccount
        fields = (
            "name", "kind", "region", "service_address", "contact", "window_s", "push_windows", "is_partial",
            "max_rows", "calls_per_minute",
        )  # fmt: skip


class GrantForm(forms.ModelForm):
    """What an account may push or get."""

    region = RegionChoice(required=False, help_text=gettext_lazy("empty: the platform's own division"))

    class Meta:
        model = TableGrant
        fields = ("group", "table", "may_push", "may_get", "region")

    def clean(self) -> dict[str, Any]:
        """A table that exists, or `*`."""
        data = super().clean() or self.cleaned_data
        group, table = data.get("group", "*"), data.get("table", "*")
        if group != "*" and table != "*" and tables.keeper().find(group, table) is None:
            raise ValidationError({"table": _("The data standard has no table %s.") % f"{group}.{table}"})
        return data


class UpperForm(forms.ModelForm):
    """An upper platform: where it is, what it gets, when."""

    tables = NamesField(required=False, label=gettext_lazy("tables"), help_text=gettext_lazy("group.table; empty: all"))
    push_windows = WindowsField()

    class Meta:
        model = UpperPlatform
        fields = ("name", "address", "algorithm", "tables", "push_windows", "chunk_rows")


class TableChoiceMixin(forms.ModelForm):
    """A form with `group` and `table` that must be in the data standard."""

    def clean(self) -> dict[str, Any]:
        """Raise where the table is unknown."""
        data = super().clean() or self.cleaned_data
        group, table = data.get("group", ""), data.get("table", "")
        spec = tables.keeper().find(group, table) if group and table else None
        if group and table and spec is None:
            raise ValidationError({"table": _("The data standard has no table %s.") % f"{group}.{table}"})
        mapping = data.get("mapping")
        if spec is not None and isinstance(mapping, dict):
            if unknown := [name for name in mapping if spec.field(name) is None]:
                raise ValidationError({"mapping": _("The table has no field %s.") % ", ".join(unknown)})
        elif mapping is not None and not isinstance(mapping, dict):
            raise ValidationError({"mapping": _("The mapping is a JSON object.")})
        return data


class PullForm(TableChoiceMixin):
    """A table fetched from a connected platform."""

    secret = forms.CharField(
        label=gettext_lazy("secret"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("left empty, it stays as it is"),
    )

    class Meta:
        model = PullSubscription
        fields = (
            "source", "group", "table", "where", "every_s", "is_enabled", "app_id", "algorithm", "public_key", "secret"
        )  # fmt: skip

    def clean_secret(self) -> str:
        """Keep what is there."""
        return str(self.cleaned_data["secret"] or self.instance.secret or "")


class ConnectorForm(TableChoiceMixin):
    """A source of another department."""

    region = RegionChoice()
    secret = forms.CharField(
        label=gettext_lazy("password or token"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("left empty, it stays as it is"),
    )

    class Meta:
        model = Connector
        fields = (
            "name", "kind", "region", "address", "secret", "query", "group", "table", "mapping", "every_s", "is_enabled"
        )  # fmt: skip
        widgets = {"query": forms.Textarea(attrs={"rows": 3}), "mapping": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if self.instance.pk is None:
            self.initial["mapping"] = {}  # not the word null

    def clean_secret(self) -> str:
        """Keep what is there."""
        return str(self.cleaned_data["secret"] or self.instance.secret or "")

    def clean(self) -> dict[str, Any]:
        """MQTT topics lie in their own tree."""
        data = super().clean() or self.cleaned_data
        if data.get("kind") == Connector.Kind.MQTT and not str(data.get("address", "")).startswith("departments/"):
            raise ValidationError({"address": _("Topics of departments begin with departments/.")})
        return data


class AlarmRuleForm(forms.ModelForm):
    """When administrators are told."""

    class Meta:
        model = AlarmRule
        fields = ("name", "kind", "threshold", "period_min", "webhook", "is_enabled")
