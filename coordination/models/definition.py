"""Versions of the closed loop: a published one never changes, so a running case keeps its rules."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.models import EditableModel, ScopedQuerySet


class DefinitionQuerySet(ScopedQuerySet):
    """Versions."""

    def in_force(self) -> Any:
        """The published version. Raises WorkflowDefinition.DoesNotExist before `load_coordination`."""
        return self.filter(state=WorkflowDefinition.State.PUBLISHED).order_by("-version")[:1].get()

    def newest_first(self) -> Self:
        """For the list."""
        return self.order_by("-version")


class WorkflowDefinition(EditableModel):
    """States and moves as data (coordination/workflow.py reads `spec`; its shape is Workflow.to_data)."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        SUPERSEDED = "superseded", _("superseded")

    version = models.PositiveIntegerField(_("version"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    spec = models.JSONField(_("definition"))
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)

    objects = DefinitionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("workflow version")
        verbose_name_plural = _("workflow versions")
        ordering = ("-version",)
        constraints = (
            models.UniqueConstraint(
                fields=("state",),
                condition=models.Q(state="draft"),
                name="workflow_one_draft",
                violation_error_message=_("There is a draft already."),
            ),
            models.UniqueConstraint(
                fields=("state",), condition=models.Q(state="published"), name="workflow_one_published"
            ),
        )
        permissions = (("design_workflow", _("May edit workflow, limits and routing")),)

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
