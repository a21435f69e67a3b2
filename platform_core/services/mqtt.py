"""MQTT ingest: one connection a tier; systems register topic filters (CJJ/T 312 §6.1.4)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections

from . import health

log = logging.getLogger(__name__)
Handler = Callable[[str, bytes], None]
_handlers: dict[str, Handler] = {}
HEARTBEAT_S = 15.0


def register(topic_filter: str, handler: Handler) -> None:
    """Have `handler(topic, payload)` called for every message that fits; call it from AppConfig.ready."""
    _handlers[topic_filter] = handler


def client() -> paho.Client:
    """A connected client of this tier's account. Raises ImproperlyConfigured without MQTT_URL."""
    if not settings.MQTT_URL:
        raise ImproperlyConfigured("MQTT_URL is not set: mqtt://user:password@host:port. See docs/configuration.md.")
    address = urlsplit(settings.MQTT_URL)
    made = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"eurbanmis-{settings.TIER}", clean_session=False)
    made.username_pw_set(address.username, address.password)
    if address.scheme == "mqtts":
        made.tls_set()
    made.on_connect = _on_connect
    made.on_message = _on_message
    made.connect(address.hostname or "127.0.0.1", address.port or 1883)
    return made


def _on_connect(connected: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
    log.info("MQTT connected: %s", reason)
    for topic_filter in _handlers:
        connected.subscribe(topic_filter, qos=1)


def _on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
    close_old_connections()
    for topic_filter, handler in _handlers.items():
        if paho.topic_matches_sub(topic_filter, message.topic):
            handler(message.topic, bytes(message.payload))


def run() -> None:
    """Receive until the process ends; reconnects by itself, and shows in the health page."""
    connected = client()
    connected.loop_start()
    try:
        while True:
            if connected.is_connected():
                health.beat("mqtt")
            time.sleep(HEARTBEAT_S)
    finally:
        connected.loop_stop()
