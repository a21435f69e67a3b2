"""Accounts, roles and scopes."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.models import DataScope, Organisation, PasswordRecord, Region, Role, User, UserSession

from . import audit


@transaction.atomic
def assign_roles(user: User, roles: Iterable[Role]) -> None:
    """Replace a user's roles. Raises DomainError where separated duties would meet in one person."""
    chosen = list(roles)
    duties = {role.duty for role in chosen if role.duty}
    if len(duties) > 1:
        raise DomainError(
            "separated_duties",
            _("System, security and audit administration must lie with different people (%s).")
            % "、".join(role.name for role in chosen if role.duty),
        )
    before = sorted(user.groups.values_list("name", flat=True))
    user.groups.set(chosen)
    after = sorted(role.name for role in chosen)
    if before != after:
        audit.record("assign roles", user, before={"roles": before}, after={"roles": after})


@transaction.atomic
def grant_scope(user: User, *, region: Region | None = None, organisation: Organisation | None = None) -> DataScope:
    """Open a region subtree × organisation subtree to a user; repeated calls change nothing."""
    scope, created = DataScope.objects.get_or_create(user=user, region=region, organisation=organisation)
    if created:
        audit.record("grant data scope", user, after={"scope": str(scope)})
    return scope


@transaction.atomic
def change_password(user: User, password: str, *, must_change: bool = False) -> None:
    """Set a password by the policy, remember the old one, end the other sessions.

    Raises ValidationError with every rule that is broken.
    """
    validate_password(password, user)
    user.set_password(password)
    user.must_change_password = must_change
    user.password_changed_at = timezone.now()
    user.save()
    PasswordRecord.objects.create(user=user, password=user.password)
    audit.record("change password", user)


@transaction.atomic
def end_sessions(user: User) -> int:
    """End every session of a user. Returns how many."""
    count, _rows = UserSession.objects.filter(user=user).delete()
    audit.record("end sessions", user, after={"count": count})
    return count
