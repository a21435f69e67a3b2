"""Thematic layers: map data that have no table of their own."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from .base import CGCS2000, DemoMixin, EditableModel
from .region import Region


class ThematicLayer(DemoMixin, EditableModel):
    """A named layer with its drawing style (CJJ/T 312 §4.3.3)."""

    class Geometry(models.TextChoices):
        POINT = "point", _("points")
        LINE = "line", _("lines")
        POLYGON = "polygon", _("polygons")

    scope_region = "region__code"

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=60)
    geometry_type = models.CharField(_("geometry"), max_length=8, choices=Geometry.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    colour = models.CharField(
        _("colour"), max_length=7, default="#1f6f8b", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    description = models.CharField(_("description"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("thematic layer")
        verbose_name_plural = _("thematic layers")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class LayerFeature(DemoMixin, EditableModel):
    """A feature of a thematic layer with free properties."""

    scope_region = "region__code"

    layer = models.ForeignKey(ThematicLayer, models.PROTECT, related_name="features", verbose_name=_("layer"))
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=100)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    properties = models.JSONField(_("properties"), default=dict, blank=True)
    geometry = models.GeometryField(_("geometry"), srid=CGCS2000)

    class Meta:
        verbose_name = _("layer feature")
        verbose_name_plural = _("layer features")
        ordering = ("code",)
        constraints = (models.UniqueConstraint(fields=("layer", "code"), name="layerfeature_code_once"),)

    def __str__(self) -> str:
        return self.name
