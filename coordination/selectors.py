"""Reads that more than one page of coordination needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from platform_core.models import Attachment, User

from .models import Case, CaseTask, StageRecord
from .services import definitions
from .workflow import Workflow


def case_of(user: User, pk: int) -> Case:
    """A case with everything its page shows. Raises Http404 outside the user's scope (five queries)."""
    rows: Any = Case.objects.visible_to(user)
    case: Case | None = (
        rows.filter(pk=pk)
        .select_related("category", "department", "region", "grid", "part__owner", "reporter", "duplicate_of")
        .defer("region__geometry", "grid__geometry")
        .prefetch_related(
            Prefetch("tasks", CaseTask.objects.select_related("assignee", "organisation")),
            "requests",
            Prefetch("duplicates", Case.objects.only("number", "description", "duplicate_of")),
        )
        .first()
    )
    if case is None:
        raise Http404
    return case


@dataclass(frozen=True)
class Entry:
    """A record of the timeline with its photos and names."""

    record: StageRecord
    move: str
    state: str
    photos: list[Attachment]
    is_system: bool = False


def timeline(case: Case, flow: Workflow) -> list[Entry]:
    """Every record, oldest first, with its photos (two queries)."""
    records = list(case.records.select_related("organisation", "actor"))
    photos = photos_of(records)
    return [
        Entry(
            record,
            flow.moves[record.move].label if record.move in flow.moves else "",
            flow.label(record.to_state),
            photos.get(str(record.pk), []),
        )
        for record in records
    ]


def photos_of(records: Iterable[StageRecord]) -> dict[str, list[Attachment]]:
    """Attachments by record key (one query)."""
    kind = ContentType.objects.get_for_model(StageRecord)
    found: dict[str, list[Attachment]] = {}
    keys = [str(record.pk) for record in records]
    for row in Attachment.objects.filter(content_type=kind, object_id__in=keys).order_by("id"):
        found.setdefault(row.object_id, []).append(row)
    return found


@dataclass(frozen=True)
class Queue:
    """A desk: the open cases in some states, for those with a right."""

    code: str
    states: tuple[str, ...]
    right: str


QUEUES = {
    "acceptance": Queue("acceptance", ("reported", "verifying"), "accept_case"),
    "registration": Queue("registration", ("registering",), "register_case"),
    "dispatch": Queue("dispatch", ("dispatching", "consulting"), "dispatch_case"),
    "disposal": Queue("disposal", ("disposing", "suspended"), "dispose_case"),
    "street": Queue("street", ("verifying", "checking"), "field_case"),
    "closing": Queue("closing", ("closing", "reviewing"), "close_case"),
    "requests": Queue("requests", ("disposing",), "approve_request"),
}


def queue_rows(queue: Queue, user: User) -> QuerySet[Case]:
    """The open cases of a desk, most pressing first; a department sees its own, the street its tasks."""
    rows: Any = Case.objects.visible_to(user)
    rows = rows.open().filter(state__in=_states(queue))
    if queue.code == "disposal" and user.organisation and not user.has_perm("coordination.dispatch_case"):
        mine = Q(department__path__startswith=user.organisation.path)
        assisting = CaseTask.objects.filter(kind="assist", state="open", organisation=user.organisation)
        rows = rows.filter(mine | Q(pk__in=assisting.values("case")))
    elif queue.code == "street" and not user.has_perm("coordination.accept_case"):
        tasks = CaseTask.objects.filter(Q(assignee=user) | Q(assignee=None), state="open", kind__in=("verify", "check"))
        rows = rows.filter(pk__in=tasks.values("case"))
    elif queue.code == "requests":
        rows = rows.filter(requests__state="pending")
    found: QuerySet[Case] = rows.order_by("due_at", "id")
    return found


def with_names(keys: Iterable[int]) -> list[Case]:
    """Cases by key, in that order, with what a list shows.

    Lists choose their page by key first: sorting narrow rows is much cheaper than sorting joined ones.
    """
    wanted = list(keys)
    found = Case.objects.select_related("category", "department", "region").defer("region__geometry").in_bulk(wanted)
    return [found[key] for key in wanted if key in found]


def _states(queue: Queue) -> tuple[str, ...]:
    """States of the standard workflow, and those a city added with the same holder."""
    flow = definitions.workflow(definitions.in_force().pk)
    added = tuple(
        state.code
        for state in flow.states.values()
        if state.holder == queue.right and not state.is_final and state.code not in queue.states
    )
    return queue.states + (added if queue.code not in ("requests", "street") else ())


def queue_counts(user: User) -> dict[str, int]:
    """Open cases of every desk the user works at, by desk (one query over the open cases)."""
    mine = [queue for queue in QUEUES.values() if user.has_perm(f"coordination.{queue.right}")]
    return {queue.code: queue_rows(queue, user).order_by().count() for queue in mine}


def lamps(rows: QuerySet[Case], now: datetime | None = None) -> dict[str, int]:
    """How many of some open cases are red, yellow, green and grey (one query)."""
    moment = now or timezone.now()
    return dict(
        rows.order_by().aggregate(
            red=Count("pk", filter=Q(is_suspended=False, due_at__lte=moment)),
            yellow=Count("pk", filter=Q(is_suspended=False, due_at__gt=moment, warn_at__lte=moment)),
            grey=Count("pk", filter=Q(is_suspended=True)),
            all=Count("pk"),
        )
    )


def left_text_minutes(case: Case, now: datetime | None = None) -> int | None:
    """Minutes to the deadline by the wall clock, negative when past; None without one."""
    if case.due_at is None:
        return None
    return int((case.due_at - (now or timezone.now())).total_seconds() // 60)


__all__ = ["QUEUES", "Queue", "case_of", "lamps", "photos_of", "queue_counts", "queue_rows", "timeline"]
