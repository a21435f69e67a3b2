"""信息收集: a problem becomes a case (CJJ/T 312 §4.3.4-1)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from coordination.models import Case, CaseCategory, Emergency, PartFacility, StageRecord
from platform_core.errors import DomainError
from platform_core.events import case_moved
from platform_core.models import Attachment, UnitGrid, User
from platform_core.services import attachments
from platform_core.services.divisions import district_at

from . import categories, definitions, limits
from .counting import delta

PUBLIC = {"citizen", "12319", "12345", "open311"}
DESCRIPTION = 500


@dataclass(frozen=True)
class Report:
    """A problem as somebody tells it. `location` in CGCS2000 degrees; `origin` is its number at the source."""

    description: str
    location: Point
    source: str = Case.Source.SUPERVISOR
    category: str = ""
    address: str = ""
    emergency: int | None = None
    part: str = ""
    origin: str = ""
    client_uuid: uuid.UUID | None = None
    photos: Sequence[UploadedFile | Attachment] = ()
    is_demo: bool = False


def next_number(at: datetime) -> str:
    """Task number: date 8 + city sequence 6. A database sequence, so that reports do not queue for a counter."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('coordination_case_number')")
        return f"{timezone.localtime(at):%Y%m%d}{cursor.fetchone()[0] % 1_000_000:06d}"


def place_of(location: Point) -> tuple[int | None, str]:
    """Keys of the unit grid and division of a point. Raises DomainError outside the city's districts."""
    grid = UnitGrid.objects.current().filter(geometry__covers=location).values_list("pk", "region_id").first()
    if grid:
        return grid
    district = district_at(location)
    if district is None:
        raise DomainError("outside", _("This place lies outside the city's districts."), field="location")
    return None, district.pk


def _part(code: str) -> PartFacility | None:
    if not code:
        return None
    found = PartFacility.objects.current().filter(code=code).select_related("owner").first()
    if found is None:
        raise DomainError("unknown_part", _("There is no part %s.") % code, field="part")
    return found


def _category(report: Report, part: PartFacility | None) -> CaseCategory | None:
    code = report.category or (f"P{part.type_code}" if part else "")
    if not code:
        return None
    return categories.find(code)


def known(report: Report) -> Case | None:
    """The case that was already made of this report: the same device's id, or the same number at the source."""
    if report.client_uuid:
        return Case.objects.filter(client_uuid=report.client_uuid).first()
    if report.origin:
        return Case.objects.filter(source=report.source, origin=report.origin).first()
    return None


def report(report: Report, reporter: User | None, *, at: datetime | None = None) -> Case:
    """Make a case of a report; one that comes again gives the same. Raises DomainError; nothing is stored then."""
    if found := known(report):
        return found
    try:
        return _report(report, reporter, at or timezone.now())
    except IntegrityError:  # the same report, at the same moment, by another process
        found = known(report)
        if found is None:
            raise
        return found


@transaction.atomic
def _report(report: Report, reporter: User | None, at: datetime) -> Case:
    description = report.description.strip()
    if not description:
        raise DomainError("no_description", _("Say what the problem is."), field="description")
    if len(description) > DESCRIPTION:
        raise DomainError("too_long", _("The description has at most %d signs.") % DESCRIPTION, field="description")
    grid_id, region_id = place_of(report.location)
    part = _part(report.part)
    category = _category(report, part)
    emergency = (
        report.emergency if report.emergency is not None else category.emergency if category else Emergency.NORMAL
    )
    definition = definitions.in_force()
    state = definitions.workflow(definition.pk).states["reported"]
    found = limits.deadline(at, state.stage, category.code if category else "", emergency)
    case = Case.objects.create(
        number=next_number(at),
        definition=definition,
        state=state.code,
        source=report.source,
        category=category,
        emergency=emergency,
        description=description,
        address=report.address.strip()[:200],
        location=report.location,
        region_id=region_id,
        grid_id=grid_id,
        part=part,
        reporter=reporter,
        origin=report.origin,
        client_uuid=report.client_uuid,
        stage_started_at=at,
        due_at=found.due_at if found else None,
        warn_at=found.warn_at if found else None,
        alarm_at=found.warn_at if found else None,
        reported_at=at,
        is_demo=report.is_demo,
    )
    record = _first_record(case, reporter, report, at)
    attachments.keep_pictures(report.photos, target=record, user=reporter)
    case_moved.send(Case, case=case, record=record, move="report")
    return case


def _first_record(case: Case, reporter: User | None, report: Report, at: datetime) -> StageRecord:
    person = reporter.pk if reporter else None
    deltas = [delta(at, "reported", person=person)]
    if report.source in PUBLIC:
        deltas.append(delta(at, "reported_by_public"))
    return StageRecord.objects.create(
        case=case,
        region_id=case.region_id,
        move="report",
        to_state=case.state,
        actor=reporter,
        actor_name=str(reporter) if reporter else str(case.get_source_display()),
        post=reporter.post if reporter else "",
        organisation_id=reporter.organisation_id if reporter else None,
        at=at,
        opinion="",
        location=report.location,
        category=case.category,
        deltas=deltas,
    )
