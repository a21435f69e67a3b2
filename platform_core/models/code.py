"""Code lists, as versions: a published version never changes, so old rows keep their meaning."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from .base import EditableModel, ScopedQuerySet


class CodeListQuerySet(ScopedQuerySet):
    """Code lists by version."""

    def current_version(self, code: str) -> Any:
        """The newest published version of a list. Raises CodeList.DoesNotExist."""
        return self.filter(code=code, state=CodeList.State.PUBLISHED).order_by("-version")[:1].get()

    def newest(self) -> Self:
        """One row a list: its newest version."""
        return self.order_by("code", "-version").distinct("code")


class CodeList(EditableModel):
    """A version of a code list, and the standard it comes from."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        SUPERSEDED = "superseded", _("superseded")

    code = models.SlugField(_("code"))
    name = models.CharField(_("name"), max_length=80)
    version = models.PositiveIntegerField(_("version"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    source = models.CharField(_("source"), max_length=120, blank=True)

    objects = CodeListQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("code list")
        verbose_name_plural = _("code lists")
        ordering = ("code", "-version")
        constraints = (
            models.UniqueConstraint(fields=("code", "version"), name="codelist_version_once"),
            models.UniqueConstraint(
                fields=("code",),
                condition=models.Q(state="draft"),
                name="codelist_one_draft",
                violation_error_message=_("The list already has a draft."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Code(models.Model):
    """A value of a code list; `parent_value` makes a hierarchy (0101 below 01)."""

    codelist = models.ForeignKey(CodeList, models.CASCADE, related_name="codes", verbose_name=_("code list"))
    value = models.CharField(_("value"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    parent_value = models.CharField(_("parent value"), max_length=20, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("code")
        verbose_name_plural = _("codes")
        ordering = ("position", "value")
        constraints = (models.UniqueConstraint(fields=("codelist", "value"), name="code_value_once"),)

    def __str__(self) -> str:
        return f"{self.value} {self.name}"
