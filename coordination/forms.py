"""Forms of the desks; imports of limits, rules and places check their rows with the same forms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from platform_core.errors import DomainError
from platform_core.forms.geometry import MapField
from platform_core.forms.models import RegionChoice
from platform_core.forms.widgets import PlainSelect, PlainSelectMultiple
from platform_core.memo import remembered
from platform_core.models import Organisation

from .choices import categories, category_codes, departments, or_none
from .models import (
    Case,
    CaseCategory,
    Emergency,
    Grade,
    GridDuty,
    Indicator,
    PartFacility,
    Place,
    RosterEntry,
    RoutingRule,
    Shift,
    Subject,
    TimeLimit,
)
from .services import definitions
from .services.moving import Given
from .services.performance import check_formula
from .workflow import Move


class PhotosInput(forms.ClearableFileInput):
    """Several pictures at once."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Any number of pictures; judged by content when they are stored."""

    widget = PhotosInput(attrs={"multiple": True, "accept": "image/jpeg,image/png,image/webp"})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """A list, perhaps empty. Raises ValidationError for an empty file."""
        items = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(PhotosField, self).clean(item, initial) for item in items]


class CaseForm(forms.Form):
    """A new case at the acceptance desk."""

    description = forms.CharField(
        label=gettext_lazy("description"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "autofocus": True})
    )
    source = forms.ChoiceField(label=gettext_lazy("source"), choices=Case.Source.choices)
    category = forms.ChoiceField(
        label=gettext_lazy("category"), required=False, choices=or_none(categories), widget=PlainSelect
    )
    emergency = forms.TypedChoiceField(
        label=gettext_lazy("emergency"), coerce=int, choices=Emergency.choices, empty_value=None, required=False
    )
    address = forms.CharField(label=gettext_lazy("address"), max_length=200, required=False)
    part = forms.CharField(
        label=gettext_lazy("part"),
        max_length=16,
        required=False,
        help_text=gettext_lazy("Click a part on the map, or type its code."),
    )
    location = MapField("point", label=gettext_lazy("location"))
    photos = PhotosField(label=gettext_lazy("photos"), required=False)


@dataclass(frozen=True)
class Known:
    """What a move's fields begin with; only what the move has a field for, so that many cases share a form."""

    category: str | None = None
    emergency: int | None = None
    department: int | None = None

    @classmethod
    def of(cls, step: Move, case: Case, department: int | None = None) -> Known:
        """Of a case, with the department that is suggested."""
        if "category" in step.requires:
            return cls(case.category_id, case.emergency, department)
        return cls(department=department)


class MoveForm(forms.Form):
    """What one move needs: built from the workflow, and from the JSON Schema of its form."""

    opinion = forms.CharField(label=gettext_lazy("opinion"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, step: Move, known: Known, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.step = step
        needs = set(step.requires)
        self.fields["opinion"].required = "opinion" in needs
        if "category" in needs:
            self.fields["category"] = forms.ChoiceField(
                label=_("category"),
                choices=or_none(categories),
                widget=PlainSelect,
                initial=known.category,
                required=True,
            )
            self.fields["emergency"] = forms.TypedChoiceField(
                label=_("emergency"), coerce=int, choices=Emergency.choices, initial=known.emergency
            )
        if "department" in needs:
            self.fields["department"] = forms.TypedChoiceField(
                label=_("leading department"),
                coerce=int,
                choices=or_none(departments),
                widget=PlainSelect,
                initial=known.department,
            )
        if {"assign_department", "order_opinions"} & set(step.effects):
            self.fields["assistants"] = forms.TypedMultipleChoiceField(
                label=_("assisting departments"),
                coerce=int,
                choices=departments,
                widget=PlainSelectMultiple,
                required=False,
            )
        if "hours" in needs:
            self.fields["hours"] = forms.IntegerField(label=_("hours"), min_value=1, max_value=2400)
        if "duplicate" in needs:
            self.fields["duplicate"] = forms.CharField(label=_("number of the other case"), max_length=14)
        if "photo" in needs or step.right in ("field_case", "dispose_case"):
            self.fields["photos"] = PhotosField(label=_("photos"), required="photo" in needs)
        self.extra = list(_schema_fields(step.form))
        for name, field in self.extra:
            self.fields[f"form-{name}"] = field

    def given(self) -> Given:
        """What the service takes."""
        data = self.cleaned_data
        return Given(
            opinion=data.get("opinion", ""),
            category=data.get("category", ""),
            emergency=data.get("emergency"),
            department=data.get("department"),
            assistants=tuple(data.get("assistants") or ()),
            hours=data.get("hours"),
            duplicate=data.get("duplicate", ""),
            photos=data.get("photos") or (),
            form={name: data[f"form-{name}"] for name, _f in self.extra if data.get(f"form-{name}") not in (None, "")},
        )


def fields_html(form: forms.Form) -> SafeString:
    """Errors of the whole form and its fields."""
    return render_to_string("coordination/_fields.html", {"form": form})


@remembered(10, most=500)
def empty_fields(definition: int, move: str, known: Known) -> SafeString:
    """The fields of a move nobody has filled in yet: five forms stand on a case's page, most of them never opened."""
    step = definitions.workflow(definition).moves[move]
    return fields_html(MoveForm(step, known, prefix=move))


def _schema_fields(schema: dict[str, Any]) -> Iterable[tuple[str, forms.Field]]:
    """Form fields of a JSON Schema's flat properties: string, enum, integer, number, boolean, date."""
    required = set(schema.get("required", ()))
    for name, rule in schema.get("properties", {}).items():
        options: dict[str, Any] = {
            "label": rule.get("title", name),
            "required": name in required,
            "help_text": rule.get("description", ""),
        }
        if "enum" in rule:
            values = [(value, value) for value in rule["enum"]]
            yield name, forms.ChoiceField(choices=[("", "---------"), *values], **options)
        elif rule.get("type") == "integer":
            yield name, forms.IntegerField(min_value=rule.get("minimum"), max_value=rule.get("maximum"), **options)
        elif rule.get("type") == "number":
            yield name, forms.FloatField(min_value=rule.get("minimum"), max_value=rule.get("maximum"), **options)
        elif rule.get("type") == "boolean":
            yield name, forms.BooleanField(**{**options, "required": False})
        else:
            yield name, forms.CharField(max_length=rule.get("maxLength"), min_length=rule.get("minLength"), **options)


class PartFacilityForm(forms.ModelForm):
    """A part; its code begins with its division and carries its type (GB/T 30428.2)."""

    region = RegionChoice()
    owner = forms.ModelChoiceField(
        Organisation.objects.all(), to_field_name="code", required=False, label=gettext_lazy("owner")
    )
    location = MapField("point", label=gettext_lazy("location"))

    class Meta:
        model = PartFacility
        fields = ("code", "type_code", "name", "region", "owner", "state", "location")

    def clean(self) -> dict[str, Any]:
        """Raise where code, type and division contradict each other."""
        data = super().clean() or self.cleaned_data
        code, region, kind = data.get("code"), data.get("region"), data.get("type_code")
        if code and region and code[:6] != region.code[:6]:
            raise ValidationError({"code": _("The code must begin with its division's (%s).") % region.code[:6]})
        if code and kind and code[6:10] != kind:
            raise ValidationError({"code": _("Digits 7 to 10 of the code are the part type (%s).") % kind})
        if kind and f"P{kind}" not in category_codes():
            raise ValidationError({"type_code": _("There is no part type %s.") % kind})
        return data


class CategoryForm(forms.ModelForm):
    """A category; its code stays."""

    class Meta:
        model = CaseCategory
        fields = ("code", "kind", "name", "major_name", "emergency", "source")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["code"].disabled = self.fields["kind"].disabled = True


class TimeLimitForm(forms.ModelForm):
    """A limit."""

    class Meta:
        model = TimeLimit
        fields = ("stage", "category", "emergency", "minutes", "clock", "source")


class RoutingRuleForm(forms.ModelForm):
    """A rule."""

    region = RegionChoice(required=False)
    department = forms.ModelChoiceField(
        Organisation.objects.all(), to_field_name="code", label=gettext_lazy("department")
    )

    class Meta:
        model = RoutingRule
        fields = ("priority", "category", "region", "department", "note")

    def clean_category(self) -> str:
        """An existing category, major class, P or E; or nothing."""
        value = str(self.cleaned_data["category"]).strip().upper()
        if value and not CaseCategory.objects.filter(code__startswith=value).exists():
            raise ValidationError(_("There is no category %s.") % value)
        return value


class IndicatorForm(forms.ModelForm):
    """An indicator whose formulas can be computed."""

    subject_kinds = forms.MultipleChoiceField(
        choices=Subject.choices, label=gettext_lazy("evaluates"), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Indicator
        fields = (
            "code",
            "name",
            "subject_kinds",
            "formula",
            "unit",
            "weight",
            "score_formula",
            "acceptance_limit",
            "limit_is_upper",
            "clause",
            "position",
            "source",
        )

    def clean_formula(self) -> str:
        """Only measures that are counted."""
        return self._checked("formula")

    def clean_score_formula(self) -> str:
        """Only `value`."""
        return self._checked("score_formula", ("value",)) if self.cleaned_data["score_formula"] else ""

    def _checked(self, name: str, *names: Any) -> str:
        text = str(self.cleaned_data[name])
        try:
            check_formula(text, *names)
        except DomainError as error:
            raise ValidationError(error.message) from error
        return text


class GradeForm(forms.ModelForm):
    """A grade."""

    class Meta:
        model = Grade
        fields = ("letter", "least")


class ShiftForm(forms.ModelForm):
    """A shift."""

    class Meta:
        model = Shift
        fields = ("name", "starts_at", "ends_at", "grace_minutes")
        widgets = {
            "starts_at": forms.TimeInput(attrs={"type": "time"}),
            "ends_at": forms.TimeInput(attrs={"type": "time"}),
        }


class RosterForm(forms.ModelForm):
    """A person on a shift of a day."""

    class Meta:
        model = RosterEntry
        fields = ("day", "shift", "user")
        widgets = {"day": forms.DateInput(attrs={"type": "date"})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, key in (("shift", "name"), ("user", "username")):
            field: Any = self.fields[name]
            field.to_field_name = key


class GridDutyForm(forms.ModelForm):
    """A supervisor's ground."""

    class Meta:
        model = GridDuty
        fields = ("user", "grid_prefix")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["user"]
        field.to_field_name = "username"

    def clean_grid_prefix(self) -> str:
        """6, 9, 12 or 15 digits."""
        value = str(self.cleaned_data["grid_prefix"]).strip()
        if not value.isdigit() or len(value) not in (6, 9, 12, 15):
            raise ValidationError(
                _("Six digits for a district, nine for a street, twelve for a community, fifteen for a grid.")
            )
        return value


class PlaceForm(forms.ModelForm):
    """A place."""

    region = RegionChoice()
    location = MapField("point", label=gettext_lazy("location"))

    class Meta:
        model = Place
        fields = ("code", "name", "kind", "address", "region", "location")
