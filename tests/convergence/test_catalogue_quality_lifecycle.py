"""Catalogue, quality and life cycle (CJJ/T 312 §4.1.4-7-4, C.0.2)."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from convergence.models import Archive, CatalogueEntry, CleaningRule, DataTable, DestructionRequest, QualityScore
from convergence.services import catalogue, lifecycle, quality
from convergence.store import rows
from exchange.services import statistics
from platform_core.errors import DomainError
from platform_core.models import Notification, Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PART = {"districtCode": "210102", "statisticalTime": "2026-01-01 00:00:00"}


@pytest.fixture
def supervisor(data_manager, districts):
    """Reviews the catalogue and destructions."""
    user = UserFactory(scope=districts[0])
    user.groups.add(Role.objects.get(code="data_supervisor"))
    return user


@pytest.fixture
def entry(platform, standard):
    catalogue.register_all()
    return CatalogueEntry.objects.get(table__table="part")


def test_register_review_publish(entry, data_manager, supervisor, log_in):
    desk, chief = log_in(data_manager), log_in(supervisor)
    url = f"/convergence/catalogue/{entry.pk}/act/"
    assert chief.get(f"/convergence/catalogue/{entry.pk}/").status_code == 404  # a draft is nobody's but the editors'
    with pytest.raises(DomainError):
        catalogue.move(entry, "publish", supervisor)
    desk.post(url, {"act": "submit"})
    with pytest.raises(DomainError):
        catalogue.move(entry, "publish", data_manager)
    chief.post(url, {"act": "reject", "note": "补充摘要"})
    entry.refresh_from_db()
    assert (entry.state, entry.review_note) == ("rejected", "补充摘要")
    desk.post(url, {"act": "submit"})
    chief.post(url, {"act": "publish"})
    found = chief.get("/convergence/catalogue/", {"q": "dutyGridCount"}).content.decode()
    assert "网格与面积统计" in found
    document = chief.get("/convergence/catalogue.jsonld").json()
    assert [item["dct:identifier"] for item in document["dcat:dataset"]] == [entry.code]


def test_followers_are_told_once_a_day(entry, caller, data_manager, supervisor):
    catalogue.move(entry, "submit", data_manager)
    catalogue.move(entry, "publish", supervisor)
    entry.refresh_from_db()
    assert catalogue.subscribe(entry, supervisor) is True
    assert catalogue.tell_subscribers() == 0
    caller.store([PART])
    assert [catalogue.tell_subscribers() for _time in range(2)] == [1, 0]
    assert Notification.objects.filter(recipient=supervisor, title__contains="网格与面积统计").count() == 1


def test_freshness_badge(entry):
    now = timezone.now()
    cycle = timedelta(hours=entry.table.update_cycle_h)
    ages = {"fresh": cycle / 2, "late": cycle * 1.5, "stale": cycle * 3}
    assert {catalogue.badge(entry.table, now - age) for age in ages.values()} == set(ages)
    assert catalogue.badge(entry.table, None) == "never"


def test_six_properties(caller):
    CleaningRule.objects.filter(table__table="part").update(is_enabled=False)
    table = DataTable.objects.get(table="part")
    for fields in (
        {"kind": "range", "field": "area", "parameters": {"max": 100}, "action": "flag"},
        {"kind": "cross_field", "field": "dutyGridCount", "parameters": {"is": "<=", "other": "gridCount"}, "action": "flag"},
        {"kind": "reference", "field": "districtCode", "parameters": {"model": "region"}, "action": "flag"},
        {"kind": "range", "field": "gridCount", "parameters": {"max": 1000}, "action": "refuse"},
    ):  # fmt: skip
        CleaningRule.objects.create(table=table, **fields)
    good = {**PART, "districtName": "和平区", "area": 1, "gridCount": 10, "dutyGridCount": 1}
    rows_ = [{**good, "statisticalTime": f"2026-01-{day:02d} 00:00:00"} for day in range(1, 11)]
    rows_[0]["area"], rows_[1]["dutyGridCount"], rows_[2]["gridCount"] = 500, 11, 5000
    rows_[3]["districtCode"] = "210199"
    caller.store(rows_)
    caller.push("[")  # a call that is refused counts against nobody's table
    assert caller.push([{**good, "area": "x"}])["code"] == 10001
    statistics.flush()
    assert quality.score_day(timezone.localdate()) == 1
    score = QualityScore.objects.get()
    assert (score.received, score.refused) == (10, 1)
    assert (score.accuracy, score.consistency, score.truthfulness, score.currency) == (80, 90, 90, 100)
    assert score.exchangeability == pytest.approx(100 / 3)
    assert score.completeness == pytest.approx(100 * 6 / 7)
    found = quality.changes(table, caller.account.pk, timezone.localdate(), "accuracy")
    assert {(change.field, change.action) for change in found} == {("area", "flag"), ("gridCount", "refuse")}


def test_quality_pages(caller, data_manager, log_in):
    caller.store([{**PART, "districtName": " 和平区"}])
    quality.score_day(timezone.localdate())
    desk = log_in(data_manager)
    assert "沈阳市平台" in desk.get("/convergence/quality/").content.decode()
    page = desk.get(
        f"/convergence/quality/{QualityScore.objects.get().pk}/", {"dimension": "accuracy"}
    ).content.decode()
    assert "去空白与规范文本" in page


@pytest.fixture
def archived(caller, settings, tmp_path):
    settings.ARCHIVE_ROOT = str(tmp_path)
    caller.store([{**PART, "statisticalTime": f"20{year}-06-01 00:00:00", "area": year} for year in (20, 21, 25)])
    table = DataTable.objects.get(table="part")
    made = lifecycle.archive(table, datetime(2022, 1, 1))
    return table, made


def test_archive_moves_rows_and_restore_brings_them_back(archived, caller):
    table, made = archived
    assert made.row_count == 2
    assert [row["area"] for row in caller.get("")["rows"]] == [25]
    caller.store([{**PART, "statisticalTime": "2020-06-01 00:00:00", "gridCount": 3}])
    assert lifecycle.restore(made) == 2
    rows_ = {row["statisticalTime"][:4]: row["area"] for row in caller.get("")["rows"]}
    assert rows_ == {"2020": 20, "2021": 21, "2025": 25}
    with pytest.raises(DomainError):
        lifecycle.restore(made)
    assert lifecycle.archive(table, datetime(2010, 1, 1)) is None


def test_changed_archive_is_not_brought_back(archived, settings):
    _table, made = archived
    file = lifecycle.path_of(made)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(DomainError):
        lifecycle.restore(made)
    assert Archive.objects.get().state == "archived"


def test_retention_archives_by_itself(archived):
    table, _made = archived
    DataTable.objects.filter(pk=table.pk).update(retention_months=6)
    assert lifecycle.apply_retention() == 1
    assert rows.count(table.spec()) == 0


def test_destruction_takes_two_people(archived, data_manager, supervisor, log_in, django_capture_on_commit_callbacks):
    _table, made = archived
    file = lifecycle.path_of(made)
    log_in(data_manager).post(f"/convergence/archives/{made.pk}/act/", {"act": "ask", "reason": "保存期满"})
    asked = DestructionRequest.objects.get()
    assert (
        log_in(data_manager).post(f"/convergence/destructions/{asked.pk}/act/", {"act": "approve"}).status_code == 403
    )
    data_manager.groups.add(Role.objects.get(code="data_supervisor"))
    with pytest.raises(DomainError):
        lifecycle.decide_destruction(asked, data_manager, approve=True)
    with django_capture_on_commit_callbacks(execute=True):
        log_in(supervisor).post(f"/convergence/destructions/{asked.pk}/act/", {"act": "approve"})
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, file.exists()) == ("done", supervisor, False)
    assert made.sha256 in asked.protocol
    with pytest.raises(DomainError):
        lifecycle.restore(made)
