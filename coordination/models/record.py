"""What happened to a case, what somebody owes it, and what a department asks for."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import BrinIndex
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from platform_core.models import CGCS2000, Organisation, Region, ScopedQuerySet, User

from .case import Case
from .category import CaseCategory


class StageRecord(models.Model):
    """One move of a case: the history and the event at once. Written by services.moving, never changed.

    `deltas` is what the move adds to the performance counts: [[day, measure, number, person id or null], …];
    `is_folded` says whether services.counting has added them up.
    """

    scope_region = "region__code"

    case = models.ForeignKey(Case, models.CASCADE, related_name="records")
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", db_index=False)
    move = models.CharField(_("move"), max_length=24)
    from_state = models.CharField(_("from"), max_length=20, blank=True)
    to_state = models.CharField(_("to"), max_length=20)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"), db_index=False)
    actor_name = models.CharField(_("by"), max_length=60)
    post = models.CharField(_("post"), max_length=40, blank=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(_("time"))
    opinion = models.TextField(_("opinion"), blank=True)
    data = models.JSONField(_("form"), default=dict, blank=True)
    location = models.PointField(_("location"), srid=CGCS2000, null=True, blank=True, spatial_index=False)
    stage_minutes = models.IntegerField(_("minutes taken"), null=True, blank=True)
    was_in_time = models.BooleanField(_("in time"), null=True, blank=True)
    category = models.ForeignKey(CaseCategory, models.PROTECT, null=True, related_name="+", db_index=False)
    department = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+", db_index=False)
    deltas = models.JSONField(default=list, blank=True)
    is_folded = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("stage record")
        verbose_name_plural = _("stage records")
        ordering = ("id",)
        indexes = (
            models.Index(fields=("id",), condition=Q(is_folded=False), name="stagerecord_unfolded"),
            # What somebody did in a month: records are written in the order of time, so ranges of pages suffice.
            BrinIndex(fields=("at",), pages_per_range=32, autosummarize=True, name="stagerecord_at"),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.move}"


class CaseTask(models.Model):
    """Something a person or organisation owes a case: verify, check, dispose, assist, give an opinion."""

    class Kind(models.TextChoices):
        VERIFY = "verify", _("verify")
        CHECK = "check", _("check")
        DISPOSE = "dispose", _("dispose")
        ASSIST = "assist", _("assist")
        CONSULT = "consult", _("give an opinion")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    scope_region = "case__region__code"

    case = models.ForeignKey(Case, models.CASCADE, related_name="tasks")
    kind = models.CharField(_("type"), max_length=8, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.OPEN)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation"),
        db_index=False,
    )
    assignee = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("assigned to"), db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("case task")
        verbose_name_plural = _("case tasks")
        ordering = ("due_at", "id")
        indexes = (
            models.Index(fields=("assignee", "due_at"), condition=Q(state="open"), name="casetask_of_person"),
            models.Index(fields=("organisation", "due_at"), condition=Q(state="open"), name="casetask_of_organisation"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.case}"


class CaseRequest(models.Model):
    """A department asks for more time (延期) or to stop the clock (挂账, 缓办); somebody decides."""

    class Kind(models.TextChoices):
        EXTENSION = "extension", _("extension")
        SUSPENSION = "suspension", _("suspension")

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    case = models.ForeignKey(Case, models.CASCADE, related_name="requests")
    kind = models.CharField(_("type"), max_length=10, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    hours = models.PositiveIntegerField(_("hours"), null=True, blank=True)
    reason = models.TextField(_("reason"))
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        constraints = (
            models.UniqueConstraint(
                fields=("case", "kind"), condition=Q(state="pending"), name="caserequest_one_pending"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.case}"
