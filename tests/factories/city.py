"""A small city that can deal with cases: grids, categories, limits, workflow, people of every role."""

import io

from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from convergence.services import standard
from coordination.models import CaseCategory
from coordination.services import Given, Report, move, report
from coordination.services.reference import load
from exchange import tables
from platform_core.models import Organisation, PlatformInstance, Role, UnitGrid
from platform_core.services import identity, reference
from tests.factories import UserFactory, divisions, square

HERE = Point(123.315, 41.715, srid=4490)  # 和平区
THERE = Point(123.415, 41.715, srid=4490)  # 沈河区


TABLES = {
    f"{group}.{table}"
    for group, tables in {
        "management": ("case", "caseStatistics"),
        "basic": ("grid", "evaluationGrid", "evaluationPoint", "partFacility", "geocode"),
        "service": ("appeal", "returnVisit", "convenience", "hotlineStatistics"),
        "supervision": ("keyTask", "keyTaskFeedback"),
    }.items()
    for table in tables
}


def stored_rows(group, table):
    """What the exchange's store has of a table."""
    keeper = tables.keeper()
    spec = keeper.find(group, table)
    assert spec is not None
    return keeper.select(spec, tables.Selection("TRUE", ()), "").rows


def picture(name="photo.jpg", colour="red"):
    stream = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(stream, "JPEG")
    return SimpleUploadedFile(name, stream.getvalue(), content_type="image/jpeg")


class City:
    """Divisions, organisations, one person a role; `case` and `go` take a case along."""

    def __init__(self):
        standard.load(TABLES)
        self.shenyang, self.heping, self.shenhe = divisions()
        reference.load_codes()
        reference.load_calendar()
        reference.load_roles(("coordination", "publicservice", "evaluation", "maintenance", "exchange", "convergence"))
        load()
        self.centre = Organisation.objects.add_root(
            {"code": "centre", "name": "指挥中心", "kind": "command", "region": self.shenyang}
        )
        self.platform = PlatformInstance.objects.create(
            pk=1, tier="city", region=self.shenyang, organisation=self.centre, name="沈阳市平台"
        )
        self.roads = self._child("roads", "市政公用局", "department", self.shenyang)
        self.greens = self._child("greens", "园林绿化局", "department", self.shenyang)
        self.district = self._child("heping", "和平区指挥中心", "district", self.heping)
        UnitGrid.objects.create(
            code="210102001001001", region=self.heping, area_m2=1e4, geometry=square(123.31, 41.71, 0.01)
        )
        self.supervisor = self.hire("supervisor", self.heping, self.district)
        self.acceptor = self.hire("acceptor", self.shenyang, self.centre)
        self.chief = self.hire("duty_chief", self.shenyang, self.centre)
        self.dispatcher = self.hire("dispatcher", self.shenyang, self.centre)
        self.leader = self.hire("leader", self.shenyang, self.centre)
        self.worker = self.hire("department", self.shenyang, self.roads, within=self.roads)
        self.gardener = self.hire("department", self.shenyang, self.greens, within=self.greens)
        self.stranger = self.hire("duty_chief", self.shenhe, self.centre)
        self.admin = self.hire("business_admin", self.shenyang, self.centre)

    def _child(self, code, name, kind, region):
        self.centre.refresh_from_db()
        return Organisation.objects.add_child(self.centre, {"code": code, "name": name, "kind": kind, "region": region})

    def hire(self, role, region, organisation, within=None):
        user = UserFactory(organisation=organisation, post=Role.objects.get(code=role).name)
        identity.assign_roles(user, [Role.objects.get(code=role)])
        identity.grant_scope(user, region=region, organisation=within)
        return user

    def case(self, state="reported", category="E0102", **given):
        at = given.pop("at", None)
        by = given.pop("by", self.supervisor)
        given.setdefault("description", "路边有暴露垃圾")
        made = report(Report(location=given.pop("location", HERE), category=category, **given), by, at=at)
        return self.go(made, state)

    def go(self, case, state):
        """Along the straight path until the case is in `state`."""
        steps: tuple = (
            ("reported", "accept", self.acceptor, {}),
            ("registering", "register", self.chief, {}),
            ("dispatching", "dispatch", self.dispatcher, {"department": self.roads.pk}),
            ("disposing", "dispose", self.worker, {"opinion": "已清理", "photos": (picture(),)}),
            ("checking", "check_pass", self.supervisor, {"photos": (picture(),)}),
            ("closing", "close", self.chief, {}),
        )
        for source, code, actor, given in steps:
            case.refresh_from_db()
            if case.state == state:
                return case
            if case.state == source:
                move(case.pk, code, actor, Given(**given))
        case.refresh_from_db()
        return case


def category(code="E0102"):
    return CaseCategory.objects.get(code=code)
