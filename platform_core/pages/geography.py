"""Pages of places: divisions, grids, points, thematic layers."""

from __future__ import annotations

from django.db.models import Model
from django.utils.translation import gettext as _

from platform_core.forms import models as forms
from platform_core.geo.measure import area_m2
from platform_core.models import (
    EvaluationGrid,
    EvaluationPoint,
    LayerFeature,
    Region,
    ThematicLayer,
    UnitGrid,
)
from platform_core.models.grid import EVALUATION_GRID_KM2
from platform_core.services.grids import place_point

from .base import Column, ModelPages, register
from .panels import FEATURES


@register
class EvaluationGridPages(ModelPages):
    """Evaluation grids 评价网格 (CJJ/T 312 §4.3.3)."""

    model, system, form, import_key = EvaluationGrid, "evaluation", forms.EvaluationGridForm, ("code",)
    columns = (
        Column("code", sort=True),
        Column("name", sort=True),
        Column("region"),
        Column("area_km2", sort=True, is_numeric=True),
        Column("is_demo"),
        Column("updated_at", sort=True, is_default=False),
    )
    filters, search, order, related = ("region",), ("code", "name"), "code", ("region",)
    map_layer, may_have_attachments = "evaluationgrid", True

    def prepare(self, instance: Model) -> None:
        """The area follows from the boundary."""
        assert isinstance(instance, EvaluationGrid)
        instance.area_km2 = area_m2(instance.geometry) / 1e6

    def warnings(self, instance: Model) -> list[str]:
        """Outside 0.5–3 km² is unusual (CJJ/T 312 §2.0.5)."""
        assert isinstance(instance, EvaluationGrid)
        if instance.has_usual_area:
            return []
        least, most = EVALUATION_GRID_KM2
        return [
            _("The area is %(area).2f km²; evaluation grids usually have %(least)s to %(most)s km².")
            % {"area": instance.area_km2, "least": least, "most": most}
        ]


@register
class EvaluationPointPages(ModelPages):
    """Evaluation points 评价点位 (CJJ/T 312 §2.0.6, §4.3.3)."""

    model, system, form, import_key = EvaluationPoint, "evaluation", forms.EvaluationPointForm, ("code",)
    columns = (
        Column("code", sort=True),
        Column("name", sort=True),
        Column("point_type", sort=True),
        Column("region"),
        Column("evaluation_grid"),
        Column("address"),
        Column("is_demo"),
    )
    filters, search, order = ("region", "point_type"), ("code", "name", "address"), "code"
    related = ("region", "evaluation_grid")
    map_layer, may_have_attachments = "evaluationpoint", True

    def prepare(self, instance: Model) -> None:
        """The grid follows from the location."""
        assert isinstance(instance, EvaluationPoint)
        place_point(instance)


@register
class UnitGridPages(ModelPages):
    """Unit grids 单元网格."""

    model, system, form, import_key = UnitGrid, "evaluation", forms.UnitGridForm, ("code",)
    columns = (
        Column("code", sort=True),
        Column("region"),
        Column("evaluation_grid"),
        Column("area_m2", sort=True, is_numeric=True),
        Column("is_demo"),
    )
    filters, search, order, related = ("region",), ("code",), "code", ("region", "evaluation_grid")
    map_layer = "unitgrid"

    def prepare(self, instance: Model) -> None:
        """The area follows from the boundary."""
        assert isinstance(instance, UnitGrid)
        instance.area_m2 = area_m2(instance.geometry)


@register
class ThematicLayerPages(ModelPages):
    """Thematic layers 专题图层."""

    model, system, form, import_key = ThematicLayer, "evaluation", forms.ThematicLayerForm, ("code",)
    columns = (
        Column("code", sort=True),
        Column("name"),
        Column("geometry_type"),
        Column("region"),
        Column("description"),
    )
    filters, search, order, related = ("geometry_type",), ("code", "name"), "code", ("region",)
    panels, may_have_attachments = (FEATURES,), True


@register
class LayerFeaturePages(ModelPages):
    """Features of thematic layers 专题要素."""

    model, system, form, import_key = LayerFeature, "evaluation", forms.LayerFeatureForm, ("layer", "code")
    columns = (
        Column("code", sort=True),
        Column("name"),
        Column("layer"),
        Column("region"),
        Column("properties", is_default=False),
        Column("is_demo"),
    )
    filters, search, order, related = ("layer", "region"), ("code", "name"), "code", ("layer", "region")


@register
class RegionPages(ModelPages):
    """Administrative divisions 行政区划; changed by the state, so only shown."""

    model, system = Region, "maintenance"
    columns = (
        Column("code", sort=True),
        Column("name"),
        Column("level", sort=True),
        Column("parent"),
        Column("source"),
    )
    filters, search, order, related = ("level",), ("code", "name"), "code", ("parent",)
    map_layer = "region"
