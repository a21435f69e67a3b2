"""Working days and hours as data."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from .base import EditableModel


class CalendarDay(EditableModel):
    """A day that differs from the plain week, or confirms it: public holiday, make-up working day."""

    class Kind(models.TextChoices):
        WORKING = "working", _("working day")
        MAKE_UP = "make_up", _("make-up working day")
        WEEKEND = "weekend", _("weekend")
        HOLIDAY = "holiday", _("public holiday")

    day = models.DateField(_("day"), unique=True)
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=40, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ("-day",)

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display()}"


class WorkingPeriod(EditableModel):
    """A stretch of working time in every working day, local time."""

    starts_at = models.TimeField(_("from"))
    ends_at = models.TimeField(_("to"))

    class Meta:
        verbose_name = _("working period")
        verbose_name_plural = _("working periods")
        ordering = ("starts_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="workingperiod_positive",
                violation_error_message=_("A working period ends after it starts."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.starts_at:%H:%M}–{self.ends_at:%H:%M}"


class Sequence(models.Model):
    """A counter; see services.sequences.next_number."""

    name = models.CharField(_("name"), max_length=80, primary_key=True)
    value = models.PositiveBigIntegerField(_("value"), default=0)

    class Meta:
        verbose_name = _("number sequence")
        verbose_name_plural = _("number sequences")

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
