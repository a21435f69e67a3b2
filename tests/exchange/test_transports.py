"""SOAP by zeep, MQTT through a real broker, pulls and connectors from real servers (CJJ/T 312 §6.1.2, §6.1.4)."""

import json
import os
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import paho.mqtt.client as paho
import pytest
from django.conf import settings

from exchange import remote
from exchange.channels import mqtt as mqtt_channel
from exchange.channels import soap
from exchange.models import Connector, InboundBatch, PullSubscription, QuarantinedRow
from exchange.protocol.codes import Refused
from exchange.services import connecting, inbound, pulls
from platform_core.errors import DomainError
from platform_core.services import mqtt

from .conftest import EXAMPLE

transactional = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("version", ["Soap11", "Soap12"])
@transactional
def test_soap_by_zeep(live_server, caller, version, settings):
    from zeep import Client

    settings.PUBLIC_URL = live_server.url
    client = Client(f"{live_server.url}/eUrbanMIS/api/v1/soap?wsdl", port_name=version)
    pushed = client.service.pushdata(**caller.signed("pushdata", group="basic", table="part", data=json.dumps(EXAMPLE)))
    assert (pushed.success, pushed.code) == (True, 10000)
    inbound.drain()
    found = client.service.getdata(**caller.signed("getdata", group="basic", table="part", where="area > 59"))
    assert [row["districtName"] for row in json.loads(found.data)] == ["和平区"]
    refused = client.service.getdata(**caller.signed("getdata", group="basic", table="part", where="(("))
    assert (refused.success, refused.code) == (False, 10001)
    assert InboundBatch.objects.get().channel == "soap"


@pytest.mark.parametrize(
    "body",
    [b"", b"<a/>", b"<a", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
     b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>',
     b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><drop/></Body></Envelope>',
     b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
     b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><getdata><group>&b;</group></getdata></Body></Envelope>'],
)  # fmt: skip
def test_soap_that_is_none_is_a_fault(body):
    with pytest.raises(Refused):
        soap.read(body)
    assert b"10001" in soap.answer(body)[0]


class Broker:
    """An account's connection to the test broker."""

    def __init__(self, username, password):
        address = settings.MQTT_URL.rsplit("@", 1)[1]
        self.host, port = address.split(":")
        self.replies: list[dict] = []
        self.refused = threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.username_pw_set(username, password)
        self.client.on_message = lambda _client, _data, message: self.replies.append(json.loads(message.payload))
        self.connected = threading.Event()
        self.client.on_connect = self._on_connect
        self.client.connect(self.host, int(port))
        self.client.loop_start()

    def _on_connect(self, _client, _data, _flags, reason, _properties):
        (self.refused if reason.is_failure else self.connected).set()

    def ask(self, topic, message, seconds=10):
        before = len(self.replies)
        self.client.publish(topic, json.dumps(message), qos=1)
        deadline = time.monotonic() + seconds
        while len(self.replies) == before and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.replies[before:]


@pytest.fixture
def ingest():
    """The tier's MQTT process, as a thread."""
    connected = mqtt.client()
    mqtt._own[:] = [connected]
    connected.loop_start()
    deadline = time.monotonic() + 10
    while not connected.is_connected() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield
    mqtt._own.clear()
    connected.disconnect()
    connected.loop_stop()


@transactional
def test_mqtt_with_accounts_of_their_own(caller, admit, ingest):
    other = admit(name="大连市平台")
    for one in (caller, other):
        mqtt_channel.provision(one.account)
    time.sleep(0.5)
    app_id = caller.account.app_id
    broker = Broker(app_id, mqtt_channel.password(caller.account))
    assert broker.connected.wait(5)
    broker.client.subscribe(f"eurbanmis/{app_id}/reply", qos=1)
    time.sleep(0.3)
    signed = caller.signed("pushdata", group="basic", table="part", data=json.dumps(EXAMPLE))
    message = {"id": 7, "operation": "pushdata", **{name: signed[name] for name in ("data", "timestamp", "sign")}}
    [reply] = broker.ask(f"eurbanmis/{app_id}/basic/part", message)
    assert (reply["id"], reply["code"]) == (7, 10000)
    [replay] = broker.ask(f"eurbanmis/{app_id}/basic/part", message)
    assert replay["code"] == 10002
    inbound.drain()
    signed = caller.signed("getdata", group="basic", table="part", where="area>59")
    [found] = broker.ask(
        f"eurbanmis/{app_id}/basic/part",
        {"operation": "getdata", **{name: signed[name] for name in ("where", "timestamp", "sign")}},
    )
    assert json.loads(found["data"])[0]["districtCode"] == "210102"
    [nonsense] = broker.ask(f"eurbanmis/{app_id}/basic/part", [1])
    assert nonsense["code"] == 10001
    # The broker lets nobody into another account's tree, and no stranger in.
    assert broker.ask(f"eurbanmis/{other.account.app_id}/basic/part", message, seconds=1) == []
    assert InboundBatch.objects.count() == 1
    stranger = Broker(app_id, "wrong")
    assert stranger.refused.wait(5)
    for one in (broker, stranger):
        one.client.loop_stop()


@transactional
def test_mqtt_connector_of_a_department(standard, districts, ingest):
    Connector.objects.create(
        name="气象站", kind="mqtt", region=districts[0], address="departments/weather/+", group="external", table="weather",
        mapping={"stationCode": "id", "time": "at", "temperature": "t", "districtCode": {"value": "210102"}}, is_enabled=True,
    )  # fmt: skip
    mqtt.publish(
        "departments/weather/54342", json.dumps({"id": "54342", "at": "2026-01-01 08:00:00", "t": -12.5}).encode()
    )
    deadline = time.monotonic() + 10
    while not InboundBatch.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    inbound.drain()
    from exchange.tables import Selection, keeper

    spec = keeper().find("external", "weather")
    assert spec is not None
    row = keeper().select(spec, Selection("TRUE", ()), "").rows[0]
    assert (row["stationCode"], row["temperature"]) == ("54342", -12.5)


@transactional
def test_pull_fetches_with_a_cursor_and_stores_once(live_server, caller, monkeypatch):
    caller.store(EXAMPLE)
    pull = PullSubscription.objects.create(
        source=caller.account, app_id=caller.account.app_id, public_key=caller.public_key, group="basic", table="part",
        secret=caller.account.secret,
    )  # fmt: skip
    type(caller.account).objects.update(service_address=live_server.url)
    monkeypatch.setattr(pulls, "PAGE_ROWS", 1)
    assert pulls.pull_due() == 2
    pull.refresh_from_db()
    assert (pull.cursor > 0, pull.last_error) == (True, "")
    assert list(InboundBatch.objects.filter(channel="pull").values_list("row_count", flat=True)) == [1, 1]
    assert pulls.pull_due() == 0  # not due
    PullSubscription.objects.update(due_at="2020-01-01T00:00Z")
    assert pulls.pull_due() == 0  # nothing new
    caller.store([{**EXAMPLE[0], "area": 61}])
    PullSubscription.objects.update(due_at="2020-01-01T00:00Z")
    assert pulls.pull_due() == 1
    remote._clients.clear()


class Department(BaseHTTPRequestHandler):
    """A department's web service."""

    def do_GET(self):
        items = [{"站号": "54342", "观测": {"时间": "2026-01-01 08:00:00", "气温": "265"}}, {"站号": "", "观测": {}}]
        bodies = {
            "/json": json.dumps({"data": {"items": items}}),
            "/csv": "id,at,t\n54342,2026-01-01 08:00:00,1.5\n",
            "/bad": "<html>",
        }  # fmt: skip
        body = bodies[self.path].encode("gb18030")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Quiet."""


@pytest.fixture
def department():
    server = HTTPServer(("127.0.0.1", 0), Department)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def connector(districts, kind, address, **fields):
    defaults = {
        "group": "external",
        "table": "weather",
        "mapping": {"stationCode": "id", "time": "at", "temperature": "t"},
    }
    return Connector.objects.create(
        name=kind, kind=kind, region=districts[0], address=address, **{**defaults, **fields}
    )


@pytest.mark.django_db
def test_http_json_dry_run_shows_and_stores_nothing(standard, districts, department):
    made = connector(
        districts, "http_json", f"{department}/json", query="data.items",
        mapping={"stationCode": "站号", "time": "观测.时间", "temperature": {"from": "观测.气温", "factor": 0.1}},
    )  # fmt: skip
    # GB 18030 is no JSON encoding; ASCII digits and the escapes of json.dumps survive it.
    result = connecting.dry_run(made)
    assert (result.read, result.good) == (2, 1)
    assert result.samples[0]["errors"] == {"stationCode": ["必填"], "time": ["必填"]}
    assert result.samples[1]["row"]["temperature"] == 26.5
    assert not InboundBatch.objects.exists()
    run = connecting.run(made)
    assert (run.is_ok, run.read_count, run.accepted_count) == (True, 2, 1)
    assert QuarantinedRow.objects.get().errors["time"] == ["必填"]


@pytest.mark.django_db
def test_http_csv_in_gb18030_and_a_source_that_is_broken(standard, districts, department):
    assert connecting.run(connector(districts, "http_csv", f"{department}/csv")).accepted_count == 1
    broken = connector(districts, "http_json", f"{department}/bad")
    run = connecting.run(broken)
    assert (run.is_ok, "JSON" in run.message) == (False, True)
    with pytest.raises(DomainError):
        connecting.dry_run(broken)


@pytest.mark.django_db
def test_sql_reads_what_is_new(standard, districts, tmp_path):
    file = tmp_path / "weather.db"
    with sqlite3.connect(file) as link:
        link.execute("CREATE TABLE w (id TEXT, t REAL, at TEXT)")
        link.executemany(
            "INSERT INTO w VALUES ('1', ?, ?)", [(1.0, "2026-01-01 01:00:00"), (2.0, "2026-01-01 02:00:00")]
        )
    made = connector(
        districts, "sql", f"sqlite:///{file}", query="SELECT id, t, at FROM w WHERE at > :cursor ORDER BY at"
    )
    assert connecting.run(made).read_count == 2
    made.refresh_from_db()
    assert made.cursor == "2026-01-01 02:00:00"
    with sqlite3.connect(file) as link:
        link.execute("INSERT INTO w VALUES ('1', 3.0, '2026-01-01 03:00:00')")
    assert connecting.run(made).read_count == 1
    made.query = "DELETE FROM w"
    assert "SELECT" in connecting.run(made).message


@pytest.fixture
def sftp(tmp_path):
    """An SSH server on loopback that shows a folder."""
    import paramiko

    folder = tmp_path / "drop"
    folder.mkdir()
    key = paramiko.RSAKey.generate(2048)

    class Door(paramiko.ServerInterface):
        def check_auth_password(self, username, password):
            good = (username, password) == ("weather", "right")
            return paramiko.common.AUTH_SUCCESSFUL if good else paramiko.common.AUTH_FAILED

        def check_channel_request(self, kind, chanid):
            return paramiko.common.OPEN_SUCCEEDED

    class Folder(paramiko.SFTPServerInterface):
        def list_folder(self, path):
            found = []
            for item in folder.iterdir():
                attributes = paramiko.SFTPAttributes.from_stat(item.stat())
                attributes.filename = item.name
                found.append(attributes)
            return found

        def stat(self, path):
            return paramiko.SFTPAttributes.from_stat(
                (folder / os.path.basename(path)).stat() if path != "/" else folder.stat()
            )

        lstat = stat

        def open(self, path, flags, attr):
            handle: Any = paramiko.SFTPHandle(flags)
            handle.readfile = (folder / os.path.basename(path)).open("rb")
            handle.stat = lambda: self.stat(path)
            return handle

    import socket

    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                link, _address = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(link)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Folder)
            transport.start_server(server=Door())

    threading.Thread(target=serve, daemon=True).start()
    yield folder, listener.getsockname()[1], f"ssh-rsa {key.get_base64()}"
    listener.close()


@pytest.mark.django_db
def test_sftp_reads_new_files_of_a_known_host(standard, districts, sftp):
    folder, port, host_key = sftp
    (folder / "a.csv").write_text("id,at,t\n1,2026-01-01 01:00:00,1\n")
    (folder / "readme.txt").write_text("not data")
    made = connector(districts, "sftp", f"sftp://weather@127.0.0.1:{port}/", secret="right", query=host_key)
    assert connecting.run(made).accepted_count == 1
    made.refresh_from_db()
    assert connecting.run(made).read_count == 0
    time.sleep(1.1)
    (folder / "b.json").write_text('[{"id": "1", "at": "2026-01-01 02:00:00", "t": 2}]')
    made.refresh_from_db()
    assert connecting.run(made).read_count == 1
    made.query = host_key[:-20] + "A" * 16 + host_key[-4:]
    assert connecting.run(made).is_ok is False
    made.query, made.secret = host_key, "wrong"
    assert connecting.run(made).is_ok is False
