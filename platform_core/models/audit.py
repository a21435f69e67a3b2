"""The audit log: append-only in the database itself, and chained so that a hole shows."""

from __future__ import annotations

import hashlib
import json

from django.apps import apps
from django.contrib.gis.db import models
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _

from .user import User

GENESIS = "0" * 64


class AuditEntry(models.Model):
    """One act. A trigger refuses UPDATE and DELETE, except the one-time sealing into the chain.

    Sealing happens a few seconds later under a lock (services.audit.seal): writers never wait for each other.
    """

    at = models.DateTimeField(_("time"), db_index=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("user"))
    actor_name = models.CharField(_("user name"), max_length=120)
    action = models.CharField(_("action"), max_length=40)
    object_type = models.CharField(_("object type"), max_length=80, blank=True)
    object_id = models.CharField(_("object key"), max_length=40, blank=True)
    object_name = models.CharField(_("object"), max_length=200, blank=True)
    before = models.JSONField(_("before"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), null=True, encoder=DjangoJSONEncoder)
    ip = models.GenericIPAddressField("IP", null=True)
    sequence = models.PositiveBigIntegerField(_("chain number"), null=True, unique=True)
    hash = models.CharField(_("hash"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("object_type", "object_id"), name="audit_object"),
            models.Index(fields=("actor", "-id"), name="audit_actor"),
            models.Index(fields=("action", "-id"), name="audit_action"),
            models.Index(fields=("id",), condition=models.Q(sequence=None), name="audit_unsealed"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.object_name}"

    @property
    def action_label(self) -> str:
        """The act in the reader's language."""
        from platform_core.services import audit

        return str(audit.action_label(self.action))

    @property
    def object_label(self) -> str:
        """The kind of object in the reader's language."""
        try:
            return str(apps.get_model(self.object_type)._meta.verbose_name) if self.object_type else ""
        except LookupError:  # of an app this tier no longer has
            return self.object_type

    def digest(self, sequence: int, previous: str) -> str:
        """SHA-256 (hex) over the entry, its number in the chain and the previous entry's hash."""
        content = [
            sequence,
            previous,
            self.pk,
            self.at.isoformat(),
            self.actor_id,
            self.actor_name,
            self.action,
            self.object_type,
            self.object_id,
            self.object_name,
            self.before,
            self.after,
            self.ip,
        ]
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, cls=DjangoJSONEncoder)
        return hashlib.sha256(text.encode()).hexdigest()
