"""From the landing zone into the store: order, exactly once, quarantine, hints (CJJ/T 312 §6.1.3)."""

import json

import pytest
from django.db import DatabaseError

from convergence.models import CleaningRule, DataTable
from exchange.models import InboundBatch, QuarantinedRow
from exchange.services import inbound
from platform_core.errors import DomainError

from .conftest import EXAMPLE

pytestmark = pytest.mark.django_db


def test_pushed_twice_is_there_once_and_the_later_value_wins(caller):
    caller.store(EXAMPLE)
    caller.store([{**EXAMPLE[0], "area": 60.0}])
    rows = caller.get("districtCode=210102")["rows"]
    assert [row["area"] for row in rows] == [60.0]
    assert rows[0]["gridCount"] == 3797


def test_batches_that_wait_are_stored_in_the_order_of_arrival(caller):
    for area in (1.0, 2.0, 3.0):
        assert caller.push([{**EXAMPLE[0], "area": area}])["success"]
    assert inbound.drain() == 3
    assert caller.get("districtCode=210102")["rows"][0]["area"] == 3.0


def test_absent_field_keeps_its_value_and_null_clears_it(caller):
    caller.store(EXAMPLE[:1])
    key = {"districtCode": "210102", "statisticalTime": "2019-04-19 12:00:00"}
    caller.store([{**key, "gridCount": 5}])
    caller.store([{**key, "dutyGridCount": None}])
    row = caller.get("districtCode=210102")["rows"][0]
    assert (row["area"], row["gridCount"], row["dutyGridCount"]) == (59.72, 5, None)


def test_unchanged_rows_are_not_changes(caller):
    caller.store(EXAMPLE)
    caller.store(EXAMPLE)
    assert list(InboundBatch.objects.order_by("id").values_list("changed_count", flat=True)) == [2, 0]


def rule(**fields):
    table = DataTable.objects.get(group="basic", table="part")
    return CleaningRule.objects.create(table=table, **fields)


def test_poison_row_is_set_aside_corrected_and_replayed(caller, data_manager, log_in):
    rule(kind="range", field="area", parameters={"max": 100}, action="refuse")
    caller.store([EXAMPLE[0], {**EXAMPLE[1], "area": 500}])
    assert [row["districtCode"] for row in caller.get("")["rows"]] == ["210102"]
    row = QuarantinedRow.objects.get()
    assert (row.number, list(row.errors)) == (1, ["area"])
    desk = log_in(data_manager)
    page = desk.get(f"/p/quarantinedrow/{row.pk}/").content.decode()
    assert "500 大于 100" in page
    fields = {f"field-{name}": value for name, value in row.data.items()}
    desk.post(f"/exchange/quarantine/{row.pk}/act/", {**fields, "act": "replay", "field-area": "58.97"})
    inbound.drain()
    assert {row["area"] for row in caller.get("")["rows"]} == {59.72, 58.97}
    row.refresh_from_db()
    assert (row.state, row.settled_by) == ("replayed", data_manager)
    with pytest.raises(DomainError):
        inbound.discard(row, data_manager)


def test_replay_that_is_still_wrong_is_refused_and_stays_open(caller, data_manager):
    rule(kind="range", field="area", parameters={"max": 100}, action="refuse")
    caller.store([{**EXAMPLE[1], "area": 500}])
    row = QuarantinedRow.objects.get()
    with pytest.raises(DomainError) as refusal:
        inbound.replay(row, {**row.data, "districtCode": "x"}, data_manager)
    assert "districtCode" in refusal.value.details["errors"]
    row.refresh_from_db()
    assert row.state == "open"


def test_a_batch_that_cannot_be_stored_stops_neither_its_forerunners_nor_other_tables(caller, monkeypatch, standard):
    absorb = type(standard).absorb

    def sometimes(self, spec, source, arrivals):
        if any(row.get("area") == 13 for arrival in arrivals for row in arrival.rows):
            raise DatabaseError("broken row")
        return absorb(self, spec, source, arrivals)

    monkeypatch.setattr(type(standard), "absorb", sometimes)
    caller.push(EXAMPLE[:1])
    caller.push([{**EXAMPLE[1], "area": 13}])
    caller.push([{"code": "210100", "name": "沈阳市"}], table="region")
    inbound.drain(seconds=2)
    states = list(InboundBatch.objects.order_by("id").values_list("state", "attempts"))
    assert states == [("done", 1), ("waiting", 1), ("done", 1)]
    assert "broken row" in InboundBatch.objects.get(state="waiting").error
    for _attempt in range(inbound.MAX_ATTEMPTS - 1):
        InboundBatch.objects.filter(state="waiting").update(due_at="2020-01-01T00:00Z")
        inbound.drain(seconds=2)
    assert InboundBatch.objects.filter(state="failed").count() == 1
    monkeypatch.setattr(type(standard), "absorb", absorb)
    inbound.retry(InboundBatch.objects.get(state="failed"))
    inbound.drain()
    assert len(caller.get("")["rows"]) == 2


def test_partitioned_table_takes_rows_of_any_month(caller):
    rows = [
        {
            "deviceCode": "D1",
            "metricCode": "p",
            "monitorTime": f"{month}-05 00:00:00",
            "districtCode": "210102",
            "value": 1,
        }
        for month in ("2024-12", "2025-01", "2026-06")
    ]
    caller.store(rows, "operation", "monitorData")
    found = caller.get("deviceCode=D1 and monitorTime >= '2025-01-01 00:00:00'", "operation", "monitorData")["rows"]
    assert [row["monitorTime"] for row in found] == ["2025-01-05 00:00:00", "2026-06-05 00:00:00"]
    caller.store([{**rows[0], "monitorTime": "9999-01-01 00:00:00"}], "operation", "monitorData")
    assert "年份" in str(QuarantinedRow.objects.get().errors)


def test_operator_of_another_city_sees_no_batches(admit, log_in):
    from platform_core.models import Region
    from tests.factories import UserFactory, divisions

    caller = admit()
    caller.push(EXAMPLE)
    dalian = Region.objects.create(code="210200", name="大连市", level=2, parent_id="210000")
    rights = ["platform_core.access_exchange", "exchange.view_inboundbatch", "exchange.view_platformaccount"]
    stranger, own = UserFactory(scope=dalian, rights=rights), UserFactory(scope=divisions()[0], rights=rights)
    batch = InboundBatch.objects.get()
    assert log_in(stranger).get(f"/p/inboundbatch/{batch.pk}/").status_code == 404
    assert log_in(own).get(f"/p/inboundbatch/{batch.pk}/").status_code == 200
    assert "沈阳市平台" not in log_in(stranger).get("/exchange/monitor/").content.decode()
    assert "沈阳市平台" in log_in(own).get("/exchange/monitor/").content.decode()


def test_injection_in_values_stays_a_value(caller):
    name = "'); DROP TABLE std.basic_part; --"
    caller.store([{**EXAMPLE[0], "districtName": name}])
    assert json.loads(json.dumps(caller.get("")["rows"][0]["districtName"])) == name
