"""Accounts, roles and scopes (CJJ/T 312 §4.1.2-3, §4.1.4-8-1)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from axes.utils import reset as axes_reset
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from platform_core.errors import DomainError
from platform_core.models import DataScope, IdentityLink, Organisation, PasswordRecord, Region, Role, User, UserSession

from . import audit
from .notifications import notify


def refuse_self(administrator: User, user: User) -> None:
    """Nobody widens their own rights: raises DomainError (GB/T 22239 separation of duties)."""
    if administrator.pk == user.pk:
        raise DomainError("not_yourself", _("Your own rights are changed by another administrator."))


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
        if before:
            notify(user, _("Your roles were changed: %s") % ("、".join(after) or "—"))


@transaction.atomic
def grant_scope(user: User, *, region: Region | None = None, organisation: Organisation | None = None) -> DataScope:
    """Open a region subtree × organisation subtree to a user; repeated calls change nothing."""
    scope, created = DataScope.objects.get_or_create(user=user, region=region, organisation=organisation)
    if created:
        audit.record("grant data scope", user, after={"scope": str(scope)})
    return scope


@transaction.atomic
def revoke_scope(scope: DataScope) -> None:
    """Close a data scope."""
    audit.record("revoke data scope", scope.user, before={"scope": str(scope)})
    scope.delete()


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
def reset_password(user: User) -> str:
    """A random password that must be changed at the next login; returned once and kept nowhere."""
    password = secrets.token_urlsafe(9) + "a1!"
    change_password(user, password, must_change=True)
    end_sessions(user)
    unlock(user)
    return password


@transaction.atomic
def unlock(user: User) -> None:
    """Forget failed logins, so that a locked account may try again."""
    if axes_reset(username=user.username):
        audit.record("unlock account", user)


@transaction.atomic
def remove_second_factor(user: User) -> None:
    """For somebody who has lost the telephone."""
    deleted, _rows = TOTPDevice.objects.filter(user=user).delete()
    if deleted:
        audit.record("remove second factor", user)


@transaction.atomic
def link(user: User, issuer: str, subject: str, name: str) -> IdentityLink:
    """Let an account at a provider log in as this user. Raises DomainError where it is somebody else's."""
    made, created = IdentityLink.objects.get_or_create(
        issuer=issuer, subject=subject, defaults={"user": user, "name": name[:120]}
    )
    if made.user_id != user.pk:
        raise DomainError("identity_taken", _("That identity is linked to another account."))
    if created:
        audit.record("link identity", user, after={"issuer": issuer, "subject": subject})
    return made


@transaction.atomic
def unlink(made: IdentityLink) -> None:
    """Take a link back."""
    audit.record("unlink identity", made.user, before={"issuer": made.issuer, "subject": made.subject})
    made.delete()


@transaction.atomic
def end_sessions(user: User) -> int:
    """End every session of a user. Returns how many."""
    sessions = UserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    count, _rows = sessions.delete()
    if count:
        audit.record("end sessions", user, after={"count": count})
    return count
