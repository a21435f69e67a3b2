"""Nothing that a browser or program sends is answered with a server error: it is refused, or taken for nothing."""

import json
import random
import re

import pytest
from django.urls import get_resolver

from coordination.urls import urlpatterns as coordination
from coordination.workflow import STANDARD
from platform_core.pages import find
from publicservice.urls import urlpatterns as publicservice

pytestmark = pytest.mark.django_db
POINT = '{"type":"Point","coordinates":[123.35,41.75]}'
JUNK = (
    "", "x", "-1", "0", "9" * 25, "²", "1e999", "NaN", "\0", "'\"<>", "{}", "[]", "null", "😀" * 50, "a" * 6000,
    "2026-02-30", "0001-01-01", "210102", "red", "E0102", "..", "%00", "1,2", POINT,
    '{"type":"Point","coordinates":["a",null]}', '{"type":"Polygon","coordinates":[]}',
)  # fmt: skip
SHAPES: tuple[object, ...] = (None, 1, -1, 1.5, [], {}, [1], [{"lon": 1}], True, 1e308)
FIELDS = ["q", "page", "region", "category", "lamp", "source", "department", "emergency", "first", "last", "month", "within", "kind", "location", "lat", "lon", "number", "code", "phone", "content", "description", "part", "case", "version", "desk", "name", "bbox", "service_code", "start_date", "end_date", "status", "service_request_id", "uuid", "at", "points", "photos", "score", "token", "person", "post", "hours", "duplicate", "user", "day", "address", "text", "call", "visit", "progress", "opinion", "form"]  # fmt: skip
PUBLIC = (
    *(f"/open311/v2/{name}" for name in ("services.json", "services/zz.xml", "requests.json", "requests/zz.xml")),
    *(
        f"/citizen/{name}"
        for name in ("", "new/", "code/", "track/", "nearby/", "directory/", "visit/x/", "notices/1/")
    ),
)
PAGES = ("case", "partfacility", "place", "timelimit", "routingrule", "rosterentry", "appeal", "call", "agent")


def addresses(chance, case):
    """Every address of both systems with likely and unlikely arguments, the public ones, and the generic pages'."""
    known = {"int": (case.pk, 1, 999_999_999), "slug": ("acceptance", "zz", *STANDARD.moves), "str": (case.number, "x")}
    prefixes = {str(one.pattern) for one in get_resolver().url_patterns}
    found = list(PUBLIC)
    for patterns, prefix in ((coordination, "coordination/"), (publicservice, "publicservice/")):
        assert prefix in prefixes
        for one in patterns:
            if hasattr(one, "url_patterns"):
                continue
            path = re.sub(
                r"<(\w+):\w+>", lambda match: str(chance.choice(known.get(match[1], ("x",)))), str(one.pattern)
            )
            found.append(f"/{prefix}{path}")
    for name in PAGES:
        found += [f"/p/{name}/", f"/p/{name}/new/", f"/p/{name}/{chance.choice(('x', case.pk, '9' * 25))}/"]
    return found


def form_of(address):
    pages = find(address.split("/")[2]) if address.startswith("/p/") else None
    return list(pages.form.base_fields) if pages and pages.form else []


@pytest.mark.parametrize("person", ["nobody", "acceptor", "chief", "worker", "supervisor", "admin"])
def test_junk_is_never_a_server_error(city, client, log_in, person):
    chance = random.Random(person)
    case = city.case("disposing")
    browser = client if person == "nobody" else log_in(getattr(city, person))
    browser.raise_request_exception = False
    for address in addresses(chance, case) * 2:
        given = {name: chance.choice(JUNK) for name in (*chance.sample(FIELDS, 10), *form_of(address))}
        given |= {"version": str(case.version), "description": "坏"} if chance.random() < 0.5 else {}
        shaped = {name: chance.choice((value, chance.choice(SHAPES))) for name, value in given.items()}
        move = {
            f"{address.rstrip('/').rpartition('/')[2]}-{name}": chance.choice(JUNK) for name in ("opinion", "hours")
        }
        for answer in (
            browser.get(address, given),
            browser.post(address, given | move),
            browser.post(address, json.dumps(shaped), content_type="application/json"),
        ):
            assert answer.status_code < 500, (address, given, answer.status_code)
