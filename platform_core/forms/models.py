"""Forms of the shared vocabulary; imports check their rows with the same forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from platform_core.models import (
    CalendarDay,
    Code,
    CodeList,
    EvaluationGrid,
    EvaluationPoint,
    LayerFeature,
    Organisation,
    Region,
    ThematicLayer,
    UnitGrid,
    User,
)

from .geometry import MapField


class RegionChoice(forms.ModelChoiceField):
    """A division by its code; the list of a whole country would be no choice, so it is typed."""

    widget = forms.TextInput(attrs={"list": "regions", "inputmode": "numeric"})

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("division code"))
        super().__init__(Region.objects.all(), **options)
        self.error_messages["invalid_choice"] = gettext_lazy("No division with this code lies within your data scope.")


class EvaluationGridForm(forms.ModelForm):
    """An evaluation grid lies in its division."""

    region = RegionChoice()
    geometry = MapField("polygon", label=gettext_lazy("boundary"))

    class Meta:
        model = EvaluationGrid
        fields = ("code", "name", "region", "geometry")

    def clean(self) -> dict[str, Any]:
        """Raise where the boundary does not touch the division's."""
        data = super().clean() or self.cleaned_data
        _demand_inside(data.get("region"), data.get("geometry"), "geometry")
        return data


class UnitGridForm(forms.ModelForm):
    """A unit grid's code begins with its division's."""

    region = RegionChoice()
    geometry = MapField("polygon", label=gettext_lazy("boundary"))

    class Meta:
        model = UnitGrid
        fields = ("code", "region", "geometry")

    def clean(self) -> dict[str, Any]:
        """Raise where code and division contradict each other."""
        data = super().clean() or self.cleaned_data
        code, region = data.get("code"), data.get("region")
        if code and region and not code.startswith(region.prefix):
            raise ValidationError({"code": _("The code must begin with its division's (%s).") % region.prefix})
        return data


class EvaluationPointForm(forms.ModelForm):
    """An evaluation point lies in its division."""

    region = RegionChoice()
    location = MapField("point", label=gettext_lazy("location"))

    class Meta:
        model = EvaluationPoint
        fields = ("code", "name", "point_type", "region", "address", "location")

    def clean(self) -> dict[str, Any]:
        """Raise where the location lies outside the division."""
        data = super().clean() or self.cleaned_data
        _demand_inside(data.get("region"), data.get("location"), "location")
        return data


def _demand_inside(region: Region | None, shape: Any, field: str) -> None:
    """Streets have no boundary in the data, so the nearest ancestor with one decides."""
    while region is not None and region.geometry is None:
        region = region.parent
    boundary = region.geometry if region else None
    if boundary is not None and shape is not None and not boundary.intersects(shape):
        raise ValidationError({field: _("This lies outside %s.") % region})


class ThematicLayerForm(forms.ModelForm):
    """A layer's name and look."""

    region = RegionChoice()

    class Meta:
        model = ThematicLayer
        fields = ("code", "name", "geometry_type", "region", "colour", "description")
        widgets = {"colour": forms.TextInput(attrs={"type": "color"})}


class LayerFeatureForm(forms.ModelForm):
    """A feature of a thematic layer; its shape is of the layer's kind."""

    layer = forms.ModelChoiceField(
        ThematicLayer.objects.filter(retired_at=None), to_field_name="code", label=gettext_lazy("layer")
    )
    region = RegionChoice()
    geometry = MapField("any", label=gettext_lazy("geometry"))

    class Meta:
        model = LayerFeature
        fields = ("layer", "code", "name", "region", "properties", "geometry")
        widgets = {"properties": forms.Textarea(attrs={"rows": 3})}

    def clean(self) -> dict[str, Any]:
        """Raise where the shape is not what the layer draws, or lies elsewhere."""
        data = super().clean() or self.cleaned_data
        layer, shape = data.get("layer"), data.get("geometry")
        if layer and shape and layer.geometry_type not in shape.geom_type.lower().replace("linestring", "line"):
            raise ValidationError(
                {"geometry": _("This layer has %(wanted)s, the shape is %(found)s.")
                 % {"wanted": layer.get_geometry_type_display(), "found": shape.geom_type}}
            )  # fmt: skip
        _demand_inside(data.get("region"), shape, "geometry")
        return data


class OrganisationForm(forms.ModelForm):
    """An organisation and its place in the tree."""

    region = RegionChoice()
    parent = forms.ModelChoiceField(Organisation.objects.all(), required=False, label=gettext_lazy("parent"))

    class Meta:
        model = Organisation
        fields = ("code", "name", "kind", "region", "leader", "phone")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            del self.fields["parent"]
        else:
            self.fields["parent"].required = True


class UserForm(forms.ModelForm):
    """An account; its roles and scope belong to the security administrator."""

    class Meta:
        model = User
        fields = ("username", "full_name", "organisation", "post", "phone", "email", "is_active")
        widgets = {"phone": forms.TextInput()}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Without one the account would lie outside every administrator's scope.
        self.fields["organisation"].required = True


class CodeListForm(forms.ModelForm):
    """A code list; codes are edited while it is a draft."""

    class Meta:
        model = CodeList
        fields = ("code", "name", "source")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["code"].disabled = True

    def clean_code(self) -> str:
        """A new list needs a new code; a new version of a list is drafted from the old one."""
        code = str(self.cleaned_data["code"])
        if not self.instance.pk and CodeList.objects.filter(code=code).exists():
            raise ValidationError(_("This list exists; draft its next version there."))
        return code


class CodeForm(forms.ModelForm):
    """A code of a draft."""

    codelist = forms.ModelChoiceField(
        CodeList.objects.filter(state=CodeList.State.DRAFT),
        to_field_name="code",
        label=gettext_lazy("code list"),
        error_messages={"invalid_choice": gettext_lazy("There is no draft of this list.")},
    )

    class Meta:
        model = Code
        fields = ("codelist", "value", "name", "parent_value", "position")


class CalendarDayForm(forms.ModelForm):
    """A holiday or make-up day."""

    class Meta:
        model = CalendarDay
        fields = ("day", "kind", "name", "source")
        widgets = {"day": forms.DateInput(attrs={"type": "date"})}
