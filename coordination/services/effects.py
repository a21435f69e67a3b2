"""What a move does besides changing the state. A workflow names these; each works on the case `moving` has locked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from coordination.models import Case, CaseRequest, CaseTask, Stage, StageRecord
from platform_core.errors import DomainError
from platform_core.models import Organisation, User

from . import definitions, limits
from .counting import Delta, delta

if TYPE_CHECKING:
    from .moving import Given


@dataclass
class Moving:
    """A move under way; `deltas` feed the counts."""

    case: Case
    actor: User | None
    given: Given
    at: datetime
    was_in_time: bool | None
    deltas: list[Delta] = field(default_factory=list)

    def count(self, measure: str, number: int = 1, *, on: datetime | None = None, person: int | None = None) -> None:
        """Add to a measure; on the day of the move and for nobody in particular unless said."""
        self.deltas.append(delta(on or self.at, measure, number, person))

    @property
    def actor_id(self) -> int | None:
        """The actor's key, None for the system."""
        return self.actor.pk if self.actor else None


Effect = Callable[[Moving], None]
EFFECTS: dict[str, Effect] = {}


def effect(work: Effect) -> Effect:
    """Decorator: offer a function to workflows under its name."""
    EFFECTS[work.__name__] = work
    return work


def _cohort(moving: Moving, number: int) -> None:
    """Count the case in (or out of) the day on which its department's limit ends."""
    if moving.case.dispose_due_at:
        moving.count("due", number, on=moving.case.dispose_due_at)


def _disposal(moving: Moving, number: int) -> None:
    """Count the disposal in or out of the cohort of its due day."""
    case = moving.case
    if case.dispose_due_at is None or case.disposed_at is None:
        return
    moving.count("disposed_of_due", number, on=case.dispose_due_at)
    if case.is_disposed_in_time:
        moving.count("in_time_of_due", number, on=case.dispose_due_at)


def _closing(moving: Moving, number: int) -> None:
    case = moving.case
    if case.dispose_due_at is None or case.closed_at is None:
        return
    moving.count("closed_of_due", number, on=case.dispose_due_at)
    if case.close_due_at and case.closed_at <= case.close_due_at:
        moving.count("closed_in_time_of_due", number, on=case.dispose_due_at)


def _last_actor(case: Case, effect: str) -> int | None:
    """Who last made a move with this effect."""
    moves = definitions.workflow(case.definition_id).with_effect(effect)
    rows = StageRecord.objects.filter(case=case, move__in=moves).order_by("-id")
    return rows.values_list("actor", flat=True).first()


@effect
def count_valid(moving: Moving) -> None:
    """The report was worth making."""
    moving.count("valid_reported", on=moving.case.reported_at, person=moving.case.reporter_id)


@effect
def count_rejected(moving: Moving) -> None:
    """Not accepted."""
    moving.count("rejected")


@effect
def count_registered(moving: Moving) -> None:
    """立案: registered, and accurate until it is declared void."""
    if moving.case.registered_at is None:
        moving.case.registered_at = moving.at
        moving.count("registered", person=moving.actor_id)
        moving.count("accurate_registered", person=moving.actor_id)


@effect
def count_void(moving: Moving) -> None:
    """作废: a registration that should not have been."""
    if moving.case.registered_at:
        registrar = _last_actor(moving.case, "count_registered")
        moving.count("accurate_registered", -1, on=moving.case.registered_at, person=registrar)
        moving.count("voided")


@effect
def merge_case(moving: Moving) -> None:
    """并案: the other case stays, this one points to it. Raises DomainError where the other is unknown or over."""
    number = moving.given.duplicate.strip()
    other = Case.objects.filter(number=number).exclude(pk=moving.case.pk).first()
    if other is None or other.state == "merged":
        raise DomainError("unknown_case", _("There is no case %s to merge into.") % number, field="duplicate")
    if moving.actor and not Case.objects.visible_to(moving.actor).filter(pk=other.pk).exists():
        raise DomainError("unknown_case", _("There is no case %s to merge into.") % number, field="duplicate")
    moving.case.duplicate_of = other


@effect
def order_verification(moving: Moving) -> None:
    """核实: a task for the supervisor of the ground, or for those of the district."""
    from .field import supervisor_of

    _order(moving, CaseTask.Kind.VERIFY, moving.given.assignee or supervisor_of(moving.case))


@effect
def order_check(moving: Moving) -> None:
    """核查: a task after disposal, likewise."""
    from .field import supervisor_of

    _order(moving, CaseTask.Kind.CHECK, moving.given.assignee or supervisor_of(moving.case))


def _order(moving: Moving, kind: str, assignee: int | None) -> None:
    CaseTask.objects.create(case=moving.case, kind=kind, assignee_id=assignee)


def _finish(moving: Moving, kind: str) -> None:
    moving.case.tasks.filter(kind=kind, state="open").update(
        state="done", done_at=moving.at, result=moving.given.opinion[:200], assignee=moving.actor
    )


@effect
def finish_verification(moving: Moving) -> None:
    """The supervisor has answered."""
    _finish(moving, CaseTask.Kind.VERIFY)


@effect
def finish_check(moving: Moving) -> None:
    """The supervisor has looked."""
    _finish(moving, CaseTask.Kind.CHECK)


def _department(pk: int | None) -> Organisation:
    found = Organisation.objects.filter(pk=pk, retired_at=None).first()
    if found is None:
        raise DomainError(
            "unknown_department", _("Choose the department that is to dispose of it."), field="department"
        )
    return found


@effect
def assign_department(moving: Moving) -> None:
    """派遣: a leading department 主办 and any number that assist 协办."""
    department = _department(moving.given.department)
    moving.case.department = department
    CaseTask.objects.create(case=moving.case, kind=CaseTask.Kind.DISPOSE, organisation=department)
    for pk in set(moving.given.assistants) - {department.pk}:
        CaseTask.objects.create(case=moving.case, kind=CaseTask.Kind.ASSIST, organisation=_department(pk))


@effect
def start_disposal(moving: Moving) -> None:
    """The department's limit begins; by it the department and the whole loop will be judged."""
    case = moving.case
    case.dispatched_at = moving.at
    code = limits.category_code(case.category_id)
    found = limits.deadline(moving.at, Stage.DISPOSE, code, case.emergency)
    if found:
        case.dispose_due_at = found.due_at
        case.close_due_at = limits.closing_deadline(found.due_at, code, case.emergency)
    moving.count("dispatched", person=moving.actor_id)
    moving.count("accurate_dispatched", person=moving.actor_id)
    if moving.was_in_time is not False:
        moving.count("dispatched_in_time", person=moving.actor_id)
    _cohort(moving, 1)


@effect
def cancel_tasks(moving: Moving) -> None:
    """Nobody owes anything any more."""
    moving.case.tasks.filter(state="open").update(state="cancelled", done_at=moving.at)


def _drop_requests(moving: Moving) -> None:
    moving.case.requests.filter(state="pending").update(state="rejected", decided_at=moving.at)


@effect
def release_department(moving: Moving) -> None:
    """The case is nobody's until it is dispatched anew; what the department asked for is off the table."""
    moving.case.department = None
    _drop_requests(moving)


@effect
def count_return(moving: Moving) -> None:
    """回退: the dispatch was not accurate; the case leaves the department's cohort."""
    case = moving.case
    if case.dispatched_at:
        dispatcher = _last_actor(case, "start_disposal")
        moving.count("accurate_dispatched", -1, on=case.dispatched_at, person=dispatcher)
    moving.count("returned")
    _cohort(moving, -1)
    case.dispose_due_at = case.close_due_at = None


@effect
def order_opinions(moving: Moving) -> None:
    """会商: the invited departments give their opinion."""
    for pk in set(moving.given.assistants):
        CaseTask.objects.create(case=moving.case, kind=CaseTask.Kind.CONSULT, organisation=_department(pk))


@effect
def finish_assistance(moving: Moving) -> None:
    """An assisting department has done its part. Raises DomainError where it owes nothing."""
    organisation = moving.actor.organisation if moving.actor else None
    mine = moving.case.tasks.filter(kind=CaseTask.Kind.ASSIST, state="open", organisation=organisation)
    if not mine.update(state="done", done_at=moving.at, result=moving.given.opinion[:200]):
        raise DomainError("no_task", _("Your organisation has no open task on this case."))


@effect
def finish_disposal(moving: Moving) -> None:
    """处置完成. Raises DomainError while an assisting department has not answered."""
    case = moving.case
    waiting = case.tasks.filter(kind=CaseTask.Kind.ASSIST, state="open").select_related("organisation")
    if names := [str(task.organisation) for task in waiting]:
        raise DomainError("assistance_open", _("These departments have not finished yet: %s") % "、".join(names))
    case.tasks.filter(kind=CaseTask.Kind.DISPOSE, state="open").update(state="done", done_at=moving.at)
    _drop_requests(moving)
    case.disposed_at = moving.at
    moving.count("disposed")
    if case.is_disposed_in_time is not False:
        moving.count("disposed_in_time")
    _disposal(moving, 1)


@effect
def order_rework(moving: Moving) -> None:
    """返工: the disposal does not count; the department is judged by its first deadline still."""
    case = moving.case
    _disposal(moving, -1)
    case.disposed_at = None
    case.rework_count += 1
    moving.count("reworked")
    CaseTask.objects.create(case=case, kind=CaseTask.Kind.DISPOSE, organisation=case.department)


@effect
def finish_case(moving: Moving) -> None:
    """The end: closed, void, not accepted or merged."""
    case = moving.case
    case.closed_at = moving.at
    case.tasks.filter(state="open").update(state="cancelled", done_at=moving.at)
    if case.disposed_at:
        moving.count("closed")
        _closing(moving, 1)
    elif case.dispose_due_at:
        _cohort(moving, -1)


@effect
def reopen_case(moving: Moving) -> None:
    """Dispatched anew: what was counted for its disposal and closing is taken back."""
    case = moving.case
    _closing(moving, -1)
    _disposal(moving, -1)
    _cohort(moving, -1)
    moving.count("reopened")
    case.closed_at = case.disposed_at = case.dispose_due_at = case.close_due_at = None


ASKING = {"ask_extension": CaseRequest.Kind.EXTENSION, "ask_suspension": CaseRequest.Kind.SUSPENSION}
DECIDING = {
    "grant_extension": CaseRequest.Kind.EXTENSION,
    "refuse_extension": CaseRequest.Kind.EXTENSION,
    "grant_suspension": CaseRequest.Kind.SUSPENSION,
    "refuse_suspension": CaseRequest.Kind.SUSPENSION,
}
"""Effects that ask for something, and that answer it: a move with one is offered when it makes sense."""


def _pending(moving: Moving, kind: str) -> CaseRequest:
    found = moving.case.requests.filter(kind=kind, state="pending").first()
    if found is None:
        raise DomainError("no_request", _("Nothing of this kind has been asked for."))
    return found


def _ask(moving: Moving, kind: str, hours: int | None = None) -> None:
    if moving.case.requests.filter(kind=kind, state="pending").exists():
        raise DomainError("already_asked", _("This has been asked for already and is not decided yet."))
    assert moving.actor is not None
    CaseRequest.objects.create(
        case=moving.case, kind=kind, hours=hours, reason=moving.given.opinion, asked_by=moving.actor, asked_at=moving.at
    )


def _decide(moving: Moving, kind: str, state: str) -> CaseRequest:
    request = _pending(moving, kind)
    request.state, request.decided_by, request.decided_at = state, moving.actor, moving.at
    request.save()
    return request


@effect
def ask_extension(moving: Moving) -> None:
    """申请延期."""
    _ask(moving, CaseRequest.Kind.EXTENSION, moving.given.hours)


@effect
def refuse_extension(moving: Moving) -> None:
    """驳回延期."""
    _decide(moving, CaseRequest.Kind.EXTENSION, CaseRequest.State.REJECTED)


@effect
def grant_extension(moving: Moving) -> None:
    """批准延期: the limit and the cohort move by the hours asked for, on the clock of the limit."""
    case, request = moving.case, _decide(moving, CaseRequest.Kind.EXTENSION, CaseRequest.State.APPROVED)
    code = limits.category_code(case.category_id)
    limit = limits.find(Stage.DISPOSE, code, case.emergency)
    clock = limit.clock if limit else "natural"
    _cohort(moving, -1)
    minutes = (request.hours or 0) * 60
    for name in ("due_at", "warn_at", "dispose_due_at", "close_due_at"):
        if moment := getattr(case, name):
            setattr(case, name, limits.after(moment, minutes, clock))
    case.alarm_at = case.warn_at if case.warn_at and case.warn_at > moving.at else case.due_at
    case.extension_count += 1
    moving.count("extended")
    _cohort(moving, 1)


@effect
def ask_suspension(moving: Moving) -> None:
    """申请挂账或缓办."""
    _ask(moving, CaseRequest.Kind.SUSPENSION)


@effect
def refuse_suspension(moving: Moving) -> None:
    """驳回挂账."""
    _decide(moving, CaseRequest.Kind.SUSPENSION, CaseRequest.State.REJECTED)


@effect
def grant_suspension(moving: Moving) -> None:
    """批准挂账: the clock stops, the case leaves the cohort until it goes on."""
    _decide(moving, CaseRequest.Kind.SUSPENSION, CaseRequest.State.APPROVED)
    moving.count("suspended")
    _cohort(moving, -1)


@effect
def mark_urged(moving: Moving) -> None:
    """督办."""
    moving.case.supervised_at = moving.at
    moving.count("urged")


@effect
def count_rating(moving: Moving) -> None:
    """满意度, 1 to 5."""
    score = moving.given.score or 0
    if moving.case.satisfaction is not None:
        moving.count("ratings", -1)
        moving.count("rating_sum", -moving.case.satisfaction)
    moving.case.satisfaction = score
    moving.count("ratings")
    moving.count("rating_sum", score)
