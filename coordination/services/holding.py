"""Who may make a move on a case: the right, and being the one whose turn it is."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from coordination.models import Case
from coordination.workflow import Move, Workflow
from platform_core.errors import DomainError
from platform_core.models import User

from .effects import ASKING, DECIDING


def may(case: Case, step: Move, actor: User | None) -> bool:
    """Whether the actor may (the case's open tasks are read for street and department moves: one query)."""
    if actor is None or actor.is_superuser:
        return True
    if not step.right or not actor.has_perm(f"coordination.{step.right}"):
        return False
    if step.right == "field_case":
        return _is_in_street(case, actor)
    if step.right == "dispose_case":
        return _is_department(case, step, actor)
    return True


def _is_in_street(case: Case, actor: User) -> bool:
    """The task is theirs, or nobody's."""
    return any(task.assignee_id in (None, actor.pk) for task in case.tasks.all() if task.state == "open")


def _is_department(case: Case, step: Move, actor: User) -> bool:
    """The leading department (or one below it); an assisting one for its own task only."""
    organisation = actor.organisation
    if organisation is None:
        return False
    if "finish_assistance" in step.effects:
        return any(
            task.kind == "assist" and task.state == "open" and task.organisation_id == organisation.pk
            for task in case.tasks.all()
        )
    return case.department is not None and organisation.path.startswith(case.department.path)


def demand(case: Case, step: Move, actor: User | None) -> None:
    """Raise DomainError unless `may`."""
    if not may(case, step, actor):
        raise DomainError("forbidden", _("It is not yours to “%s” this case.") % step.label)


def offered(case: Case, flow: Workflow, actor: User, pending: Collection[str]) -> list[Move]:
    """Moves the actor may make now, main path first. `pending` are the kinds of requests that wait for a decision."""
    found = []
    for step in flow.from_state(case.state):
        asked_already = any(ASKING.get(name) in pending for name in step.effects)
        nothing_to_decide = any(name in DECIDING and DECIDING[name] not in pending for name in step.effects)
        if not asked_already and not nothing_to_decide and may(case, step, actor):
            found.append(step)
    return found
