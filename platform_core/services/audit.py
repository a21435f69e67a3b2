"""Writes, seals and verifies the audit log (CJJ/T 312 §3.0.5, §9.2.1; GB/T 22239 security audit)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Model
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from platform_core.fields import EncryptedTextField
from platform_core.models import AuditEntry, User
from platform_core.models.audit import GENESIS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SEAL_LOCK = 312_0001  # advisory lock number: one sealer at a time
SEAL_BATCH = 1000
UNLOGGED = {"password", "geometry", "location"}


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where."""

    user: User | None
    ip: str | None


_ACTIONS: dict[str, StrOrPromise] = {}


def describe(**actions: StrOrPromise) -> None:
    """Name acts for readers: `describe(add_scope=_("grant data scope"))`; underscores stand for blanks."""
    _ACTIONS.update({name.rstrip("_").replace("_", " "): label for name, label in actions.items()})


def action_label(action: str) -> StrOrPromise:
    """What readers see for an act."""
    return _ACTIONS.get(action, action)


def action_choices() -> list[tuple[str, StrOrPromise]]:
    """Every act that has been described, for filters."""
    return sorted(_ACTIONS.items(), key=lambda item: str(item[1]))


describe(
    create=_("created"),
    change=_("changed"),
    delete=_("deleted"),
    retire=_("taken out of use"),
    login=_("logged in"),
    logout=_("logged out"),
    login_failed=_("login failed"),
    change_password=_("changed the password"),
    assign_roles=_("assigned roles"),
    grant_data_scope=_("opened a data scope"),
    revoke_data_scope=_("closed a data scope"),
    end_sessions=_("ended sessions"),
    unlock_account=_("unlocked the account"),
    add_second_factor=_("added a second factor"),
    remove_second_factor=_("removed the second factor"),
    link_identity=_("linked an identity"),
    unlink_identity=_("unlinked an identity"),
    import_=_("imported"),
    export=_("exported"),
    start_job=_("started a job"),
    cancel_job=_("cancelled a job"),
    attach_file=_("attached a file"),
    remove_file=_("removed a file"),
    draft_code_list=_("drafted a code list"),
    publish_code_list=_("published a code list"),
    remove_code=_("removed a code"),
    set_up_platform=_("set up the platform"),
    register_client=_("registered a platform for log-in"),
    remove_client=_("removed a platform for log-in"),
)
NOBODY = Actor(None, None)
_actor: ContextVar[Actor] = ContextVar("actor")


@contextmanager
def acting(user: User | None, ip: str | None = None) -> Iterator[None]:
    """Everything recorded inside is this user's act."""
    token = _actor.set(Actor(user, ip))
    try:
        yield
    finally:
        _actor.reset(token)


def snapshot(instance: Model) -> dict[str, Any]:
    """Fields of a row as the log keeps them: secrets and shapes only as `***`."""
    hidden = UNLOGGED | {field.name for field in instance._meta.fields if isinstance(field, EncryptedTextField)}
    values = model_to_dict(instance)
    return {
        name: (
            "***"
            if name in hidden and value
            else [item.pk for item in value]
            if isinstance(value, list) and value and isinstance(value[0], Model)
            else value
        )
        for name, value in values.items()
    }


def record(
    action: str,
    target: Model | None = None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    actor: User | None = None,
    name: str = "",
) -> AuditEntry:
    """Append an entry in the caller's transaction. `before`/`after` keep only what differs when both are given."""
    who = _actor.get(NOBODY)
    user = actor or who.user
    if before is not None and after is not None:
        changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
        before = {key: before.get(key) for key in sorted(changed)}
        after = {key: after.get(key) for key in sorted(changed)}
    return AuditEntry.objects.create(
        at=timezone.now(),
        actor=user,
        actor_name=str(user) if user else "system",
        action=action,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=str(target.pk) if target is not None else "",
        object_name=(name or (str(target) if target is not None else ""))[:200],
        before=before,
        after=after,
        ip=who.ip,
    )


@transaction.atomic
def seal() -> int:
    """Chain the entries not yet sealed, oldest first. Returns how many; 0 when another sealer is at work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEAL_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    last = AuditEntry.objects.filter(sequence__isnull=False).order_by("-sequence").first()
    sequence, previous = (last.sequence or 0, last.hash) if last else (0, GENESIS)
    waiting = list(AuditEntry.objects.filter(sequence=None).order_by("id")[:SEAL_BATCH])
    for entry in waiting:
        sequence += 1
        previous = entry.digest(sequence, previous)
        AuditEntry.objects.filter(pk=entry.pk).update(sequence=sequence, hash=previous)
    return len(waiting)


@dataclass(frozen=True)
class ChainReport:
    """What verification found; `broken_at` is the chain number of the first entry that does not fit."""

    checked: int
    broken_at: int | None

    @property
    def is_intact(self) -> bool:
        """Whether every entry fits."""
        return self.broken_at is None


def verify_and_alarm() -> ChainReport:
    """Verify; tell everybody who may verify the log when it is broken."""
    from .notifications import notify

    report = verify()
    if not report.is_intact:
        for user in User.objects.with_right("platform_core.verify_audit_log"):
            notify(
                user,
                _("The audit log is broken at chain number %d.") % report.broken_at,
                url="/p/auditentry/",
                level="alarm",
            )
    return report


def verify() -> ChainReport:
    """Recompute the whole chain after sealing what waits. Memory is constant; time grows with the log."""
    while seal():
        pass
    previous, expected = GENESIS, 0
    for entry in AuditEntry.objects.filter(sequence__isnull=False).order_by("sequence").iterator(2000):
        expected += 1
        if entry.sequence != expected or entry.hash != entry.digest(expected, previous):
            return ChainReport(expected, expected)
        previous = entry.hash
    return ChainReport(expected, None)
