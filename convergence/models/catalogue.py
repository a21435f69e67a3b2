"""Catalogue of data resources 数据资源编目 (CJJ/T 312 §4.1.4-7-4; elements after GB/T 21063)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.models import EditableModel, Organisation, User

from .table import DataTable


class CatalogueEntry(EditableModel):
    """A table as others find it: registered, reviewed, published."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("to be reviewed")
        PUBLISHED = "published", _("published")
        REJECTED = "rejected", _("sent back")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Sharing(models.TextChoices):
        UNCONDITIONAL = "unconditional", _("shared unconditionally")
        CONDITIONAL = "conditional", _("shared on conditions")
        NONE = "none", _("not shared")

    table = models.OneToOneField(DataTable, models.PROTECT, related_name="catalogue", verbose_name=_("table"))
    code = models.CharField(_("resource code"), max_length=40, unique=True)
    title = models.CharField(_("resource name"), max_length=100)
    summary = models.TextField(_("summary"), blank=True)
    keywords = models.CharField(_("keywords"), max_length=200, blank=True)
    provider = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("provider"))
    sharing = models.CharField(_("sharing type"), max_length=14, choices=Sharing.choices, default=Sharing.CONDITIONAL)
    condition = models.CharField(_("sharing condition"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    review_note = models.CharField(_("review note"), max_length=200, blank=True, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)

    class Meta:
        verbose_name = _("catalogue entry")
        verbose_name_plural = _("data catalogue")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class CatalogueSubscription(models.Model):
    """A user who is told when a resource gets new data, at most once a day."""

    entry = models.ForeignKey(CatalogueEntry, models.CASCADE, related_name="subscriptions")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    since = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("entry", "user"), name="cataloguesubscription_once"),)

    def __str__(self) -> str:
        return f"{self.user} {self.entry}"
