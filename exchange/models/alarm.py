"""Alarms about the exchange itself (CJJ/T 312 §6.1.6)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.models import EditableModel, ScopedQuerySet


class AlarmRule(EditableModel):
    """When administrators are told: failure rate, lag, silence, or dead letters."""

    class Kind(models.TextChoices):
        FAILURE_RATE = "failure_rate", _("failure rate in %")
        LAG = "lag", _("lag in s")
        SILENCE = "silence", _("silence in min")
        DEAD_LETTERS = "dead_letters", _("dead letters")
        QUARANTINE = "quarantine", _("rows in quarantine")

    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind.choices)
    threshold = models.FloatField(_("more than"))
    period_min = models.PositiveIntegerField(_("over the last min"), default=15)
    webhook = models.URLField(_("webhook"), blank=True)
    is_enabled = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("alarm rule")
        verbose_name_plural = _("alarm rules")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Alarm(models.Model):
    """A rule that is broken now, or was; one open alarm for each rule and subject."""

    rule = models.ForeignKey(AlarmRule, models.CASCADE, related_name="alarms", verbose_name=_("alarm rule"))
    subject = models.CharField(_("subject"), max_length=100)
    value = models.FloatField(_("value"))
    raised_at = models.DateTimeField(_("raised at"), auto_now_add=True)
    cleared_at = models.DateTimeField(_("cleared at"), null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("rule", "subject"), condition=models.Q(cleared_at=None), name="alarm_open_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}"
