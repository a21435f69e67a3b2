"""Accounts of calling platforms: application, review, keys (CJJ/T 312 §6.2, §6.3.1)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange.models import AccountKey, PlatformAccount, TableGrant
from exchange.models.account import Algorithm
from exchange.protocol import signature
from platform_core.errors import DomainError
from platform_core.models import Region, User
from platform_core.services import audit
from platform_core.services.notifications import notify
from platform_core.services.sequences import next_number

State = PlatformAccount.State
LEAST_SECRET = 16
OVERLAP = timedelta(days=7)
WINDOW = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")


@dataclass(frozen=True)
class Application:
    """What a platform says of itself (CJJ/T 312 §6.2.1: name, key, service address)."""

    name: str
    region: str
    kind: str
    secret: str
    service_address: str = ""
    contact: str = ""
    algorithm: str = Algorithm.RSA


def token_hash(token: str) -> str:
    """What is kept of an application's token."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def apply(application: Application) -> tuple[PlatformAccount, str]:
    """Ask for an account. Returns it and the token with which the applicant asks for the outcome.

    Raises DomainError, naming the field, for what cannot be right.
    """
    region = Region.objects.filter(code=application.region).first()
    if region is None:
        raise DomainError("unknown_region", _("No division has the code %s.") % application.region, field="regionCode")
    if len(application.secret) < LEAST_SECRET:
        raise DomainError("short_secret", _("The key needs at least %d characters.") % LEAST_SECRET, field="secret")
    if application.kind not in PlatformAccount.Kind.values:
        raise DomainError(
            "unknown_kind", _("The kind is one of %s.") % ", ".join(PlatformAccount.Kind.values), field="kind"
        )
    if application.algorithm not in Algorithm.values:
        raise DomainError(
            "unknown_algorithm", _("The signature is one of %s.") % ", ".join(Algorithm.values), field="algorithm"
        )
    if not application.name.strip():
        raise DomainError("no_name", _("The platform's name is missing."), field="platformName")
    token = secrets.token_urlsafe(24)
    account = PlatformAccount.objects.create(
        name=application.name.strip()[:100],
        kind=application.kind,
        region=region,
        service_address=application.service_address[:200],
        contact=application.contact[:60],
        algorithm=application.algorithm,
        secret=application.secret,
        token_hash=token_hash(token),
    )
    audit.record("apply for account", account)
    for reviewer in User.objects.with_right("exchange.review_account")[:50]:
        notify(
            reviewer, _("A platform asks for an account: %s") % account.name, url=f"/p/platformaccount/{account.pk}/"
        )
    return account, token


@transaction.atomic
def approve(
    account: PlatformAccount, *, sandbox: bool, note: str = "", push_windows: Sequence[str] | None = None,
    grants: Sequence[Mapping[str, Any]] | None = None,
) -> PlatformAccount:  # fmt: skip
    """Admit a platform: it gets an appID, a key pair and what it may push and get (CJJ/T 312 §6.2.3)."""
    locked = PlatformAccount.objects.select_for_update().get(pk=account.pk)
    if locked.state not in (State.APPLIED, State.REJECTED):
        raise DomainError("reviewed", _("This application was reviewed already."))
    if push_windows is not None:
        locked.push_windows = check_windows(push_windows)
    locked.app_id = _new_app_id(locked)
    locked.state = State.SANDBOX if sandbox else State.LIVE
    locked.review_note, locked.reviewed_at = note[:200], timezone.now()
    locked.save()
    _new_key(locked)
    for grant in grants if grants is not None else default_grants(locked):
        TableGrant.objects.create(account=locked, **grant)
    audit.record("approve account", locked, after={"app_id": locked.app_id, "state": locked.state})
    locked.refresh_from_db()
    return locked


def default_grants(account: PlatformAccount) -> list[dict[str, Any]]:
    """Platforms push everything and get it back; a department gets nothing until somebody decides."""
    if account.kind == PlatformAccount.Kind.DEPARTMENT:
        return []
    return [{"group": "*", "table": "*", "may_push": True, "may_get": True}]


def check_windows(windows: Sequence[str]) -> list[str]:
    """`HH:MM-HH:MM` each. Raises DomainError."""
    for window in windows:
        if not WINDOW.fullmatch(window):
            raise DomainError("bad_window", _("“%s” is not a window such as 22:00-06:00.") % window)
    return list(windows) or ["00:00-24:00"]


def _new_app_id(account: PlatformAccount) -> str:
    """Division and number: readable in a log, and never given twice."""
    return f"{account.region_id[:6]}{next_number('exchange.app_id'):04d}"


def _new_key(account: PlatformAccount) -> AccountKey:
    pair = signature.generate(account.algorithm)
    return AccountKey.objects.create(
        account=account, algorithm=account.algorithm, public_key=pair.public, private_key=pair.private,
        fingerprint=pair.fingerprint,
    )  # fmt: skip


@transaction.atomic
def reject(account: PlatformAccount, note: str) -> None:
    """Turn an application down. Raises DomainError where it was admitted already."""
    _move(account, (State.APPLIED,), State.REJECTED, "reject account", note)


def go_live(account: PlatformAccount) -> None:
    """End the sandbox: from now on, what is pushed counts."""
    _move(account, (State.SANDBOX, State.SUSPENDED), State.LIVE, "activate account")


def suspend(account: PlatformAccount) -> None:
    """Answer no more calls (10004) until it is made live again."""
    _move(account, (State.SANDBOX, State.LIVE), State.SUSPENDED, "suspend account")


@transaction.atomic
def _move(account: PlatformAccount, sources: tuple[str, ...], target: str, action: str, note: str = "") -> None:
    locked = PlatformAccount.objects.select_for_update().get(pk=account.pk)
    if locked.state not in sources:
        raise DomainError(
            "wrong_state", _("This is not possible while the platform is “%s”.") % locked.get_state_display()
        )
    before = locked.state
    locked.state = target
    if note:
        locked.review_note = note[:200]
    if target == State.REJECTED:
        locked.reviewed_at = timezone.now()
    locked.save()
    audit.record(action, locked, before={"state": before}, after={"state": target})


@transaction.atomic
def rotate_key(account: PlatformAccount, overlap: timedelta = OVERLAP) -> AccountKey:
    """A new key pair; the old one is good until the overlap ends. Raises DomainError before admission."""
    if account.app_id is None:
        raise DomainError("not_admitted", _("The platform has not been admitted."))
    AccountKey.objects.filter(account=account, revoked_at=None, expires_at=None).update(
        expires_at=timezone.now() + overlap
    )
    key = _new_key(account)
    audit.record("rotate key", account, after={"fingerprint": key.fingerprint})
    return key


@transaction.atomic
def revoke_key(key: AccountKey) -> None:
    """Refuse a key from now on, at once."""
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save()
        audit.record("revoke key", key.account, after={"fingerprint": key.fingerprint})


def outcome(application_id: int, token: str) -> dict[str, Any]:
    """What an applicant is told: state; after admission also appID, public key, windows, addresses.

    Raises DomainError where number and token do not belong together.
    """
    account = PlatformAccount.objects.filter(pk=application_id, token_hash=token_hash(token)).first()
    if account is None:
        raise DomainError("unknown_application", _("There is no such application."))
    told: dict[str, Any] = {"state": account.state, "note": account.review_note}
    if account.is_admitted:
        key = next((key for key in account.keys.all() if key.is_valid), None)
        base = f"{settings.PUBLIC_URL}/eUrbanMIS/api/v1"
        told |= {
            "platformName": account.name, "appID": account.app_id, "algorithm": account.algorithm,
            "publicKey": key.public_key if key else "", "pushWindows": account.push_windows,
            "timestampWindow": account.window_s, "maxRows": account.max_rows,
            "callsPerMinute": account.calls_per_minute,
            "addresses": {"pushdata": f"{base}/pushdata", "getdata": f"{base}/getdata", "soap": f"{base}/soap"},
        }  # fmt: skip
    return told


audit.describe(
    apply_for_account=gettext_lazy("asked for an account"),
    approve_account=gettext_lazy("admitted the platform"),
    reject_account=gettext_lazy("turned the platform down"),
    activate_account=gettext_lazy("made the platform live"),
    suspend_account=gettext_lazy("suspended the platform"),
    rotate_key=gettext_lazy("made a new key"),
    revoke_key=gettext_lazy("revoked a key"),
)
