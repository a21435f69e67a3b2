"""Place names and addresses 地理编码 (CJJ/T 106; CJ/T 215)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex
from django.utils.translation import gettext_lazy as _

from platform_core.models import CGCS2000, DemoMixin, EditableModel, Region


class Place(DemoMixin, EditableModel):
    """A place with a name or address; `search_text` is both, in signs that stand apart (services.geocoding)."""

    scope_region = "region__code"

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("type"), max_length=20, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("division"))
    location = models.PointField(_("location"), srid=CGCS2000)
    search_text = models.CharField(max_length=700, editable=False)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ("code",)
        indexes = (GinIndex(fields=("search_text",), opclasses=("gin_trgm_ops",), name="place_trigram"),)

    def __str__(self) -> str:
        return self.name
