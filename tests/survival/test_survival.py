"""Kill -9, a network that is cut, slow senders: what was acknowledged is there, once (CJJ/T 312 §6.1.6)."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import CITY, ROOT, Wire

pytestmark = [pytest.mark.survival]
ROWS = 50


def reading(device, number):
    moment = f"2026-0{number % 9 + 1}-{number // 9 % 28 + 1:02d} {number // 252 % 24:02d}:00:00"
    return {
        "deviceCode": f"D{device:05d}",
        "metricCode": "p",
        "monitorTime": moment,
        "districtCode": "210102",
        "value": number,
    }


def killer(stack, programs, stop, every_s):
    """Kill one program after the other, twice round, or until told to stop: a slow machine must get a chance."""
    killed = []

    def work():
        for program in programs * 2:
            if stop.wait(every_s):
                return
            killed.append((program, stack.kill(program)))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, killed


def test_conformance_kit_passes_against_our_own_server(stack):
    client = stack.account("provincial", CITY, "检测")
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from eurbanmis_client import Client; from eurbanmis_client.check import run_checks;"
         "sys.exit(run_checks(Client(sys.argv[1], app_id=sys.argv[2], secret=sys.argv[3], public_key=sys.argv[4]), '210102'))",
         client.url, client.app_id, client.secret, client.public_key],
        cwd=ROOT / "clients/python", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "24 of 24 rules hold" in done.stdout


def test_slow_senders_block_nobody(stack):
    import socket

    client = stack.account("provincial", CITY, "慢")
    port = stack.ports["provincial"]
    heads = (
        b"POST /eUrbanMIS/api/v1/pushdata HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nab",
        b"POST /eUrbanMIS/api/v1/pushdata HTTP/1.1\r\nHost: 127.0.0.1\r\nX-a: b",
    )
    links = []
    for number in range(200):
        link = socket.create_connection(("127.0.0.1", port))
        link.sendall(heads[number % 2])
        links.append(link)
    started = time.monotonic()
    assert client.call("getdata", {"group": "basic", "table": "part"}).code == 10000
    assert time.monotonic() - started < 2
    for link in links:
        link.close()


def test_pushes_survive_everything_dying(stack):
    client = stack.account("provincial", CITY, "推送")
    stop = threading.Event()
    programs = ["provincial:provincial-web", "provincial:provincial-worker", "redis", "postgres", "nginx"]
    thread, killed = killer(stack, programs, stop, 2.0)

    def push(number):
        time.sleep(number % 20 * 0.05)
        return client.push("operation.monitorData", [reading(number, row) for row in range(ROWS)]).rows

    with ThreadPoolExecutor(8) as pool:
        acknowledged = sum(pool.map(push, range(200)))
    stop.set()
    thread.join()
    assert len({program for program, pid in killed if pid.isdigit()}) == len(programs), killed
    assert acknowledged == 200 * ROWS
    count = (
        'SELECT count(*), count(DISTINCT ("deviceCode", "monitorTime")), sum(value) FROM std."operation_monitorData"'
    )
    wanted = f"{acknowledged}|{acknowledged}|{200 * sum(range(ROWS))}"
    stack.wait_for(lambda: stack.sql("provincial", count) == wanted)
    assert stack.sql("provincial", "SELECT count(*) FROM exchange_inboundbatch WHERE state = 'failed'") == "0"
    assert stack.sql("provincial", "SELECT count(*) FROM exchange_quarantinedrow") == "0"


def test_transfer_to_the_province_survives_everything_dying(stack):
    wire = Wire(stack.ports["provincial"])
    stack.manage("city", "join_upper", f"http://127.0.0.1:{wire.port}", "--name", "省")
    stack.manage("provincial", "approve_platform", CITY)
    stack.manage("city", "join_upper", f"http://127.0.0.1:{wire.port}")
    department = stack.account("city", CITY, "部门", kind="department")
    total = 100_000
    stop = threading.Event()
    programs = [
        "city:city-worker",
        "postgres",
        "provincial:provincial-worker",
        "redis",
        "provincial:provincial-web",
        "city:city-beat",
    ]
    thread, killed = killer(stack, programs, stop, 2.0)
    cuts = threading.Thread(target=_cut_and_mend, args=(wire, stop), daemon=True)
    cuts.start()
    rows = ({**reading(number % 1000 + 500_000, number // 1000), "value": number} for number in range(total))
    assert department.push("operation.monitorData", rows, chunk_rows=2000).rows == total
    while len(killed) < len(programs):
        time.sleep(0.5)
    stop.set()
    thread.join()
    cuts.join()
    wire.mend()
    count = 'SELECT count(*), sum(value)::bigint FROM std."operation_monitorData" WHERE "deviceCode" >= \'D500000\''
    wanted = f"{total}|{total * (total - 1) // 2}"
    stack.wait_for(lambda: stack.sql("city", count) == wanted)
    stack.wait_for(lambda: stack.sql("provincial", count) == wanted, seconds=240)
    assert {program for program, pid in killed if pid.isdigit()} == set(programs), killed
    assert stack.sql("city", "SELECT count(*) FROM exchange_outboundchunk WHERE state IN ('dead', 'waiting')") == "0"


def _cut_and_mend(wire, stop):
    while not stop.wait(3):
        wire.cut()
        stop.wait(1)
        wire.mend()
