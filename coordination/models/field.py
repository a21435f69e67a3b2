"""People in the street: who looks after which ground, shifts, attendance, tracks (CJJ/T 106 监管数据无线采集)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.models import CGCS2000, DemoMixin, EditableModel, Region, ScopedQuerySet, User


class GridDuty(DemoMixin, EditableModel):
    """A supervisor's ground: every unit grid whose code begins so (6 digits a district … 15 one grid)."""

    scope_region = "user__organisation__region__code"

    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("supervisor"))
    grid_prefix = models.CharField(_("unit grid code begins with"), max_length=15)

    class Meta:
        verbose_name = _("grid duty")
        verbose_name_plural = _("grid duties")
        ordering = ("grid_prefix", "id")
        constraints = (models.UniqueConstraint(fields=("user", "grid_prefix"), name="gridduty_once"),)

    def __str__(self) -> str:
        return f"{self.user} {self.grid_prefix}"


class Shift(EditableModel):
    """A shift 班次, local time; one that ends before it starts goes past midnight."""

    name = models.CharField(_("name"), max_length=20, unique=True)
    starts_at = models.TimeField(_("from"))
    ends_at = models.TimeField(_("to"))
    grace_minutes = models.PositiveSmallIntegerField(_("late after, minutes"), default=10)

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ("starts_at",)

    def __str__(self) -> str:
        return f"{self.name} {self.starts_at:%H:%M}–{self.ends_at:%H:%M}"


class RosterEntry(DemoMixin, EditableModel):
    """Who works which shift on which day 排班, and when they came and left 考勤 (CJJ/T 312 §D.0.4-32)."""

    scope_region = "user__organisation__region__code"
    scope_organisation = "user__organisation"

    day = models.DateField(_("day"))
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="+", verbose_name=_("shift"))
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    came_at = models.DateTimeField(_("came at"), null=True, blank=True, editable=False)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True, editable=False)
    came_from = models.PointField(_("where"), srid=CGCS2000, null=True, blank=True, editable=False)
    is_late = models.BooleanField(_("came late"), default=False, editable=False)

    class Meta:
        verbose_name = _("roster entry")
        verbose_name_plural = _("roster")
        ordering = ("-day", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("day", "shift", "user"),
                condition=models.Q(retired_at=None),
                name="rosterentry_once",
                violation_error_message=_("This person is on this shift already."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.user}"


class TrackPoint(DemoMixin, models.Model):
    """A position of a person or vehicle on patrol; `device_at` by the device, several sent at once."""

    class Carrier(models.TextChoices):
        PERSON = "person", _("person")
        VEHICLE = "vehicle", _("vehicle")

    scope_region = "region__code"

    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    carrier = models.CharField(max_length=8, choices=Carrier.choices, default=Carrier.PERSON)
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+", db_index=False)
    device_at = models.DateTimeField()
    location = models.PointField(srid=CGCS2000, spatial_index=False)
    accuracy_m = models.FloatField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("track point")
        verbose_name_plural = _("track points")
        # A device that sends again what was lost on the way adds nothing.
        constraints = (models.UniqueConstraint(fields=("user", "device_at"), name="trackpoint_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.device_at}"


class LastPosition(DemoMixin, models.Model):
    """Where somebody is now: the newest track point, one row a person, so that the map needs no search."""

    scope_region = "region__code"

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    carrier = models.CharField(max_length=8, choices=TrackPoint.Carrier.choices, default=TrackPoint.Carrier.PERSON)
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("time"))
    location = models.PointField(srid=CGCS2000)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")

    def __str__(self) -> str:
        return str(self.user)
