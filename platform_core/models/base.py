"""What every table a user can change has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .user import User

CGCS2000 = 4490
"""SRID of everything stored (docs/architecture.md)."""


class ScopedQuerySet(models.QuerySet):
    """Rows a user may see: data scope (region subtree × organisation subtree), or rights on single objects.

    A model names the lookups that lead to its region's code and its organisation in `scope_region` and
    `scope_organisation`; a dimension that it does not have does not restrict it.
    """

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Rows inside the user's data scope. Costs at most two queries for the user's scopes and object rights."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self
        allowed = Q(pk__in=[])
        for scope in user.scopes():
            allowed |= self._within(scope.region_prefix, scope.organisation_path)
        object_ids = user.object_ids(self.model)
        if object_ids:
            allowed |= Q(pk__in=object_ids)
        return self.filter(allowed)

    def _within(self, region_prefix: str | None, organisation_path: str | None) -> Q:
        condition = ~Q(pk__in=[])
        region = getattr(self.model, "scope_region", None)
        organisation = getattr(self.model, "scope_organisation", None)
        if region and region_prefix:
            condition &= Q(**{f"{region}__startswith": region_prefix})
        if organisation and organisation_path:
            condition &= Q(**{f"{organisation}__path__startswith": organisation_path})
        return condition

    def current(self) -> Self:
        """Rows that have not been retired."""
        return self.filter(retired_at__isnull=True)


class RetirableModel(models.Model):
    """Times, and retirement instead of deletion."""

    scope_region: ClassVar[str | None] = None
    scope_organisation: ClassVar[str | None] = None

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True, editable=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_retired(self) -> bool:
        """Whether the row has left daily use; it is still there for those who refer to it."""
        return self.retired_at is not None

    def retire(self) -> None:
        """Take out of use, now."""
        self.retired_at = timezone.now()
        self.save(update_fields=["retired_at", "updated_at"])


class EditableModel(RetirableModel):
    """A retirable row with a full history (who, when, before, after)."""

    history = HistoricalRecords(inherit=True)

    class Meta:
        abstract = True


class DemoMixin(models.Model):
    """Marks invented rows: pages label them 演示数据."""

    is_demo = models.BooleanField(_("demo data"), default=False, editable=False)

    class Meta:
        abstract = True
