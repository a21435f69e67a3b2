"""Conformance kit: every rule of app. B, and of the protocol document, tried against a platform from outside."""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from .client import BASE, EXPIRED, FORM, PARAMETERS, SIGNATURE, SUCCESS, UNKNOWN_APP, Client, Reply

# The example of table B.0.1, to the letter.
EXAMPLE = [
    {"districtCode": "210102", "districtName": "和平区", "area": 59.72, "gridCount": 3797, "dutyGridCount": 119,
     "statisticalTime": "2019-04-19 12:00:00"},
    {"districtCode": "210103", "districtName": "沈河区", "area": 58.97, "gridCount": 3495, "dutyGridCount": 121,
     "statisticalTime": "2019-04-19 12:00:00"},
]  # fmt: skip
HOSTILE = (
    "BM=1' OR '1'='1", "BM='x'; DROP TABLE part--", "1=1", "BM=1 UNION SELECT 1", "BM=(SELECT 1)", "BM=1)) OR ((1=1",
    "pg_sleep(10)=1", "BM LIKE '%' ESCAPE '\\'", "BM=1/**/OR/**/1=1", "BM==1", "\"BM\"=1", "((((",
    "BM=1 --", "BM in ()", "BM between 1", "not", "';", "BM=E'\\x41'", "BM::text=1", "a.b=1", "BM=1;",
)  # fmt: skip


@dataclass
class Outcome:
    """A rule, where it stands, and how it went."""

    rule: str
    source: str
    title: str
    passed: bool
    detail: str = ""


class Failed(AssertionError):
    """A rule does not hold."""


def expect(condition: bool, detail: str) -> None:
    """Raise Failed with what was seen instead."""
    if not condition:
        raise Failed(detail)


def expect_code(reply: Reply, code: int, what: str) -> None:
    """The reply has this code."""
    expect(
        reply.code == code,
        f"{what}: expected {code}, got {reply.code} {reply.message[:120]} (HTTP {reply.http_status})",
    )


Rule = Callable[["Kit"], None]
RULES: list[tuple[str, str, str, Rule]] = []


def rule(name: str, source: str, title: str) -> Callable[[Rule], Rule]:
    """Register a rule."""

    def keep(work: Rule) -> Rule:
        RULES.append((name, source, title, work))
        return work

    return keep


@dataclass
class Kit:
    """What the rules work with. `district` is a division the account may write."""

    client: Client
    district: str
    settle_s: float

    def row(self, **more: Any) -> dict[str, Any]:
        """A good row of basic.part; its time tells it from every other."""
        stamp = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
        row = {
            "districtCode": self.district,
            "districtName": "对接检测",
            "area": 1.5,
            "gridCount": 1,
            "dutyGridCount": 1,
        }
        return {**row, "statisticalTime": stamp, **more}

    def parameters(self, data: Any, **more: str) -> dict[str, str]:
        """Parameters of a push to basic.part."""
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        return {"group": "basic", "table": "part", "data": text, **more}

    def push(self, data: Any, **more: str) -> Reply:
        """A signed push to basic.part."""
        return self.client.call("pushdata", self.parameters(data, **more))

    def get(self, where: str, **more: str) -> Reply:
        """A signed query of basic.part."""
        return self.client.call("getdata", {"group": "basic", "table": "part", "where": where, **more})

    def wait_for(self, where: str, count: int) -> list[dict[str, Any]]:
        """Rows of a query once there are `count` of them."""
        deadline = time.monotonic() + self.settle_s
        while True:
            reply = self.get(where, limit="1000")
            expect_code(reply, SUCCESS, f"where {where}")
            if len(reply.data or []) >= count or time.monotonic() > deadline:
                expect(len(reply.data or []) == count, f"{where}: expected {count} rows, got {len(reply.data or [])}")
                return list(reply.data or [])
            time.sleep(0.5)

    def raw(self, body: bytes, **headers: str) -> Reply:
        """A POST of any bytes to pushdata."""
        return self.client.request(
            "POST", f"{self.client.url}{BASE}/pushdata", content=body, headers={"Content-Type": FORM, **headers}
        )


@rule("push-example", "table B.0.1", "the standard's own push example is accepted")
def _push_example(kit: Kit) -> None:
    rows = EXAMPLE if kit.district == "210102" else [{**EXAMPLE[0], "districtCode": kit.district}]
    expect_code(kit.push(rows), SUCCESS, "example")


@rule("get-example", "table B.0.2", "the standard's own query example is answered")
def _get_example(kit: Kit) -> None:
    expect_code(kit.get("BM=35010220201022000001"), SUCCESS, "where=BM=35010220201022000001")


@rule("answer-fields", "table B.0.3", "an answer has success, code, message, data of the types named")
def _answer_fields(kit: Kit) -> None:
    for reply in (kit.get("BM=1"), kit.push("[")):
        body = reply.body
        for name, kind in (("success", bool), ("code", int), ("message", str), ("data", str)):
            expect(type(body.get(name)) is kind, f"{name} is {body.get(name)!r}, not {kind.__name__}")
        expect(reply.http_status == 200, f"HTTP {reply.http_status} instead of 200")


@rule("version-default", "table B.0.1", "version may be left out and is 1.0")
def _version(kit: Kit) -> None:
    expect_code(kit.push([kit.row()]), SUCCESS, "without version")
    expect_code(kit.push([kit.row()], version="1.0"), SUCCESS, "version=1.0")
    expect_code(kit.push([kit.row()], version="99"), PARAMETERS, "version=99")


@rule("parameters-missing", "B.0.4 10001", "a call that lacks a parameter is refused with 10001")
def _missing(kit: Kit) -> None:
    for name in ("group", "table", "data"):
        made = kit.parameters([kit.row()])
        del made[name]
        expect_code(kit.client.call("pushdata", made), PARAMETERS, f"without {name}")
    for name in ("appID", "timestamp", "sign"):
        signed = kit.client.signed("pushdata", kit.parameters([kit.row()]))
        del signed[name]
        expect_code(kit.client.send("pushdata", signed), PARAMETERS, f"without {name}")
    expect_code(kit.client.call("getdata", {"group": "basic", "table": "no_such_table"}), PARAMETERS, "unknown table")


@rule("data-malformed", "B.0.4 10001", "data that is no JSON array of objects is refused with 10001")
def _malformed(kit: Kit) -> None:
    for data in ("", "[", "{}", "null", "1", '"x"', "[1]", "[[]]", "[{]", '[{"a":}]', "[NaN]", "[]", "[null]",
                 '[{"districtCode":NaN}]', '[{"districtCode":"\\ud800"}]', "[" * 5000, '{"a":' * 5000):  # fmt: skip
        expect_code(kit.push(data), PARAMETERS, f"data={data[:30]}")


@rule("data-types", "B.0.4 10001", "values of a wrong type, length or range are refused and named by row and field")
def _types(kit: Kit) -> None:
    cases: list[tuple[str, Any]] = [
        ("districtCode", 210102), ("districtCode", "2101021"), ("districtCode", ""), ("area", "many"), ("area", -1),
        ("gridCount", 1.5), ("gridCount", 10**30), ("statisticalTime", "2019-04-31 12:00:00"),
        ("statisticalTime", "yesterday"), ("statisticalTime", None), ("districtName", "长" * 51),
        ("districtName", "\x00"),
    ]  # fmt: skip
    for name, value in cases:
        reply = kit.push([kit.row(), kit.row(**{name: value})])
        expect_code(reply, PARAMETERS, f"{name}={value!r}")
        if isinstance(reply.data, list):
            expect(reply.data[0].get("row") == 1 and name in reply.data[0].get("errors", {}), f"{name}: {reply.data}")
    for text in ("1e999", "-1e999"):
        data = json.dumps([kit.row()]).replace("1.5", text)
        expect_code(kit.push(data), PARAMETERS, f"area={text}")


@rule("all-or-nothing", "protocol §4", "of a call with one bad row nothing is stored")
def _atomic(kit: Kit) -> None:
    moment = "2001-02-03 04:05:06"
    expect_code(kit.push([kit.row(statisticalTime=moment), kit.row(area="x")]), PARAMETERS, "one bad row")
    time.sleep(1)
    reply = kit.get(f"districtCode={kit.district} and statisticalTime='{moment}'")
    expect(not reply.data, "the good row of the refused call was stored")


@rule("unknown-app", "B.0.4 10004", "an appID that was not assigned is refused with 10004")
def _unknown_app(kit: Kit) -> None:
    for app_id in ("no-such-app", "9" * 32, "x' OR '1'='1", "中文", "a\x00b"):
        signed = kit.client.signed("pushdata", kit.parameters([kit.row()])) | {"appID": app_id}
        expect_code(kit.client.send("pushdata", signed), UNKNOWN_APP, f"appID={app_id!r}")


@rule("signature-wrong", "B.0.4 10002; §6.3.1", "a signature that does not open or is of other parameters is refused")
def _signature(kit: Kit) -> None:
    signed = kit.client.signed("pushdata", kit.parameters([kit.row()]))
    for sign in ("x", "AAAA", "A" * 344, signed["sign"][:-4], signed["sign"][::-1]):
        expect_code(kit.client.send("pushdata", {**signed, "sign": sign}), SIGNATURE, f"sign={sign[:12]}")
    for name, value in (("data", json.dumps([kit.row(area=2)])), ("table", "region"), ("version", "1.0")):
        expect_code(kit.client.send("pushdata", {**signed, name: value}), SIGNATURE, f"{name} changed after signing")
    expect_code(kit.client.send("getdata", {**signed}), SIGNATURE, "signature of another operation")


@rule("signature-keyed", "protocol §3", "holding the public key without the secret is not enough to sign")
def _keyed(kit: Kit) -> None:
    known = kit.client
    other = Client(
        known.url,
        app_id=known.app_id,
        secret=known.secret[::-1] + "x",
        public_key=known.public_key,
        algorithm=known.algorithm,
    )
    expect_code(other.call("pushdata", kit.parameters([kit.row()])), SIGNATURE, "signed without the secret")


@rule(
    "timeliness",
    "B.0.4 10003; §6.3.2",
    "a timestamp outside the window is refused with 10003, a senseless one with 10001",
)
def _timeliness(kit: Kit) -> None:
    now = int(time.time())
    for stamp in (now - 4000, now + 4000, 0, 1):
        expect_code(kit.client.send("pushdata", _at(kit, str(stamp))), EXPIRED, f"timestamp={stamp}")
    for text in ("now", "-1", "1.5", str(now) + "000", "１２３"):
        expect_code(kit.client.send("pushdata", _at(kit, text)), PARAMETERS, f"timestamp={text}")


def _at(kit: Kit, stamp: str) -> dict[str, str]:
    from .signing import sign

    made = {**kit.parameters([kit.row()]), "appID": kit.client.app_id, "timestamp": stamp}
    made["sign"] = sign(
        "pushdata", made, secret=kit.client.secret, public_key=kit.client.public_key, algorithm=kit.client.algorithm
    )
    return made


@rule("replay", "protocol §3", "the same signature is accepted once")
def _replay(kit: Kit) -> None:
    signed = kit.client.signed("pushdata", kit.parameters([kit.row()]))
    expect_code(kit.client.send("pushdata", signed), SUCCESS, "first time")
    expect_code(kit.client.send("pushdata", signed), SIGNATURE, "second time")
    signed = kit.client.signed("getdata", {"group": "basic", "table": "part", "where": "BM=1"})
    expect_code(kit.client.send("getdata", signed), SUCCESS, "first query")
    expect_code(kit.client.send("getdata", signed), SIGNATURE, "second query")


@rule("natural-key", "protocol §4", "a row that is pushed again changes the one with its key")
def _natural_key(kit: Kit) -> None:
    moment = f"2002-{int(time.time()) % 12 + 1:02d}-{int(time.time()) // 12 % 28 + 1:02d} 01:02:03"
    where = f"districtCode={kit.district} and statisticalTime='{moment}'"
    for area in (10.0, 20.0, 20.0):
        expect_code(kit.push([kit.row(statisticalTime=moment, area=area)]), SUCCESS, "push")
    kit.wait_for(f"{where} and area=20", 1)
    kit.wait_for(where, 1)


@rule("unicode", "tables B.0.1, B.0.2", "Chinese, rare and supplementary characters come back as they went")
def _unicode(kit: Kit) -> None:
    name = "𠮷野·㐀龘—é“引号”'单\\反/斜 %&+=#;"
    moment = f"2003-01-{int(time.time()) % 28 + 1:02d} 00:00:{int(time.time()) % 60:02d}"
    expect_code(kit.push([kit.row(districtName=name, statisticalTime=moment)]), SUCCESS, "push")
    found = kit.wait_for(f"districtCode={kit.district} and statisticalTime='{moment}'", 1)
    expect(found[0]["districtName"] == name, f"{found[0]['districtName']!r}")


@rule("not-utf-8", "B.0.4 10001", "bytes that are not UTF-8 are refused with 10001")
def _not_utf_8(kit: Kit) -> None:
    for body in (b"group=\xff", b"group=basic&data=%FF%FE", "group=和平".encode("gb18030")):
        expect_code(kit.raw(body), PARAMETERS, repr(body))
    expect_code(kit.raw(b"group=a&group=b"), PARAMETERS, "a parameter twice")
    expect_code(kit.raw(b"{}", **{"Content-Type": "application/json"}), PARAMETERS, "another content type")


@rule("where-language", "table B.0.2; protocol §5", "comparisons, in, like, between, and, or, parentheses")
def _where(kit: Kit) -> None:
    for where in (
        "", "BM=35010220201022000001", f"districtCode={kit.district}", f"districtCode != '{kit.district}'",
        "area >= 1 and area < 100", "gridCount in (1, 2, 3)", "districtName like '和平%'",
        "statisticalTime between '2019-01-01 00:00:00' and '2019-12-31 23:59:59'",
        "(area > 1 or gridCount > 1) and BM is null", "districtCode not in ('1', '2')",
    ):  # fmt: skip
        expect_code(kit.get(where, limit="5"), SUCCESS, f"where={where}")


@rule("where-hostile", "protocol §5", "a hostile or senseless condition is refused with 10001, never executed")
def _where_hostile(kit: Kit) -> None:
    for where in HOSTILE:
        started = time.monotonic()
        expect_code(kit.get(where), PARAMETERS, f"where={where}")
        expect(time.monotonic() - started < 5, f"{where} took longer than 5 s")


@rule("paging", "protocol §5", "orderBy, limit, offset and after page through the rows without loss")
def _paging(kit: Kit) -> None:
    moments = [f"2004-01-01 00:00:{second:02d}" for second in range(12)]
    expect_code(kit.push([kit.row(statisticalTime=moment) for moment in moments]), SUCCESS, "push")
    where = f"districtCode={kit.district} and statisticalTime between '2004-01-01 00:00:00' and '2004-01-01 00:00:11'"
    kit.wait_for(where, 12)
    found = [
        row["statisticalTime"] for row in kit.get(where, orderBy="statisticalTime desc", limit="5", offset="5").data
    ]
    expect(found == moments[::-1][5:10], f"orderBy, limit, offset: {found}")
    seen = [row["statisticalTime"] for row in kit.client.get("basic.part", where, page_rows=5)]
    expect(sorted(seen) == moments, f"after: {seen}")
    expect_code(kit.get(where, limit="999999999"), PARAMETERS, "limit too large")
    expect_code(kit.get(where, orderBy="no_field"), PARAMETERS, "orderBy of no field")


@rule("gzip", "protocol §2", "a compressed body is accepted; a damaged or exploding one is refused")
def _gzip(kit: Kit) -> None:
    expect_code(kit.client.call("pushdata", kit.parameters([kit.row()]), compress=True), SUCCESS, "gzip")
    expect_code(kit.raw(b"\x1f\x8bnonsense", **{"Content-Encoding": "gzip"}), PARAMETERS, "damaged gzip")
    bomb = gzip.compress(b"data=" + b"a" * (60 * 2**20))
    reply = kit.raw(bomb, **{"Content-Encoding": "gzip"})
    expect(
        reply.code == PARAMETERS and reply.http_status == 413, f"exploding gzip: {reply.code} HTTP {reply.http_status}"
    )


@rule("size", "protocol §2", "a call that is too large is refused with 413 and the same JSON body")
def _size(kit: Kit) -> None:
    reply = kit.raw(b"data=" + b"a" * (50 * 2**20))
    expect(reply.http_status == 413 and reply.code == PARAMETERS, f"50 MiB: {reply.code} HTTP {reply.http_status}")
    moments = [
        f"2005-01-{day:02d} {hour:02d}:{minute:02d}:00"
        for day in range(1, 29)
        for hour in range(24)
        for minute in range(0, 60, 4)
    ]
    rows = [kit.row(statisticalTime=moment) for moment in moments]
    reply = kit.push(rows)
    expect(
        reply.code == PARAMETERS and reply.http_status == 413,
        f"{len(rows)} rows: {reply.code} HTTP {reply.http_status}",
    )


@rule("methods", "tables B.0.1, B.0.2", "pushdata is POST, getdata is GET")
def _methods(kit: Kit) -> None:
    for method, path in (("GET", "pushdata"), ("PUT", "pushdata"), ("POST", "getdata"), ("DELETE", "getdata")):
        reply = kit.client.request(method, f"{kit.client.url}{BASE}/{path}")
        expect(reply.code == PARAMETERS, f"{method} {path}: {reply.code} HTTP {reply.http_status}")


@rule("concurrency", "§6.1.5", "forty calls at once are all acknowledged, and every row is there once")
def _concurrency(kit: Kit) -> None:
    year = 1970 + int(time.time()) % 25
    moments = [f"{year}-06-{number % 28 + 1:02d} {number // 28:02d}:00:00" for number in range(40)]
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda moment: kit.push([kit.row(statisticalTime=moment)]), moments))
    for reply in replies:
        expect_code(reply, SUCCESS, "one of forty")
    kit.wait_for(
        f"districtCode={kit.district} and statisticalTime between '{year}-06-01 00:00:00' and '{year}-06-30 23:59:59'",
        40,
    )


@rule("encoding-of-forms", "table B.0.1", "+ and %20, upper and lower case escapes mean the same")
def _forms(kit: Kit) -> None:
    signed = kit.client.signed("pushdata", kit.parameters([kit.row(districtName="a b")]))
    expect_code(kit.raw(urlencode(signed).encode()), SUCCESS, "plus for blanks")
    signed = kit.client.signed("pushdata", kit.parameters([kit.row(districtName="a b")]))
    escapes = re.compile("%[0-9A-F]{2}")
    lower = "&".join(
        f"{name}={escapes.sub(lambda found: found[0].lower(), quote(value, safe=''))}" for name, value in signed.items()
    )
    expect_code(kit.raw(lower.encode()), SUCCESS, "lower-case escapes")


def run_checks(client: Client, district: str, *, as_json: bool = False, settle_s: float = 30) -> int:
    """Try every rule, print the report. Returns 0 when all hold."""
    kit, outcomes = Kit(client, district, settle_s), []
    for name, source, title, work in RULES:
        try:
            work(kit)
        except Failed as failure:
            outcomes.append(Outcome(name, source, title, False, str(failure)))
        except Exception as error:  # a platform under test may answer anything
            outcomes.append(Outcome(name, source, title, False, f"{type(error).__name__}: {error}"))
        else:
            outcomes.append(Outcome(name, source, title, True))
        if not as_json:
            last = outcomes[-1]
            print(f"{'pass' if last.passed else 'FAIL'}  {last.rule:20} {last.source:24} {last.title}")
            if last.detail:
                print(f"      {last.detail}")
    good = sum(outcome.passed for outcome in outcomes)
    if as_json:
        report = {"url": client.url, "passed": good, "rules": [asdict(item) for item in outcomes]}
        json.dump(report, sys.stdout, ensure_ascii=False, indent=1)
    else:
        print(f"\n{good} of {len(outcomes)} rules hold at {client.url}")
    return 0 if good == len(outcomes) else 1
