"""Short messages, and one-time codes that prove a telephone (CJJ/T 312 §4.3.6-2)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.services import throttle
from publicservice.models import OneTimeCode, ShortMessage
from publicservice.sms import GatewayError, gateway

PHONE = re.compile(r"^\+?\d{5,15}$")
CODE_LIFE = timedelta(minutes=10)
MAX_ATTEMPTS = 5
RETRIES = 5


def phone_digest(phone: str) -> str:
    """A keyed digest by which a number is found again; '' for none."""
    if not phone:
        return ""
    return hmac.new(settings.SECRET_KEY.encode(), f"phone:{phone}".encode(), hashlib.sha256).hexdigest()


def checked_phone(phone: str) -> str:
    """Digits of a number. Raises DomainError for anything else."""
    bare = re.sub(r"[\s\-()]", "", phone)
    if not PHONE.match(bare):
        raise DomainError("bad_phone", _("This is no telephone number."), field="phone")
    return bare


def send(phone: str, text: str) -> ShortMessage:
    """Queue a message in the caller's transaction; it goes out after the commit, and again until it is taken."""
    from publicservice.tasks import send_messages

    message = ShortMessage.objects.create(phone=phone, text=text)
    transaction.on_commit(send_messages.delay)
    return message


def send_waiting() -> int:
    """Hand waiting messages to the gateway. Returns how many it took; one that fails five times is given up."""
    taken = 0
    for message in ShortMessage.objects.filter(state=ShortMessage.State.WAITING).order_by("id")[:100]:
        with transaction.atomic():
            locked = (
                ShortMessage.objects.select_for_update(skip_locked=True).filter(pk=message.pk, state="waiting").first()
            )
            if locked is None:
                continue
            try:
                gateway().send(locked.phone or "", locked.text or "")
            except GatewayError as error:
                locked.attempts += 1
                locked.error = str(error)[:200]
                locked.state = ShortMessage.State.FAILED if locked.attempts >= RETRIES else ShortMessage.State.WAITING
            else:
                locked.state, locked.sent_at = ShortMessage.State.SENT, timezone.now()
                taken += 1
            locked.save()
    return taken


def _code_digest(phone: str, code: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"code:{phone}:{code}".encode(), hashlib.sha256).hexdigest()


@transaction.atomic
def send_code(phone: str, address: str) -> str:
    """Send a six-digit code; returns it for demonstrations only to show. Raises DomainError when asked too often."""
    phone = checked_phone(phone)
    throttle.demand("code-phone", phone_digest(phone), 5, 3600)
    throttle.demand("code-address", address, 30, 3600)
    code = f"{secrets.randbelow(1_000_000):06d}"
    OneTimeCode.objects.create(
        phone_digest=phone_digest(phone), code_digest=_code_digest(phone, code), expires_at=timezone.now() + CODE_LIFE
    )
    send(phone, _("Your code is %s. It is valid for ten minutes.") % code)
    return code


def prove(phone: str, code: str) -> OneTimeCode:
    """The code that proves a number, not used up yet. Raises DomainError when it is wrong, used, too old or tried too
    often; every try counts, also when the caller's work fails afterwards."""
    phone = checked_phone(phone)
    with transaction.atomic():
        row = (
            OneTimeCode.objects.select_for_update()
            .filter(phone_digest=phone_digest(phone), used_at=None, expires_at__gt=timezone.now())
            .order_by("-created_at")
            .first()
        )
        is_right = (
            row is not None
            and row.attempts < MAX_ATTEMPTS
            and hmac.compare_digest(row.code_digest, _code_digest(phone, code.strip()))
        )
        if row is not None:
            row.attempts += 1
            row.save()
    if row is None or not is_right:
        raise _refused()
    return row


def use_up(proof: OneTimeCode) -> None:
    """In the transaction of what the code was for. Raises DomainError where it has been used meanwhile."""
    if not OneTimeCode.objects.filter(pk=proof.pk, used_at=None).update(used_at=timezone.now()):
        raise _refused()


def _refused() -> DomainError:
    return DomainError("bad_code", _("The code is wrong or too old; have a new one sent."), field="code")
