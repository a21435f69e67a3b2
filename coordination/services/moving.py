"""The one way a case changes: a move of its workflow, with history, clock, counts and event in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from jsonschema import Draft202012Validator

from coordination.models import Case, StageRecord
from coordination.workflow import Move, State, Workflow
from platform_core.errors import DomainError
from platform_core.events import case_moved
from platform_core.models import Attachment, User
from platform_core.services import attachments

from . import categories, definitions, holding, limits, telling
from .effects import EFFECTS, Moving

# Leaving a stage by the hand of somebody counts for them.
STAGE_MEASURES = {"accept": "accepted", "verify": "verified", "check": "checked"}


@dataclass(frozen=True)
class Given:
    """What comes with a move. `photos` are new uploads or attachments stored already; `hours` for extensions."""

    opinion: str = ""
    category: str = ""
    emergency: int | None = None
    department: int | None = None
    assistants: tuple[int, ...] = ()
    assignee: int | None = None
    hours: int | None = None
    duplicate: str = ""
    location: Point | None = None
    photos: Sequence[UploadedFile | Attachment] = ()
    form: dict[str, Any] = field(default_factory=dict)
    score: int | None = None


def _missing(move: Move, case: Case, given: Given) -> str:
    """The first requirement that is not met, or ''."""
    has = {
        "opinion": bool(given.opinion.strip()),
        "photo": bool(given.photos),
        "location": given.location is not None,
        "category": bool(given.category or case.category_id),
        "department": given.department is not None,
        "hours": bool(given.hours and given.hours > 0),
        "duplicate": bool(given.duplicate.strip()),
    }
    return next((name for name in move.requires if not has.get(name, True)), "")


REQUIREMENT_MESSAGES = {
    "opinion": gettext_noop("Say why: an opinion is needed."),
    "photo": gettext_noop("Add a photo: it is the proof."),
    "location": gettext_noop("The position is needed."),
    "category": gettext_noop("Choose the category."),
    "department": gettext_noop("Choose the department that is to dispose of it."),
    "hours": gettext_noop("Say how many hours are needed."),
    "duplicate": gettext_noop("Give the number of the other case."),
}


def _demand(move: Move, case: Case, given: Given) -> None:
    if name := _missing(move, case, given):
        raise DomainError("missing", _(REQUIREMENT_MESSAGES[name]), field=name)
    if move.form:
        error = next(iter(Draft202012Validator(move.form).iter_errors(given.form)), None)
        if error is not None:
            path = ".".join(str(part) for part in error.path)
            raise DomainError("bad_form", _("The form is not complete: %s") % f"{path} {error.message}", field=path)


def _locked(pk: int, actor: User | None, version: int | None) -> Case:
    """The case, locked. Raises DomainError where it is out of the actor's scope or somebody was faster."""
    rows = Case.objects.visible_to(actor) if actor else Case.objects.all()
    case: Case | None = rows.select_for_update(of=("self",)).filter(pk=pk).first()
    if case is None:
        raise DomainError("not_found", _("There is nothing here, or it lies outside your data scope."))
    if version is not None and version != case.version:
        last = case.records.order_by("-id").first()
        raise DomainError(
            "changed_meanwhile",
            _(
                "%(who)s acted on case %(number)s at %(time)s, before you: it is now “%(state)s”. "
                "Nothing of yours was saved."
            )
            % {
                "who": last.actor_name if last else "—",
                "number": case.number,
                "time": f"{timezone.localtime(last.at):%H:%M:%S}" if last else "",
                "state": definitions.workflow(case.definition_id).label(case.state),
            },
            version=case.version,
        )
    return case


@transaction.atomic
def move(
    case_id: int,
    code: str,
    actor: User | None,
    given: Given | None = None,
    *,
    version: int | None = None,
    at: datetime | None = None,
    is_quiet: bool = False,
) -> Case:
    """Make a move of the case's own workflow version. Raises DomainError; nothing is changed then.

    `actor` None is the system. `version` is what the actor saw: a case changed since is refused. `at` is for imports
    of the past; `is_quiet` tells nobody.
    """
    given, moment = given or Given(), at or timezone.now()
    case = _locked(case_id, actor, version)
    flow = definitions.workflow(case.definition_id)
    step = flow.moves.get(code)
    if step is None or case.state not in step.sources:
        raise DomainError(
            "not_allowed_now",
            _("“%(move)s” is not possible while the case is “%(state)s”.")
            % {"move": step.label if step else code, "state": flow.label(case.state)},
        )
    holding.demand(case, step, actor)
    _demand(step, case, given)
    return _make(case, flow, step, actor, given, moment, is_quiet)


def _make(
    case: Case, flow: Workflow, step: Move, actor: User | None, given: Given, at: datetime, is_quiet: bool
) -> Case:
    old, new = flow.states[case.state], flow.states[step.target or case.state]
    leaves = new.code != old.code
    in_time = None if case.due_at is None or case.is_suspended else at <= case.due_at
    minutes = limits.used_minutes(
        case.stage_started_at, at, old.stage, limits.category_code(case.category_id), case.emergency
    )
    _classify(case, given)
    moving = Moving(case, actor, given, at, in_time)
    department = case.department_id  # a return is the department's, although it loses the case
    for name in step.effects:
        EFFECTS[name](moving)
    if leaves:
        _count_stage(moving, old)
        _enter(moving, old, new)
    case.version += 1
    if step.target or step.effects:  # a note says nothing to province and nation
        case.is_published = False
    case.save()
    record = _record(moving, step, old, new, department or case.department_id, minutes if leaves else None)
    attachments.keep_pictures(given.photos, target=record, user=actor)
    case_moved.send(Case, case=case, record=record, move=step.code)
    if not is_quiet:
        telling.tell(case, step, record, flow)
    return case


def _classify(case: Case, given: Given) -> None:
    if given.category and given.category != case.category_id and case.registered_at is None:
        category = categories.find(given.category)
        case.category = category
        if given.emergency is None:
            case.emergency = max(case.emergency, category.emergency)
    if given.emergency is not None and case.registered_at is None:
        case.emergency = given.emergency


def _count_stage(moving: Moving, old: State) -> None:
    measure = STAGE_MEASURES.get(old.stage)
    if measure:
        moving.count(measure, person=moving.actor_id)
        if moving.was_in_time is not False:
            moving.count(f"{measure}_in_time", person=moving.actor_id)


def _enter(moving: Moving, old: State, new: State) -> None:
    """Start, stop or continue the clock."""
    case, at = moving.case, moving.at
    code = limits.category_code(case.category_id)
    case.state, case.is_open, case.is_suspended = new.code, not new.is_final, not new.clock_runs
    if not new.clock_runs:
        case.left_minutes = (
            limits.used_minutes(at, case.due_at, old.stage, code, case.emergency) if case.due_at else None
        )
        case.due_at = case.warn_at = case.alarm_at = None
        return
    goes_on = not old.clock_runs and old.stage == new.stage
    minutes = float(case.left_minutes) if goes_on and case.left_minutes is not None else None
    found = limits.deadline(at, new.stage, code, case.emergency, minutes) if new.stage else None
    case.stage_started_at = at
    case.left_minutes = None
    case.due_at, case.warn_at = (found.due_at, found.warn_at) if found else (None, None)
    case.alarm_at = case.warn_at
    if goes_on and case.dispose_due_at and found:
        case.dispose_due_at = found.due_at
        case.close_due_at = limits.closing_deadline(found.due_at, code, case.emergency)
        moving.count("due", on=found.due_at)


def _record(
    moving: Moving, step: Move, old: State, new: State, department: int | None, minutes: int | None
) -> StageRecord:
    case, actor, given = moving.case, moving.actor, moving.given
    data = {"form": given.form} if given.form else {}
    if given.hours:
        data["hours"] = {"hours": given.hours}
    if given.score:
        data["score"] = {"score": given.score}
    if "merge_case" in step.effects:
        data["merged_into"] = {"number": given.duplicate.strip()}
    return StageRecord.objects.create(
        case=case,
        region_id=case.region_id,
        move=step.code,
        from_state=old.code,
        to_state=new.code,
        actor=actor,
        actor_name=str(actor) if actor else _("system"),
        post=actor.post if actor else "",
        organisation_id=actor.organisation_id if actor else None,
        at=moving.at,
        opinion=given.opinion.strip(),
        data=data,
        location=given.location,
        stage_minutes=minutes,
        was_in_time=moving.was_in_time if minutes is not None else None,
        category_id=case.category_id,
        department_id=department,
        deltas=moving.deltas,
    )


def rate(case_id: int, score: int, *, at: datetime | None = None) -> Case:
    """The reporter's satisfaction, 1 to 5. Raises DomainError for another number or a case that is not closed."""
    if score not in range(1, 6):
        raise DomainError("bad_score", _("The score is between 1 and 5."), field="score")
    return move(case_id, "rate", None, Given(score=score), at=at)


def move_many(
    cases: Sequence[tuple[int, int]], code: str, actor: User, given: Given | None = None
) -> tuple[int, list[str]]:
    """A move for several (case id, version), each in its own transaction. Returns how many, and why others not."""
    done, refused = 0, []
    for pk, version in cases:
        try:
            move(pk, code, actor, given, version=version)
        except DomainError as error:
            refused.append(error.message)
        else:
            done += 1
    return done, refused
