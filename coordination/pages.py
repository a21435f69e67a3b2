"""Pages of the parts."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from platform_core.forms.geometry import MapField
from platform_core.forms.models import RegionChoice
from platform_core.pages import Column, ModelPages, register

from .models import PartFacility


class PartFacilityForm(forms.ModelForm):
    """A part."""

    region = RegionChoice()
    location = MapField("point", label=gettext_lazy("location"))

    class Meta:
        model = PartFacility
        fields = ("code", "type_code", "name", "region", "state", "location")


@register
class PartFacilityPages(ModelPages):
    """Part facilities 部件 (CJJ/T 312 §4.3.4-1)."""

    model, system, form, import_key = PartFacility, "coordination", PartFacilityForm, ("code",)
    columns = (
        Column("code", sort=True),
        Column("name"),
        Column("type_code"),
        Column("region"),
        Column("owner"),
        Column("state"),
        Column("is_demo"),
    )
    filters, search, order, related = ("type_code", "state"), ("code",), "code", ("region", "owner")
    map_layer = "partfacility"
