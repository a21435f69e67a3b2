"""Jobs survive lost messages and dead workers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from platform_core.errors import DomainError
from platform_core.models import Job
from platform_core.services import jobs, sequences
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def worked():
    """Keys of the jobs whose work was done."""
    return []


@pytest.fixture
def job(monkeypatch, worked):
    def work(job, progress):
        progress(1, 2)
        worked.append(job.pk)
        return jobs.Outcome({"n": 1})

    monkeypatch.setitem(jobs._kinds, "test", work)
    return Job.objects.create(kind="test", title="试", owner=UserFactory())


def test_a_job_runs_once(job, worked):
    jobs.run(job.pk)
    jobs.run(job.pk)
    assert worked == [job.pk]
    job.refresh_from_db()
    assert (job.state, job.percent, job.attempts) == ("done", 100, 1)


def test_failure_is_told(job, monkeypatch):
    def fail(job, progress):
        raise DomainError("broken", "坏了")

    monkeypatch.setitem(jobs._kinds, "test", fail)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "坏了")
    assert job.owner.notifications.get().level == "warning"


def test_cancelled_job_stops_at_its_next_report(job, monkeypatch):
    def slow(job, progress):
        jobs.cancel(job)
        progress(1, 2)
        raise AssertionError("went on")

    monkeypatch.setitem(jobs._kinds, "test", slow)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("cancelled", "")


def test_sweeper_finds_lost_and_dead_work(job, monkeypatch):
    sent: list[object] = []
    monkeypatch.setattr("platform_core.tasks.run_job.delay", sent.append)
    long_ago = timezone.now() - timedelta(minutes=10)
    Job.objects.filter(pk=job.pk).update(created_at=long_ago)
    dead = Job.objects.create(
        kind="test", title="死", owner=job.owner, state="running", heartbeat_at=long_ago, attempts=1
    )
    hopeless = Job.objects.create(
        kind="test", title="休", owner=job.owner, state="running", heartbeat_at=long_ago, attempts=3
    )
    assert jobs.sweep() == 2
    assert set(sent) == {job.pk, dead.pk}
    hopeless.refresh_from_db()
    assert hopeless.state == "failed"


def test_file_belongs_to_its_owner(job, log_in):
    assert log_in(UserFactory()).get(f"/jobs/{job.pk}/file/").status_code == 404
    assert log_in(UserFactory()).post(f"/jobs/{job.pk}/cancel/").status_code == 404


def test_sequence_counts_by_name():
    assert [sequences.next_number("a"), sequences.next_number("a"), sequences.next_number("b")] == [1, 2, 1]
