"""Keeps remembered accounts honest: whoever changes account, keys or grants moves the account's version."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Model
from django.db.models.signals import post_delete, post_save

from .models import AccountKey, PlatformAccount, TableGrant


def _on_account(sender: type[Model], instance: PlatformAccount, **_more: Any) -> None:
    PlatformAccount.objects.filter(pk=instance.pk).update(version=F("version") + 1)
    if instance.app_id and settings.MQTT_URL:
        from .tasks import provision_mqtt, send_hint

        transaction.on_commit(lambda: send_hint(provision_mqtt, instance.pk))


def _on_part(sender: type[Model], instance: AccountKey | TableGrant, **_more: Any) -> None:
    PlatformAccount.objects.filter(pk=instance.account_id).update(version=F("version") + 1)


def connect() -> None:
    """Called once by AppConfig.ready."""
    post_save.connect(_on_account, sender=PlatformAccount)
    for part in (AccountKey, TableGrant):
        post_save.connect(_on_part, sender=part)
        post_delete.connect(_on_part, sender=part)
