"""What the document says is what the code does: vectors, curl, Java, Python client, description."""

import hashlib
import hmac
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gmssl_pyx
import jsonschema
import pytest
from django.conf import settings

from exchange.models import InboundBatch
from exchange.protocol import signature
from exchange.services import inbound

ROOT = Path(settings.BASE_DIR)
DOCUMENT = (ROOT / "docs/exchange-protocol.md").read_text()
sys.path.insert(0, str(ROOT / "clients/python"))
VECTOR = {
    "appID": "2101000001",
    "group": "basic",
    "table": "part",
    "timestamp": "1700000000",
    "where": "BM=35010220201022000001",
}


@pytest.mark.parametrize("algorithm", ["rsa", "sm2"])
def test_vectors(algorithm):
    from eurbanmis_client.signing import canonical

    text = signature.canonical("getdata", VECTOR, algorithm)
    assert canonical("getdata", VECTOR, algorithm) == text
    secret = b"a-secret-of-20-signs"
    if algorithm == "rsa":
        for line in text.decode().splitlines()[1:]:
            assert line in DOCUMENT
        assert f"digest     {hmac.new(secret, text, hashlib.sha256).hexdigest()}" in DOCUMENT
    else:
        assert f"digest sm2 {bytes(gmssl_pyx.sm3_hmac(secret, text)).hex()}" in DOCUMENT


@pytest.fixture
def key_file(caller, tmp_path):
    file = tmp_path / "public.pem"
    file.write_text(caller.public_key)
    return file


def example(*command):
    done = subprocess.run(list(command), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.django_db(transaction=True)
def test_curl_example(live_server, caller, key_file):
    if not shutil.which("curl"):
        pytest.skip("curl is not here")
    script = ROOT / "clients/curl/push.sh"
    answer = example(str(script), live_server.url, caller.account.app_id, caller.account.secret, str(key_file))
    assert answer["code"] == 10000
    inbound.drain()
    assert caller.get("")["rows"][0]["districtName"] == "和平区"


@pytest.mark.django_db(transaction=True)
def test_java_example(live_server, caller, key_file):
    if not shutil.which("java"):
        pytest.skip("Java is not here")
    program = ROOT / "clients/java/Push.java"
    answer = example("java", str(program), live_server.url, caller.account.app_id, caller.account.secret, str(key_file))
    assert answer["code"] == 10000
    inbound.drain()
    assert caller.get("")["rows"][0]["districtName"] == "沈河区"


@pytest.mark.django_db(transaction=True)
def test_command_line_resumes_where_it_broke_off(live_server, caller, key_file, tmp_path):
    rows = [f"2101{n % 90 + 10},{n},2026-01-{n % 28 + 1:02d} {n // 28:02d}:00:00" for n in range(50)]
    rows = [line.replace(line[:6], "210102") for line in rows]
    file, journal, account = tmp_path / "part.csv", tmp_path / "journal", tmp_path / "account.json"
    file.write_text("districtCode,area,statisticalTime\n" + "\n".join(rows) + "\n")
    account.write_text(
        json.dumps(
            {
                "url": live_server.url,
                "app_id": caller.account.app_id,
                "secret": caller.account.secret,
                "public_key": caller.public_key,
            }
        )
    )

    def push():
        command = [
            sys.executable,
            "-m",
            "eurbanmis_client.cli",
            "push",
            "basic.part",
            str(file),
            "--chunk",
            "10",
            "--resume",
            str(journal),
            "--account",
            str(account),
        ]
        return subprocess.run(command, cwd=ROOT / "clients/python", capture_output=True, text=True, check=False)

    assert "acknowledged: 50 rows" in push().stdout
    journal.write_text("\n".join(journal.read_text().split()[:3]) + "\n")  # as if it had broken off
    assert "acknowledged: 20 rows, 30 by an earlier run" in push().stdout
    file.write_text("districtCode,area\n21,x\n")
    refused = push()
    assert refused.returncode == 1
    assert "statisticalTime" in refused.stderr
    inbound.drain()
    assert InboundBatch.objects.count() == 7
    got = subprocess.run(
        [sys.executable, "-m", "eurbanmis_client.cli", "get", "basic.part", "--where", "area < 3", "--account", str(account)],
        cwd=ROOT / "clients/python", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [json.loads(line)["area"] for line in got.stdout.splitlines()] == [0, 1, 2]


@pytest.mark.django_db
def test_description_is_openapi_and_its_examples_pass_the_checks(client, standard):
    from exchange.api.description import example as example_of
    from exchange.protocol.checks import check

    document = client.get("/exchange/api/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert set(document["paths"]) == {"/eUrbanMIS/api/v1/pushdata", "/eUrbanMIS/api/v1/getdata"}
    for spec in standard.all():
        row = example_of(spec)
        assert check(spec, json.dumps([row]).encode()).errors == {}, spec.name
        jsonschema.validate(row, document["components"]["schemas"][spec.name])


def test_every_code_is_in_the_document():
    from exchange.protocol.codes import Code

    assert {int(code) for code in Code} == {int(found) for found in re.findall(r"^\| (1000\d) \|", DOCUMENT, re.M)}


@pytest.mark.django_db(transaction=True)
def test_kit_tells_a_bad_platform(live_server, caller, standard, monkeypatch, capsys):
    from eurbanmis_client import Client
    from eurbanmis_client.check import run_checks

    from exchange.services import gate

    monkeypatch.setattr(gate, "_check_time", lambda *_arguments: None)  # a platform that forgets the time
    client = Client(
        live_server.url, app_id=caller.account.app_id, secret=caller.account.secret, public_key=caller.public_key
    )
    assert run_checks(client, "210102", settle_s=0.1) == 1
    report = capsys.readouterr().out
    assert "FAIL  timeliness" in report
    assert "pass  signature-wrong" in report
