"""Forms of the convergence's pages."""

from __future__ import annotations

from typing import Any

import yaml
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convergence.cleaning.rules import KINDS
from convergence.models import CatalogueEntry, CleaningRule, DataTable, TableSource
from convergence.models.table import field_from
from convergence.services.standard import field_definition
from exchange.tables import TYPES
from platform_core.errors import DomainError

FIELDS_HELP = gettext_lazy("a line a field: [name, type, title, more], such as [code, str20!, 编码]; ! means required")


class FieldsField(forms.CharField):
    """Field definitions in the form of the standard's files."""

    widget = forms.Textarea(attrs={"rows": 12, "class": "code", "spellcheck": "false"})

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """Text → definitions; the message names the line."""
        made = []
        for number, line in enumerate(super().clean(value).splitlines(), start=1):
            text = line.strip().removeprefix("- ").strip()
            if not text:
                continue
            try:
                written = yaml.safe_load(text)
                if not isinstance(written, list):
                    raise DomainError("bad_field", _("it is no list"))
                definition = field_definition(written)
                field_from(definition)
            except (yaml.YAMLError, DomainError) as error:
                raise ValidationError(_("Line %(line)d: %(error)s") % {"line": number, "error": error}) from error
            made.append(definition)
        return made


class TableForm(forms.ModelForm):
    """A table of this place's own."""

    fields = FieldsField(  # type: ignore[assignment]
        label=gettext_lazy("fields"), help_text=FIELDS_HELP
    )
    key = forms.CharField(label=gettext_lazy("natural key"), help_text=gettext_lazy("field names, separated by commas"))

    class Meta:
        model = DataTable
        fields = (
            "group", "table", "title", "description", "fields", "key", "time_field", "region_field", "is_partitioned",
            "sensitivity", "source", "update_cycle_h", "retention_months",
        )  # fmt: skip

    def clean_key(self) -> list[str]:
        """Text → names."""
        return [part.strip() for part in self.cleaned_data["key"].replace("，", ",").split(",") if part.strip()]


class TableSettingsForm(forms.ModelForm):
    """What of a table may change without a new version."""

    class Meta:
        model = DataTable
        fields = ("title", "description", "sensitivity", "source", "update_cycle_h", "retention_months")


class NewFieldForm(forms.Form):
    """A further field of a table; optional, so that old callers go on."""

    name = forms.CharField(label=gettext_lazy("field"), max_length=40)
    title = forms.CharField(label=gettext_lazy("name"), max_length=60)
    type = forms.ChoiceField(label=gettext_lazy("type"), choices=[(kind, kind) for kind in TYPES])
    length = forms.IntegerField(label=gettext_lazy("length"), required=False, min_value=1, max_value=1_000_000)
    unit = forms.CharField(label=gettext_lazy("unit"), max_length=20, required=False)
    codes = forms.CharField(
        label=gettext_lazy("codes"), required=False, help_text=gettext_lazy("permitted values, separated by commas")
    )

    def definition(self) -> dict[str, Any]:
        """As the standard keeps it."""
        data = self.cleaned_data
        made = {"name": data["name"].strip(), "type": data["type"], "title": data["title"].strip()}
        more = {
            "length": data["length"], "unit": data["unit"],
            "codes": [code.strip() for code in data["codes"].replace("，", ",").split(",") if code.strip()],
        }  # fmt: skip
        return made | {name: value for name, value in more.items() if value}


class RuleForm(forms.ModelForm):
    """A cleaning rule; it is tried once when it is saved, so that nonsense shows here and not in the queue."""

    class Meta:
        model = CleaningRule
        fields = ("table", "kind", "field", "parameters", "action", "order", "is_enabled", "note")
        widgets = {"parameters": forms.Textarea(attrs={"rows": 4, "class": "code"})}

    def clean(self) -> dict[str, Any]:
        """Raise where field or parameters do not fit the kind."""
        data = super().clean() or self.cleaned_data
        table, kind, field = data.get("table"), data.get("kind"), data.get("field", "")
        if not table or not kind:
            return data
        spec = table.spec()
        if spec.field(field) is None:
            raise ValidationError({"field": _("“%s” is not a field of the table.") % field})
        try:
            KINDS[kind](spec, field, data.get("parameters") or {}, [])
        except (KeyError, TypeError, ValueError) as error:
            raise ValidationError(
                {"parameters": _("The parameters do not fit this kind of rule: %s") % error}
            ) from error
        return data


class SourceForm(forms.ModelForm):
    """How much a source is believed."""

    class Meta:
        model = TableSource
        fields = ("priority",)


class CatalogueForm(forms.ModelForm):
    """What others read about a resource."""

    class Meta:
        model = CatalogueEntry
        fields = ("code", "title", "summary", "keywords", "provider", "sharing", "condition")


class UploadForm(forms.Form):
    """A file of rows for a table."""

    file = forms.FileField(label=gettext_lazy("file"), help_text=".csv, .xlsx, .json, .geojson")
