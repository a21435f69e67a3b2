"""Organisations: supervision centres, command centres, departments, districts, streets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from .base import DemoMixin, EditableModel, ScopedQuerySet
from .region import Region

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .user import User


class OrganisationQuerySet(MP_NodeQuerySet, ScopedQuerySet):
    """The tree, scoped: an organisation is in a scope by its own path and region."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """See ScopedQuerySet."""
        return ScopedQuerySet.visible_to(self, user)


class OrganisationManager(MP_NodeManager.from_queryset(OrganisationQuerySet)):  # type: ignore[misc]
    """Tree order, as treebeard wants it, with the scoped queryset."""

    def get_queryset(self) -> OrganisationQuerySet:
        """All organisations in tree order."""
        return OrganisationQuerySet(self.model, using=self._db).order_by("path")


class Organisation(MP_Node, DemoMixin, EditableModel):
    """A node of the tree of organisations (CJJ/T 312 §4.1.4-8-1, §4.3.12-1)."""

    class Kind(models.TextChoices):
        GOVERNMENT = "government", _("government")
        SUPERVISION_CENTRE = "supervision", _("supervision centre")
        COMMAND_CENTRE = "command", _("command centre")
        DEPARTMENT = "department", _("department")
        DISTRICT = "district", _("district agency")
        STREET = "street", _("street agency")
        COMPANY = "company", _("utility or company")

    scope_region = "region__code"
    scope_organisation = None

    code = models.CharField(_("code"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("type"), max_length=16, choices=Kind.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    leader = models.CharField(_("leader"), max_length=40, blank=True)
    phone = models.CharField(_("office telephone"), max_length=32, blank=True)

    objects = OrganisationManager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name

    @property
    def indented_name(self) -> str:
        """The name set in by its depth in the tree."""
        return "　" * (self.depth - 1) + self.name
