"""Key tasks set by nation and province, handled here and answered (CJJ/T 312 §4.3.4-2)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.models import EditableModel, Organisation, User


class KeyTask(EditableModel):
    """A task as it arrived by the exchange (supervision.keyTask), and who does it here."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        HANDLING = "handling", _("being handled")
        ANSWERED = "answered", _("answered as done")

    code = models.CharField(_("task code"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=200)
    issuer = models.CharField(_("issued by"), max_length=100)
    requirement = models.TextField(_("requirement"), blank=True)
    issued_at = models.DateTimeField(_("issued at"))
    deadline = models.DateTimeField(_("deadline"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RECEIVED)
    department = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("handled by")
    )
    progress = models.PositiveSmallIntegerField(_("progress in %"), default=0)

    class Meta:
        verbose_name = _("key task")
        verbose_name_plural = _("key tasks")
        ordering = ("-issued_at",)
        permissions = (("handle_keytask", _("May handle and answer key tasks")),)

    def __str__(self) -> str:
        return self.title


class KeyTaskFeedback(models.Model):
    """An answer, sent up by the exchange (supervision.keyTaskFeedback)."""

    task = models.ForeignKey(KeyTask, models.CASCADE, related_name="feedback")
    at = models.DateTimeField(_("time"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    progress = models.PositiveSmallIntegerField(_("progress in %"))
    content = models.TextField(_("what was done"))

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.task} {self.progress}%"
