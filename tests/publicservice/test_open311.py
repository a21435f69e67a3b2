"""Open311 GeoReport v2 against the specification's fields and rules (wiki.open311.org/GeoReport_v2)."""

from datetime import datetime
from xml.etree import ElementTree

import pytest

from publicservice.models import Appeal, Open311Client
from publicservice.services import appeals
from tests.factories.city import HERE

BASE = "/open311/v2"
KEY = "k" * 32
SERVICE_FIELDS = {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}
REQUEST_FIELDS = {
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible",
    "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat",
    "long", "media_url",
}  # fmt: skip


@pytest.fixture
def application(city):
    return Open311Client.objects.create(name="市民应用", key_digest=Open311Client.digest(KEY))


def send(client, kind="json", **more):
    data = {"api_key": KEY, "service_code": "E0102", "lat": HERE.y, "long": HERE.x, "description": "垃圾", "first_name": "三", "last_name": "张",
            "phone": "13912345678", **more}  # fmt: skip
    return client.post(f"{BASE}/requests.{kind}", {key: value for key, value in data.items() if value is not None})


def test_service_list_and_definition(application, client):
    rows = client.get(f"{BASE}/services.json").json()
    assert len(rows) > 100 and all(set(row) == SERVICE_FIELDS and row["type"] == "realtime" for row in rows)
    tree = ElementTree.fromstring(client.get(f"{BASE}/services.xml").content)
    assert tree.tag == "services" and tree[0].tag == "service" and {child.tag for child in tree[0]} == SERVICE_FIELDS
    assert tree[0].find("metadata").text == "false"
    assert client.get(f"{BASE}/services/E0102.json").json() == {"service_code": "E0102", "attributes": []}
    missing = client.get(f"{BASE}/services/E9999.json")
    assert missing.status_code == 404 and set(missing.json()[0]) == {"code", "description"}
    assert "endpoints" in client.get("/open311/discovery.json").json()


def test_post_then_get(application, client):
    made = send(client)
    assert made.status_code == 201
    number = made.json()[0]["service_request_id"]
    assert set(made.json()[0]) == {"service_request_id", "service_notice", "account_id"}
    row = client.get(f"{BASE}/requests/{number}.json").json()[0]
    assert set(row) == REQUEST_FIELDS and row["status"] == "open" and row["service_code"] == "E0102"
    assert datetime.fromisoformat(row["requested_datetime"]).tzinfo and (row["lat"], row["long"]) == (HERE.y, HERE.x)
    assert "13912345678" not in str(row) and "张" not in str(row)
    tree = ElementTree.fromstring(client.get(f"{BASE}/requests/{number}.xml").content)
    assert tree.tag == "service_requests" and tree[0].tag == "request" and tree[0].find("status").text == "open"
    assert client.get(f"{BASE}/tokens/{number}.json").json() == [{"service_request_id": number, "token": number}]


def test_filters_of_the_list(city, application, client):
    number = send(client).json()[0]["service_request_id"]
    send(client, service_code="E0201")
    case = Appeal.objects.get(number=number).case
    city.go(case, "closed")
    assert len(client.get(f"{BASE}/requests.json").json()) == 2
    closed = client.get(f"{BASE}/requests.json", {"status": "closed"}).json()
    assert [row["service_request_id"] for row in closed] == [number] and closed[0]["status_notes"] == "已清理"
    assert len(client.get(f"{BASE}/requests.json", {"status": "open,closed"}).json()) == 2
    assert len(client.get(f"{BASE}/requests.json", {"service_code": "E0201"}).json()) == 1
    assert client.get(f"{BASE}/requests.json", {"end_date": "2020-01-01T00:00:00Z"}).json() == []
    assert client.get(f"{BASE}/requests.json", {"start_date": "never"}).status_code == 400
    assert client.get(f"{BASE}/requests/nothing.json").status_code == 404


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"api_key": None}, 403),
        ({"api_key": "wrong"}, 403),
        ({"service_code": None}, 400),
        ({"service_code": "E9999"}, 404),
        ({"lat": None}, 400),
        ({"lat": "north"}, 400),
        ({"lat": "10", "long": "10"}, 400),
        ({"phone": "abc"}, 400),
    ],
)
@pytest.mark.parametrize("kind", ["json", "xml"])
def test_errors_are_lists_of_code_and_description(application, client, more, status, kind):
    answer = send(client, kind, **more)
    assert answer.status_code == status and Appeal.objects.count() == 0
    if kind == "json":
        assert answer.json()[0]["code"] == status and answer.json()[0]["description"]
    else:
        tree = ElementTree.fromstring(answer.content)
        assert tree.tag == "errors" and tree[0].find("code").text == str(status)


def test_address_string_is_geocoded(city, application, client):
    from coordination.models import Place
    from coordination.services.geocoding import spaced

    Place.objects.create(
        code="1",
        name="南湖公园",
        address="和平区文艺路",
        region=city.heping,
        location=HERE,
        search_text=spaced("和平区文艺路南湖公园"),
    )
    assert send(client, lat=None, long=None, address_string="南湖公园").status_code == 201
    assert send(client, lat=None, long=None, address_string="火星基地").status_code == 400


def test_a_switched_off_application_is_refused(application, client):
    Open311Client.objects.update(is_enabled=False)
    assert send(client).status_code == 403


def test_what_was_told_to_page_or_hotline_is_not_public(application, client):
    private = appeals.receive(appeals.NewAppeal(content="我家在三号楼", location=HERE, channel=Appeal.Channel.WEB))
    number = send(client).json()[0]["service_request_id"]
    assert [row["service_request_id"] for row in client.get(f"{BASE}/requests.json").json()] == [number]
    for address in (f"requests/{private.number}.json", f"tokens/{private.number}.json"):
        assert client.get(f"{BASE}/{address}").status_code == 404
    assert client.get(f"{BASE}/requests.json", {"service_request_id": private.number}).json() == []
