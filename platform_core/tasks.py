"""Celery entry points of the floor."""

from __future__ import annotations

from celery import shared_task

from .services import audit, health, imports, jobs


@shared_task
def seal_audit_log() -> None:
    """Chain the newest audit entries."""
    while audit.seal():
        pass


@shared_task
def verify_audit_log() -> None:
    """Check the chain every day and raise the alarm where it is broken."""
    audit.verify_and_alarm()


@shared_task
def run_job(job_id: int) -> None:
    """Do one job of the job centre."""
    jobs.run(job_id)


@shared_task
def sweep_jobs() -> None:
    """Pick up jobs whose message was lost or whose worker died."""
    jobs.sweep()


@shared_task
def beat_heartbeat() -> None:
    """Proof that beat sends and a worker works."""
    health.beat("worker")


@shared_task
def expire_files() -> None:
    """Remove old result files, and the rows of old imports."""
    jobs.expire_files()
    imports.expire_rows()
