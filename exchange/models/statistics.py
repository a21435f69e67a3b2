"""Calls counted by minute: what the monitor shows (CJJ/T 312 §4.1.4-6-3, §6.1.6)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.utils.translation import gettext_lazy as _

# Upper bounds in ms of the latency histogram; a last class holds what is slower.
LATENCY_BOUNDS_MS = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800, 1200, 2000, 5000, 10000, 30000)


class CallStatistic(models.Model):
    """Calls of one platform to one interface and table in one minute; account and upper are empty where unknown."""

    minute = models.DateTimeField()
    direction = models.CharField(max_length=4, choices=(("in", _("received")), ("out", _("sent"))))
    peer = models.CharField(_("platform"), max_length=40)  # appID called with, or `upper:<id>`
    interface = models.CharField(_("interface"), max_length=10)
    group = models.CharField(max_length=40)
    table = models.CharField(max_length=60)
    code = models.PositiveIntegerField(_("code"))
    calls = models.PositiveIntegerField(_("calls"))
    rows = models.PositiveBigIntegerField(_("rows"))
    latency = ArrayField(models.PositiveIntegerField())

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("minute", "direction", "peer", "interface", "group", "table", "code"), name="callstatistic_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.minute:%H:%M} {self.peer} {self.interface} {self.code}"
