"""The outbox: order, resumption, refusal, windows, breaker (CJJ/T 312 §6.1.6, §4.3.10)."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from convergence.loading import connect_publishers
from exchange import remote
from exchange.models import InboundBatch, OutboundChunk, UpperPlatform
from exchange.protocol.codes import Code
from exchange.services import inbound, outbound, sender
from platform_core.errors import DomainError
from platform_core.models import EvaluationGrid
from tests.factories import EvaluationGridFactory

from .conftest import EXAMPLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def upper(standard):
    return UpperPlatform.objects.create(name="省平台", address="http://127.0.0.1:9", state="active", app_id="1")


class Wire:
    """What an upper platform would have received; answers by the function given."""

    def __init__(self, monkeypatch, answer=lambda data: remote.Result(Code.SUCCESS, "")):
        self.calls: list[tuple[str, list[dict]]] = []

        def push(peer, group, table, data, rows):
            import json

            self.calls.append((table, json.loads(data)))
            return answer(json.loads(data))

        monkeypatch.setattr(remote, "push", push)


def test_saved_grid_goes_out_in_the_same_transaction(upper, platform, districts, monkeypatch):
    wire = Wire(monkeypatch)
    connect_publishers()
    grid = EvaluationGridFactory(region=districts[1])
    assert InboundBatch.objects.get(channel="local").table == "evaluationGrid"
    inbound.drain()
    sender.send()
    table, rows = wire.calls[0]
    assert (table, rows[0]["code"], rows[0]["geometry"]["type"]) == ("evaluationGrid", grid.code, "MultiPolygon")
    grid.save()
    inbound.drain()
    sender.send()
    assert len(wire.calls) == 1  # nothing changed, nothing sent


def test_a_row_that_does_not_fit_the_standard_undoes_the_change(platform, districts, standard):
    connect_publishers()
    with pytest.raises(DomainError):
        EvaluationGridFactory(region=districts[1], code="x")
    assert not InboundBatch.objects.exists()


def chunks(upper, *areas):
    from exchange.tables import keeper

    spec = keeper().find("basic", "part")
    assert spec is not None
    for area in areas:
        outbound.owe(upper, spec, [{**EXAMPLE[0], "area": area}])


def test_small_chunks_leave_as_one_call_in_order(upper, monkeypatch):
    wire = Wire(monkeypatch)
    chunks(upper, 1, 2, 3)
    assert sender.send() == 3
    assert [[row["area"] for row in rows] for _table, rows in wire.calls] == [[1, 2, 3]]
    assert set(OutboundChunk.objects.values_list("state", "payload")) == {("sent", "")}


def test_failure_keeps_order_and_resumes_at_the_failed_chunk(upper, monkeypatch):
    upper.chunk_rows = 1
    upper.save()
    answers = iter([Code.SUCCESS, Code.SERVER])
    wire = Wire(monkeypatch, lambda data: remote.Result(next(answers), "", is_transient=True))
    chunks(upper, 1, 2, 3)
    sender.send()
    assert [rows[0]["area"] for _table, rows in wire.calls] == [1, 2]
    lane = upper.lanes.get()
    assert lane.attempts == 1
    assert lane.due_at > timezone.now()
    wire = Wire(monkeypatch)
    sender.send()
    assert wire.calls == []  # it waits
    upper.lanes.update(due_at=timezone.now())
    sender.send()
    assert [rows[0]["area"] for _table, rows in wire.calls] == [2, 3]


def test_refused_chunk_becomes_a_dead_letter_and_the_rest_goes_on(upper, monkeypatch):
    def answer(data):
        bad = any(row["area"] == 13 for row in data)
        return remote.Result(Code.PARAMETERS if bad else Code.SUCCESS, "area 有误")

    Wire(monkeypatch, answer)
    chunks(upper, 1, 13, 3)
    sender.send()
    assert list(OutboundChunk.objects.order_by("id").values_list("state", flat=True)) == ["sent", "dead", "sent"]
    dead = OutboundChunk.objects.get(state="dead")
    assert "area" in dead.error
    sender.revive(dead)
    Wire(monkeypatch)
    sender.send()
    assert not OutboundChunk.objects.exclude(state="sent").exists()


def test_circuit_opens_after_failures_and_closes_on_success(upper, monkeypatch):
    Wire(monkeypatch, lambda data: remote.Result(Code.SERVER, "down", is_transient=True))
    chunks(upper, 1)
    for _number in range(sender.BREAKER_FAILURES):
        upper.lanes.update(due_at=timezone.now())
        sender.send()
    upper.refresh_from_db()
    assert upper.open_until > timezone.now()
    assert upper.last_error == "down"
    wire = Wire(monkeypatch)
    upper.lanes.update(due_at=timezone.now())
    sender.send()
    assert wire.calls == []
    UpperPlatform.objects.update(open_until=timezone.now() - timedelta(seconds=1))
    sender.send()
    upper.refresh_from_db()
    assert (len(wire.calls), upper.failures, upper.open_until) == (1, 0, None)


@pytest.mark.parametrize(
    ("windows", "at", "inside"),
    [([], "03:00", True), (["22:00-06:00"], "23:30", True), (["22:00-06:00"], "05:59", True),
     (["22:00-06:00"], "06:00", False), (["08:00-09:00", "12:00-13:00"], "12:30", True),
     (["00:00-24:00"], "23:59", True)],
)  # fmt: skip
def test_agreed_windows(windows, at, inside):
    assert sender.in_window(windows, datetime.strptime(at, "%H:%M")) is inside


def test_only_wanted_tables_are_owed(upper, caller):
    upper.tables = ["basic.region", "operation.*"]
    upper.save()
    caller.store(EXAMPLE)
    assert not OutboundChunk.objects.exists()
    caller.store([{"code": "210100", "name": "沈阳市"}], table="region")
    assert OutboundChunk.objects.get().lane.table == "region"


def test_relay_sends_what_was_cleaned(upper, caller, monkeypatch):
    wire = Wire(monkeypatch)
    caller.store([{**EXAMPLE[0], "districtName": "  和平区　"}])
    sender.send()
    assert wire.calls[0][1][0]["districtName"] == "和平区"


def test_resend_owes_the_whole_table(upper, caller, monkeypatch):
    upper.state = "paused"
    upper.save()
    caller.store(EXAMPLE)
    assert outbound.resend(upper, "basic.part") == 2
    with pytest.raises(DomainError):
        outbound.resend(upper, "basic.nothing")


def test_publish_all_sends_what_was_made_in_bulk(platform, standard, districts):
    connect_publishers()
    EvaluationGrid.objects.bulk_create([EvaluationGridFactory.build(region=districts[1])])
    assert outbound.publish_all("basic.evaluationGrid") == 1
