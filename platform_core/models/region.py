"""Administrative divisions of China."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from .base import CGCS2000, EditableModel

PREFIX_LENGTHS = {0: 0, 1: 2, 2: 4, 3: 6, 4: 9, 5: 12}


class Region(EditableModel):
    """A division with its official code (GB/T 2260; GB/T 10114 below the county).

    The code is the key: a subtree is a prefix of codes, so scoping a table by region needs no join.
    """

    class Level(models.IntegerChoices):
        COUNTRY = 0, _("country")
        PROVINCE = 1, _("province")
        CITY = 2, _("city")
        COUNTY = 3, _("county or district")
        STREET = 4, _("street or town")
        COMMUNITY = 5, _("community")

    scope_region = "code"

    code = models.CharField(
        _("code"),
        max_length=12,
        primary_key=True,
        validators=[RegexValidator(r"^\d{6}(\d{3}){0,2}$", _("A division code has 6, 9 or 12 digits."))],
    )
    name = models.CharField(_("name"), max_length=60)
    level = models.PositiveSmallIntegerField(_("level"), choices=Level.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    geometry = models.MultiPolygonField(_("boundary"), srid=CGCS2000, null=True, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("administrative division")
        verbose_name_plural = _("administrative divisions")
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(level=0, parent=None) | models.Q(level__gt=0, parent__isnull=False),
                name="region_only_country_is_root",
                violation_error_message=_("Every division except the country has a parent."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def prefix(self) -> str:
        """What every code of the subtree begins with; empty for the country."""
        return self.code[: PREFIX_LENGTHS[self.level]]

    def contains(self, code: str) -> bool:
        """Whether a division code lies in this subtree."""
        return code.startswith(self.prefix)
