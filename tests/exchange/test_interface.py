"""Appendix B, call by call (CJJ/T 312 §6, app. B)."""

import gzip
import json
import time
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from exchange.models import AccountKey, CallStatistic, InboundBatch, PlatformAccount, TableGrant
from exchange.protocol import signature
from exchange.services import accounts, gate, inbound, statistics
from platform_core.errors import DomainError

from .conftest import EXAMPLE, FORM, URL

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(monkeypatch):
    """The gate's clock stands still: no second or minute passes between a test's call and its check."""
    moment = time.time()
    monkeypatch.setattr(gate, "time", SimpleNamespace(time=lambda: moment))
    return moment


def test_example_of_the_standard_passes_verbatim(caller):
    assert caller.store(EXAMPLE)["success"] is True
    answer = caller.get("BM=35010220201022000001")
    assert (answer["code"], answer["rows"]) == (10000, [])
    rows = caller.get("districtCode=210102")["rows"]
    assert rows[0] | {"BM": None} == EXAMPLE[0] | {"BM": None}
    assert rows[0]["BM"] == "21010220190419000001"


def test_answer_has_the_four_fields_of_table_b_0_3(caller):
    answer = caller.get("area > 1")
    assert {name: type(answer[name]) for name in ("success", "code", "message", "data")} == {
        "success": bool, "code": int, "message": str, "data": str
    }  # fmt: skip
    assert answer["status"] == 200
    native = caller.send("getdata", caller.signed("getdata", group="basic", table="part", where="", version="1.1"))
    assert native["data"] == []


@pytest.mark.parametrize("missing", ["group", "table", "data", "appID", "timestamp", "sign"])
def test_missing_parameter_is_10001(caller, missing):
    parameters = caller.signed("pushdata", group="basic", table="part", data=json.dumps(EXAMPLE))
    del parameters[missing]
    if missing in ("group", "table", "data"):
        parameters = {name: value for name, value in parameters.items() if name not in ("appID", "timestamp", "sign")}
        parameters = caller.signed("pushdata", **parameters)
    answer = caller.send("pushdata", parameters)
    assert (answer["code"], answer["success"]) == (10001, False)
    assert missing in answer["message"]


def test_unknown_app_is_10004(caller):
    for app_id in ("nobody", "9" * 40, "' OR 1=1 --", "a\0b", "和平"):
        parameters = caller.signed("pushdata", group="basic", table="part", data="[]") | {"appID": app_id}
        assert caller.send("pushdata", parameters)["code"] == 10004


@pytest.mark.parametrize(("shift", "code"), [(-301, 10003), (301, 10003), (-300, 10000), (300, 10000)])
def test_timestamp_window(caller, now, shift, code):
    assert caller.push(EXAMPLE, timestamp=str(int(now) + shift))["code"] == code


def test_window_is_the_accounts_own(admit):
    caller = admit(window_s=20)
    assert caller.push(EXAMPLE, timestamp=str(int(time.time()) - 60))["code"] == 10003


def test_changed_parameters_are_10002(caller):
    good = caller.signed("pushdata", group="basic", table="part", data=json.dumps(EXAMPLE))
    for change in ({"data": "[]"}, {"table": "region"}, {"version": "1.0"}, {"sign": "AAAA"}, {"sign": "?"}):
        assert caller.send("pushdata", good | change)["code"] == 10002
    assert caller.send("pushdata", good)["code"] == 10000


def test_public_key_alone_forges_nothing(caller):
    parameters = {
        "appID": caller.account.app_id,
        "timestamp": str(int(time.time())),
        "group": "basic",
        "table": "part",
        "data": "[]",
    }
    parameters["sign"] = signature.sign("pushdata", parameters, "guessed", caller.public_key, "rsa")
    assert caller.send("pushdata", parameters)["code"] == 10002


@pytest.mark.parametrize("algorithm", ["rsa", "sm2"])
def test_replay_is_refused(admit, algorithm):
    caller = admit(algorithm=algorithm)
    pushed = caller.signed("pushdata", group="basic", table="part", data=json.dumps(EXAMPLE))
    assert [caller.send("pushdata", pushed)["code"] for _time in range(2)] == [10000, 10002]
    assert InboundBatch.objects.count() == 1
    asked = caller.signed("getdata", group="basic", table="part", where="")
    assert [caller.send("getdata", asked)["code"] for _time in range(2)] == [10000, 10002]


def test_sm2_signature_in_another_dress_is_refused(admit):
    import base64

    caller = admit(algorithm="sm2")
    parameters = caller.signed("pushdata", group="basic", table="part", data=json.dumps(EXAMPLE))
    plain = base64.b64decode(parameters["sign"])
    assert caller.send("pushdata", parameters)["code"] == 10000
    padded = bytes([0x30, 0x82, 0, plain[2]]) + plain[3:]  # the same content with a longer length field
    dressed = parameters | {"sign": base64.b64encode(padded).decode()}
    assert caller.send("pushdata", dressed)["code"] == 10002


def test_row_errors_name_row_and_field_and_nothing_is_stored(caller):
    answer = caller.push([EXAMPLE[0], {**EXAMPLE[1], "area": "wide", "districtCode": "2101"}])
    assert answer["code"] == 10001
    assert json.loads(answer["data"])[0]["row"] == 1
    assert set(json.loads(answer["data"])[0]["errors"]) == {"area", "districtCode"}
    assert not InboundBatch.objects.exists()


def test_partial_account_keeps_the_good_rows(admit):
    caller = admit(is_partial=True)
    answer = caller.push([EXAMPLE[0], {**EXAMPLE[1], "area": "wide"}])
    told = json.loads(answer["data"])
    assert (answer["code"], told["received"], told["refused"][0]["row"]) == (10000, 1, 1)
    inbound.drain()
    assert [row["districtCode"] for row in caller.get("")["rows"]] == ["210102"]
    assert caller.push([{**EXAMPLE[1], "area": "wide"}])["code"] == 10001


def test_rows_of_another_division_are_refused(admit):
    caller = admit(region="210102", name="和平区平台")
    answer = caller.push(EXAMPLE)
    assert answer["code"] == 10001
    assert "districtCode" in json.loads(answer["data"])[0]["errors"]
    assert caller.push(EXAMPLE[:1])["code"] == 10000


def test_getdata_shows_only_the_division_granted(admit):
    city, district = admit(), admit(region="210102", name="和平区平台")
    city.store(EXAMPLE)
    assert {row["districtCode"] for row in city.get("")["rows"]} == {"210102", "210103"}
    assert {row["districtCode"] for row in district.get("")["rows"]} == {"210102"}
    assert district.get("districtCode=210103")["rows"] == []


def test_without_subscription_nothing_is_allowed(caller):
    TableGrant.objects.all().delete()
    assert caller.push(EXAMPLE)["code"] == 10001
    TableGrant.objects.create(account=caller.account, group="basic", table="part", may_push=True)
    assert caller.push(EXAMPLE)["code"] == 10000
    assert "未授权查询" in caller.get("")["message"]


def test_sandbox_is_checked_and_not_stored(admit):
    caller = admit(sandbox=True)
    assert json.loads(caller.push(EXAMPLE)["data"]) == {"received": 2, "sandbox": True}
    inbound.drain()
    assert caller.get("")["rows"] == []
    accounts.go_live(caller.account)
    caller.store(EXAMPLE)
    assert len(caller.get("")["rows"]) == 2


def test_suspended_platform_is_10004_at_once(caller):
    assert caller.push(EXAMPLE)["code"] == 10000
    accounts.suspend(caller.account)
    assert caller.push(EXAMPLE)["code"] == 10004


def test_rotation_overlaps_and_revocation_does_not(caller):
    old = AccountKey.objects.get()
    new = accounts.rotate_key(caller.account)
    assert caller.push(EXAMPLE)["code"] == 10000
    caller.public_key = new.public_key
    assert caller.push(EXAMPLE)["code"] == 10000
    accounts.revoke_key(new)
    assert caller.push(EXAMPLE)["code"] == 10002
    caller.public_key = old.public_key
    AccountKey.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    gate.forget()
    assert caller.push(EXAMPLE)["code"] == 10002


def test_private_key_and_secret_are_encrypted_at_rest(caller):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k.private_key, a.secret FROM exchange_accountkey k JOIN exchange_platformaccount a ON a.id = account_id"
        )
        private, secret = cursor.fetchone()
    assert "PRIVATE" not in private
    assert secret != caller.account.secret


def test_rate_limit_is_429_with_the_same_body(admit, now):
    caller = admit(calls_per_minute=3)
    answers = [caller.get("") for _number in range(5)]
    assert [answer["status"] for answer in answers].count(429) >= 2
    assert answers[-1]["code"] == 10001


def test_sizes(caller, admit):
    big = admit(max_rows=1, name="小平台")
    answer = big.push(EXAMPLE)
    assert (answer["status"], answer["code"]) == (413, 10001)
    answer = caller.client.post(f"{URL}/pushdata", b"data=" + b"a" * (21 * 2**20), content_type=FORM)
    assert (answer.status_code, answer.json()["code"]) == (413, 10001)


def test_gzip(caller):
    body = urlencode(caller.signed("pushdata", group="basic", table="part", data=json.dumps(EXAMPLE))).encode()
    packed = {"content_type": FORM, "HTTP_CONTENT_ENCODING": "gzip"}
    assert caller.client.post(f"{URL}/pushdata", gzip.compress(body), **packed).json()["code"] == 10000
    assert caller.client.post(f"{URL}/pushdata", gzip.compress(body)[:-9], **packed).json()["code"] == 10001
    bomb = caller.client.post(f"{URL}/pushdata", gzip.compress(b"a" * (50 * 2**20)), **packed)
    assert (bomb.status_code, bomb.json()["code"]) == (413, 10001)


def test_wrong_method_and_content_type(client, standard):
    assert client.get(f"{URL}/pushdata").status_code == 405
    assert client.post(f"{URL}/getdata").json()["code"] == 10001
    answer = client.post(f"{URL}/pushdata", "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (200, 10001)


def test_unknown_fields_are_ignored_and_told(caller):
    answer = caller.push([{**EXAMPLE[0], "colour": "red"}])
    assert json.loads(answer["data"])["ignoredFields"] == ["colour"]


def test_calls_are_counted(caller):
    caller.push(EXAMPLE)
    caller.push("[")
    caller.get("")
    statistics.flush()
    rows = {(row.interface, row.code): (row.calls, row.rows, sum(row.latency)) for row in CallStatistic.objects.all()}
    assert rows == {("pushdata", 10000): (1, 2, 1), ("pushdata", 10001): (1, 0, 1), ("getdata", 10000): (1, 0, 1)}
    caller.push(EXAMPLE)
    statistics.flush()
    assert sum(CallStatistic.objects.filter(interface="pushdata").values_list("calls", flat=True)) == 3
    assert PlatformAccount.objects.get().last_seen_at is not None


def test_database_trouble_is_10005_without_a_traceback(caller, monkeypatch):
    from django.db import OperationalError

    def broken(*_arguments):
        raise OperationalError("disk full: secret path")

    monkeypatch.setattr(inbound, "land", broken)
    answer = caller.push(EXAMPLE)
    assert (answer["status"], answer["code"], "disk" in json.dumps(answer)) == (200, 10005, False)


def test_applications_are_reviewed(client, districts, standard):
    asked = {"platformName": "大连市平台", "regionCode": "210100", "kind": "city", "secret": "x" * 20}
    answer = client.post(f"{URL}/apply", json.dumps(asked), content_type="application/json").json()
    told = json.loads(answer["data"])
    address = f"{URL}/apply/{told['application']}"
    assert json.loads(client.get(address, {"token": told["token"]}).json()["data"])["state"] == "applied"
    assert client.get(address, {"token": "guess"}).json()["code"] == 10001
    account = PlatformAccount.objects.get()
    accounts.approve(account, sandbox=False, push_windows=["22:00-06:00"])
    outcome = json.loads(client.get(address, {"token": told["token"]}).json()["data"])
    assert outcome["pushWindows"] == ["22:00-06:00"]
    assert outcome["publicKey"].startswith("-----BEGIN PUBLIC KEY")
    assert outcome["appID"] == "2101000001"
    with pytest.raises(DomainError):
        accounts.approve(account, sandbox=False)


@pytest.mark.parametrize(
    "wrong",
    [{"secret": "short"}, {"regionCode": "999999"}, {"kind": "moon"}, {"algorithm": "md5"}, {"platformName": ""}],
)
def test_senseless_application_is_told_why(client, districts, standard, wrong):
    asked = {"platformName": "某市", "regionCode": "210100", "kind": "city", "secret": "x" * 20, **wrong}
    answer = client.post(f"{URL}/apply", json.dumps(asked), content_type="application/json").json()
    assert answer["code"] == 10001
    assert len(answer["message"]) > len("参数不合法：")
