"""The hotline: queue, distribution, calls, listening, recordings, reports (CJJ/T 312 §4.3.6-1)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from exchange.services import inbound
from platform_core.errors import DomainError
from platform_core.models import AuditEntry
from publicservice.models import Agent, Appeal, Call, CallEvent
from publicservice.services import hotline, publishing
from tests.factories.city import HERE, stored_rows

POINT = f'{{"type":"Point","coordinates":[{HERE.x},{HERE.y}]}}'


@pytest.fixture
def agents(city):
    """(general, also water); both ready, the first idle longer."""
    second = city.hire("acceptor", city.shenyang, city.centre)
    first = Agent.objects.create(user=city.acceptor, extension="8001", skills=["general"])
    other = Agent.objects.create(user=second, extension="8002", skills=["general", "water"])
    hotline.set_state(first.user, "ready")
    hotline.set_state(other.user, "ready")
    Agent.objects.filter(pk=first.pk).update(state_since=timezone.now() - timedelta(minutes=5))
    return first, other


def test_longest_idle_and_skill(agents):
    first, other = agents
    water = hotline.incoming("c1", "13900000001", "12319", "2")
    general = hotline.incoming("c2", "13900000002", "12345", "1")
    assert hotline.incoming("c2", "13900000002", "12345", "1") == general
    assert hotline.distribute() == 2
    water.refresh_from_db()
    general.refresh_from_db()
    assert water.agent == other and general.agent == first and water.state == general.state == "ringing"
    third = hotline.incoming("c3", "13900000003", "12319")
    assert hotline.distribute() == 0
    hotline.ended("c3")
    third.refresh_from_db()
    assert third.state == "abandoned" and third.wait_s is not None


def test_who_lets_it_ring_is_set_away_and_the_call_goes_on(agents):
    first, other = agents
    call = hotline.incoming("c1", "139", "12319")
    hotline.distribute()
    hotline.distribute(timezone.now() + timedelta(seconds=26))
    call.refresh_from_db()
    first.refresh_from_db()
    assert first.state == "away" and call.agent == other and call.state == "ringing"
    assert list(call.events.values_list("kind", flat=True)) == ["queued", "offered", "not_answered", "offered"]


def test_call_to_appeal_on_the_pages(agents, city, log_in):
    first, _other = agents
    client = log_in(first.user)
    hotline.incoming("c1", "13912345678", "12319")
    hotline.distribute()
    page = client.get(reverse("hotline")).content.decode()
    assert "139****5678" in page and reverse("hotline-act", args=["pick-up"]) in page
    client.post(reverse("hotline-act", args=["pick-up"]))
    call = Call.objects.get()
    assert call.state == "talking"
    client.post(reverse("hotline-act", args=["three-way"]), {"call": call.pk, "number": "96600"})
    made = client.post(
        reverse("appeal-new"),
        {
            "call": call.pk,
            "kind": "complaint",
            "channel": "12319",
            "content": "垃圾",
            "phone": "13912345678",
            "location": POINT,
            "category": "E0102",
        },
    )
    assert made.status_code == 302
    client.post(reverse("hotline-act", args=["hang-up"]), {"call": call.pk})
    call.refresh_from_db()
    first.refresh_from_db()
    assert (
        call.state == "ended"
        and call.talk_s is not None
        and call.appeal == Appeal.objects.get()
        and first.state == "wrap_up"
    )
    assert call.appeal.case.source == "12319"
    hotline.set_state(first.user, "ready")
    hotline.incoming("c2", "13912345678", "12319")
    Agent.objects.filter(pk=_other.pk).update(state="away")
    hotline.distribute()
    assert call.appeal.number in client.get(reverse("hotline")).content.decode()  # earlier appeals of this number


def test_agents_act_on_their_own_calls_only(agents, log_in):
    first, other = agents
    call = hotline.incoming("c1", "139", "12319")
    hotline.distribute()
    hotline.answered("c1")
    with pytest.raises(DomainError):
        hotline.hang_up(other.user, call.pk)
    with pytest.raises(DomainError):
        hotline.set_state(first.user, "ready")
    assert (
        log_in(other.user)
        .post(reverse("hotline-act", args=["hang-up"]), {"call": call.pk}, HTTP_ACCEPT="application/json")
        .status_code
        == 409
    )


def test_supervisor_listens_and_hears_recordings_with_an_audit_entry(agents, city, log_in):
    Agent.objects.create(user=city.chief, extension="8009", skills=[])
    call = hotline.incoming("c1", "139", "12319")
    hotline.distribute()
    hotline.answered("c1")
    chief, agent = log_in(city.chief), log_in(agents[0].user)
    assert agent.post(reverse("hotline-listen", args=[call.pk])).status_code == 403
    assert chief.post(reverse("hotline-listen", args=[call.pk])).status_code == 302
    assert CallEvent.objects.filter(kind="listening", actor_name=str(city.chief)).exists()
    hotline.ended("c1")
    assert hotline.fetch_recordings() == 1
    address = reverse("hotline-recording", args=[call.pk])
    assert agent.get(address).status_code == 403
    sound = b"".join(chief.get(address).streaming_content)
    assert sound[:4] == b"RIFF" and AuditEntry.objects.filter(action="hear recording", actor=city.chief).exists()
    assert chief.get(f"/p/call/{call.pk}/").status_code == 200
    assert chief.get(reverse("hotline-supervise")).status_code == 200


def test_reports_and_what_goes_up(agents, city, log_in):
    now = timezone.now()
    for number, (wait, talk) in enumerate(((10, 60), (30, 120), (None, None))):
        Call.objects.create(
            uid=f"r{number}",
            dialled="12319",
            queued_at=now - timedelta(minutes=10),
            answered_at=now - timedelta(minutes=10) + timedelta(seconds=wait) if wait else None,
            ended_at=now - timedelta(minutes=10) + timedelta(seconds=(wait or 0) + (talk or 5)),
            state="ended" if wait else "abandoned",
            agent=agents[0] if wait else None,
        )
    (row,) = hotline.report(now - timedelta(days=1), now)
    assert (row["calls"], row["answered"], row["abandoned"], row["wait_s"], row["talk_s"]) == (3, 2, 1, 20, 90)
    assert round(row["service_level"]) == 33
    assert log_in(city.chief).get(reverse("hotline-report")).status_code == 200
    publishing.publish_statistics()

    inbound.drain()
    rows = stored_rows("service", "hotlineStatistics")
    today = next(r for r in rows if r["date"] == timezone.localtime(now - timedelta(minutes=10)).date().isoformat())
    assert (today["calls"], today["answered"], today["avgWait"]) == (3, 2, 20.0)


def test_simulated_calls_are_for_demonstrations_only(agents, city, log_in, settings):
    client = log_in(agents[0].user)
    assert client.post(reverse("hotline-act", args=["simulate"])).status_code == 404
    settings.IS_DEMO = True
    client.post(reverse("hotline-act", args=["simulate"]))
    assert Call.objects.get().is_demo


def test_a_telephone_system_that_is_gone_loses_nothing(agents, log_in, settings, django_capture_on_commit_callbacks):
    """Every command is sent after the commit; its failure is kept with the call and told to who asked."""
    first, other = agents
    hotline.incoming("c1", "139", "12319")
    hotline.distribute()
    hotline.answered("c1")
    hotline.incoming("c2", "138", "12319")
    settings.CTI_URL = "http://nobody:nothing@127.0.0.1:9"
    assert hotline.distribute() == 0
    waiting, talk = Call.objects.get(uid="c2"), Call.objects.get(uid="c1")
    other.refresh_from_db()
    assert (waiting.state, waiting.agent, other.state) == ("queued", None, "away")

    address = reverse("hotline-act", args=["three-way"])
    asked = log_in(first.user).post(address, {"call": talk.pk, "number": "9600"}, HTTP_ACCEPT="application/json")
    assert asked.status_code == 409
    assert list(talk.events.values_list("kind", flat=True))[-2:] == ["third_dialled", "refused"]
    with django_capture_on_commit_callbacks(execute=True) as commands:
        hotline.hang_up(first.user, talk.pk)
    talk.refresh_from_db()
    assert len(commands) == 1 and talk.state == "ended"
