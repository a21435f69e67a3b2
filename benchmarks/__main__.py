"""`bin/bench NAME`: mvt, list, point_in_grid, push, push1, getdata, accounts, cases, case_map, performance, case_create, desks (startup, drain: bin/stack/bench.py). The database is the benchmark's own."""

import os
import statistics
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "platform_core.settings")
django.setup()

import random  # noqa: E402

from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import QueryDict  # noqa: E402

from benchmarks import city, exchange  # noqa: E402
from coordination.models import PartFacility  # noqa: E402
from platform_core.geo import layers  # noqa: E402
from platform_core.models import Region, UnitGrid, User  # noqa: E402
from platform_core.pages import find  # noqa: E402
from platform_core.pages.listing import build  # noqa: E402
from platform_core.services.grids import grid_at, make_demo_grids  # noqa: E402
from platform_core.services.identity import grant_scope  # noqa: E402

PARTS = 1_000_000


def p95(times: list[float]) -> float:
    """95th percentile in ms."""
    return statistics.quantiles(times, n=20)[18] * 1000


def timed(call: Callable[[], object]) -> float:
    """Seconds one call takes."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def prepare() -> User:
    """A million parts, grids of one district, and a user whose scope is the city."""
    call_command("migrate", verbosity=0)
    call_command("load_reference", within="210100")
    if PartFacility.objects.count() < PARTS:
        call_command("seed_scale", parts=PARTS)
    if not UnitGrid.objects.exists():
        make_demo_grids(Region.objects.get(code="210102"))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    user, created = User.objects.get_or_create(username="bench", defaults={"full_name": "bench"})
    if created:
        grant_scope(user, region=Region.objects.get(code="210100"))
        from django.contrib.auth.models import Permission

        user.user_permissions.set(Permission.objects.all())
    return user


def tile_of(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """Web Mercator tile."""
    from math import asinh, pi, radians, tan

    return int((longitude + 180) / 360 * 2**zoom), int((1 - asinh(tan(radians(latitude))) / pi) / 2 * 2**zoom)


def mvt(user: User) -> None:
    """Uncached tiles around the centre of Shenyang at 1 M parts; raw limit: the same rows by bare SQL, no tile."""
    layer, chance = layers.find("partfacility", user), random.Random(1)
    assert layer is not None
    for zoom in (10, 13, 16):
        times, raw = [], []
        for _number in range(60):
            x, y = tile_of(chance.uniform(123.2, 123.6), chance.uniform(41.65, 41.95), zoom)
            cache.clear()
            times.append(timed(lambda: layers.tile(layer, user, zoom, x, y)))
            sql = """SELECT count(*) FROM coordination_partfacility
                     WHERE location && ST_SetSRID(ST_Transform(ST_TileEnvelope(%s, %s, %s), 4326), 4490)"""
            with connection.cursor() as cursor:
                raw.append(timed(lambda: cursor.execute(sql, [zoom, x, y])))
        print(f"mvt z{zoom}: p95 {p95(times):.1f} ms, median {statistics.median(times) * 1000:.1f} ms; "
              f"raw index count p95 {p95(raw):.1f} ms; ratio {p95(times) / p95(raw):.1f}")  # fmt: skip


def lists(user: User) -> None:
    """First, filtered and deep pages of the parts list; raw limit: 26 rows by key from the same table."""
    pages = find("partfacility")
    assert pages is not None
    middle = PartFacility.objects.order_by("code")[PARTS // 2].code
    from platform_core.pages.listing import _encode

    deep = _encode([middle, PartFacility.objects.get(code=middle).pk])
    raw = [timed(lambda: list(PartFacility.objects.order_by("code").values_list("id")[:26])) for _ in range(50)]
    queries = {"first": "", "type": "type_code=0301", "state": "state=damaged", "deep": f"after={deep}",
               "search": "q=0301000"}  # fmt: skip
    for name, query in queries.items():
        data = QueryDict(query)
        times = [timed(lambda: build(pages, pages.rows(user), data)) for _ in range(20)]
        print(f"list {name}: p95 {p95(times):.1f} ms; raw key read p95 {p95(raw):.2f} ms; "
              f"ratio {p95(times) / p95(raw):.0f}")  # fmt: skip


def point_in_grid(user: User) -> None:
    """Lookups of the unit grid of a point; raw limit: the bare SQL."""
    chance, count = random.Random(2), 2000
    places = [(chance.uniform(123.34, 123.46), chance.uniform(41.7, 41.82)) for _number in range(count)]
    ours = timed(lambda: [grid_at(*place) for place in places])
    sql = """SELECT id FROM platform_core_unitgrid WHERE ST_Covers(geometry, ST_SetSRID(ST_Point(%s, %s), 4490))
             ORDER BY code LIMIT 1"""
    with connection.cursor() as cursor:
        raw = timed(lambda: [cursor.execute(sql, place) for place in places])
    print(f"point_in_grid: {count / ours:.0f}/s; raw SQL {count / raw:.0f}/s; ratio {ours / raw:.2f}")


BENCHES = {"mvt": mvt, "list": lists, "point_in_grid": point_in_grid}

if __name__ == "__main__":
    known = {**BENCHES, **exchange.BENCHES, **city.BENCHES}
    names = sys.argv[1:] or list(known)
    if unknown := set(names) - set(known):
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    someone = prepare() if set(names) & set(BENCHES) else None
    for name in names:
        if name in exchange.BENCHES or name in city.BENCHES:
            {**exchange.BENCHES, **city.BENCHES}[name]()
        else:
            assert someone is not None
            BENCHES[name](someone)
