"""The Celery application; queues: exchange, analysis, default."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "platform_core.settings")
app = Celery("eurbanmis")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
