"""Reads that more than one page of coordination needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Window
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from platform_core.memo import remembered
from platform_core.models import Attachment, Organisation, Region, UnitGrid, User

from .models import Case, CaseRequest, CaseTask, PartFacility, StageRecord
from .services import categories, definitions
from .services.effects import ASKING, DECIDING
from .workflow import Move, Workflow


def _all_but(path: str, model: type[Model], *shown: str) -> list[str]:
    """What a join need not read."""
    return [f"{path}__{field.name}" for field in model._meta.concrete_fields if field.name not in ("id", *shown)]


NOT_SHOWN = (
    *_all_but("region", Region, "code", "name"),
    *_all_but("grid", UnitGrid, "code"),
    *_all_but("reporter", User, "username", "full_name"),
)


def case_of(user: User, pk: int) -> Case:
    """A case with what its page shows. Raises Http404 outside the user's scope (two queries, and one for a part).

    Joins that are most often empty would be planned all the same: part and merged case are read when there is one.
    """
    rows: Any = Case.objects.visible_to(user)
    case: Case | None = (
        rows.filter(pk=pk)
        .select_related("region", "grid", "reporter")
        .defer(*NOT_SHOWN)
        .annotate(has_duplicates=Exists(Case.objects.filter(duplicate_of=OuterRef("pk")).order_by()))
        .prefetch_related("tasks")
        .order_by()
        .first()
    )
    if case is None:
        raise Http404
    _name(case, "category", categories.known())
    _name(case, "department", organisations())
    if case.part_id:
        case.part = PartFacility.objects.select_related("owner").get(pk=case.part_id)
    for task in case.tasks.all():
        _name(task, "organisation", organisations())
    return case


def pending_of(case: Case, flow: Workflow) -> list[CaseRequest]:
    """What has been asked for and is not decided; asked of the database only where the workflow allows to ask."""
    effects = {name for step in flow.from_state(case.state) for name in step.effects}
    if effects.isdisjoint(ASKING) and effects.isdisjoint(DECIDING):
        return []
    return list(case.requests.filter(state=CaseRequest.State.PENDING))


def _name(row: Model, field: str, known: Mapping[Any, Model]) -> None:
    """Set a related row from what is remembered; one that is not is read when it is asked for."""
    found = known.get(getattr(row, f"{field}_id"))
    if found is not None:
        setattr(row, field, found)


@dataclass(frozen=True)
class Entry:
    """A record of the timeline with its photos and names."""

    record: StageRecord
    move: str
    state: str
    photos: list[Attachment]


def timeline(case: Case, flow: Workflow) -> list[Entry]:
    """Every record, oldest first, with its photos (two queries)."""
    records = list(case.records.defer("location", "deltas"))
    for record in records:
        _name(record, "organisation", organisations())
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


LISTED = (
    "number", "is_demo", "state", "version", "source", "category", "emergency", "description", "address", "region",
    "department", "is_open", "is_suspended", "due_at", "warn_at", "reported_at", "supervised_at",
)  # fmt: skip


def with_names(keys: Iterable[int]) -> list[Case]:
    """Cases by key, in that order, with what a list shows (at most two queries: names are remembered).

    Lists choose their page by key first: sorting narrow rows is much cheaper than sorting joined ones.
    """
    wanted = list(keys)
    found = Case.objects.only(*LISTED).in_bulk(wanted)
    kinds, leaders = categories.known(), organisations()
    nameless = {case.region_id for case in found.values() if not case.address}
    places = Region.objects.only("name").in_bulk(nameless) if nameless else {}
    for case in found.values():
        _name(case, "category", kinds)
        _name(case, "department", leaders)
        _name(case, "region", places)
    return [found[key] for key in wanted if key in found]


@dataclass(frozen=True)
class Row:
    """A case as a desk lists it, in text."""

    case: Case
    address: str
    ticket: str
    """Key and version for the tick; '' where the desk's main move is not the case's."""
    state: str
    category: str
    place: str
    source: str
    department: str
    reported_at: str


def listed(code: str, keys: Iterable[int], flow: Workflow, bulk: Move | None) -> list[Row]:
    """A page of the desk `code` (at most two queries)."""
    sources: dict[str, Any] = dict(Case.Source.choices)
    address = reverse("case", args=[0])  # one look into the url table instead of one a row
    return [
        Row(
            case=case,
            address=f"{address.replace('/0/', f'/{case.pk}/')}?desk={code}",
            ticket=f"{case.pk}-{case.version}" if bulk and case.state in bulk.sources else "",
            state=flow.label(case.state),
            category=case.category.name if case.category else "—",
            place=case.address or case.region.name,
            source=str(sources[case.source]),
            department=case.department.name if case.department else "—",
            reported_at=f"{timezone.localtime(case.reported_at):%m-%d %H:%M}",
        )
        for case in with_names(keys)
    ]


@remembered(10)
def organisations() -> dict[int, Organisation]:
    """Every organisation by key (one query)."""
    return Organisation.objects.in_bulk()


def _states(queue: Queue) -> tuple[str, ...]:
    """States of the standard workflow, and those a city added with the same holder."""
    flow = definitions.workflow(definitions.in_force().pk)
    added = tuple(
        state.code
        for state in flow.states.values()
        if state.holder == queue.right and not state.is_final and state.code not in queue.states
    )
    return queue.states + (added if queue.code not in ("requests", "street") else ())


def lamps(rows: QuerySet[Case]) -> dict[str, int]:
    """How many of some open cases are red, yellow, green and grey (one query)."""
    return dict(rows.order_by().aggregate(**_lamp_counts(timezone.now())))


def _lamp_counts(moment: datetime) -> dict[str, Count]:
    return {
        "red": Count("pk", filter=Q(is_suspended=False, due_at__lte=moment)),
        "yellow": Count("pk", filter=Q(is_suspended=False, due_at__gt=moment, warn_at__lte=moment)),
        "grey": Count("pk", filter=Q(is_suspended=True)),
        "all": Count("pk"),
    }


def opening(rows: QuerySet[Case], size: int) -> tuple[list[int], dict[str, int]]:
    """Keys of the first page of some open cases, and `lamps` of all of them, in one pass (one query)."""
    counts = _lamp_counts(timezone.now())
    found = list(
        rows.annotate(**{f"n_{name}": Window(count) for name, count in counts.items()}).values_list(
            "pk", *(f"n_{name}" for name in counts)
        )[:size]
    )
    totals = found[0][1:] if found else (0,) * len(counts)
    return [row[0] for row in found], dict(zip(counts, totals, strict=True))
