"""Gateways. SMS_GATEWAY is `console`, or the URL of a service that takes JSON {phone, text} and answers 2xx."""

from __future__ import annotations

import logging
from typing import Protocol

import httpx
from django.conf import settings

from platform_core.fields import mask_phone

log = logging.getLogger(__name__)
TIMEOUT_S = 10.0


class GatewayError(Exception):
    """The gateway did not take the message; it may be tried again."""


class Gateway(Protocol):
    """Sends one message."""

    def send(self, phone: str, text: str) -> None:
        """Raises GatewayError."""


class ConsoleGateway:
    """Writes to the log that a message was sent, never its text: codes do not belong in logs."""

    def send(self, phone: str, text: str) -> None:
        """Log."""
        log.info("short message of %d signs to %s", len(text), mask_phone(phone))


class HttpGateway:
    """POSTs to SMS_GATEWAY with the bearer token SMS_TOKEN."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def send(self, phone: str, text: str) -> None:
        """Raises GatewayError for anything but 2xx."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        try:
            answer = httpx.post(self.url, json={"phone": phone, "text": text}, headers=headers, timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            raise GatewayError(type(error).__name__) from error
        if not answer.is_success:
            raise GatewayError(f"HTTP {answer.status_code}")


def gateway() -> Gateway:
    """The one that is set."""
    if settings.SMS_GATEWAY == "console":
        return ConsoleGateway()
    return HttpGateway(settings.SMS_GATEWAY, settings.SMS_TOKEN)
