"""Who a case is sent to, and what a text is about: rules and a model trained on the city's own cases."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from platform_core.models import DemoMixin, EditableModel, Organisation, Region, ScopedQuerySet

CITY_PREFIX = 4
"""Digits that a city's divisions have in common."""


class RoutingRuleQuerySet(ScopedQuerySet):
    """Rules: those without a division are the whole city's."""

    def _within(self, region_prefix: str | None, organisation_path: str | None) -> Q:
        condition = super()._within(region_prefix, organisation_path)
        is_whole_city = len(region_prefix or "") <= CITY_PREFIX
        return condition | Q(region=None) if is_whole_city else condition


class RoutingRule(DemoMixin, EditableModel):
    """Category × division → department; the smallest priority wins, then the more specific rule."""

    scope_region = "region__code"

    priority = models.PositiveSmallIntegerField(_("priority"), default=100, help_text=_("the smallest number wins"))
    category = models.CharField(
        _("category or major class"), max_length=5, blank=True, help_text=_("empty for all; E, E01 or E0102")
    )
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name=_("division"))
    department = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("department"))
    note = models.CharField(_("note"), max_length=120, blank=True)

    objects = RoutingRuleQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ("priority", "id")

    def __str__(self) -> str:
        return f"{self.category or '*'} → {self.department}"


class TextModel(models.Model):
    """A trained classifier: numbers only (numpy .npz without pickles), so that loading one runs nothing."""

    trained_at = models.DateTimeField(auto_now_add=True)
    case_count = models.PositiveIntegerField()
    category_count = models.PositiveIntegerField()
    accuracy = models.FloatField(help_text=_("share of held-out cases whose category came first"))
    accuracy_top3 = models.FloatField()
    weights = models.BinaryField()

    class Meta:
        verbose_name = _("text model")
        verbose_name_plural = _("text models")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.trained_at:%Y-%m-%d %H:%M} ({self.accuracy:.0%})"
