"""Retention, archive and destruction 归档与销毁 (CJJ/T 312 C.0.2-2)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.models import User

from .table import DataTable


class Archive(models.Model):
    """Rows of a table older than its retention, in a Parquet file; can be brought back."""

    class State(models.TextChoices):
        ARCHIVED = "archived", _("archived")
        RESTORED = "restored", _("restored")
        DESTROYED = "destroyed", _("destroyed")

    table = models.ForeignKey(DataTable, models.PROTECT, related_name="archives", verbose_name=_("table"))
    first_at = models.DateTimeField(_("from"))
    last_at = models.DateTimeField(_("to"))
    row_count = models.PositiveBigIntegerField(_("rows"))
    file = models.CharField(_("file"), max_length=300)
    size_bytes = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ARCHIVED)
    created_at = models.DateTimeField(_("archived at"), auto_now_add=True)

    class Meta:
        verbose_name = _("archive")
        verbose_name_plural = _("archives")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.table} {self.first_at:%Y-%m-%d}–{self.last_at:%Y-%m-%d}"


class DestructionRequest(models.Model):
    """Asked by one, approved by another, carried out and recorded."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked")
        REFUSED = "refused", _("refused")
        DONE = "done", _("carried out")

    archive = models.ForeignKey(Archive, models.PROTECT, related_name="destructions", verbose_name=_("archive"))
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    protocol = models.TextField(_("protocol"), blank=True)

    class Meta:
        verbose_name = _("destruction")
        verbose_name_plural = _("destructions")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("archive",), condition=models.Q(state="asked"), name="destruction_asked_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.archive}"
