"""Deadlines, lamps, escalation."""

from datetime import datetime, timedelta

from django.utils import timezone

from coordination.models import Case, TimeLimit
from coordination.services import escalating, limits
from platform_core.models import Notification

ZONE = timezone.get_default_timezone()
FRIDAY_16 = datetime(2026, 11, 20, 16, 0, tzinfo=ZONE)


def test_the_most_specific_limit_wins(city):
    assert limits.find("dispose", "E0102", 0).minutes == 240
    assert limits.find("dispose", "E0109", 0).category == "E01"
    assert limits.find("dispose", "E0102", 1).minutes == 240
    assert limits.find("dispose", "P0502", 0).category == ""
    assert limits.find("accept", "", 1).minutes == 5
    TimeLimit.objects.create(stage="dispose", category="E0102", emergency=1, minutes=30, clock="natural")
    assert limits.find("dispose", "E0102", 1).minutes == 30


def test_working_time_skips_the_weekend(city):
    found = limits.deadline(FRIDAY_16, "dispose", "E0102", 0)
    assert found.due_at > FRIDAY_16 + timedelta(days=2) and found.due_at.astimezone(ZONE).weekday() == 0
    assert FRIDAY_16 < found.warn_at <= found.due_at
    assert limits.deadline(FRIDAY_16, "dispose", "E0401", 0).due_at == FRIDAY_16 + timedelta(minutes=240)


def test_lamps_and_escalation_tell_each_once(city):
    case = city.case("reported", at=timezone.now() - timedelta(minutes=9))
    assert case.lamp == "yellow"
    assert escalating.escalate_all() == 1
    case.refresh_from_db()
    assert case.alarm_at == case.due_at
    assert escalating.escalate_all() == 0
    later = timezone.now() + timedelta(minutes=5)
    assert escalating.escalate(later) == 1 and escalating.escalate(later) == 0
    assert Notification.objects.filter(recipient=city.chief, level="alarm").count() == 1
    assert not Notification.objects.filter(recipient=city.stranger).exists()
    Case.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    case.refresh_from_db()
    assert case.lamp == "red" and list(Case.objects.overdue()) == [case]
