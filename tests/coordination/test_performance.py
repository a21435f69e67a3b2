"""Performance evaluation, and what goes up."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from coordination.models import Indicator, KeyTask
from coordination.services import counting, keytasks, move, performance, publishing
from coordination.services.moving import Given
from exchange.services import outbound
from platform_core.errors import DomainError
from tests.factories.city import THERE, picture, stored_rows

TODAY = timezone.localdate()
MONTH = performance.Span(TODAY - timedelta(days=20), TODAY + timedelta(days=20))


def stored(group, table):
    from exchange.services import inbound

    inbound.drain()

    return stored_rows(group, table)


def test_indicators_scores_and_grades(city):
    for _number in range(3):
        city.case("closed")
    bad = city.case("checking")
    move(bad.pk, "check_fail", city.supervisor, Given(opinion="返工", photos=(picture(),)))
    counting.fold_all()
    table = performance.report("department", MONTH, city.leader)
    figures = {figure.indicator.code: figure.value for figure in table.lines[0].figures}
    assert table.lines[0].name == "市政公用局" and figures["disposed"] == 4 and figures["rework_rate"] == 25
    assert figures["disposal_rate"] == 75 and figures["in_time_disposal_rate"] == 75
    assert 0 < table.lines[0].score < 100 and table.lines[0].grade in "ABCD"
    people = performance.report("person", MONTH, city.leader)
    names = {line.subject: line for line in people.lines}
    mine = {figure.indicator.code: figure.value for figure in names[str(city.supervisor.pk)].figures}
    assert mine["reported"] == 4 and mine["valid_report_rate"] == 100 and mine["in_time_check_rate"] == 100
    posts = performance.report("post", MONTH, city.leader)
    assert {"监督员", "受理员", "派遣员", "值班长"} == {line.name for line in posts.lines}


def test_the_limit_of_acceptance_is_shown_as_broken(city):
    indicator = Indicator.objects.get(code="extension_rate")
    assert performance.Figure(indicator, 3.1).fails and not performance.Figure(indicator, 3.0).fails
    other = Indicator.objects.get(code="accurate_registration_rate")
    assert performance.Figure(other, 94.9).fails and not performance.Figure(other, None).fails


def test_spans():
    day = date(2026, 11, 24)
    assert performance.span_of("week", day) == performance.Span(date(2026, 11, 23), date(2026, 11, 29))
    assert performance.span_of("month", date(2026, 12, 5)) == performance.Span(date(2026, 12, 1), date(2026, 12, 31))
    assert performance.span_of("quarter", day) == performance.Span(date(2026, 10, 1), date(2026, 12, 31))
    assert performance.span_of("year", day) == performance.Span(date(2026, 1, 1), date(2026, 12, 31))
    with pytest.raises(DomainError):
        performance.span_of("fortnight", day)


def test_formulas_are_checked_and_never_run_code():
    performance.check_formula("100 * closed / due")
    for bad in ("closed +", "secret", "__import__('os')", "(lambda: 1)()", "closed.__class__"):
        with pytest.raises(DomainError):
            performance.check_formula(bad)


def test_a_district_sees_its_own_figures_only(city):
    city.case("disposing")
    counting.fold_all()
    assert performance.report("region", MONTH, city.leader).lines[0].subject == "210102"
    assert performance.report("region", MONTH, city.stranger).lines == []
    assert performance.report("category", MONTH, city.stranger).lines == []
    assert performance.cases_of("region", "210102", MONTH, city.stranger).count() == 0


def test_page_drills_to_cases_and_exports(city, log_in):
    case = city.case("closed")
    counting.fold_all()
    client = log_in(city.chief)
    page = client.get(reverse("performance"))
    assert page.status_code == 200 and "和平区" in page.content.decode()
    drilled = client.get(reverse("performance-cases"), {"by": "region", "subject": "210102"}).content.decode()
    assert case.number in drilled
    by_person = client.get(
        reverse("performance-cases"), {"by": "person", "subject": str(city.supervisor.pk)}
    ).content.decode()
    assert case.number in by_person
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(reverse("performance"), {"format": "xlsx", "by": "department"}).content)
    )
    assert "市政公用局" in [cell.value for cell in book.active["A"]]
    for query in ({"by": "x"}, {"period": "x"}, {"day": "2026-99-99"}, {"period": "custom", "first": "z"}):
        assert client.get(reverse("performance"), query).status_code == 200
    assert log_in(city.worker).get(reverse("performance")).status_code == 403


def test_cases_and_statistics_reach_the_exchange(city):
    case = city.case("closed")
    publishing.publish_all_cases()
    counting.fold_all()
    publishing.publish_statistics()
    rows = stored("management", "case")
    assert rows[0]["taskNum"] == case.number and rows[0]["state"] == "closed" and rows[0]["districtCode"] == "210102"
    assert rows[0]["closeTime"] >= rows[0]["disposeTime"] >= rows[0]["registerTime"]
    statistics = stored("management", "caseStatistics")
    assert statistics[0]["reportCount"] == statistics[0]["closeCount"] == statistics[0]["onTimeCount"] == 1
    assert publishing.publish_all_cases() == 0
    assert {"management.case", "management.caseStatistics", "basic.partFacility", "basic.geocode"} <= set(
        outbound.sources()
    )
    assert outbound.publish_all("management.case") == 1


def test_a_saved_part_is_published(city):
    from coordination.models import PartFacility

    PartFacility.objects.create(
        code="2101030301000001", type_code="0301", name="公厕", region=city.shenhe, owner=city.roads, location=THERE
    )
    rows = stored("basic", "partFacility")
    assert rows[0]["partCode"] == "2101030301000001" and rows[0]["ownerUnit"] == "市政公用局"


def test_key_task_arrives_is_handled_and_answered(city, log_in):
    from exchange.services import inbound, publish

    row = {"taskCode": "ZD1", "title": "井盖专项治理", "issuer": "辽宁省住建厅", "receiverCode": "210100",
           "requirement": "排查全部井盖", "issuedAt": "2026-11-20 08:00:00", "deadline": "2026-12-20 18:00:00", "state": "issued"}  # fmt: skip
    publish("supervision", "keyTask", [row, {**row, "taskCode": "ZD2", "receiverCode": "210200"}])
    inbound.drain()
    task = KeyTask.objects.get()
    assert task.code == "ZD1" and task.deadline
    client = log_in(city.dispatcher)
    assert client.post(reverse("keytask-assign", args=[task.pk]), {"department": city.roads.pk}).status_code == 302
    client.post(reverse("keytask-answer", args=[task.pk]), {"progress": "100", "content": "已排查1200座"})
    task.refresh_from_db()
    assert task.state == "answered" and task.department == city.roads
    assert stored("supervision", "keyTaskFeedback")[0]["content"] == "已排查1200座"
    with pytest.raises(DomainError):
        keytasks.answer(task.pk, city.dispatcher, 50, "再报")
    assert log_in(city.worker).post(reverse("keytask-answer", args=[task.pk]), {}).status_code == 403
    assert client.get(f"/p/keytask/{task.pk}/").status_code == 200


def test_import_of_external_requests_runs_the_loop(city, tmp_path):
    from coordination.models import Case, RoutingRule
    from coordination.services import importing, reference
    from platform_core.models import Role
    from platform_core.services import identity

    for prefix in ("E", "P"):
        RoutingRule.objects.create(category=prefix, department=city.roads)
    watcher = city.hire("supervisor", city.shenyang, city.centre)
    identity.assign_roles(watcher, [Role.objects.get(code="supervisor")])
    mapping = (
        (reference.DATA / "imports" / "sf311.yaml")
        .read_text()
        .replace("['210102', '210103', '210105']", "['210102', '210103']")
    )
    file = tmp_path / "mapping.yaml"
    file.write_text(mapping)
    from coordination.services.demo import photo

    sample = reference.DATA / "imports" / "sf311.csv.gz"
    made, known = importing.import_requests(sample, file, limit=40, days=60, photo=photo(), fresh=8)
    assert made == 40 and known == 0 and Case.objects.filter(is_demo=True).count() == 40
    assert Case.objects.filter(state="closed").exists() and Case.objects.open().exists()
    again = importing.import_requests(sample, file, limit=40, days=60, photo=photo())
    assert again == (0, 40)
    with pytest.raises(DomainError):
        importing.load_mapping(reference.DATA / "limits.yaml")
