"""Fusion 数据融合: who delivers a table, with what priority, and each one's own word (CJJ/T 312 §4.1.4-7-3)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from .table import DataTable


class TableSource(models.Model):
    """A source that has delivered rows of a table; of two that differ, the smaller priority number is believed."""

    table = models.ForeignKey(DataTable, models.CASCADE, related_name="sources", verbose_name=_("table"))
    source = models.BigIntegerField(_("source"))  # the account's key; 0 is this platform itself
    name = models.CharField(_("platform"), max_length=100, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), default=50)
    rows = models.PositiveBigIntegerField(_("rows"), default=0)
    first_at = models.DateTimeField(_("first delivery"), auto_now_add=True)
    last_at = models.DateTimeField(_("last delivery"), auto_now_add=True)

    class Meta:
        verbose_name = _("source of a table")
        verbose_name_plural = _("sources of tables")
        ordering = ("table", "priority")
        constraints = (models.UniqueConstraint(fields=("table", "source"), name="tablesource_once"),)

    def __str__(self) -> str:
        return self.name or str(self.source)


class SourceRecord(models.Model):
    """A source's own values of a row that several sources differ about."""

    table = models.ForeignKey(DataTable, models.CASCADE, related_name="records")
    key = models.CharField(_("key"), max_length=200)
    source = models.BigIntegerField(_("source"))
    values = models.JSONField(_("values"))
    seen_at = models.DateTimeField(_("time"), auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("table", "key", "source"), name="sourcerecord_once"),)

    def __str__(self) -> str:
        return f"{self.key} {self.source}"
