"""Pages: every desk, a case and its moves, scope on every address, query counts."""

import re

import pytest
from django.urls import reverse

from coordination.models import Case, WorkflowDefinition
from coordination.services import definitions, move
from coordination.services.moving import Given
from coordination.urls import urlpatterns
from platform_core.models import Region
from tests.factories.city import THERE, picture

DESKS = {
    "acceptance": ("reported", "acceptor"),
    "registration": ("registering", "chief"),
    "dispatch": ("dispatching", "dispatcher"),
    "disposal": ("disposing", "worker"),
    "street": ("checking", "supervisor"),
    "closing": ("closing", "chief"),
}


@pytest.mark.parametrize("code", sorted(DESKS))
def test_each_desk_shows_its_cases_to_its_people(city, log_in, code):
    state, person = DESKS[code]
    case = city.case(state)
    answer = log_in(getattr(city, person)).get(reverse("desk", args=[code]))
    assert answer.status_code == 200 and case.number in answer.content.decode()
    other = log_in(city.gardener if code != "disposal" else city.acceptor)
    assert case.number not in other.get(reverse("desk", args=[code])).content.decode()


def test_desk_filters_and_stays_within_twenty_queries(city, log_in, django_assert_max_num_queries):
    cases = [city.case("reported") for _number in range(12)]
    url = city.case("reported", category="E0201", description="小广告很多", source="video", emergency=1)
    client = log_in(city.acceptor)
    address = reverse("desk", args=["acceptance"])
    client.get(address)
    with django_assert_max_num_queries(20):
        client.get(
            address,
            {"q": "小广告", "category": "E0201", "region": "210102", "source": "video", "emergency": "1", "lamp": ""},
        )
    for name, value in {"q": "小广告", "category": "E0201", "source": "video", "emergency": "1"}.items():
        text = client.get(address, {name: value}).content.decode()
        assert url.number in text and cases[0].number not in text, name
    assert url.number not in client.get(address, {"region": "210103"}).content.decode()
    assert url.number not in client.get(address, {"lamp": "red"}).content.decode()


def test_case_page_query_count_does_not_grow(city, log_in, django_assert_max_num_queries):
    case = city.case("closing")
    client = log_in(city.chief)
    client.get(reverse("case", args=[case.pk]))
    with django_assert_max_num_queries(40):
        text = client.get(reverse("case", args=[case.pk])).content.decode()
    assert "已清理" in text and text.count("attachment") >= 2 and text.count("/thumbnail/") == 2


def test_a_move_on_the_page(city, log_in):
    case = city.case("registering")
    client = log_in(city.chief)
    page = client.get(reverse("case", args=[case.pk])).content.decode()
    version = re.search(r'name="version" value="(\d+)"', page).group(1)
    answer = client.post(
        reverse("case-move", args=[case.pk, "register"]),
        {"version": version, "desk": "registration", "register-category": "E0102", "register-emergency": "0"},
    )
    assert answer.status_code == 302 and answer.url == reverse("desk", args=["registration"])
    again = client.post(reverse("case-move", args=[case.pk, "void"]), {"version": version, "void-opinion": "误立"})
    assert again.status_code == 409 and str(city.chief) in again.content.decode() and "误立" in again.content.decode()
    case.refresh_from_db()
    assert case.state == "dispatching"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<script>alert(1)</script>", "evil.jpg"),
        (b"\xff\xd8\xff\xe0" + b"GIF89a<svg onload=alert(1)>" * 10, "poly.jpg"),
        (b"%PDF-1.4 not a picture", "doc.pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "cut.png"),
    ],
)
def test_hostile_uploads_are_refused_with_a_message(city, log_in, content, name):
    from django.core.files.uploadedfile import SimpleUploadedFile

    case = city.case("disposing")
    answer = log_in(city.worker).post(
        reverse("case-move", args=[case.pk, "dispose"]),
        {"version": case.version, "dispose-opinion": "好了", "dispose-photos": SimpleUploadedFile(name, content)},
    )
    assert answer.status_code == 409 and "errorlist" in answer.content.decode()
    case.refresh_from_db()
    assert case.state == "disposing" and case.records.count() == 4


def test_oversize_upload_is_refused(city, log_in, settings):
    settings.ATTACHMENT_MAX_BYTES = 500
    case = city.case("disposing")
    answer = log_in(city.worker).post(
        reverse("case-move", args=[case.pk, "dispose"]),
        {"version": case.version, "dispose-opinion": "好了", "dispose-photos": picture()},
    )
    assert answer.status_code == 409


def test_a_desk_offers_the_districts_of_its_own_city_only(city, log_in):
    Region.objects.create(code="220102", name="南关区", level=3, parent=city.shenyang.parent)
    page = log_in(city.acceptor).get(reverse("desk", args=["acceptance"])).content.decode()
    assert '<option value="210102">' in page and "南关区" not in page


def test_new_case_at_the_desk_fills_the_part_in(city, log_in):
    from coordination.models import PartFacility
    from tests.factories.city import HERE

    part = PartFacility.objects.create(
        code="2101020301000001", type_code="0301", name="公共厕所", region=city.heping, owner=city.roads, location=HERE
    )
    client = log_in(city.acceptor)
    point = f'{{"type":"Point","coordinates":[{HERE.x + 0.00002},{HERE.y}]}}'
    found = client.get(reverse("case-part"), {"location": point}).json()
    assert found["code"] == part.code and found["category"] == "P0301" and found["owner"] == "市政公用局"
    answer = client.post(
        reverse("case-new"),
        {"description": "厕所门坏", "source": "12319", "part": part.code, "location": point, "emergency": "0"},
    )
    case = Case.objects.get()
    assert answer.status_code == 302 and case.part == part and case.category_id == "P0301"
    bad = client.post(reverse("case-new"), {"description": "", "source": "12319", "location": point})
    assert bad.status_code == 422


def test_bulk_dispatch_follows_the_rules(city, log_in):
    from coordination.models import RoutingRule

    RoutingRule.objects.create(category="E0102", department=city.roads)
    mine, other = city.case("dispatching"), city.case("dispatching", category="P0402")
    answer = log_in(city.dispatcher).post(
        reverse("desk-bulk", args=["dispatch"]),
        {"case": [f"{case.pk}-{case.version}" for case in (mine, other)], "department": ""},
        follow=True,
    )
    mine.refresh_from_db()
    other.refresh_from_db()
    assert mine.department == city.roads and other.state == "dispatching"
    assert other.number in answer.content.decode()


def test_a_case_drawn_by_chance_shows_its_whole_course(city, log_in):
    cases = [city.case("closed") for _number in range(2)]
    answer = log_in(city.leader).get(reverse("case-random"), follow=True)
    text = answer.content.decode()
    assert any(case.number in text for case in cases)
    for word in ("受理", "立案", "派遣", "处置完成", "核查通过", "结案"):
        assert word in text
    assert log_in(city.stranger).get(reverse("case-random")).url == "/p/case/"


def test_print_sheet_is_a_pdf_with_the_course(city, log_in):
    case = city.case("closed")
    answer = log_in(city.chief).get(reverse("case-print", args=[case.pk]))
    assert answer["Content-Type"] == "application/pdf" and answer.content[:5] == b"%PDF-" and len(answer.content) > 8000


ARGUMENTS = {"pk": "case", "code": "accept", "number": "number", "case_id": "case", "kind": "state"}
PUBLIC = {"field-worker", "field-manifest"}


def test_nobody_unknown_gets_in_and_a_district_never_sees_anothers(city, log_in, client):
    """Every address of the app: without a session it redirects or refuses; with another district's user, 403/404/409."""
    case = city.case("disposing", location=THERE, by=None, source="12319")
    stranger = city.hire("dispatcher", city.heping, city.district)
    other = log_in(stranger)
    for pattern in urlpatterns:
        names = pattern.pattern.converters
        values = {
            name: {"pk": case.pk, "case_id": case.pk, "number": case.number, "code": "supervise", "kind": "state"}[name]
            for name in names
        }
        address = reverse(pattern.name, kwargs=values)
        if pattern.name not in PUBLIC:
            assert client.get(address).status_code in (302, 403, 401, 405), pattern.name
        if pattern.name in ("case", "case-move", "case-print", "api-case", "api-case-move", "field-answer"):
            for answer in (
                other.get(address),
                other.post(address, {"version": 1, "opinion": "x", "supervise-opinion": "x", "move": "check_pass"}),
            ):
                assert answer.status_code in (403, 404, 405, 409, 422), (pattern.name, answer.status_code)
                assert case.description not in answer.content.decode()
    for address in ("/p/case/", "/coordination/api/cases/", "/coordination/desk/dispatch/", "/p/stagerecord/"):
        assert case.number not in other.get(address).content.decode()
    case.refresh_from_db()
    assert case.version == 4 and case.supervised_at is None


def test_photos_of_another_district_stay_shut(city, log_in):
    from coordination.services import Report, report
    from platform_core.models import Attachment

    made = report(Report("占道", THERE, category="E0501", photos=(picture(),), source="12319"), None)
    photo = Attachment.objects.get()
    assert log_in(city.chief).get(reverse("attachment-thumbnail", args=[photo.pk])).status_code == 200
    outsider = city.hire("duty_chief", city.heping, city.district)
    assert log_in(outsider).get(reverse("attachment-thumbnail", args=[photo.pk])).status_code == 404
    assert log_in(outsider).get(reverse("attachment", args=[photo.pk])).status_code == 404
    assert made.records.count() == 1


def test_api_reports_moves_and_says_conflict(city, log_in):
    client = log_in(city.acceptor)
    data = {
        "description": "井盖丢失",
        "lon": 123.315,
        "lat": 41.715,
        "category": "P0101",
        "uuid": "7f0d3f0a-6f6e-4c7e-9b54-0d6e2f5f7a11",
    }
    made = client.post("/coordination/api/cases/", data, content_type="application/json")
    assert made.status_code == 201 and made.json()["state"] == "reported"
    assert (
        client.post("/coordination/api/cases/", data, content_type="application/json").json()["number"]
        == made.json()["number"]
    )
    address = f"/coordination/api/cases/{made.json()['number']}/moves/accept/"
    assert client.post(address, {"version": 1}, content_type="application/json").json()["state"] == "registering"
    conflict = client.post(address, {"version": 1}, content_type="application/json")
    assert conflict.status_code == 409 and conflict.json()["code"] == "changed_meanwhile"
    assert client.post("/coordination/api/cases/", {"lon": 1}, content_type="application/json").status_code == 400
    detail = client.get(f"/coordination/api/cases/{made.json()['number']}/").json()
    assert [step["move"] for step in detail["course"]] == ["report", "accept"]


def test_designer_drafts_edits_and_publishes_while_cases_keep_their_version(city, log_in):
    running = city.case("registering")
    client = log_in(city.admin)
    client.post(reverse("workflow-draft"))
    row = WorkflowDefinition.objects.get(state="draft")
    assert client.post(reverse("workflow-draft")).status_code in (302, 409)
    state = {"code": "expert", "name": "专家会诊", "stage": "consult", "holder": "dispatch_case", "clock_runs": "on"}
    assert client.post(reverse("workflow-add", args=[row.pk, "state"]), state).status_code == 302
    page = client.get(reverse("workflow", args=[row.pk])).content.decode()
    assert "没有操作可到达“专家会诊”" in page
    answer = client.post(reverse("workflow-publish", args=[row.pk]), follow=True)
    assert "专家会诊" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == "draft"
    step = {"code": "to_expert", "name": "送专家", "sources": ["dispatching"], "target": "expert", "right": "dispatch_case",
            "requires": ["opinion"], "form": '{"type":"object","required":["institute"],"properties":{"institute":{"type":"string","title":"院所"}}}'}  # fmt: skip
    assert client.post(reverse("workflow-add", args=[row.pk, "move"]), {**step, "form": "{"}).status_code == 422
    assert client.post(reverse("workflow-add", args=[row.pk, "move"]), step).status_code == 302
    back = {
        "code": "expert_back",
        "name": "专家意见",
        "sources": ["expert"],
        "target": "dispatching",
        "right": "dispatch_case",
        "requires": ["opinion"],
    }
    client.post(reverse("workflow-add", args=[row.pk, "move"]), back)
    client.post(reverse("workflow-publish", args=[row.pk]))
    row.refresh_from_db()
    definitions.forget()
    assert row.state == "published" and definitions.in_force().pk == row.pk
    city.go(running, "dispatching")
    running.refresh_from_db()
    assert running.definition.version == 1
    new = city.case("dispatching")
    page = log_in(city.dispatcher).get(reverse("case", args=[new.pk])).content.decode()
    assert "送专家" in page and "院所" in page
    from platform_core.errors import DomainError

    with pytest.raises(DomainError):
        move(new.pk, "to_expert", city.dispatcher, Given(opinion="请会诊"))
    move(new.pk, "to_expert", city.dispatcher, Given(opinion="请会诊", form={"institute": "市政院"}))
    new.refresh_from_db()
    assert new.state == "expert" and new.due_at
    assert new.number in log_in(city.dispatcher).get(reverse("desk", args=["dispatch"])).content.decode()
    assert client.post(reverse("workflow-add", args=[row.pk, "state"]), state).status_code == 404


def test_designer_is_for_designers(city, log_in):
    row = WorkflowDefinition.objects.get()
    assert log_in(city.dispatcher).get(reverse("workflow", args=[row.pk])).status_code == 403
    assert log_in(city.chief).post(reverse("workflow-draft")).status_code == 403
