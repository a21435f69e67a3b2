"""Celery entry points."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from .services import hotline, messages, publishing


@shared_task
def send_messages() -> None:
    """Short messages that wait."""
    messages.send_waiting()


@shared_task
def distribute_calls() -> None:
    """The simulator's calls; with Asterisk the listening process distributes."""
    if not settings.CTI_URL:
        hotline.distribute()


@shared_task
def fetch_recordings() -> None:
    """Recordings of ended calls."""
    hotline.fetch_recordings()


@shared_task
def publish_hotline() -> None:
    """The hotline's figures."""
    publishing.publish_statistics()
