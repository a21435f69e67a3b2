"""The case 案件: a problem on its way through the closed loop (CJJ/T 312 §4.3.4-1; CJJ/T 106)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from platform_core.models import CGCS2000, DemoMixin, Organisation, Region, ScopedQuerySet, UnitGrid, User

from .category import CaseCategory, Emergency
from .definition import WorkflowDefinition
from .part import PartFacility

FINAL_STATES = ("closed", "rejected", "void", "merged")


class CaseQuerySet(ScopedQuerySet):
    """Cases by what desks ask."""

    def _within(self, region_prefix: str | None, organisation_path: str | None) -> Q:
        """A department sees the cases it leads, and those it assists in as long as its task is open."""
        condition = super()._within(region_prefix, None)
        if organisation_path:
            from .record import CaseTask

            assisted = CaseTask.objects.filter(organisation__path__startswith=organisation_path, state="open")
            condition &= Q(department__path__startswith=organisation_path) | Q(pk__in=assisted.values("case"))
        return condition

    def current(self) -> Self:
        """Cases are never taken out of use; they end."""
        return self

    def open(self) -> Self:
        """Not in a final state; what the partial indexes hold."""
        return self.filter(is_open=True)

    def overdue(self, now: datetime | None = None) -> Self:
        """Open, clock running, past the deadline of their stage."""
        return self.open().filter(is_suspended=False, due_at__lt=now or timezone.now())


class Case(DemoMixin, models.Model):
    """A part or event problem. Changed only by services.moving, which writes a StageRecord with every change.

    `due_at`/`warn_at` belong to the present stage (None while nothing is limited or the clock is stopped);
    `dispose_due_at` and `close_due_at` are the deadlines by which the department and the whole loop are judged.
    """

    class Source(models.TextChoices):
        SUPERVISOR = "supervisor", _("supervisor")
        CITIZEN = "citizen", _("citizen pages")
        HOTLINE_12319 = "12319", _("12319 hotline")
        HOTLINE_12345 = "12345", _("12345 hotline")
        OPEN311 = "open311", _("Open311 application")
        SENSOR = "sensor", _("sensor")
        VIDEO = "video", _("video")
        LEADER = "leader", _("leader's instruction")
        UPPER = "upper", _("upper platform")
        IMPORT = "import", _("imported")

    scope_region = "region__code"
    scope_organisation = "department"

    number = models.CharField(_("task number"), max_length=14, unique=True)
    definition = models.ForeignKey(WorkflowDefinition, models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=20)
    version = models.PositiveIntegerField(default=1)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    category = models.ForeignKey(
        CaseCategory,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("category"),
        db_index=False,
    )
    emergency = models.PositiveSmallIntegerField(_("emergency"), choices=Emergency.choices, default=Emergency.NORMAL)
    description = models.CharField(_("description"), max_length=500)
    address = models.CharField(_("address"), max_length=200, blank=True)
    location = models.PointField(_("location"), srid=CGCS2000, spatial_index=False)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("division"), db_index=False)
    grid = models.ForeignKey(
        UnitGrid, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit grid"), db_index=False
    )
    part = models.ForeignKey(
        PartFacility, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("part")
    )
    reporter = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("reported by"), db_index=False
    )
    origin = models.CharField(_("reference at the source"), max_length=40, blank=True)
    client_uuid = models.UUIDField(null=True, blank=True, editable=False)
    """Given by the reporting device, so that a report sent twice is one case."""
    department = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("leading department"),
        db_index=False,
    )
    duplicate_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="duplicates", verbose_name=_("merged into")
    )

    is_open = models.BooleanField(default=True, editable=False)
    is_suspended = models.BooleanField(_("clock stopped"), default=False, editable=False)
    stage_started_at = models.DateTimeField(editable=False)
    due_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)
    warn_at = models.DateTimeField(null=True, blank=True, editable=False)
    alarm_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the escalation has to look next: first at warn_at, then at due_at, then never."""
    left_minutes = models.IntegerField(null=True, blank=True, editable=False)
    """What was left of the stage's limit when the clock was stopped."""

    reported_at = models.DateTimeField(_("reported at"))
    registered_at = models.DateTimeField(_("registered at"), null=True, blank=True, editable=False)
    dispatched_at = models.DateTimeField(_("dispatched at"), null=True, blank=True, editable=False)
    disposed_at = models.DateTimeField(_("disposed at"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    dispose_due_at = models.DateTimeField(_("disposal due"), null=True, blank=True, editable=False)
    close_due_at = models.DateTimeField(_("closing due"), null=True, blank=True, editable=False)
    supervised_at = models.DateTimeField(_("urged at"), null=True, blank=True, editable=False)
    rework_count = models.PositiveSmallIntegerField(_("reworked"), default=0, editable=False)
    extension_count = models.PositiveSmallIntegerField(_("extended"), default=0, editable=False)
    satisfaction = models.PositiveSmallIntegerField(_("satisfaction"), null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)
    is_published = models.BooleanField(default=False, editable=False)
    """Whether the exchange has this version; see services.publishing."""

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ("-reported_at",)
        permissions = (
            ("report_case", _("May report a case")),
            ("accept_case", _("May accept reports")),
            ("field_case", _("May verify and check in the street")),
            ("register_case", _("May register, void and reopen cases")),
            ("dispatch_case", _("May dispatch cases")),
            ("dispose_case", _("May dispose of cases")),
            ("close_case", _("May close cases")),
            ("review_case", _("May review the closing")),
            ("approve_request", _("May approve extensions and suspensions")),
            ("supervise_case", _("May urge cases on")),
            ("watch_command", _("May open the command screen")),
            ("view_performance", _("May see performance evaluation")),
        )
        constraints = (
            models.UniqueConstraint(fields=("client_uuid",), name="case_client_uuid_once"),
            models.UniqueConstraint(fields=("source", "origin"), condition=~Q(origin=""), name="case_origin_once"),
            models.CheckConstraint(
                condition=~Q(state="merged") | Q(duplicate_of__isnull=False), name="case_merged_into"
            ),
        )
        indexes = (
            # Desks: the open cases of a state, the most pressing first.
            models.Index(fields=("state", "due_at", "id"), condition=Q(is_open=True), name="case_open_state"),
            models.Index(fields=("department", "due_at"), condition=Q(is_open=True), name="case_open_department"),
            # The escalation's next look.
            models.Index(fields=("alarm_at",), condition=Q(alarm_at__isnull=False), name="case_alarm"),
            # What the exchange has not got yet.
            models.Index(fields=("id",), condition=Q(is_published=False), name="case_unpublished"),
            # The list of all cases pages by time under each of its filters.
            models.Index(fields=("-reported_at", "-id"), name="case_reported"),
            models.Index(fields=("category", "-reported_at"), name="case_category"),
            models.Index(fields=("region", "-reported_at"), name="case_region"),
            models.Index(fields=("department", "-reported_at"), name="case_department"),
            models.Index(fields=("source", "-reported_at"), name="case_source"),
            models.Index(fields=("state", "-reported_at"), name="case_state"),
            models.Index(
                fields=("reporter", "-reported_at"), condition=Q(reporter__isnull=False), name="case_reporter"
            ),
            models.Index(fields=("emergency", "-reported_at"), condition=Q(emergency=1), name="case_urgent"),
            # Maps draw open cases; the search for duplicates looks around a point at any time.
            GistIndex(fields=("location",), condition=Q(is_open=True), name="case_open_location"),
            GistIndex(fields=("location",), name="case_location"),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def lamp(self) -> str:
        """`green`, `yellow` from 80 % of the limit on, `red` when overdue, `grey` with the clock stopped, else ''."""
        if not self.is_open:
            return ""
        if self.is_suspended:
            return "grey"
        if self.due_at is None:
            return "green"
        now = timezone.now()
        if now >= self.due_at:
            return "red"
        return "yellow" if self.warn_at and now >= self.warn_at else "green"

    @property
    def is_disposed_in_time(self) -> bool | None:
        """None before disposal or without a deadline."""
        if self.disposed_at is None or self.dispose_due_at is None:
            return None
        return self.disposed_at <= self.dispose_due_at
