"""Part facilities 部件 of the city (CJJ/T 312 §4.3.4-1; GB/T 30428.2)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from platform_core.models import CGCS2000, DemoMixin, EditableModel, Organisation, Region


class PartFacility(DemoMixin, EditableModel):
    """A part: manhole cover, lamp, tree…; code of 16 digits = county 6, class 2, kind 2, number 6."""

    class State(models.TextChoices):
        INTACT = "intact", _("intact")
        DAMAGED = "damaged", _("damaged")
        LOST = "lost", _("lost")
        ABANDONED = "abandoned", _("abandoned")

    scope_region = "region__code"
    scope_organisation = "owner"

    code = models.CharField(
        _("code"),
        max_length=16,
        unique=True,
        validators=[RegexValidator(r"^\d{16}$", _("A part's code has 16 digits."))],
    )
    type_code = models.CharField(
        _("part type"), max_length=4, validators=[RegexValidator(r"^\d{4}$", _("A part type has 4 digits."))]
    )
    name = models.CharField(_("name"), max_length=80)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    owner = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.INTACT)
    location = models.PointField(_("location"), srid=CGCS2000)

    class Meta:
        verbose_name = _("part facility")
        verbose_name_plural = _("part facilities")
        ordering = ("code",)
        indexes = (
            # The list page filters by these and pages by code.
            models.Index(fields=("type_code", "code"), name="part_type_code"),
            models.Index(fields=("state", "code"), name="part_state_code"),
            models.Index(fields=("region", "code"), name="part_region_code"),
            # The search field looks anywhere inside the code.
            GinIndex(OpClass(Upper("code"), name="gin_trgm_ops"), name="part_code_trigram"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
