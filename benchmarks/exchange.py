"""Exchange: push, push1, getdata, accounts. Each prints its figure and the raw limit of the same run."""

import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import psycopg2
from django.core.management import call_command
from django.db import connection

from convergence.services import standard
from convergence.store import ddl, rows
from exchange import remote
from exchange.models import InboundBatch, PlatformAccount
from exchange.protocol import signature
from exchange.services import accounts, gate
from exchange.services.dispatcher import read_selection
from exchange.tables import keeper
from platform_core.models import Region

ROOT = Path(__file__).resolve().parents[1]
CONNECTIONS = 8
TABLE = 'std."operation_monitorData"'
COLUMNS = '"deviceCode", "metricCode", "monitorTime", "districtCode", value, unit, quality'


def prepare():
    """The standard, one account, an empty table."""
    call_command("migrate", verbosity=0)
    if not Region.objects.filter(code="210100").exists():
        call_command("load_reference", within="210100")
    standard.load()
    # The rules of a table cost what they do; this table's only one is a unit conversion, and it stays on.
    account = PlatformAccount.objects.filter(name="bench").first()
    if account is None:
        account, _token = accounts.apply(accounts.Application("bench", "210100", "city", "s" * 20))
        account = accounts.approve(account, sandbox=False)
    PlatformAccount.objects.filter(pk=account.pk).update(calls_per_minute=10**8, version=account.version + 1)
    return PlatformAccount.objects.get(pk=account.pk)


def table():
    """The table that is measured."""
    spec = keeper().find("operation", "monitorData")
    assert spec is not None
    return spec


def empty():
    """Nothing in the way of the next measurement."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLE}, exchange_quarantinedrow, exchange_inboundbatch, exchange_seensignature")
        cursor.execute("CHECKPOINT")
    ddl.forget_partitions()
    spec = table()
    for _twice in range(2):
        ddl.ensure_partitions(spec, {f"2026-{month:02d}" for month in range(1, 10)})


def reading(number, row):
    """A row; every (number, row) is a key of its own."""
    moment = f"2026-0{number % 9 + 1}-{number // 9 % 28 + 1:02d} {number // 252 % 24:02d}:{number // 6048 % 60:02d}:00"
    return (f"D{row:09d}", "pressure", moment, "210102", row * 0.5, "kPa", 0)


def body(account, key, number, count):
    """A signed HTTP request, ready to send."""
    names = ("deviceCode", "metricCode", "monitorTime", "districtCode", "value", "unit", "quality")
    data = json.dumps(
        [dict(zip(names, reading(number, row), strict=True)) for row in range(count)], separators=(",", ":")
    )
    made = {
        "group": "operation",
        "table": "monitorData",
        "data": data,
        "appID": account.app_id,
        "timestamp": str(int(time.time())),
        "version": "1.0",
    }
    made["sign"] = signature.sign("pushdata", made, account.secret, key.public_key, key.algorithm)
    form = "&".join(f"{name}={quote(value, safe=remote.SAFE)}" for name, value in made.items()).encode()
    head = (
        "POST /eUrbanMIS/api/v1/pushdata HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {len(form)}\r\n\r\n"
    )
    return head.encode() + form


def free_port():
    """A port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The web process as deployed, and a worker that stores, on the benchmark's database."""

    def __init__(self, with_worker):
        self.port = free_port()
        environment = {**os.environ, "LOG_LEVEL": "WARNING"}
        command = [
            "granian",
            "--interface",
            "wsgi",
            "--no-ws",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--workers",
            os.environ.get("WEB_WORKERS", "4"),
            "--blocking-threads",
            os.environ.get("WEB_THREADS", "1"),
            "--log-level",
            "warning",
            "platform_core.wsgi:application",
        ]
        self.processes = [
            subprocess.Popen([str(ROOT / ".venv/bin" / command[0]), *command[1:]], cwd=ROOT, env=environment)
        ]
        if with_worker:
            code = "import django; django.setup()\nfrom exchange.services import inbound\nimport time\nwhile True:\n    inbound.drain() or time.sleep(0.05)"
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-c", code],
                    cwd=ROOT,
                    env={**environment, "DJANGO_SETTINGS_MODULE": "platform_core.settings"},
                )
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_what):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


def send_all(port, bodies):
    """Send over CONNECTIONS kept-alive connections. Returns (seconds, latencies in ms)."""
    waiting, lock, latencies = iter(bodies), threading.Lock(), []

    def work():
        link = socket.create_connection(("127.0.0.1", port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            with lock:
                one = next(waiting, None)
            if one is None:
                return
            began = time.perf_counter()
            link.sendall(one)
            answer = link.recv(65536)
            while b"}" not in answer:
                answer += link.recv(65536)
            latencies.append((time.perf_counter() - began) * 1000)
            assert b'"code":10000' in answer, answer[-300:]

    threads = [threading.Thread(target=work) for _number in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started, latencies


def raw_limit(calls, count):
    """Rows/s of the bare statement with as many connections, on the same table."""
    sql = f'INSERT INTO {TABLE} AS t ({COLUMNS}, _source, _batch) SELECT u.*, 1, 1 FROM unnest(%s::text[], %s::text[], %s::timestamp[], %s::text[], %s::float8[], %s::text[], %s::bigint[]) AS u ON CONFLICT ("deviceCode", "metricCode", "monitorTime") DO UPDATE SET value = EXCLUDED.value'
    batches = [
        [list(column) for column in zip(*(reading(number, row) for row in range(count)), strict=True)]
        for number in range(calls)
    ]
    waiting, lock = iter(batches), threading.Lock()
    parameters = connection.get_connection_params()
    dsn = {name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if name in parameters}

    def work():
        link = psycopg2.connect(**dsn)
        link.autocommit = True
        cursor = link.cursor()
        while True:
            with lock:
                one = next(waiting, None)
            if one is None:
                return
            cursor.execute(sql, one)

    threads = [threading.Thread(target=work) for _number in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return calls * count / (time.perf_counter() - started)


def push():
    """1,000 rows a call, 8 connections: acknowledged (durable in the landing zone), and stored in the typed table."""
    account = prepare()
    key = account.keys.first()
    calls, count = 300, 1000
    empty()
    limit = raw_limit(calls, count)
    empty()
    with Server(with_worker=False) as server:
        send_all(server.port, [body(account, key, 10**6 + number, 1) for number in range(50)])
        seconds, latencies = send_all(server.port, [body(account, key, number, count) for number in range(calls)])
    landed = calls * count / seconds
    empty()
    with Server(with_worker=True) as server:
        bodies = [body(account, key, number, count) for number in range(calls)]
        started = time.perf_counter()
        send_all(server.port, bodies)
        while InboundBatch.objects.filter(state="waiting").exists():
            time.sleep(0.05)
        stored = calls * count / (time.perf_counter() - started)
    spec = table()
    assert rows.count(spec) == calls * count
    print(f"push 1000 rows × 8 connections: acknowledged {landed:,.0f} rows/s = {landed / limit:.0%} of raw "
          f"{limit:,.0f} rows/s; p95 {percentile(latencies):.0f} ms a call; "
          f"acknowledged and stored in the typed table {stored:,.0f} rows/s = {stored / limit:.0%}")  # fmt: skip


def percentile(times):
    """95th percentile."""
    return statistics.quantiles(times, n=20)[18]


def push1():
    """1-row calls, RSA and SM2; raw limit: single-row INSERTs of the same rows, and the decryption alone."""
    account = prepare()
    limit_calls = 3000
    for algorithm in ("rsa", "sm2"):
        one = account if algorithm == "rsa" else _account(algorithm)
        key = one.keys.first()
        empty()
        raw = raw_limit(limit_calls, 1)
        decrypt = signature.decryptor(key.private_key, algorithm)
        sealed = signature.encryptor(key.public_key, algorithm)(b"a" * 64)
        began = time.perf_counter()
        for _number in range(500):
            decrypt(sealed)
        opened = 500 / (time.perf_counter() - began)
        empty()
        with Server(with_worker=False) as server:
            send_all(server.port, [body(one, key, 10**6 + number, 1) for number in range(200)])
            seconds, latencies = send_all(server.port, [body(one, key, number, 1) for number in range(limit_calls)])
        rate = limit_calls / seconds
        print(f"push 1 row ({algorithm}): {rate:,.0f} calls/s, p95 {percentile(latencies):.1f} ms; raw single-row INSERT "
              f"{raw:,.0f}/s, ratio {rate / raw:.0%}; one core opens {opened:,.0f} signatures/s")  # fmt: skip


def _account(algorithm):
    account = PlatformAccount.objects.filter(name=f"bench {algorithm}").first()
    if account is None:
        account, _token = accounts.apply(
            accounts.Application(f"bench {algorithm}", "210100", "city", "s" * 20, algorithm=algorithm)
        )
        account = accounts.approve(account, sandbox=False)
        PlatformAccount.objects.filter(pk=account.pk).update(calls_per_minute=10**8)
    return PlatformAccount.objects.get(pk=account.pk)


def fill(total):
    """Rows by SQL: 2,000 devices, one reading a minute each, over twelve months as far as they go."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(f"SELECT count(*) FROM {TABLE}")
        have = cursor.fetchone()[0]
        if have not in (0, total):
            cursor.execute(f"TRUNCATE {TABLE}")
            have = 0
        spec = table()
        for _twice in range(2):
            ddl.ensure_partitions(spec, {f"2025-{month:02d}" for month in range(1, 13)})
        if have == 0:
            step = 1_000_000
            for start in range(0, total, step):
                cursor.execute(
                    f"INSERT INTO {TABLE} ({COLUMNS}, _source, _batch) SELECT 'D' || lpad((n %% 2000)::text, 9, '0'),"
                    " 'pressure', timestamp '2025-01-01' + (n / 2000) * (interval '360 days' / (%s / 2000)), '210102',"
                    " n * 0.5, 'kPa', 0, 1, 1 FROM generate_series(%s, %s) n",
                    [total, start, start + step - 1],
                )
        cursor.execute(f"VACUUM ANALYZE {TABLE}")


def getdata():
    """100 rows by key and by time range, at 1 M and at 20 M rows; raw limit: the bare SELECT, fetched."""
    prepare()
    spec, chance, medians = table(), random.Random(7), {}
    for total in (1_000_000, 20_000_000):
        fill(total)
        for name in ("key", "time range"):
            times, raw = [], []
            for _number in range(200):
                device = f"D{chance.randrange(2000):09d}"
                day = f"2025-{chance.randrange(1, 12):02d}-{chance.randrange(1, 28):02d}"
                where = (
                    f"deviceCode={device} and monitorTime >= '{day} 00:00:00'"
                    if name == "key"
                    else f"monitorTime between '{day} 00:00:00' and '{day} 23:59:59'"
                )
                began = time.perf_counter()
                page = keeper().select(spec, read_selection(spec, {"where": where, "limit": "100"}), "2101")
                json.dumps(page.rows)
                times.append((time.perf_counter() - began) * 1000)
                assert len(page.rows) == 100 or name == "key"
                sql = f"SELECT {COLUMNS} FROM {TABLE} WHERE " + (
                    '"deviceCode" = %s AND "monitorTime" >= %s LIMIT 100'
                    if name == "key"
                    else '"monitorTime" BETWEEN %s AND %s LIMIT 100'
                )
                values = [device, f"{day} 00:00:00"] if name == "key" else [f"{day} 00:00:00", f"{day} 23:59:59"]
                with connection.cursor() as cursor:
                    began = time.perf_counter()
                    cursor.execute(sql, values)
                    cursor.fetchall()
                    raw.append((time.perf_counter() - began) * 1000)
            medians[total, name] = statistics.median(times)
            print(f"getdata 100 rows by {name} of {total:,}: p95 {percentile(times):.1f} ms, median {medians[total, name]:.1f} ms; "
                  f"raw p95 {percentile(raw):.1f} ms; ratio {percentile(times) / percentile(raw):.1f}")  # fmt: skip
    for name in ("key", "time range"):
        print(f"getdata growth 1 M → 20 M by {name}: {medians[20_000_000, name] / medians[1_000_000, name]:.2f}×")


def many_accounts():
    """Authentication with one and with 10,000 accounts configured."""
    account = prepare()
    key = account.keys.first()

    def measure():
        gate.forget()
        calls = []
        for number in range(400):
            made = {
                "appID": account.app_id,
                "timestamp": str(int(time.time())),
                "group": "basic",
                "table": "part",
                "where": str(number),
            }
            made["sign"] = signature.sign("getdata", made, account.secret, key.public_key, key.algorithm)
            calls.append(made)
        times = []
        for made in calls:
            began = time.perf_counter()
            gate.authenticate("getdata", made)
            times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times)

    PlatformAccount.objects.filter(name__startswith="mass ").delete()
    few = measure()
    city = Region.objects.get(code="210100")
    PlatformAccount.objects.bulk_create(
        PlatformAccount(name=f"mass {number}", app_id=f"9{number:08d}", region=city, state="live", secret="s" * 20, token_hash="")
        for number in range(10_000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE exchange_platformaccount")
    many = measure()
    PlatformAccount.objects.filter(name__startswith="mass ").delete()
    print(
        f"authentication: {few:.2f} ms with {PlatformAccount.objects.count()} accounts, {many:.2f} ms with 10,000 more; ratio {many / few:.2f}"
    )


BENCHES = {"push": push, "push1": push1, "getdata": getdata, "accounts": many_accounts}
