"""Who is told of a move (Move.notifies), and of a deadline that nears or has passed."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from coordination.models import Case, StageRecord
from coordination.workflow import Move, Workflow
from platform_core.models import User
from platform_core.services.notifications import notify

MOST = 50


def _department_users(case: Case) -> Iterable[User]:
    if case.department is None:
        return []
    users: Iterable[User] = User.objects.with_right("coordination.dispose_case").filter(
        organisation__path__startswith=case.department.path
    )[:MOST]
    return users


def _chiefs(case: Case) -> Iterable[User]:
    found = User.objects.with_right("coordination.approve_request").prefetch_related("data_scopes")[:MOST]
    return [user for user in found if _covers(user, case)]


def _covers(user: User, case: Case) -> bool:
    return any(case.region_id.startswith(scope.region_prefix or "") for scope in user.scopes())


def _holders(case: Case) -> Iterable[User]:
    """Those with an open task, and whoever moved the case out of its present state before: it comes back to them."""
    tasks = [task.assignee for task in case.tasks.filter(state="open").select_related("assignee") if task.assignee]
    back = (
        case.records.filter(from_state=case.state, actor__isnull=False).select_related("actor").order_by("-id").first()
    )
    return [*tasks, *([back.actor] if back and back.actor else [])]


def tell(case: Case, step: Move, record: StageRecord, flow: Workflow) -> None:
    """One message to each person, never to the one who acted."""
    found: dict[int, User] = {}
    for group in step.notifies:
        people = {
            "holders": _holders,
            "department": _department_users,
            "chiefs": _chiefs,
            "reporter": lambda case: [case.reporter] if case.reporter else [],
        }[group](case)
        found |= {user.pk: user for user in people}
    found.pop(record.actor_id or 0, None)
    title = f"{case.number} {step.label} → {flow.label(case.state)}"
    level = "warning" if step.code == "supervise" else "info"
    for user in found.values():
        notify(user, title, body=record.opinion, url=f"/p/case/{case.pk}/", level=level)


def tell_deadline(case: Case, is_overdue: bool, flow: Workflow) -> None:
    """The holders hear of a yellow lamp, holders and chiefs of a red one."""
    people = {
        user.pk: user for user in [*_holders(case), *(_department_users(case) if case.state == "disposing" else [])]
    }
    if is_overdue:
        people |= {user.pk: user for user in _chiefs(case)}
    words = _("overdue: %s") if is_overdue else _("soon due: %s")
    for user in people.values():
        notify(
            user,
            words % f"{case.number} {flow.label(case.state)}",
            url=f"/p/case/{case.pk}/",
            level="alarm" if is_overdue else "warning",
        )
