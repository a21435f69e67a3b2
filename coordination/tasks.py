"""Celery entry points."""

from __future__ import annotations

from celery import shared_task

from .services import counting, escalating, publishing


@shared_task
def escalate_cases() -> None:
    """Yellow and red lamps."""
    escalating.escalate_all()


@shared_task
def fold_counts() -> None:
    """Add up what cases did since the last time."""
    counting.fold_all()


@shared_task
def publish_cases() -> None:
    """Cases that changed go to the exchange."""
    publishing.publish_all_cases()


@shared_task
def publish_statistics() -> None:
    """The last days' statistics, likewise."""
    counting.fold_all()
    publishing.publish_statistics()
