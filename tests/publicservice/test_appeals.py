"""Appeals: from the citizen's page to the rating; personal data; 12345; return visits."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from coordination.models import Case
from coordination.services import counting
from exchange.services import inbound, publish
from platform_core.errors import DomainError
from platform_core.models import AuditEntry
from publicservice.models import Appeal, OneTimeCode, ReturnVisit, ShortMessage
from publicservice.services import appeals, messages, visits
from publicservice.sms import GatewayError
from tests.factories.city import HERE, THERE, picture, stored_rows

POINT = f'{{"type":"Point","coordinates":[{HERE.x},{HERE.y}]}}'


def complaint(**more):
    return appeals.NewAppeal(
        content="小区门口垃圾成堆", location=HERE, phone="13912345678", contact_name="张三丰", **more
    )


def submit(client, **more):
    return client.post(
        reverse("citizen-new"),
        {
            "kind": "complaint",
            "content": "小区门口垃圾成堆",
            "location": POINT,
            "phone": "13912345678",
            "contact_name": "张三丰",
            **more,
        },
    )


def test_citizen_reports_with_a_code_tracks_and_rates(city, client):
    assert submit(client).status_code == 422  # no code yet
    code = messages.send_code("13912345678", "127.0.0.1")
    assert submit(client, code="000000" if code != "000000" else "111111").status_code == 422
    answer = submit(client, code=code, photos=[picture()])
    assert answer.status_code == 302
    done = client.get(answer.url).content.decode()
    appeal = Appeal.objects.get()
    assert appeal.number in done and appeal.query_code in done
    assert appeal.case and appeal.case.source == "citizen" and appeal.case.origin == appeal.number
    assert submit(client, code=code).status_code == 422  # used up
    city.go(appeal.case, "closed") if appeal.case.category_id else city.go(_classified(city, appeal.case), "closed")
    appeal.refresh_from_db()
    assert appeal.state == "answered" and appeal.answer == "已清理"
    seen = client.post(reverse("citizen-track"), {"number": appeal.number, "code": appeal.query_code})
    assert "已清理" in seen.content.decode() and "市政公用局" in seen.content.decode()
    assert client.post(reverse("citizen-track"), {"number": appeal.number, "code": "999999x"}).status_code == 422
    client.post(reverse("citizen-track"), {"number": appeal.number, "code": appeal.query_code, "score": "4"})
    appeal.refresh_from_db()
    assert appeal.satisfaction == 4 and appeal.case.satisfaction == 4
    assert ReturnVisit.objects.get().score == 4


def _classified(city, case):
    from coordination.services import Given, move

    move(case.pk, "accept", city.acceptor, Given(category="E0102"))
    return case


def test_session_shows_only_its_own_number(city, client):
    appeals.receive(complaint())
    assert client.get(reverse("citizen-done")).status_code == 404


def test_who_made_it_is_encrypted_masked_and_the_look_is_audited(city, log_in):
    appeal = appeals.receive(complaint())
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, contact_name FROM publicservice_appeal")
        assert "13912345678" not in str(cursor.fetchone())
    client = log_in(city.acceptor)
    page = client.get(reverse("appeal", args=[appeal.pk])).content.decode()
    assert "139****5678" in page and "张**" in page and "13912345678" not in page
    assert "13912345678" not in client.get("/p/appeal/").content.decode()
    shown = client.post(reverse("appeal-contact", args=[appeal.pk])).content.decode()
    assert "13912345678" in shown and AuditEntry.objects.filter(action="reveal contact", actor=city.acceptor).exists()
    assert log_in(city.leader).post(reverse("appeal-contact", args=[appeal.pk])).status_code == 403
    row = next(r for r in _stored("service", "appeal") if r["appealCode"] == appeal.number)
    assert "139" not in str(row) and "张三" not in str(row)
    case = Case.objects.get()
    assert "13912345678" not in case.description


def test_a_code_serves_one_appeal_and_is_kept_when_it_is_refused(city):
    code = messages.send_code("13900000003", "1.1.1.1")
    wanted = appeals.NewAppeal(content="路灯不亮", phone="13900000003", location=Point(100.0, 30.0, srid=4490))
    with pytest.raises(DomainError) as error:
        appeals.receive_proved(wanted, code)
    assert error.value.code == "outside" and not Appeal.objects.exists()
    appeals.receive_proved(replace(wanted, location=HERE), code)
    with pytest.raises(DomainError) as error:
        appeals.receive_proved(replace(wanted, location=HERE), code)
    assert error.value.code == "bad_code" and Appeal.objects.count() == 1


def test_codes_end_after_five_tries_and_ten_minutes(city):
    code = messages.send_code("13900000001", "1.1.1.1")
    for _try in range(5):
        with pytest.raises(DomainError):
            messages.prove("13900000001", "x")
    with pytest.raises(DomainError):
        messages.prove("13900000001", code)
    late = messages.send_code("13900000002", "1.1.1.1")
    OneTimeCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(DomainError):
        messages.prove("13900000002", late)
    for _time in range(4):
        messages.send_code("13900000002", "1.1.1.1")
    with pytest.raises(DomainError) as error:
        messages.send_code("13900000002", "1.1.1.1")
    assert error.value.code == "too_often"


def test_messages_are_tried_again_and_given_up(city, monkeypatch):
    class Broken:
        def send(self, phone, text):
            raise GatewayError("HTTP 503")

    messages.send("13900000003", "你好")
    monkeypatch.setattr(messages, "gateway", Broken)
    for _try in range(5):
        assert messages.send_waiting() == 0
    message = ShortMessage.objects.get()
    assert message.state == "failed" and message.error == "HTTP 503"
    monkeypatch.undo()
    messages.send("13900000003", "你好")
    assert messages.send_waiting() == 1


def test_http_gateway_speaks_json(settings):
    import json
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from publicservice.sms import gateway

    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(
                (self.headers["Authorization"], json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            )
            self.send_response(204 if len(got) == 1 else 500)
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SMS_GATEWAY, settings.SMS_TOKEN = f"http://127.0.0.1:{server.server_port}/", "t"
    gateway().send("139", "文字")
    with pytest.raises(GatewayError):
        gateway().send("139", "文字")
    server.shutdown()
    assert got[0] == ("Bearer t", {"phone": "139", "text": "文字"})


def test_consultation_is_answered_at_the_desk(city, log_in):
    appeal = appeals.receive(appeals.NewAppeal(content="如何办证？", kind="consultation", phone="13912345678"))
    assert appeal.case is None and appeal.region == city.shenyang
    client = log_in(city.acceptor)
    client.post(reverse("appeal-act", args=[appeal.pk, "answer"]), {"answer": "到窗口办理", "version": "1"})
    again = client.post(
        reverse("appeal-act", args=[appeal.pk, "answer"]),
        {"answer": "又答", "version": "1"},
        HTTP_REFERER="http://testserver/",
        follow=True,
    )
    appeal.refresh_from_db()
    assert appeal.answer == "到窗口办理" and again.status_code == 200
    assert (
        log_in(city.worker).post(reverse("appeal-act", args=[appeal.pk, "answer"]), {"answer": "x"}).status_code == 403
    )


def test_an_appeal_without_place_becomes_a_case_at_the_desk(city, log_in):
    appeal = appeals.receive(appeals.NewAppeal(content="路灯不亮", channel="12319", phone="13912345678"))
    answer = log_in(city.acceptor).post(
        reverse("appeal-act", args=[appeal.pk, "case"]), {"location": POINT, "category": "P0106", "version": "1"}
    )
    appeal.refresh_from_db()
    assert answer.status_code == 302 and appeal.case.source == "12319" and appeal.case.category_id == "P0106"
    bad = log_in(city.acceptor).post(reverse("appeal-act", args=[appeal.pk, "case"]), {"location": "x"})
    assert bad.status_code == 422


def test_a_rejected_case_answers_the_appeal_and_a_merged_one_names_the_other(city):
    from coordination.services import Given, move

    first, second = appeals.receive(complaint()), appeals.receive(complaint())
    move(first.case.pk, "reject", city.acceptor, Given(opinion="不在职责范围"))
    first.refresh_from_db()
    assert first.state == "refused" and first.answer == "不在职责范围"
    other = city.case("disposing")
    move(second.case.pk, "merge", city.acceptor, Given(duplicate=other.number))
    second.refresh_from_db()
    assert second.state == "answered" and other.number in second.answer


def test_a_district_never_sees_anothers_appeals(city, log_in):
    appeal = appeals.receive(appeals.NewAppeal(content="沈河的事情", location=THERE))
    other = log_in(city.hire("acceptor", city.heping, city.district))
    for name, arguments in (("appeal", []), ("appeal-act", ["answer"]), ("appeal-contact", [])):
        for method in (other.get, other.post):
            assert method(reverse(name, args=[appeal.pk, *arguments]), {"answer": "x"}).status_code in (
                404,
                405,
                403,
                302,
                409,
            )
    appeal.refresh_from_db()
    assert appeal.state == "case" and appeal.answer == ""
    assert appeal.number not in other.get("/p/appeal/").content.decode()


def test_return_visit_by_link_and_by_call(city, client, log_in):
    appeal = appeals.receive(complaint())
    city.go(_classified(city, appeal.case), "closed")
    visit = ReturnVisit.objects.get()
    assert visit.state == "asked" and visit.token in (ShortMessage.objects.last().text or "")
    address = reverse("citizen-visit", args=[visit.token])
    assert client.post(address, {"score": "9"}).status_code == 422
    client.post(address, {"score": "2", "comment": "太慢"})
    visit.refresh_from_db()
    assert visit.state == "done" and visit.score == 2
    counting.fold_all()
    client.post(address, {"score": "5"})
    visit.refresh_from_db()
    assert visit.score == 2  # the first answer counts
    assert client.get(reverse("citizen-visit", args=["nothing"])).status_code == 404

    silent = appeals.receive(complaint(origin="x1"))
    city.go(_classified(city, silent.case), "closed")
    ReturnVisit.objects.filter(appeal=silent).update(asked_at=timezone.now() - timedelta(days=3))
    desk = log_in(city.acceptor)
    assert silent.number in desk.get(reverse("visits")).content.decode()
    other = ReturnVisit.objects.get(appeal=silent)
    for _call in range(3):
        desk.post(reverse("visits"), {"visit": other.pk, "score": ""})
    other.refresh_from_db()
    assert other.state == "unreached" and other.attempts == 3
    visits.record_call(other.pk, city.acceptor, 5, "满意")
    other.refresh_from_db()
    assert other.state == "done" and other.agent == city.acceptor
    assert {row["score"] for row in _stored("service", "returnVisit")} == {2, 5}


def _stored(group, table):

    inbound.drain()
    return stored_rows(group, table)


def test_12345_sends_an_appeal_and_reads_its_result(city):
    row = {"appealCode": "GD001", "channel": "12345", "type": "complaint", "content": "污水外溢", "time": "2026-11-24 09:00:00",
           "districtCode": "210102", "state": "received", "lon": HERE.x, "lat": HERE.y, "address": "文艺路"}  # fmt: skip
    publish("service", "appeal", [row])
    inbound.drain()
    appeal = Appeal.objects.get()
    assert appeal.channel == "12345" and appeal.origin == "GD001" and appeal.case.source == "12345"
    publish("service", "appeal", [row])
    inbound.drain()
    assert Appeal.objects.count() == 1
    city.go(_classified(city, appeal.case), "closed")
    result = next(r for r in _stored("service", "appeal") if r["appealCode"] == "GD001")
    assert result["state"] == "answered" and result["answer"] == "已清理" and result["caseNum"] == appeal.case.number


def test_transfer_to_12345_and_its_answer(city, log_in):
    appeal = appeals.receive(
        appeals.NewAppeal(content="社保怎么办", kind="consultation", channel="12319", phone="13912345678")
    )
    log_in(city.acceptor).post(
        reverse("appeal-act", args=[appeal.pk, "transfer"]), {"to": "12345", "reason": "社保业务", "version": "1"}
    )
    sent = next(r for r in _stored("service", "appeal") if r["appealCode"] == appeal.number)
    assert sent["state"] == "transferred" and sent["transferredTo"] == "12345"
    publish("service", "appeal", [{**sent, "state": "answered", "answer": "到社保中心办理"}])
    inbound.drain()
    appeal.refresh_from_db()
    assert appeal.state == "answered" and appeal.answer == "到社保中心办理"


def test_public_pages_and_their_limits(city, client):
    for name in ("citizen", "citizen-new", "citizen-track", "citizen-nearby", "citizen-directory"):
        assert client.get(reverse(name)).status_code == 200
    assert client.get(reverse("citizen-nearby"), {"lon": HERE.x, "lat": HERE.y}).status_code == 200
    assert client.get(reverse("citizen-districts")).json()["features"][0]["properties"]["name"]
    for _try in range(30):
        client.post(reverse("citizen-track"), {"number": "S1", "code": "1"})
    page = client.post(reverse("citizen-track"), {"number": "S1", "code": "1"}).content.decode()
    assert re.search("操作过于频繁", page)
