"""Grids and points of the city (CJJ/T 312 §2.0.5, §2.0.6, §4.3.3; codes of the data standard)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from .base import CGCS2000, DemoMixin, EditableModel
from .organisation import Organisation
from .region import Region

EVALUATION_GRID_KM2 = (0.5, 3.0)
"""Usual area of an evaluation grid; outside it a page warns, because a valley or an airport may have reasons."""


class EvaluationGrid(DemoMixin, EditableModel):
    """Evaluation grid 评价网格: a polygon composed of unit grids (CJJ/T 312 §2.0.5)."""

    scope_region = "region__code"

    code = models.CharField(
        _("code"),
        max_length=20,
        unique=True,
        validators=[RegexValidator(r"^\d{6,20}$", _("An evaluation grid's code has 6 to 20 digits."))],
    )
    name = models.CharField(_("name"), max_length=60)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    area_km2 = models.FloatField(_("area in km²"), editable=False, default=0)
    geometry = models.MultiPolygonField(_("boundary"), srid=CGCS2000)

    class Meta:
        verbose_name = _("evaluation grid")
        verbose_name_plural = _("evaluation grids")
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(area_km2__gt=0),
                name="evaluationgrid_has_area",
                violation_error_message=_("The boundary encloses no area."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def has_usual_area(self) -> bool:
        """Whether the area is within 0.5–3 km²."""
        least, most = EVALUATION_GRID_KM2
        return least <= self.area_km2 <= most


class UnitGrid(DemoMixin, EditableModel):
    """Unit grid 单元网格, 15 digits: county 6, street 3, community 3, order 3 (CJJ/T 106; GB/T 30428.1)."""

    scope_region = "region__code"

    code = models.CharField(
        _("code"),
        max_length=15,
        unique=True,
        validators=[RegexValidator(r"^\d{15}$", _("A unit grid's code has 15 digits."))],
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    evaluation_grid = models.ForeignKey(
        EvaluationGrid,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="unit_grids",
        verbose_name=_("evaluation grid"),
    )
    area_m2 = models.FloatField(_("area in m²"), editable=False, default=0)
    geometry = models.MultiPolygonField(_("boundary"), srid=CGCS2000)

    class Meta:
        verbose_name = _("unit grid")
        verbose_name_plural = _("unit grids")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code


class EvaluationPoint(DemoMixin, EditableModel):
    """Evaluation point 评价点位 of one of the twelve types (CJJ/T 312 §2.0.6)."""

    class Type(models.IntegerChoices):
        ROAD = 1, _("main or secondary road")
        LANE = 2, _("back street or lane")
        PEDESTRIAN_STREET = 3, _("commercial pedestrian street")
        PARK = 4, _("park")
        SQUARE = 5, _("square")
        MARKET = 6, _("farmers' market")
        TOILET = 7, _("public toilet")
        STATION = 8, _("railway or coach station")
        WATER = 9, _("river or lake")
        STALLS = 10, _("planned stall area")
        COMMUNITY = 11, _("community")
        CROSSING = 12, _("main crossing")

    scope_region = "region__code"

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    point_type = models.PositiveSmallIntegerField(_("point type"), choices=Type.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    evaluation_grid = models.ForeignKey(
        EvaluationGrid,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="points",
        verbose_name=_("evaluation grid"),
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    owner = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible organisation"),
    )
    location = models.PointField(_("location"), srid=CGCS2000)

    class Meta:
        verbose_name = _("evaluation point")
        verbose_name_plural = _("evaluation points")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
