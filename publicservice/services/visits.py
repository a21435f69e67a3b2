"""回访: after the result the citizen is asked, by a link first, by a call when it stays silent (CJJ/T 312 §4.3.6)."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.models import User
from publicservice.models import Appeal, ReturnVisit

from . import messages, publishing

SILENCE = timedelta(hours=48)
CALLS = 3


def create(appeal: Appeal) -> ReturnVisit | None:
    """A visit for an appeal with a telephone number; the link goes out by short message. None without a number."""
    if not appeal.phone:
        return None
    visit, created = ReturnVisit.objects.get_or_create(
        appeal=appeal, defaults={"token": secrets.token_urlsafe(18), "created_at": timezone.now()}
    )
    if created and not appeal.is_demo:
        link = f"{settings.PUBLIC_URL}/citizen/visit/{visit.token}/"
        messages.send(appeal.phone, _("Your appeal %(number)s has a result. Please rate it: %(link)s") % {
            "number": appeal.number, "link": link,
        })  # fmt: skip
        visit.state, visit.asked_at = ReturnVisit.State.ASKED, timezone.now()
        visit.save()
    return visit


def settle(appeal: Appeal, score: int, comment: str, agent: User | None = None) -> None:
    """Write an answer down, from wherever it came; the first answer counts for the statistics."""
    visit = ReturnVisit.objects.select_for_update().filter(appeal=appeal).first()
    if visit is None or visit.state == ReturnVisit.State.DONE:
        return
    visit.state, visit.score, visit.comment = ReturnVisit.State.DONE, score, comment[:200]
    visit.done_at, visit.agent = timezone.now(), agent
    visit.save()
    publishing.mark_visit(visit)


def call_list(user: User) -> list[ReturnVisit]:
    """Whom to call: never asked, or silent for two days after the message; fewest calls first."""
    rows = ReturnVisit.objects.visible_to(user).select_related("appeal__case").order_by("attempts", "created_at")
    silent = timezone.now() - SILENCE
    waiting = rows.filter(state=ReturnVisit.State.WAITING) | rows.filter(
        state=ReturnVisit.State.ASKED, asked_at__lt=silent
    )
    return list(waiting[:100])


@transaction.atomic
def record_call(pk: int, user: User, score: int | None, comment: str) -> ReturnVisit:
    """What an agent's call brought; no score means nobody answered, and after three calls it is given up."""
    visit = ReturnVisit.objects.visible_to(user).select_for_update(of=("self",)).filter(pk=pk).first()
    if visit is None:
        raise DomainError("not_found", _("There is nothing here, or it lies outside your data scope."))
    if visit.state == ReturnVisit.State.DONE:
        raise DomainError("visit_done", _("The citizen has answered already."))
    visit.attempts += 1
    visit.agent = user
    if score is None:
        if visit.attempts >= CALLS:
            visit.state = ReturnVisit.State.UNREACHED
        visit.save()
        return visit
    visit.save()
    from .appeals import rate_appeal

    rate_appeal(visit.appeal, score, comment, user)
    visit.refresh_from_db()
    return visit
