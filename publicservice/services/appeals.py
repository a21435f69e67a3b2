"""Appeals: taken, made cases, answered, transferred; results come back (CJJ/T 312 §4.3.6)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from coordination.models import Case, StageRecord
from coordination.services import Report, rate, report
from platform_core.errors import DomainError
from platform_core.models import PlatformInstance, Region, User
from platform_core.services import attachments, audit
from platform_core.services.divisions import district_at
from platform_core.services.sequences import next_number
from publicservice.models import Appeal, AppealRecord

from . import publishing, visits
from .messages import checked_phone, phone_digest, prove, use_up

CASE_SOURCE = {"web": "citizen", "12319": "12319", "12345": "12345", "open311": "open311"}


@dataclass(frozen=True)
class NewAppeal:
    """What somebody asks for. `location` in CGCS2000 degrees, needed for complaints that are to become cases."""

    content: str
    kind: str = Appeal.Kind.COMPLAINT
    channel: str = Appeal.Channel.WEB
    contact_name: str = ""
    phone: str = ""
    address: str = ""
    location: Point | None = None
    category: str = ""
    origin: str = ""
    photos: Sequence[UploadedFile] = ()
    is_demo: bool = False


def _region(location: Point | None) -> Region:
    if location is not None:
        found = district_at(location)
        if found is None:
            raise DomainError("outside", _("This place lies outside the city's districts."), field="location")
        return found
    return PlatformInstance.objects.select_related("region").get().region


def _note(appeal: Appeal, action: str, text: str = "", *, actor: User | None = None, is_public: bool = True) -> None:
    AppealRecord.objects.create(
        appeal=appeal,
        at=timezone.now(),
        actor=actor,
        actor_name=str(actor) if actor else _("system"),
        action=action,
        text=text,
        is_public=is_public,
    )


@transaction.atomic
def receive(new: NewAppeal, *, by: User | None = None, at: datetime | None = None) -> Appeal:
    """Take an appeal; a complaint with a place becomes a case at once, by coordination's service.

    One with an `origin` that is known already gives the same appeal. Raises DomainError; nothing is stored then.
    """
    if new.origin and (known := Appeal.objects.filter(channel=new.channel, origin=new.origin).first()):
        return known
    content = new.content.strip()
    if not content:
        raise DomainError("no_content", _("Say what it is about."), field="content")
    moment, phone = at or timezone.now(), checked_phone(new.phone) if new.phone else ""
    appeal = Appeal.objects.create(
        number=f"S{timezone.localtime(moment):%Y%m%d}{next_number(f'appeal-{timezone.localtime(moment):%Y%m%d}'):05d}",
        query_code=f"{secrets.randbelow(1_000_000):06d}",
        channel=new.channel,
        kind=new.kind,
        content=content[:1000],
        contact_name=new.contact_name.strip()[:40],
        phone=phone,
        phone_digest=phone_digest(phone),
        address=new.address.strip()[:200],
        location=new.location,
        region=_region(new.location),
        category=new.category,
        origin=new.origin,
        received_at=moment,
        is_demo=new.is_demo,
    )
    stored = attachments.keep_pictures(new.photos, target=appeal, user=by)
    _note(appeal, _("received"), actor=by)
    if appeal.kind == Appeal.Kind.COMPLAINT and appeal.location is not None:
        _make_case(appeal, stored, by, moment)
    publishing.mark(appeal)
    return appeal


def receive_proved(new: NewAppeal, code: str) -> Appeal:
    """`receive`, of somebody whose telephone a one-time code proves. A refused appeal leaves the code as it was."""
    proof = prove(new.phone, code)
    with transaction.atomic():
        use_up(proof)
        return receive(new)


def _make_case(appeal: Appeal, photos: Sequence[object], by: User | None, at: datetime) -> None:
    assert appeal.location is not None
    case = report(
        Report(
            description=appeal.content[:500],
            location=appeal.location,
            source=CASE_SOURCE[appeal.channel],
            category=appeal.category,
            address=appeal.address,
            origin=appeal.number,
            photos=photos,  # type: ignore[arg-type]
            is_demo=appeal.is_demo,
        ),
        by,
        at=at,
    )
    appeal.case, appeal.state = case, Appeal.State.CASE
    appeal.save(update_fields=["case", "state"])
    _note(appeal, _("handed to the departments"), case.number, actor=by)


def _locked(pk: int, user: User, version: int | None) -> Appeal:
    rows = Appeal.objects.visible_to(user)
    appeal: Appeal | None = rows.select_for_update(of=("self",)).filter(pk=pk).first()
    if appeal is None:
        raise DomainError("not_found", _("There is nothing here, or it lies outside your data scope."))
    if version is not None and version != appeal.version:
        raise DomainError("changed_meanwhile", _("Somebody else changed this appeal meanwhile; look at it again."))
    appeal.version += 1
    return appeal


@transaction.atomic
def to_case(
    pk: int, user: User, location: Point, *, category: str = "", address: str = "", version: int | None = None
) -> Appeal:
    """An appeal that came without a place becomes a case. Raises DomainError once it is answered or is one already."""
    appeal = _locked(pk, user, version)
    if appeal.state != Appeal.State.RECEIVED:
        raise DomainError("not_open", _("The appeal is “%s” already.") % appeal.get_state_display())
    appeal.location, appeal.region = location, _region(location)
    appeal.category, appeal.address = category or appeal.category, address or appeal.address
    appeal.save()
    _make_case(appeal, list(attachments.of(appeal)), user, timezone.now())
    publishing.mark(appeal)
    return appeal


@transaction.atomic
def answer(pk: int, user: User, text: str, *, version: int | None = None) -> Appeal:
    """Answer a consultation or suggestion. Raises DomainError without a text or while a case runs."""
    if not text.strip():
        raise DomainError("no_answer", _("Write an answer."), field="answer")
    appeal = _locked(pk, user, version)
    if appeal.state not in (Appeal.State.RECEIVED, Appeal.State.TRANSFERRED):
        raise DomainError("not_open", _("The appeal is “%s” already.") % appeal.get_state_display())
    _finish(appeal, Appeal.State.ANSWERED, text.strip(), user)
    return appeal


def _finish(appeal: Appeal, state: str, text: str, actor: User | None = None) -> None:
    appeal.state, appeal.answer, appeal.answered_at = state, text, timezone.now()
    appeal.save()
    _note(appeal, str(appeal.get_state_display()), text, actor=actor)
    visits.create(appeal)
    publishing.mark(appeal)


@transaction.atomic
def transfer(pk: int, user: User, to: str, reason: str, *, version: int | None = None) -> Appeal:
    """移交: hand an appeal to another hotline by the exchange. Raises DomainError without a reason."""
    if not reason.strip():
        raise DomainError("no_reason", _("Say why it is transferred."), field="reason")
    appeal = _locked(pk, user, version)
    if appeal.state != Appeal.State.RECEIVED:
        raise DomainError("not_open", _("The appeal is “%s” already.") % appeal.get_state_display())
    appeal.state, appeal.transferred_to = Appeal.State.TRANSFERRED, to
    appeal.save()
    _note(appeal, _("transferred to %s") % to, reason.strip(), actor=user)
    publishing.mark(appeal)
    return appeal


@transaction.atomic
def rate_appeal(appeal: Appeal, score: int, comment: str = "", agent: User | None = None) -> None:
    """The citizen's satisfaction, 1 to 5, asked by an agent or given unasked; it counts for the case too.

    Raises DomainError before there is a result.
    """
    if score not in range(1, 6):
        raise DomainError("bad_score", _("The score is between 1 and 5."), field="score")
    locked = Appeal.objects.select_for_update().get(pk=appeal.pk)
    if locked.state not in (Appeal.State.ANSWERED, Appeal.State.REFUSED):
        raise DomainError("not_over", _("You can rate once there is a result."))
    locked.satisfaction = score
    locked.save()
    _note(locked, _("rated"), f"{score}/5 {comment}".strip())
    if locked.case and locked.case.state == "closed":
        rate(locked.case.pk, score)
    visits.settle(locked, score, comment, agent)
    publishing.mark(locked)


def reveal(appeal: Appeal, user: User) -> dict[str, str]:
    """Who made it, in full. The look is audited."""
    audit.record("reveal contact", appeal, actor=user)
    return {"name": appeal.contact_name or "", "phone": appeal.phone or ""}


RESULTS = {
    "closed": Appeal.State.ANSWERED,
    "rejected": Appeal.State.REFUSED,
    "void": Appeal.State.REFUSED,
    "merged": Appeal.State.ANSWERED,
}


def on_case_moved(sender: type, case: Case, record: StageRecord, move: str, **_more: object) -> None:
    """A case of an appeal moved: the citizen sees the step; its end answers the appeal (same transaction)."""
    if move in ("report", "rate", "note", "supervise"):
        return
    for appeal in Appeal.objects.select_for_update().filter(case=case):
        if case.state in RESULTS and appeal.state == Appeal.State.CASE:
            _finish(appeal, RESULTS[case.state], _result_text(case, record))
        elif case.is_open and appeal.state == Appeal.State.ANSWERED:  # reopened
            appeal.state = Appeal.State.CASE
            appeal.save(update_fields=["state"])
            _note(appeal, _("taken up again"))
            publishing.mark(appeal)
        elif record.from_state != record.to_state and move in ("accept", "register", "dispatch", "dispose"):
            _note(appeal, _public_step(move), case.department.name if move == "dispatch" and case.department else "")


def _public_step(move: str) -> str:
    words = {
        "accept": _("report accepted"),
        "register": _("registered as a case"),
        "dispatch": _("dispatched to the department"),
        "dispose": _("disposed of, being checked"),
    }
    return words[move]


def _result_text(case: Case, record: StageRecord) -> str:
    if case.state == "merged" and case.duplicate_of:
        return _("The same problem is being dealt with as %s.") % case.duplicate_of.number
    if case.state == "closed":
        done = case.records.filter(move="dispose").order_by("-id").first()
        return done.opinion if done and done.opinion else _("The problem has been dealt with.")
    return record.opinion or _("The report was not accepted.")


def settle_transfer(appeal: Appeal, text: str) -> None:
    """The other hotline answered an appeal that was transferred to it (same transaction as its arrival)."""
    locked = Appeal.objects.select_for_update().get(pk=appeal.pk)
    if locked.state == Appeal.State.TRANSFERRED:
        _finish(locked, Appeal.State.ANSWERED, text or _("Answered by %s.") % locked.transferred_to)
