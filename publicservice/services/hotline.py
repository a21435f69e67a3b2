"""The hotline: queue, distribution, what happens in a call, agents' states (CJJ/T 312 §4.3.6-1)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.models import User
from publicservice.cti import CtiError, adapter
from publicservice.models import Agent, Appeal, Call, CallEvent
from publicservice.models.hotline import Skill

from .messages import phone_digest

log = logging.getLogger(__name__)
RING = timedelta(seconds=25)
SERVICE_LEVEL = timedelta(seconds=20)
KEYS = {"1": Skill.GENERAL, "2": Skill.WATER, "3": Skill.POWER, "4": Skill.GAS, "5": Skill.HEAT}


def _event(call: Call, kind: str, actor: str = "", text: str = "") -> None:
    CallEvent.objects.create(call=call, at=timezone.now(), kind=kind, actor_name=actor, text=text[:120])


def _locked(uid: str) -> Call | None:
    found: Call | None = Call.objects.select_for_update().filter(uid=uid).first()
    return found


@transaction.atomic
def incoming(
    uid: str, caller: str, dialled: str, key: str = "", *, is_demo: bool = False, at: datetime | None = None
) -> Call:
    """A call has come in and waits; `key` is what the caller pressed. Told twice it is one call."""
    call, created = Call.objects.get_or_create(
        uid=uid,
        defaults={
            "caller": caller,
            "caller_digest": phone_digest(caller),
            "dialled": dialled[:16],
            "skill": KEYS.get(key, key if key in Skill.values else Skill.GENERAL),
            "queued_at": at or timezone.now(),
            "is_demo": is_demo,
        },
    )
    if created:
        _event(call, "queued", text=dialled)
    return call


def distribute(now: datetime | None = None) -> int:
    """话务分配: each waiting call, longest wait first, rings the fitting agent who has been idle longest.

    An agent who lets it ring for 25 s is set away and the call offered to the next. Returns how many were offered. The
    telephone system is told after the commit: it never rings for what was rolled back, no row is locked meanwhile.
    """
    moment = now or timezone.now()
    for uid in _rung_out(moment):
        _quietly("withdraw", uid)
    offered = 0
    for uid, extension in _paired(moment):
        try:
            adapter().offer(uid, extension)
        except CtiError as error:
            log.warning("offer %s to %s: %s", uid, extension, error)
            _not_offered(uid)
        else:
            offered += 1
    return offered


@transaction.atomic
def _rung_out(moment: datetime) -> list[str]:
    """Calls that rang too long wait again. Returns their names."""
    ringing = Call.objects.select_for_update(skip_locked=True).filter(
        state=Call.State.RINGING, ringing_at__lt=moment - RING
    )
    return [_give_back(call, Agent.State.AWAY) for call in ringing]


@transaction.atomic
def _paired(moment: datetime) -> list[tuple[str, str]]:
    """Waiting calls get their agents. Returns the calls' names and the extensions to ring."""
    ready = list(
        Agent.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state=Agent.State.READY, retired_at=None)
        .select_related("user")
        .order_by("state_since")
    )
    if not ready:
        return []
    pairs = []
    for call in Call.objects.select_for_update(skip_locked=True).filter(state=Call.State.QUEUED).order_by("queued_at"):
        agent = next((one for one in ready if call.skill in one.skills), None)
        if agent is None:
            continue
        ready.remove(agent)
        call.state, call.agent, call.ringing_at = Call.State.RINGING, agent, moment
        call.save()
        _set(agent, Agent.State.RINGING)
        _event(call, "offered", str(agent.user))
        pairs.append((call.uid, agent.extension))
    return pairs


@transaction.atomic
def _not_offered(uid: str) -> None:
    """The agent's telephone cannot be rung: the call waits again, the agent is away."""
    call = _locked(uid)
    if call and call.state == Call.State.RINGING:
        _give_back(call, Agent.State.AWAY)


def _give_back(call: Call, agent_state: str) -> str:
    """The call waits again at its old place. Returns its name."""
    if call.agent:
        _set(call.agent, agent_state)
        _event(call, "not_answered", str(call.agent.user))
    call.state, call.agent, call.ringing_at = Call.State.QUEUED, None, None
    call.save()
    return call.uid


def _quietly(command: str, uid: str) -> None:
    """Tell the telephone system what it may already know; a refusal is only logged."""
    try:
        getattr(adapter(), command)(uid)
    except CtiError as error:
        log.warning("%s %s: %s", command, uid, error)


def _set(agent: Agent, state: str) -> None:
    agent.state, agent.state_since = state, timezone.now()
    agent.save(update_fields=["state", "state_since", "updated_at"])


@transaction.atomic
def answered(uid: str) -> None:
    """The agent has picked up."""
    call = _locked(uid)
    if call is None or call.state != Call.State.RINGING or call.agent is None:
        return
    call.state, call.answered_at = Call.State.TALKING, timezone.now()
    call.save()
    _set(call.agent, Agent.State.TALKING)
    _event(call, "answered", str(call.agent.user))


@transaction.atomic
def agent_gone(uid: str) -> None:
    """The agent's telephone has hung up: before the answer the call waits again, after it the talk is over."""
    call = _locked(uid)
    if call is None or call.ended_at:
        return
    if call.state == Call.State.RINGING:
        _give_back(call, Agent.State.AWAY)
        transaction.on_commit(lambda: _quietly("withdraw", uid))
    elif call.state == Call.State.TALKING:
        _end(call)
        transaction.on_commit(lambda: _quietly("hang_up", uid))


@transaction.atomic
def ended(uid: str) -> bool:
    """The caller has hung up. Returns whether that was news."""
    call = _locked(uid)
    if call is None or call.ended_at:
        return False
    _end(call)
    return True


def _end(call: Call) -> None:
    was_talking = call.state == Call.State.TALKING
    call.state = Call.State.ENDED if was_talking else Call.State.ABANDONED
    call.ended_at = timezone.now()
    call.save()
    if call.agent:
        _set(call.agent, Agent.State.WRAP_UP if was_talking else Agent.State.READY)
    _event(call, "ended" if was_talking else "abandoned")


def joined(uid: str, role: str) -> None:
    """Somebody came into a call."""
    call = Call.objects.filter(uid=uid).first()
    if call and role in ("third", "ear"):
        _event(call, "third" if role == "third" else "listened")


# --- what people do


def agent_of(user: User) -> Agent:
    """The user's place at the hotline. Raises DomainError for somebody who has none."""
    found = Agent.objects.current().filter(user=user).first()
    if found is None:
        raise DomainError("no_agent", _("You have no place at the hotline; ask your supervisor."))
    return found


ALLOWED = {Agent.State.READY, Agent.State.AWAY, Agent.State.OFFLINE}


@transaction.atomic
def set_state(user: User, state: str) -> Agent:
    """Sign on, off or go away. Raises DomainError during a call."""
    agent = Agent.objects.select_for_update().get(pk=agent_of(user).pk)
    if state not in ALLOWED:
        raise DomainError("bad_state", _("An agent is ready, away or signed off."))
    if agent.state in (Agent.State.RINGING, Agent.State.TALKING):
        raise DomainError("in_call", _("End the call first."))
    _set(agent, state)
    return agent


def current_call(agent: Agent) -> Call | None:
    """The call that rings or is talked in; after it, the last one while finishing."""
    open_call = agent.calls.filter(ended_at=None).order_by("-queued_at").first()
    if open_call or agent.state != Agent.State.WRAP_UP:
        return open_call
    return agent.calls.order_by("-ended_at").first()


@transaction.atomic
def pick_up(user: User) -> Call:
    """Answer on the page, where the telephone system has no telephones. Raises DomainError when nothing rings."""
    call = Call.objects.select_for_update().filter(agent=agent_of(user), state=Call.State.RINGING).first()
    if call is None:
        raise DomainError("nothing_rings", _("Nothing rings; the caller may have hung up."))
    answered(call.uid)
    return call


def _own(user: User, pk: int) -> Call:
    call = Call.objects.select_for_update().filter(pk=pk, agent__user=user).first()
    if call is None:
        raise DomainError("not_yours", _("This is not your call."))
    return call


@transaction.atomic
def hang_up(user: User, pk: int) -> None:
    """End one's own call."""
    call = _own(user, pk)
    if call.ended_at is None:
        _end(call)
        transaction.on_commit(lambda: _quietly("hang_up", call.uid))


def three_way(user: User, pk: int, number: str) -> None:
    """三方通话: bring a department or expert into one's own call."""
    dialled = number.strip()
    if not (dialled.isascii() and dialled.isdigit()):
        raise DomainError("bad_number", _("Dial digits only."), field="number")
    with transaction.atomic():
        call = _own(user, pk)
        if call.state != Call.State.TALKING:
            raise DomainError("not_talking", _("There is no talk to join."))
        _event(call, "third_dialled", str(user), dialled)
    _command(call, user, lambda: adapter().join(call.uid, dialled))


def listen(user: User, pk: int) -> None:
    """坐席监听: a supervisor hears a call; who listened is kept with the call."""
    extension = agent_of(user).extension
    with transaction.atomic():
        call = Call.objects.select_for_update().filter(pk=pk, state=Call.State.TALKING).first()
        if call is None:
            raise DomainError("not_talking", _("There is no talk to listen to."))
        _event(call, "listening", str(user))
    _command(call, user, lambda: adapter().listen(call.uid, extension))


def _command(call: Call, user: User, command: Callable[[], None]) -> None:
    """Ask the telephone system for what is already kept with the call; its refusal is kept too. Raises DomainError."""
    try:
        command()
    except CtiError as error:
        _event(call, "refused", str(user), str(error))
        raise DomainError("cti", _("The telephone system refused: %s") % error) from error


@transaction.atomic
def attach(call_id: int, user: User, appeal: Appeal) -> None:
    """The appeal that was taken in a call."""
    call = _own(user, call_id)
    call.appeal = appeal
    call.save(update_fields=["appeal"])
    _event(call, "appeal", str(user), appeal.number)


def fetch_recordings() -> int:
    """Store the recordings of ended calls. Returns how many came."""
    waiting = Call.objects.filter(
        state=Call.State.ENDED, recording="", ended_at__gt=timezone.now() - timedelta(hours=6)
    )
    came = 0
    for call in waiting.order_by("ended_at")[:50]:
        try:
            sound = adapter().recording(call.uid)
        except CtiError as error:
            log.warning("recording of %s: %s", call.uid, error)
            return came
        if sound:
            call.recording.save(f"{call.uid}.wav", ContentFile(sound))
            came += 1
    return came


def report(first: datetime, last: datetime) -> list[dict[str, Any]]:
    """报表: by local day: calls, answered, given up, mean wait and talk, share answered within 20 s (one query)."""
    wait = ExpressionWrapper(F("answered_at") - F("queued_at"), output_field=DurationField())
    talk = ExpressionWrapper(F("ended_at") - F("answered_at"), output_field=DurationField())
    rows = (
        Call.objects.filter(queued_at__gte=first, queued_at__lt=last)
        .values("queued_at__date")
        .annotate(
            calls=Count("pk"),
            answered=Count("pk", filter=Q(answered_at__isnull=False)),
            abandoned=Count("pk", filter=Q(state=Call.State.ABANDONED)),
            quick=Count("pk", filter=Q(answered_at__lte=F("queued_at") + SERVICE_LEVEL)),
            wait=Avg(wait),
            talk=Avg(talk),
        )
        .order_by("-queued_at__date")
    )
    return [
        {
            "day": row["queued_at__date"],
            "calls": row["calls"],
            "answered": row["answered"],
            "abandoned": row["abandoned"],
            "wait_s": round(row["wait"].total_seconds()) if row["wait"] else None,
            "talk_s": round(row["talk"].total_seconds()) if row["talk"] else None,
            "service_level": 100 * row["quick"] / row["calls"],
        }
        for row in rows
    ]


def report_by_agent(first: datetime, last: datetime) -> list[dict[str, Any]]:
    """By agent: answered calls and mean talk."""
    talk = ExpressionWrapper(F("ended_at") - F("answered_at"), output_field=DurationField())
    rows = (
        Call.objects.filter(answered_at__gte=first, answered_at__lt=last)
        .values("agent__user__full_name", "agent__extension")
        .annotate(answered=Count("pk"), talk=Avg(talk), appeals=Count("appeal"))
        .order_by("-answered")
    )
    return [
        {
            "name": row["agent__user__full_name"],
            "extension": row["agent__extension"],
            "answered": row["answered"],
            "appeals": row["appeals"],
            "talk_s": round(row["talk"].total_seconds()) if row["talk"] else None,
        }
        for row in rows
    ]
