"""The supervisor's phone, roster, tracks."""

import json
import uuid
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from coordination.models import Case, LastPosition, RosterEntry, Shift, TrackPoint
from coordination.services import field
from coordination.services.field import Fix
from platform_core.errors import DomainError
from tests.factories.city import HERE, picture

ZONE = timezone.get_default_timezone()


def phone(**more):
    return {"uuid": str(uuid.uuid4()), "description": "暴露垃圾", "lon": HERE.x, "lat": HERE.y, "category": "E0102",
            "at": timezone.now().isoformat(), "photos": [picture()], **more}  # fmt: skip


def test_a_report_sent_twice_counts_once(city, log_in):
    client, data = log_in(city.supervisor), phone()
    first = client.post(reverse("field-report"), data)
    second = client.post(reverse("field-report"), {**data, "photos": [picture()]})
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    case = Case.objects.get()
    assert case.reporter == city.supervisor and case.source == "supervisor"


def test_refusals_say_why_so_that_the_phone_can_show_it(city, log_in):
    client = log_in(city.supervisor)
    assert client.post(reverse("field-report"), phone(description="")).status_code == 422
    assert client.post(reverse("field-report"), phone(uuid="x")).json()["code"] == "bad_uuid"
    assert client.post(reverse("field-report"), phone(lon="")).json()["code"] == "no_location"
    assert client.post(reverse("field-report"), phone(lon="100", lat="30")).json()["code"] == "outside"
    assert log_in(city.admin).post(reverse("field-report"), phone()).status_code == 403
    assert Case.objects.count() == 0


def test_answer_of_a_task_counts_once(city, log_in):
    case, client = city.case("checking"), log_in(city.supervisor)
    tasks = client.get(reverse("field-state")).json()["tasks"]
    assert [task["number"] for task in tasks] == [case.number] and tasks[0]["kind"] == "check"
    data = {"move": "check_pass", "uuid": str(uuid.uuid4()), "lon": HERE.x, "lat": HERE.y, "photos": [picture()]}
    assert client.post(reverse("field-answer", args=[case.pk]), data).status_code == 201
    assert client.post(reverse("field-answer", args=[case.pk]), {**data, "photos": [picture()]}).status_code == 200
    case.refresh_from_db()
    assert case.state == "closing" and case.records.filter(move="check_pass").count() == 1
    assert client.post(reverse("field-answer", args=[case.pk]), {"move": "close"}).status_code == 422


def test_reported_time_is_the_phones_but_not_the_future(city, log_in):
    client, earlier = log_in(city.supervisor), timezone.now() - timedelta(hours=2)
    client.post(reverse("field-report"), phone(at=earlier.isoformat()))
    client.post(reverse("field-report"), phone(at=(timezone.now() + timedelta(days=2)).isoformat()))
    times = sorted(Case.objects.values_list("reported_at", flat=True))
    assert abs(times[0] - earlier) < timedelta(seconds=1) and times[1] <= timezone.now()


def test_track_is_kept_once_and_measured(city, log_in):
    client, start = log_in(city.supervisor), timezone.now() - timedelta(hours=1)
    points = [
        {
            "at": int((start + timedelta(minutes=n)).timestamp() * 1000),
            "lon": HERE.x + n * 0.001,
            "lat": HERE.y,
            "accuracy": 5,
        }
        for n in range(11)
    ]
    for _again in range(2):
        answer = client.post(reverse("field-track"), json.dumps({"points": points}), content_type="application/json")
    assert answer.json() == {"kept": 0} and TrackPoint.objects.count() == 11
    day = timezone.localtime(start).replace(hour=0, minute=0)
    assert 0.8 < field.track_km(city.supervisor.pk, day, day + timedelta(days=2)) < 0.86
    assert abs(LastPosition.objects.get().location.x - (HERE.x + 0.01)) < 1e-9
    with pytest.raises(DomainError):
        field.keep_track(city.supervisor, [Fix(timezone.now() + timedelta(hours=1), HERE.x, HERE.y)])
    assert client.post(reverse("field-track"), "{", content_type="application/json").status_code == 422


def test_attendance_knows_late_and_night(city):
    day = Shift.objects.get(name="常白班")
    entry = RosterEntry.objects.create(day=datetime(2026, 11, 24).date(), shift=day, user=city.supervisor)
    with pytest.raises(DomainError):
        field.check_out(city.supervisor, now=datetime(2026, 11, 24, 9, 0, tzinfo=ZONE))
    field.check_in(city.supervisor, HERE, now=datetime(2026, 11, 24, 8, 45, tzinfo=ZONE))
    entry.refresh_from_db()
    assert entry.is_late and entry.came_from
    with pytest.raises(DomainError) as error:
        field.check_in(city.supervisor, HERE, now=datetime(2026, 11, 24, 8, 50, tzinfo=ZONE))
    assert "08:45" in error.value.message
    night = RosterEntry.objects.create(
        day=datetime(2026, 11, 25).date(), shift=Shift.objects.get(name="夜班"), user=city.acceptor
    )
    field.check_in(city.acceptor, None, now=datetime(2026, 11, 26, 1, 0, tzinfo=ZONE))
    night.refresh_from_db()
    assert night.came_at and night.is_late
    with pytest.raises(DomainError):
        field.check_in(city.chief, None)


def test_offices_see_tracks_only_with_the_right(city, log_in):
    field.keep_track(city.supervisor, [Fix(timezone.now(), HERE.x, HERE.y)])
    assert city.supervisor.full_name in log_in(city.chief).get(reverse("tracks")).content.decode()
    assert log_in(city.worker).get(reverse("tracks")).status_code == 403
    assert city.supervisor.full_name not in log_in(city.stranger).get(reverse("tracks")).content.decode()


def test_screen_and_live_data_keep_to_the_scope(city, log_in):
    case = city.case("disposing")
    live = log_in(city.leader).get(reverse("command-live")).json()
    assert live["newest"][0]["number"] == case.number and live["figures"][0]["value"] == 1
    assert log_in(city.stranger).get(reverse("command-live")).json()["newest"] == []
    assert log_in(city.leader).get(reverse("command-screen")).status_code == 200
    assert log_in(city.worker).get(reverse("command-screen")).status_code == 403
