"""Convenience services 便民便企, notices, and the applications that speak Open311 (CJJ/T 312 §4.3.6-1-2, §4.3.6-2)."""

from __future__ import annotations

import hashlib

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.models import CGCS2000, DemoMixin, EditableModel, Region


class ConvenienceService(DemoMixin, EditableModel):
    """Whom to call about water, power, gas, heat and the like."""

    class Kind(models.TextChoices):
        WATER = "water", _("water")
        POWER = "power", _("power")
        GAS = "gas", _("gas")
        HEAT = "heat", _("heat")
        DRAINAGE = "drainage", _("drainage")
        SANITATION = "sanitation", _("sanitation")
        OTHER = "other", _("other")

    scope_region = "region__code"

    code = models.CharField(_("code"), max_length=40, unique=True)
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=80)
    phone = models.CharField(_("telephone"), max_length=32)
    hours = models.CharField(_("opening hours"), max_length=60, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    content = models.CharField(_("what it does"), max_length=500, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("division"))
    location = models.PointField(_("location"), srid=CGCS2000, null=True, blank=True)

    class Meta:
        verbose_name = _("convenience service")
        verbose_name_plural = _("convenience services")
        ordering = ("kind", "code")

    def __str__(self) -> str:
        return self.name


class Notice(DemoMixin, EditableModel):
    """Something the public should know."""

    title = models.CharField(_("title"), max_length=100)
    body = models.TextField(_("text"))
    published_at = models.DateTimeField(_("shown from"))
    expires_at = models.DateTimeField(_("shown until"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ("-published_at",)

    def __str__(self) -> str:
        return self.title


class Open311Client(EditableModel):
    """An application that may send requests; only the digest of its key is kept."""

    name = models.CharField(_("name"), max_length=80)
    key_digest = models.CharField(max_length=64, unique=True, editable=False)
    is_enabled = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("Open311 application")
        verbose_name_plural = _("Open311 applications")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def digest(key: str) -> str:
        """What is kept of a key; keys are 32 random bytes, so a plain hash cannot be guessed back."""
        return hashlib.sha256(key.encode()).hexdigest()
