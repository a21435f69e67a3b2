"""The outbox: what this platform still owes to others, and what it fetches from them (CJJ/T 312 §6.1.6, §4.3.10)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.fields import EncryptedTextField
from platform_core.models import EditableModel, ScopedQuerySet

from .account import Algorithm, default_windows


class UpperPlatform(EditableModel):
    """A platform this one pushes to, with the credentials it gave (CJJ/T 312 §6.2)."""

    class State(models.TextChoices):
        APPLIED = "applied", _("applied for")
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        REJECTED = "rejected", _("rejected")

    name = models.CharField(_("platform name"), max_length=100)
    address = models.URLField(_("service address"), unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.APPLIED, editable=False)
    app_id = models.CharField("appID", max_length=32, blank=True, editable=False)
    algorithm = models.CharField(_("signature"), max_length=4, choices=Algorithm.choices, default=Algorithm.RSA)
    public_key = models.TextField(_("public key"), blank=True, editable=False)
    secret = EncryptedTextField(_("secret"), blank=True, editable=False)
    application_token = EncryptedTextField(blank=True, editable=False)
    tables = models.JSONField(_("tables"), default=list, blank=True, help_text=_("group.table; empty: all"))
    push_windows = models.JSONField(_("agreed push windows"), default=default_windows, blank=True)
    chunk_rows = models.PositiveIntegerField(_("rows a call"), default=1000)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    open_until = models.DateTimeField(_("circuit open until"), null=True, editable=False)
    last_success_at = models.DateTimeField(_("last success"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("upper platform")
        verbose_name_plural = _("upper platforms")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def wants(self, name: str) -> bool:
        """Whether `group.table` is sent there."""
        group = name.partition(".")[0]
        return not self.tables or name in self.tables or f"{group}.*" in self.tables


class OutboundLane(models.Model):
    """A target's table: chunks leave one after the other, so that order survives; lanes run beside each other."""

    target = models.ForeignKey(UpperPlatform, models.CASCADE, related_name="lanes")
    group = models.CharField(max_length=40)
    table = models.CharField(max_length=60)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("target", "group", "table"), name="outboundlane_once"),)

    def __str__(self) -> str:
        return f"{self.target} {self.group}.{self.table}"


class OutboundChunk(models.Model):
    """Rows owed to one target; sent in the order of the key, resumed at the first that is not acknowledged."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        DEAD = "dead", _("dead letter")
        DISCARDED = "discarded", _("discarded")

    lane = models.ForeignKey(OutboundLane, models.CASCADE, related_name="chunks", verbose_name=_("lane"))
    payload = models.TextField()
    row_count = models.PositiveIntegerField(_("rows"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    error = models.TextField(_("error"), blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("outbound chunk")
        verbose_name_plural = _("outbound chunks")
        ordering = ("id",)
        indexes = (
            models.Index(fields=("lane", "id"), condition=models.Q(state="waiting"), name="chunk_waiting"),
            models.Index(fields=("state", "-id"), name="chunk_state"),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"


class PullSubscription(EditableModel):
    """A table fetched from another platform by getdata on schedule, with a cursor (CJJ/T 312 §4.1.4-6-1)."""

    source = models.ForeignKey(
        "exchange.PlatformAccount", models.PROTECT, related_name="pulls", verbose_name=_("platform")
    )
    app_id = models.CharField("appID", max_length=32, help_text=_("given by that platform"))
    algorithm = models.CharField(_("signature"), max_length=4, choices=Algorithm.choices, default=Algorithm.RSA)
    public_key = models.TextField(_("public key"))
    secret = EncryptedTextField(_("secret"))
    group = models.CharField(_("group"), max_length=40)
    table = models.CharField(_("table"), max_length=60)
    where = models.CharField(_("where"), max_length=500, blank=True)
    every_s = models.PositiveIntegerField(_("interval in s"), default=300)
    is_enabled = models.BooleanField(_("in use"), default=True)
    cursor = models.BigIntegerField(_("cursor"), default=0, editable=False)
    due_at = models.DateTimeField(_("due at"), auto_now_add=True)
    last_success_at = models.DateTimeField(_("last success"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("pull subscription")
        verbose_name_plural = _("pull subscriptions")
        ordering = ("group", "table")

    def __str__(self) -> str:
        return f"{self.source} {self.group}.{self.table}"
