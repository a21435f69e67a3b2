"""The landing zone: what was pushed, before and after it is stored (CJJ/T 312 §6.1.3)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.models import ScopedQuerySet, User

from .account import PlatformAccount


class Channel(models.TextChoices):
    """How rows came in (CJJ/T 312 §6.1.2, §6.1.4)."""

    HTTP = "http", "HTTP"
    SOAP = "soap", "SOAP"
    MQTT = "mqtt", "MQTT"
    PULL = "pull", _("pulled")
    CONNECTOR = "connector", _("connector")
    FILE = "file", _("file")
    LOCAL = "local", _("own data")
    REPLAY = "replay", _("corrected")


class ArrivalQuerySet(ScopedQuerySet):
    """Rows of the platforms in a user's scope, and this platform's own."""

    def _within(self, region_prefix: str | None, organisation_path: str | None) -> models.Q:
        account = "account" if self.model is InboundBatch else "batch__account"
        return super()._within(region_prefix, organisation_path) | models.Q(**{f"{account}__isnull": True})


class InboundBatch(models.Model):
    """Rows of one call, durable before it is acknowledged. The row is the truth, the Celery message only a hint."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("stored")
        FAILED = "failed", _("failed")
        SANDBOX = "sandbox", _("sandbox")

    scope_region = "account__region__code"

    account = models.ForeignKey(
        PlatformAccount, models.PROTECT, null=True, related_name="batches", verbose_name=_("platform")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    group = models.CharField(_("group"), max_length=40)
    table = models.CharField(_("table"), max_length=60)
    payload = models.TextField()
    row_count = models.PositiveIntegerField(_("rows"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    due_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(_("processed at"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    changed_count = models.PositiveIntegerField(_("changed"), default=0)
    refused_count = models.PositiveIntegerField(_("quarantined"), default=0)
    error = models.TextField(_("error"), blank=True)

    objects = ArrivalQuerySet.as_manager()

    class Meta:
        verbose_name = _("received batch")
        verbose_name_plural = _("received batches")
        ordering = ("-id",)
        indexes = (
            # The drain asks which tables have something due; nothing else is in this index.
            models.Index(fields=("group", "table", "id"), condition=models.Q(state="waiting"), name="batch_waiting"),
            models.Index(fields=("account", "-id"), name="batch_account"),
            models.Index(fields=("received_at",), name="batch_received"),
            # The list filters by what went wrong, which is rare.
            models.Index(fields=("state", "-id"), name="batch_state"),
        )

    def __str__(self) -> str:
        return f"{self.group}.{self.table} #{self.pk}"


class QuarantinedRow(models.Model):
    """A row that could not be stored, with the reason; corrected and replayed by an operator, or discarded."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        REPLAYED = "replayed", _("replayed")
        DISCARDED = "discarded", _("discarded")

    scope_region = "batch__account__region__code"

    batch = models.ForeignKey(InboundBatch, models.CASCADE, related_name="quarantine", verbose_name=_("batch"))
    number = models.PositiveIntegerField(_("row"))
    group = models.CharField(_("group"), max_length=40)
    table = models.CharField(_("table"), max_length=60)
    data = models.JSONField(_("data"))
    errors = models.JSONField(_("errors"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(_("received at"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("settled by"))

    objects = ArrivalQuerySet.as_manager()

    class Meta:
        verbose_name = _("quarantined row")
        verbose_name_plural = _("quarantined rows")
        ordering = ("-id",)
        indexes = (models.Index(fields=("state", "-id"), name="quarantine_state"),)

    def __str__(self) -> str:
        return f"{self.group}.{self.table} #{self.batch_id}/{self.number}"


class SeenSignature(models.Model):
    """A signature that was used; it is refused a second time. Kept twice as long as the widest window."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=("seen_at",), name="signature_seen_at"),)

    def __str__(self) -> str:
        return bytes(self.digest).hex()
