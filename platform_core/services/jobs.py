"""The job centre: work a user started, with progress, result and error."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.models import Job, User

from . import audit
from .notifications import notify

log = logging.getLogger(__name__)
STALE = timedelta(minutes=2)
HINT_LOST = timedelta(seconds=30)
KEEP_FILES = timedelta(days=7)
MAX_ATTEMPTS = 3


@dataclass
class Progress:
    """Handed to a job's function: reports progress and tells whether the user cancelled."""

    job: Job

    def __call__(self, done: int, total: int) -> None:
        """Store progress. Raises DomainError when the user has cancelled."""
        alive = Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING).update(
            done_count=done, total_count=total, heartbeat_at=timezone.now()
        )
        if not alive:
            raise DomainError("cancelled", _("The job was cancelled."))

    @contextmanager
    def aside(self) -> Iterator[Callable[[int, int], None]]:
        """Progress by a connection of its own, for work that is one long transaction: others see it, and a cancel."""
        connection = connections.create_connection(DEFAULT_DB_ALIAS)

        def report(done: int, total: int) -> None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE platform_core_job SET done_count = %s, total_count = %s, heartbeat_at = now()"
                    " WHERE id = %s AND state = 'running'",
                    (done, total, self.job.pk),
                )
                if not cursor.rowcount:
                    raise DomainError("cancelled", _("The job was cancelled."))

        try:
            yield report
        finally:
            connection.close()


@dataclass(frozen=True)
class Outcome:
    """What a job leaves: numbers to show (`url`: the page to go on with), and a file to fetch."""

    numbers: dict[str, Any]
    file: Path | None = None
    file_name: str = ""


Work = Callable[[Job, Progress], Outcome]
_kinds: dict[str, Work] = {}


def kind(name: str) -> Callable[[Work], Work]:
    """Register a function as the work of a kind of job."""

    def register(work: Work) -> Work:
        _kinds[name] = work
        return work

    return register


@transaction.atomic
def start(name: str, title: str, owner: User, **parameters: Any) -> Job:
    """Queue a job. The Celery message follows the commit; if it is lost, the sweeper finds the row."""
    from platform_core.tasks import run_job

    job = Job.objects.create(
        kind=name, title=title, owner=owner, parameters=parameters, language=translation.get_language() or "zh-hans"
    )
    audit.record("start job", job, after=parameters)
    transaction.on_commit(lambda: run_job.delay(job.pk))
    return job


def _claim(job_id: int) -> Job | None:
    now = timezone.now()
    claimed = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, started_at=now, heartbeat_at=now, attempts=F("attempts") + 1
    )
    return Job.objects.select_related("owner").get(pk=job_id) if claimed else None


def run(job_id: int) -> None:
    """Do a queued job once, whoever else tries at the same time."""
    job = _claim(job_id)
    if job is None:
        return
    with translation.override(job.language), audit.acting(job.owner):
        try:
            outcome = _kinds[job.kind](job, Progress(job))
        except DomainError as error:
            _finish(job, Job.State.FAILED, error=error.message)
        except Exception:  # the boundary of a worker: the user must learn that it failed, whatever it was
            log.exception("job %s (%s)", job.pk, job.kind)
            _finish(job, Job.State.FAILED, error=traceback.format_exc(limit=-3)[-2000:])
        else:
            _finish(job, Job.State.DONE, outcome=outcome)


@transaction.atomic
def _finish(job: Job, state: str, *, outcome: Outcome | None = None, error: str = "") -> None:
    locked = Job.objects.select_for_update().get(pk=job.pk)
    if locked.state == Job.State.CANCELLED:
        return
    locked.state, locked.error, locked.finished_at = state, error, timezone.now()
    if outcome:
        locked.result = outcome.numbers
        if outcome.file:
            with outcome.file.open("rb") as stream:
                locked.result_file.save(outcome.file.name, File(stream), save=False)
            locked.result_name = outcome.file_name or outcome.file.name
            outcome.file.unlink()
    locked.save()
    done = state == Job.State.DONE
    notify(
        locked.owner,
        (_("Finished: %s") if done else _("Failed: %s")) % locked.title,
        url=(locked.result or {}).get("url", "/jobs/"),
        level="info" if done else "warning",
    )


@transaction.atomic
def cancel(job: Job) -> None:
    """Stop a waiting or running job. Raises DomainError when it is over already."""
    stopped = Job.objects.filter(pk=job.pk, state__in=(Job.State.QUEUED, Job.State.RUNNING)).update(
        state=Job.State.CANCELLED, finished_at=timezone.now()
    )
    if not stopped:
        raise DomainError("job_over", _("The job is over already."))
    audit.record("cancel job", job)


def sweep() -> int:
    """Give lost jobs another chance; after MAX_ATTEMPTS they fail. Returns how many were queued again."""
    from platform_core.tasks import run_job

    now = timezone.now()
    dead = Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=now - STALE)
    for job in dead.filter(attempts__gte=MAX_ATTEMPTS).select_related("owner"):
        _finish(job, Job.State.FAILED, error=_("The worker died %d times.") % job.attempts)
    dead.filter(attempts__lt=MAX_ATTEMPTS).update(state=Job.State.QUEUED, created_at=now - HINT_LOST)
    waiting = Job.objects.filter(state=Job.State.QUEUED, created_at__lte=now - HINT_LOST)
    ids = list(waiting.values_list("pk", flat=True)[:100])
    for job_id in ids:
        run_job.delay(job_id)
    return len(ids)


def expire_files() -> None:
    """Delete result files older than a week; the rows stay."""
    for job in Job.objects.filter(finished_at__lt=timezone.now() - KEEP_FILES).exclude(result_file=""):
        job.result_file.delete(save=True)
