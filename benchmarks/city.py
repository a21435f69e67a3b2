"""Cases at 5 M rows: lists, map, creation, reports, desks (`bin/bench cases case_create performance desks`)."""

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils.crypto import get_random_string

from coordination.models import Case, CaseTask, StageRecord
from coordination.services import performance, reference
from platform_core.geo import layers
from platform_core.models import DataScope, Organisation, Region, UnitGrid, User, UserSession
from platform_core.pages import find
from platform_core.pages.listing import build
from platform_core.services.grids import make_demo_grids

BACKEND = "platform_core.identity.backends.PlatformBackend"
CASES = int(os.environ.get("BENCH_CASES", "5000000"))


def p95(times):
    return statistics.quantiles(times, n=20)[18] * 1000


def timed(call):
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def prepare():
    """A city with its staff and CASES cases."""
    os.environ.setdefault("DEMO_PASSWORD", "Bench-horse-9")
    call_command("migrate", verbosity=0)
    call_command("load_reference", within="210100")
    call_command("setup_tier", region="210100", noinput=True, verbosity=0) if not User.objects.filter(
        username="sysadmin"
    ).exists() else None
    call_command("load_standard", verbosity=0)
    reference.load()
    if not User.objects.filter(username="shouli").exists():
        call_command("load_demo", verbosity=0)
    if not UnitGrid.objects.exists():
        make_demo_grids(Region.objects.get(code="210102"))
    if Case.objects.count() < CASES * 0.99:
        call_command("seed_scale", cases=CASES)
    return {name: User.objects.get(username=name) for name in ("shouli", "paiqian", "zhiban", "lingdao")}


FILTERS = {
    "no filter": {}, "lamp": {"lamp": "red"}, "category": {"category": "E0102"}, "district": {"region": "210102"},
    "source": {"source": "12345"}, "emergency": {"emergency": "1"}, "text": {"q": "演示案件49"},
    "all six": {"lamp": "red", "category": "E0102", "region": "210102", "source": "supervisor", "emergency": "0", "q": "演示"},
}  # fmt: skip


def cases():
    """Whole desk pages and the list of all cases under each filter; raw: 26 open cases by the partial index."""
    people = prepare()
    raw = [
        timed(
            lambda: list(
                Case.objects.filter(is_open=True, state="reported").order_by("due_at", "id").values_list("id")[:26]
            )
        )
        for _ in range(30)
    ]
    for code, person in (("acceptance", "shouli"), ("dispatch", "paiqian")):
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(people[person], BACKEND)
        for name, given in FILTERS.items():

            def page():
                assert client.get(f"/coordination/desk/{code}/", given).status_code == 200

            page()
            with CaptureQueriesContext(connection) as seen:
                page()
            count = len(seen)
            times = [timed(page) for _ in range(30)]
            print(
                f"desk {code}, {name}: p95 {p95(times):.1f} ms, {count} queries; raw p95 {p95(raw):.2f} ms; ratio {p95(times) / p95(raw):.0f}"
            )
    pages = find("case")
    assert pages is not None
    for query in ("", "state=disposing", "category=E0102", "region=210102", "source=12345", "department=" + str(Organisation.objects.filter(kind="department").first().pk),
                  "since=2025-01-01&until=2025-01-31", "category=E0102&region=210102&source=12345&state=closed"):  # fmt: skip
        data = QueryDict(query)

        def listed():
            user = User.objects.get(pk=people["zhiban"].pk)
            return build(pages, pages.rows(user), data)

        listed()
        with CaptureQueriesContext(connection) as seen:
            listed()
        times = [timed(listed) for _ in range(20)]
        print(
            f"all cases, {query or 'no filter'}: p95 {p95(times):.1f} ms, {len(seen)} queries; raw p95 {p95(raw):.2f} ms"
        )


def case_map():
    """Uncached tiles and the live features of a viewport; raw: the open cases in the box."""
    people = prepare()
    layer = layers.find("case", people["zhiban"])
    assert layer is not None
    from benchmarks.__main__ import tile_of

    for zoom in (11, 14, 16):
        times, raw = [], []
        for number in range(40):
            x, y = tile_of(123.36 + number * 0.003, 41.76 + number * 0.002, zoom)
            cache.clear()
            times.append(timed(lambda: layers.tile(layer, people["zhiban"], zoom, x, y)))
            sql = "SELECT count(*) FROM coordination_case WHERE is_open AND location && ST_SetSRID(ST_Transform(ST_TileEnvelope(%s, %s, %s), 4326), 4490)"
            with connection.cursor() as cursor:
                raw.append(timed(lambda: cursor.execute(sql, [zoom, x, y])))
        print(
            f"case map z{zoom}: p95 {p95(times):.1f} ms; raw p95 {p95(raw):.2f} ms; ratio {p95(times) / p95(raw):.1f}"
        )


def performance_report():
    """A month over the whole city by each subject; raw: the one GROUP BY."""
    people = prepare()
    span = performance.span_of("month", Case.objects.order_by("-reported_at").first().reported_at.date().replace(day=1))
    for kind in ("region", "department", "person", "category"):
        times = [
            timed(lambda: performance.report(kind, span, User.objects.get(pk=people["lingdao"].pk))) for _ in range(10)
        ]
        sql = "SELECT subject, measure, sum(count) FROM coordination_daycount WHERE subject_kind = %s AND day BETWEEN %s AND %s GROUP BY 1, 2"
        with connection.cursor() as cursor:
            raw = [
                timed(lambda: (cursor.execute(sql, [kind, span.first, span.last]), cursor.fetchall()))
                for _ in range(10)
            ]
        print(
            f"performance by {kind}, a month: worst {max(times) * 1000:.0f} ms; raw {max(raw) * 1000:.0f} ms; ratio {max(times) / max(raw):.1f}"
        )
    streets = [
        timed(lambda: performance.report("region", span, people["lingdao"], is_by_street=True)) for _ in range(5)
    ]
    person = StageRecord.objects.filter(at__range=span.bounds(), actor__isnull=False).values_list("actor", flat=True)[0]
    drill = [
        timed(lambda: list(performance.cases_of("person", str(person), span, people["lingdao"])[:201]))
        for _ in range(5)
    ]
    print(f"cases of a person in a month: worst {max(drill) * 1000:.0f} ms")
    print(f"performance by street: worst {max(streets) * 1000:.0f} ms")


# --- over HTTP, against web processes of the benchmark's own


class Web:
    """granian on the benchmark's database, as the platform runs it."""

    def __init__(self, port=18990):
        self.port = port
        folder = Path(tempfile.mkdtemp())
        environment = {**os.environ, "STATIC_ROOT": str(folder / "static"), "MEDIA_ROOT": str(folder / "media"), "SESSIONS_PER_USER": "100000",
                       "LOG_LEVEL": "WARNING", "PUBLIC_URL": f"http://127.0.0.1:{port}", "BEHIND_PROXY": "0"}  # fmt: skip
        subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], env=environment, check=True)
        self.process = subprocess.Popen(
            [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port", str(port), "--workers", os.environ.get("WEB_WORKERS", "4"),
             "--blocking-threads", os.environ.get("WEB_THREADS", "1"), "--backlog", "2048", "--log-level", "warning", "platform_core.wsgi:application"], env=environment,
        )  # fmt: skip
        for _try in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).read()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the web process did not come up")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def session(port, username):
    """A logged-in opener and its CSRF token."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = opener.open(f"http://127.0.0.1:{port}/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
    data = f"csrfmiddlewaretoken={token}&username={username}&password={os.environ['DEMO_PASSWORD']}".encode()
    opener.open(
        urllib.request.Request(f"http://127.0.0.1:{port}/login/", data, {"Referer": f"http://127.0.0.1:{port}/login/"})
    )
    page = opener.open(f"http://127.0.0.1:{port}/").read().decode()
    return jar, re.search(r'name="csrf-token" content="([^"]+)"', page).group(1)


def send_reports(port, headers, seconds=20, lines=8):
    """Reports over some connections at once. Returns how many a second, and how long each took."""
    times: list[list[float]] = [[] for _ in range(lines)]
    stop = time.perf_counter() + seconds

    def work(slot):
        line = http.client.HTTPConnection("127.0.0.1", port)
        while time.perf_counter() < stop:
            report = {
                "description": "路边暴露垃圾",
                "lon": 123.40 + (len(times[slot]) % 97) * 2e-4,
                "lat": 41.77 + slot * 1e-3,
                "category": "E0102",
                "source": "video",
            }
            started = time.perf_counter()
            line.request("POST", "/coordination/api/cases/", json.dumps(report), headers)
            answer = line.getresponse()
            text = answer.read()
            if answer.status != 201:
                raise SystemExit(f"{answer.status} {text[:200]!r}")
            times[slot].append(time.perf_counter() - started)

    threads = [threading.Thread(target=work, args=(slot,)) for slot in range(lines)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = [one for slot in times for one in slot]
    return len(every) / (time.perf_counter() - started), every


def bare_inserts(count=300):
    """The newest case inserted again and again by one connection: how many a second."""
    columns = [str(field.column) for field in Case._meta.fields if field.column != "id"]
    copied = ", ".join(
        "lpad((random() * 1e14)::bigint::text, 14, '9')" if column == "number" else column for column in columns
    )
    sql = f"INSERT INTO coordination_case ({', '.join(columns)}) SELECT {copied} FROM coordination_case WHERE id = %s"
    newest = Case.objects.order_by("-id").values_list("id", flat=True).first()
    with connection.cursor() as cursor:
        return 1 / statistics.mean(timed(lambda: cursor.execute(sql, [newest])) for _ in range(count))


def case_create():
    """Reports through the API over 8 connections for 20 s; raw: bare inserts of the same row by one connection."""
    prepare()
    last = Case.objects.order_by("-id").values_list("id", flat=True).first()
    web = Web()
    try:
        jar, token = session(web.port, "shouli")
        headers = {
            "Content-Type": "application/json",
            "Cookie": "; ".join(f"{one.name}={one.value}" for one in jar),
            "X-CSRFToken": token,
            "Referer": f"http://127.0.0.1:{web.port}/",
        }
        rate, times = send_reports(web.port, headers)
    finally:
        web.stop()
    raw = bare_inserts()
    for model in (StageRecord, CaseTask):
        model.objects.filter(case__gt=last).delete()
    Case.objects.filter(pk__gt=last).delete()  # or the desks would be fuller than a city's
    print(f"create by API: {rate:.0f} cases/s, p95 {p95(times):.0f} ms; raw insert {raw:.0f}/s; ratio {rate / raw:.2f}")


NOTE = "已阅（演示）"
DESKS = (("shouli", "acceptance"), ("paiqian", "dispatch"), ("zhiban", "registration"), ("zhiban", "closing"))


def sessions(people, count):
    """`count` sessions of 200 people with the roles and scopes of the demo's desks."""
    staff = []
    for number in range(200):
        like, desk = DESKS[number % len(DESKS)]
        user, made = User.objects.get_or_create(
            username=f"bench{number:03d}", defaults={"full_name": f"压测{number:03d}", "is_demo": True}
        )
        if made:
            user.groups.set(people[like].groups.all())
            DataScope.objects.bulk_create(
                DataScope(user=user, region=row.region, organisation=row.organisation)
                for row in people[like].data_scopes.all()
            )
        staff.append((user, desk))
    found = []
    with override_settings(SESSIONS_PER_USER=100000):
        for number in range(count):
            user, desk = staff[number % len(staff)]
            client = Client()
            client.force_login(user, BACKEND)
            session, token = client.cookies[settings.SESSION_COOKIE_NAME].value, get_random_string(32)
            cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={token}"
            found.append({"desk": desk, "cookies": cookies, "token": token})
    return found


def reference_loop():
    """Seconds that 20 million additions take: the speed of the machine, which its neighbours share."""
    total = 0
    started = time.perf_counter()
    for number in range(20_000_000):
        total += number
    return time.perf_counter() - started


def desks():
    """500 desk sessions at a ten-second pace for three minutes, counted once all are there (locust, extra `bench`)."""
    people, count = prepare(), os.environ.get("BENCH_USERS", "500")
    before = reference_loop()
    web = Web(18991)
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(sessions(people, int(count)), file)
            file.flush()
            subprocess.run(
                [str(Path(sys.executable).parent / "locust"), "-f", "benchmarks/locustfile.py", "--headless",
                 "-u", count, "-r", "10", "-t", f"{int(count) // 10 + int(os.environ.get('BENCH_SECONDS', '180'))}s",
                 "--reset-stats", "--only-summary", "--host", f"http://127.0.0.1:{web.port}"],
                env={**os.environ, "BENCH_SESSIONS": file.name, "BENCH_NOTE": NOTE}, check=False,
            )  # fmt: skip
    finally:
        web.stop()
        UserSession.objects.filter(user__username__startswith="bench").delete()
        StageRecord.objects.filter(move="note", opinion=NOTE).delete()  # or the next run reads longer pages
    print(f"reference loop of one core: {before:.2f} s before, {reference_loop():.2f} s after")


BENCHES = {
    "cases": cases,
    "case_map": case_map,
    "performance": performance_report,
    "case_create": case_create,
    "desks": desks,
}
assert settings.configured
