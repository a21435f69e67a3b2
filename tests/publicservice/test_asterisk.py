"""The hotline over a real Asterisk with scripted calls (SIPp): queue, answer, three-way, listening, recording, end."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connections

from publicservice.cti.asterisk import Asterisk
from publicservice.cti.listening import run
from publicservice.models import Agent, Call
from publicservice.services import hotline
from tests.factories.city import City

from .asterisk import Server, available

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not available(), reason="no Asterisk here: bin/asterisk brings one"),
]


def until(what, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("did not happen")


@pytest.fixture
def server(tmp_path, settings):
    made = Server(tmp_path, ("8001", "8009", "9001"))
    settings.CTI_URL = made.url
    yield made
    made.stop()


@pytest.fixture
def listening(server):
    over = threading.Event()

    def loop():
        run(Asterisk(server.url), over.is_set)
        connections.close_all()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    time.sleep(1)
    yield
    over.set()
    thread.join(10)


def state(expected):
    return lambda: Call.objects.filter(state=expected).select_related("agent").first()


def test_a_call_from_the_queue_to_the_recording(server, listening, tmp_path):
    city = City()
    agent = Agent.objects.create(user=city.acceptor, extension="8001", skills=["general"])
    Agent.objects.create(user=city.chief, extension="8009", skills=[])
    server.pick_up("8001")
    server.pick_up("8009")
    server.pick_up("9001")
    server.dial(tmp_path, "13912345678", "12319", 9000)
    waiting = until(state("queued"))
    assert waiting.dialled == "12319" and waiting.caller == "13912345678"

    hotline.set_state(agent.user, "ready")
    call = until(state("talking"))
    assert call.agent == agent and call.wait_s is not None
    assert sorted(Asterisk(server.url).bridge_channels(call.uid)) == sorted([call.uid, f"{call.uid}-agent"])

    hotline.three_way(agent.user, call.pk, "9001")
    until(lambda: call.events.filter(kind="third").exists())
    assert f"{call.uid}-third" in Asterisk(server.url).bridge_channels(call.uid)
    hotline.listen(city.chief, call.pk)
    until(lambda: call.events.filter(kind="listened").exists())

    ended = until(state("ended"), 20)
    assert ended.talk_s >= 2
    agent.refresh_from_db()
    assert agent.state == "wrap_up"
    until(lambda: hotline.fetch_recordings() or Call.objects.exclude(recording="").exists())
    ended.refresh_from_db()
    with ended.recording.open("rb") as sound:
        assert sound.read(4) == b"RIFF"


def test_an_agent_who_does_not_answer_loses_the_call(server, listening, tmp_path, monkeypatch):
    """Nobody is at the telephone 8001: the call goes back to the queue, the agent is set away."""
    monkeypatch.setattr(hotline, "RING", timedelta(seconds=3))
    city = City()
    agent = Agent.objects.create(user=city.acceptor, extension="8001", skills=["general"])
    hotline.set_state(agent.user, "ready")
    server.dial(tmp_path, "13912345678", "12345", 15000)
    call = until(lambda: Call.objects.filter(events__kind="not_answered").first())
    assert call.state == "queued"
    agent.refresh_from_db()
    assert agent.state == "away"
