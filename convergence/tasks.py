"""Celery entry points of the convergence."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone


@shared_task
def score_quality() -> None:
    """Today's scores, and yesterday's while late rows still count."""
    from .services import quality

    today = timezone.localdate()
    quality.score_day(today - timedelta(days=1))
    quality.score_day(today)


@shared_task
def apply_retention() -> None:
    """Archive what is past its retention."""
    from .services import lifecycle

    lifecycle.apply_retention()


@shared_task
def tell_subscribers() -> None:
    """Tell followers of catalogue entries about new data."""
    from .services import catalogue

    catalogue.tell_subscribers()
