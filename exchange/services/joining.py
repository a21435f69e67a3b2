"""This platform as an applicant: asks an upper one for an account, collects the outcome (CJJ/T 312 §6.2.1, §6.2.2)."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import orjson
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from exchange import remote, tables
from exchange.models import UpperPlatform
from exchange.models.account import Algorithm
from platform_core.errors import DomainError
from platform_core.models import PlatformInstance
from platform_core.services import audit

from . import outbound

State = UpperPlatform.State


def ask(address: str, name: str, *, algorithm: str = Algorithm.RSA, contact: str = "") -> UpperPlatform:
    """Apply at the platform at `address`. Raises DomainError with its words where it refuses or cannot be reached."""
    platform = PlatformInstance.objects.select_related("region").get()
    secret = secrets.token_urlsafe(32)
    answer = _speak(
        "POST",
        f"{address.rstrip('/')}{remote.BASE}/apply",
        {
            "platformName": platform.name,
            "regionCode": platform.region_id,
            "kind": settings.TIER,
            "secret": secret,
            "serviceAddress": settings.PUBLIC_URL,
            "contact": contact,
            "algorithm": algorithm,
        },
    )
    with transaction.atomic():
        upper, _created = UpperPlatform.objects.update_or_create(
            address=address.rstrip("/"),
            defaults={
                "name": name,
                "state": State.APPLIED,
                "algorithm": algorithm,
                "secret": secret,
                "application_token": f"{answer['application']}:{answer['token']}",
            },
        )
        audit.record("join upper platform", upper, after={"address": upper.address})
    return upper


def collect(upper: UpperPlatform) -> bool:
    """Ask for the outcome; on admission the outbox opens with everything this platform has. Returns whether it is."""
    if upper.state == State.ACTIVE:
        return True
    number, _colon, token = upper.application_token.partition(":")
    told = _speak("GET", f"{upper.address}{remote.BASE}/apply/{number}?token={token}", None)
    if told["state"] == "rejected":
        UpperPlatform.objects.filter(pk=upper.pk).update(
            state=State.REJECTED, last_error=str(told.get("note", ""))[:300]
        )
        return False
    if "appID" not in told:
        return False
    with transaction.atomic():
        upper.app_id, upper.public_key = told["appID"], told["publicKey"]
        upper.push_windows = told["pushWindows"]
        upper.chunk_rows = min(upper.chunk_rows, int(told.get("maxRows", 1000)))
        upper.state, upper.application_token = State.ACTIVE, ""
        upper.save()
        audit.record("admitted by upper platform", upper, after={"app_id": upper.app_id})
    owe_everything(upper)
    return True


def owe_everything(upper: UpperPlatform) -> int:
    """Everything stored here that the target wants and that has rows. Returns the rows."""
    return sum(outbound.resend(upper, spec.name) for spec in tables.keeper().all() if upper.wants(spec.name))


def renew(upper: UpperPlatform, public_key: str) -> None:
    """Take over a new public key after the upper platform rotated it."""
    upper.public_key = public_key
    upper.save()
    audit.record("renew key", upper)


def _speak(method: str, url: str, content: dict[str, Any] | None) -> dict[str, Any]:
    try:
        answer = remote.client().request(method, url, json=content)
        body = orjson.loads(answer.content)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise DomainError("unreachable", _("%(address)s does not answer as a platform does: %(error)s") % {
            "address": url.split("?", maxsplit=1)[0], "error": error}) from error  # fmt: skip
    if not body.get("success"):
        raise DomainError("refused", _("The upper platform refuses: %s") % body.get("message", ""))
    data = body.get("data")
    return dict(orjson.loads(data) if isinstance(data, str) else data)
