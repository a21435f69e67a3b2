"""Cleaning by rules, fusion of sources (CJJ/T 312 §4.1.4-7-2, -3)."""

import pytest

from convergence.models import CleaningChange, CleaningRule, DataTable, SourceRecord, TableSource
from exchange.models import QuarantinedRow
from exchange.services import inbound
from platform_core.models import Region

pytestmark = pytest.mark.django_db
POINT = {
    "code": "210102P0001",
    "name": "南湖公园",
    "pointType": "4",
    "districtCode": "210102",
    "lon": 123.35,
    "lat": 41.75,
}
DEVICE = {"deviceCode": "D1", "metricCode": "p", "monitorTime": "2026-01-01 00:00:00", "districtCode": "210102"}


def changes(**filters):
    return list(
        CleaningChange.objects.filter(**filters).order_by("id").values_list("field", "action", "before", "after")
    )


def only(table, **rule):
    """A table with just this rule."""
    CleaningRule.objects.filter(table__table=table).update(is_enabled=False)
    return CleaningRule.objects.create(table=DataTable.objects.get(table=table), **rule)


def test_trim_corrects_and_keeps_the_record(caller):
    caller.store([{**POINT, "name": " 南湖　公园１ "}], table="evaluationPoint")
    assert caller.get("", table="evaluationPoint")["rows"][0]["name"] == "南湖 公园1"
    assert ("name", "correct", " 南湖　公园１ ", "南湖 公园1") in changes()


def test_unit_conversion(caller):
    caller.store([{**DEVICE, "value": 0.35, "unit": "MPa"}], "operation", "monitorData")
    row = caller.get("", "operation", "monitorData")["rows"][0]
    assert (row["value"], row["unit"]) == (350.0, "kPa")
    assert changes() == [("value", "correct", 0.35, 350.0)]


def test_cross_field_refuses_an_end_before_its_start(caller):
    alarm = {"alarmCode": "A1", "deviceCode": "D1", "districtCode": "210102", "topic": "燃气", "level": 1,
             "startTime": "2026-01-01 10:00:00", "endTime": "2026-01-01 09:00:00"}  # fmt: skip
    caller.store([alarm], "operation", "alarm")
    assert "endTime" in QuarantinedRow.objects.get().errors
    assert caller.get("", "operation", "alarm")["rows"] == []


def test_place_outside_its_division_is_flagged(caller):
    caller.store([POINT, {**POINT, "code": "210102P0002", "name": "远方", "lon": 120.0}], table="evaluationPoint")
    found = [line for line in changes() if line[0] == "lon"]
    assert len(found) == 1
    assert "边界" in found[0][3]
    assert len(caller.get("", table="evaluationPoint")["rows"]) == 2


def test_reference_to_another_table(caller):
    caller.store([{**POINT, "gridCode": "2101020001"}], table="evaluationPoint")
    assert next(line for line in changes() if line[0] == "gridCode")[1] == "flag"
    CleaningChange.objects.all().delete()
    caller.store([{"code": "2101020001", "name": "1号", "districtCode": "210102"}], table="evaluationGrid")
    caller.store([{**POINT, "gridCode": "2101020001", "address": "新"}], table="evaluationPoint")
    assert [line for line in changes() if line[0] == "gridCode"] == []


def test_fuzzy_duplicate_nearby_is_flagged(caller):
    only(
        "evaluationPoint", kind="duplicate", field="name", parameters={"similarity": 0.3, "within_m": 50}, action="flag"
    )
    caller.store([POINT], table="evaluationPoint")
    caller.store([{**POINT, "code": "210102P0009", "name": "南湖公园门"}], table="evaluationPoint")
    assert [line[:2] for line in changes()] == [("name", "flag")]
    caller.store([{**POINT, "code": "210102P0010", "name": "南湖公园门", "lon": 123.39}], table="evaluationPoint")
    assert len(changes()) == 1


@pytest.mark.parametrize(
    ("rule", "value", "stored"),
    [
        ({"kind": "range", "parameters": {"max": 100}, "action": "correct"}, 500, 100),
        ({"kind": "range", "parameters": {"min": 1}, "action": "flag"}, 0.5, 0.5),
        ({"kind": "range", "parameters": {"max": 100}, "action": "refuse"}, 500, None),
    ],
)
def test_range_by_action(caller, rule, value, stored):
    only("part", field="area", **rule)
    caller.store([{"districtCode": "210102", "statisticalTime": "2026-01-01 00:00:00", "area": value}])
    rows = caller.get("")["rows"]
    assert [row["area"] for row in rows] == ([stored] if stored is not None else [])
    assert len(changes()) == 1 or stored is None


def test_mapping_pattern_and_code(caller):
    only("part", field="districtName", kind="map", parameters={"values": {"和平": "和平区"}}, action="correct")
    row = {"districtCode": "210102", "statisticalTime": "2026-01-01 00:00:00", "districtName": "和平"}
    caller.store([row])
    assert caller.get("")["rows"][0]["districtName"] == "和平区"
    only("part", field="districtName", kind="pattern", parameters={"pattern": ".+区"}, action="refuse")
    caller.store([{**row, "districtName": "某县"}])
    only("part", field="districtName", kind="code", parameters={"codes": ["和平区"]}, action="refuse")
    caller.store([{**row, "districtName": "沈河区"}])
    assert QuarantinedRow.objects.count() == 2


def test_records_are_kept_for_changes_only(caller):
    for _time in range(2):
        caller.store([{**POINT, "name": "南湖公园 "}], table="evaluationPoint")
    assert len([line for line in changes() if line[0] == "name"]) == 1


# --- fusion


@pytest.fixture
def two(admit):
    """A city and its province, both telling about 沈阳."""
    Region.objects.filter(code="210000").update(name="辽宁省")
    return admit(), admit(region="210000", name="辽宁省平台", kind="provincial")


PART = {"districtCode": "210102", "statisticalTime": "2026-01-01 00:00:00"}


def test_a_relay_that_says_the_same_is_no_dispute(two):
    city, province = two
    city.store([{**PART, "area": 59.7, "gridCount": 10}])
    province.store([{**PART, "area": 59.7, "gridCount": 10}])
    assert not SourceRecord.objects.exists()
    assert dict(TableSource.objects.values_list("source", "priority")) == {city.account.pk: 50, province.account.pk: 70}


def test_the_nearer_source_is_believed_field_by_field(two):
    from django.db import connection

    city, province = two
    province.store([{**PART, "area": 1.0, "gridCount": 10, "dutyGridCount": 5}])
    city.store([{**PART, "area": 2.0, "gridCount": None}])
    row = city.get("")["rows"][0]
    assert (row["area"], row["gridCount"], row["dutyGridCount"]) == (2.0, 10, 5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT _source, _lineage::json FROM std.basic_part")
        source, lineage = cursor.fetchone()
    assert source == -1
    assert (lineage["area"], lineage["gridCount"]) == (city.account.pk, province.account.pk)
    province.store([{**PART, "area": 9.0, "gridCount": 11}])
    row = city.get("")["rows"][0]
    assert (row["area"], row["gridCount"]) == (2.0, 11)


def test_of_equals_the_one_heard_last_is_believed(two):
    city, province = two
    city.store([{**PART, "area": 1.0}])
    province.store([{**PART, "area": 2.0}])
    TableSource.objects.update(priority=50)
    province.store([{**PART, "area": 3.0}])
    assert city.get("")["rows"][0]["area"] == 3.0
    city.store([{**PART, "area": 4.0}])
    assert city.get("")["rows"][0]["area"] == 4.0


def test_drain_stores_sources_apart(two):
    city, province = two
    assert city.push([{**PART, "area": 1.0}])["success"]
    assert province.push([{**PART, "area": 2.0}])["success"]
    assert city.push([{**PART, "area": 3.0}])["success"]
    inbound.drain()
    assert city.get("")["rows"][0]["area"] == 3.0
