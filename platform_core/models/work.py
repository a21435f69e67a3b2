"""What a user is told, what works for them in the background, what they bring in and how they like their lists."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from .user import User


class Notification(models.Model):
    """A message in the notification centre."""

    class Level(models.TextChoices):
        INFO = "info", _("information")
        WARNING = "warning", _("warning")
        ALARM = "alarm", _("alarm")

    recipient = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.INFO)
    title = models.CharField(max_length=120)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            # The badge counts unread rows on every page.
            models.Index(fields=("recipient",), condition=models.Q(read_at=None), name="notification_unread"),
            models.Index(fields=("recipient", "-id"), name="notification_of_user"),
        )

    def __str__(self) -> str:
        return self.title


class Job(models.Model):
    """Background work that a user started; the row is the truth, the Celery message only a hint."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=160)
    owner = models.ForeignKey(User, models.CASCADE, related_name="jobs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    parameters = models.JSONField(default=dict)
    done_count = models.PositiveBigIntegerField(default=0)
    total_count = models.PositiveBigIntegerField(default=0)
    result = models.JSONField(null=True)
    result_file = models.FileField(upload_to="jobs/%Y/%m/", blank=True)
    result_name = models.CharField(max_length=160, blank=True)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    language = models.CharField(max_length=10, default="zh-hans")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("owner", "-id"), name="job_of_user"),
            # The sweeper looks for work that nobody does.
            models.Index(fields=("state",), condition=models.Q(state__in=("queued", "running")), name="job_open"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def percent(self) -> int:
        """Progress, 0–100."""
        if self.state == self.State.DONE:
            return 100
        return min(99, self.done_count * 100 // self.total_count) if self.total_count else 0

    @property
    def is_open(self) -> bool:
        """Whether it is waiting or running."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class ImportBatch(models.Model):
    """A file somebody wants to bring in: read, checked, shown, and only then confirmed as a whole."""

    class State(models.TextChoices):
        CHECKING = "checking", _("file being checked")
        PREVIEW = "preview", _("to be confirmed")
        IMPORTING = "importing", _("being imported")
        CONFIRMED = "confirmed", _("imported")
        CANCELLED = "cancelled", _("cancelled")

    page = models.CharField(max_length=60)
    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    original_name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEW)
    file = models.FileField(upload_to="imports/%Y/%m/", blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.original_name

    @property
    def is_waiting(self) -> bool:
        """Whether a job works on it."""
        return self.state in (self.State.CHECKING, self.State.IMPORTING) and bool(self.job and self.job.is_open)

    @property
    def failure(self) -> str:
        """Why its job did not end well."""
        if self.state in (self.State.CHECKING, self.State.IMPORTING) and self.job and not self.job.is_open:
            return self.job.error or self.job.get_state_display()
        return ""


class ImportRow(models.Model):
    """A row of the file as read, and what is wrong with it: {field: [message]}."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    data = models.JSONField()
    errors = models.JSONField(default=dict)
    is_update = models.BooleanField(default=False)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("batch", "number"), name="importrow_number_once"),)

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.number}"


class SavedView(models.Model):
    """A user's filters, order and columns of a list page, under a name."""

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=60)
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("user", "page", "name"), name="savedview_name_once"),)

    def __str__(self) -> str:
        return self.name
