"""Quality of what was converged, by table, platform and day (CJJ/T 312 C.0.2-4)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from .table import DataTable


class QualityScore(models.Model):
    """Six shares of 0–100; empty where nothing was delivered that could be judged."""

    table = models.ForeignKey(DataTable, models.CASCADE, related_name="quality", verbose_name=_("table"))
    source = models.BigIntegerField(_("source"))
    day = models.DateField(_("day"))
    received = models.PositiveBigIntegerField(_("rows"))
    refused = models.PositiveBigIntegerField(_("quarantined"))
    truthfulness = models.FloatField(_("truthfulness"), null=True)
    completeness = models.FloatField(_("completeness"), null=True)
    accuracy = models.FloatField(_("accuracy"), null=True)
    consistency = models.FloatField(_("consistency"), null=True)
    currency = models.FloatField(_("currency"), null=True)
    exchangeability = models.FloatField(_("exchangeability"), null=True)
    total = models.FloatField(_("score"), null=True)
    computed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("data quality")
        verbose_name_plural = _("data quality")
        ordering = ("-day", "table")
        constraints = (models.UniqueConstraint(fields=("table", "source", "day"), name="qualityscore_once"),)

    def __str__(self) -> str:
        return f"{self.table} {self.day}"
