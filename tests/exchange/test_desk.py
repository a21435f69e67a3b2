"""The exchange desk: monitor, reviews, alarms, metrics; and who is refused (CJJ/T 312 §4.1.4-6-3, §6.1.6)."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone

from exchange.models import Alarm, AlarmRule, Connector, InboundBatch, PlatformAccount, TableGrant, UpperPlatform
from exchange.services import alarms, inbound, monitoring, statistics
from platform_core.models import Notification, Region
from tests.factories import UserFactory

from .conftest import EXAMPLE

pytestmark = pytest.mark.django_db


def test_monitor_shows_platforms_queues_and_rates(caller, data_manager, log_in):
    caller.push(EXAMPLE)
    caller.push("[")
    statistics.flush()
    page = log_in(data_manager).get("/exchange/monitor/")
    [line] = page.context["platforms"]
    assert (line.calls, line.rate, line.rows) == (2, 50.0, 2)
    assert line.p95 >= line.p50 > 0
    assert page.context["queue"].inbound == 1
    assert "10001" in line.last_error
    assert log_in(data_manager).get("/exchange/monitor/", HTTP_HX_REQUEST="true").content.count(b"<html") == 0


def test_monitor_costs_the_same_with_more_platforms(admit, data_manager, log_in, django_assert_max_num_queries):
    for number in range(8):
        admit(name=f"平台{number}").push(EXAMPLE)
    statistics.flush()
    desk = log_in(data_manager)
    desk.get("/exchange/monitor/")
    with django_assert_max_num_queries(40):
        desk.get("/exchange/monitor/")


def test_percentiles():
    latency = [0] * statistics.CLASSES
    assert statistics.percentile(latency, 0.5) is None
    latency[3], latency[8], latency[-1] = 90, 9, 1
    assert statistics.percentile(latency, 0.5) == 5
    assert statistics.percentile(latency, 0.95) == 50
    assert statistics.percentile(latency, 0.999) == float("inf")


def test_days_for_the_calendar(caller):
    caller.push(EXAMPLE)
    today = timezone.localdate()
    assert monitoring.days(today, today) == {today.isoformat(): 2}


def test_public_page_applies_and_looks_up(client, districts, standard):
    form = {"name": "某市平台", "kind": "city", "region": "210100", "secret": "y" * 16, "algorithm": "rsa"}
    assert client.post("/exchange/apply/", {**form, "region": "999999"}).status_code == 422
    page = client.post("/exchange/apply/", form)
    token, account = page.context["token"], page.context["account"]
    assert token in page.content.decode()
    looked = client.post("/exchange/apply/", {"application": account.pk, "token": token})
    assert looked.context["told"]["state"] == "applied"
    assert client.post("/exchange/apply/", {"application": account.pk, "token": "guess"}).status_code == 422


def test_applications_are_limited_by_address(client, districts, standard):
    form = {"name": "某市平台", "kind": "city", "region": "210100", "secret": "y" * 16, "algorithm": "rsa"}
    statuses = [client.post("/exchange/apply/", form).status_code for _number in range(22)]
    assert statuses[-1] == 422
    assert PlatformAccount.objects.count() == 20


def test_review_keys_and_subscriptions_by_page(client, districts, data_manager, log_in):
    form = {"name": "某市平台", "kind": "city", "region": "210100", "secret": "y" * 16, "algorithm": "rsa"}
    client.post("/exchange/apply/", form)
    account = PlatformAccount.objects.get()
    assert Notification.objects.filter(recipient=data_manager).exists()
    desk, url = log_in(data_manager), f"/exchange/accounts/{account.pk}/"
    desk.post(f"{url}review/", {"act": "sandbox", "windows": "22:00-6:00"})
    account.refresh_from_db()
    assert account.state == "applied"  # the window was none
    desk.post(f"{url}review/", {"act": "sandbox", "windows": "22:00-06:00, 12:00-13:00"})
    account.refresh_from_db()
    assert (account.state, account.push_windows) == ("sandbox", ["22:00-06:00", "12:00-13:00"])
    desk.post(f"{url}review/", {"act": "activate"})
    desk.post(f"{url}keys/rotate/")
    assert account.keys.count() == 2
    desk.post(f"{url}keys/{account.keys.order_by('id')[0].pk}/revoke/")
    assert [key.is_valid for key in account.keys.all()] == [True, False]
    desk.post(f"{url}grants/", {"group": "basic", "table": "nothing", "may_get": "on"})
    assert not TableGrant.objects.filter(table="nothing").exists()
    desk.post(f"{url}grants/", {"group": "basic", "table": "part", "may_get": "on"})
    assert TableGrant.objects.get(table="part").may_push is False
    page = desk.get(f"/p/platformaccount/{account.pk}/").content.decode()
    assert "y" * 16 not in page


ADDRESSES = (
    "accounts/{account}/review/", "accounts/{account}/keys/rotate/", "accounts/{account}/grants/",
    "batches/{batch}/retry/", "connectors/{connector}/act/",
)  # fmt: skip


def test_reader_may_look_and_not_act_and_a_stranger_not_even_look(caller, districts, log_in):
    caller.push(EXAMPLE)
    made = Connector.objects.create(
        name="c",
        kind="http_csv",
        region=districts[0],
        address="http://127.0.0.1:9/",
        group="basic",
        table="part",
        mapping={},
    )
    keys = {"account": caller.account.pk, "batch": InboundBatch.objects.get().pk, "connector": made.pk}
    rights = ["platform_core.access_exchange", "exchange.view_platformaccount", "exchange.view_inboundbatch"]
    reader = log_in(UserFactory(scope=districts[0], rights=rights))
    assert reader.get("/exchange/monitor/").status_code == 200
    for address in ADDRESSES:
        assert reader.post("/exchange/" + address.format(**keys), {"act": "suspend"}).status_code == 403, address
    assert log_in(UserFactory(scope=districts[0])).get("/exchange/monitor/").status_code == 403
    dalian = Region.objects.create(code="210200", name="大连市", level=2, parent_id="210000")
    operator = [
        "exchange.review_account",
        "exchange.manage_keys",
        "exchange.operate_exchange",
        "exchange.change_platformaccount",
    ]
    stranger = log_in(UserFactory(scope=dalian, rights=rights + operator))
    for address in ADDRESSES[:3]:
        assert stranger.post("/exchange/" + address.format(**keys), {"act": "suspend"}).status_code == 404, address
    caller.account.refresh_from_db()
    assert caller.account.state == "live"


def test_alarm_is_raised_once_told_and_cleared(caller, data_manager):
    heard = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments):
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    AlarmRule.objects.create(
        name="失败", kind="failure_rate", threshold=20, webhook=f"http://127.0.0.1:{server.server_port}/"
    )  # fmt: skip
    for _number in range(6):
        caller.push("[")
    statistics.flush()
    assert [alarms.check(), alarms.check()] == [1, 0]
    assert (heard[0]["subject"], heard[0]["value"]) == ("沈阳市平台", 100)
    assert Notification.objects.filter(recipient=data_manager, title__contains="失败").count() == 1
    for _number in range(60):
        caller.get("")
    statistics.flush()
    alarms.check()
    assert Alarm.objects.get().cleared_at is not None
    server.shutdown()


@pytest.mark.parametrize("kind", ["lag", "silence", "dead_letters", "quarantine"])
def test_every_kind_of_rule_can_break(caller, kind):
    AlarmRule.objects.create(name=kind, kind=kind, threshold=0.5)
    assert alarms.check() == 0 or kind == "silence"
    caller.push(EXAMPLE)
    InboundBatch.objects.update(received_at=timezone.now() - timedelta(minutes=5))
    PlatformAccount.objects.update(last_seen_at=timezone.now() - timedelta(minutes=5))
    upper = UpperPlatform.objects.create(name="省", address="http://127.0.0.1:9", state="active")
    lane = upper.lanes.create(group="basic", table="part")
    lane.chunks.create(payload="[]", row_count=1, state="dead")
    InboundBatch.objects.get().quarantine.create(number=0, group="basic", table="part", data={}, errors={})
    alarms.check()
    assert Alarm.objects.filter(rule__kind=kind, cleared_at=None).exists()


def test_metrics_for_prometheus(client, caller, settings):
    settings.METRICS_TOKEN = "metrics-token"
    caller.push(EXAMPLE)
    statistics.flush()
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong").status_code == 401
    text = client.get("/metrics", HTTP_AUTHORIZATION="Bearer metrics-token").content.decode()
    assert (
        f'eurbanmis_exchange_rows_total{{code="10000",direction="in",interface="pushdata",peer="{caller.account.app_id}"}} 2.0'
        in text
    )
    assert "eurbanmis_exchange_inbound_batches 1.0" in text


def test_services_page_tells_who_may_what(caller, data_manager, log_in):
    rows = {row["spec"].name: row for row in log_in(data_manager).get("/exchange/services/").context["rows"]}
    assert rows["basic.part"]["push"] == ["沈阳市平台"]
    assert len(rows) == 73


def test_dry_run_page(standard, districts, data_manager, log_in, tmp_path):
    import sqlite3

    file = tmp_path / "a.db"
    with sqlite3.connect(file) as link:
        link.execute("CREATE TABLE t (c TEXT, a REAL)")
        link.execute("INSERT INTO t VALUES ('2101', 1)")
    made = Connector.objects.create(
        name="库", kind="sql", region=districts[0], address=f"sqlite:///{file}", query="SELECT c, a FROM t",
        group="basic", table="part", mapping={"districtCode": "c", "area": "a"},
    )  # fmt: skip
    page = log_in(data_manager).post(f"/exchange/connectors/{made.pk}/act/", {"act": "try"}).content.decode()
    assert "未存储任何数据" in page
    assert "2101" in page
    inbound.drain()
    assert not InboundBatch.objects.exists()


def test_default_rules_are_loaded_once(standard):
    assert [alarms.load_defaults(), alarms.load_defaults()] == [5, 0]
    AlarmRule.objects.filter(kind="lag").update(threshold=1)
    alarms.load_defaults()
    assert AlarmRule.objects.get(kind="lag").threshold == 1
