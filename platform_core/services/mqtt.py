"""MQTT ingest: one connection a tier; systems register topic filters (CJJ/T 312 §6.1.4)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import paho.mqtt.client as paho
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections

from . import health

log = logging.getLogger(__name__)
Handler = Callable[[str, bytes], None]
_handlers: dict[str, Handler] = {}
_starters: list[Callable[[], None]] = []
_own: list[paho.Client] = []
HEARTBEAT_S = 15.0
PUBLISH_S = 10.0


def register(topic_filter: str, handler: Handler) -> None:
    """Have `handler(topic, payload)` called for every message that fits; call it from AppConfig.ready."""
    _handlers[topic_filter] = handler


def on_start(work: Callable[[], None]) -> None:
    """Have `work` done when the process has connected."""
    _starters.append(work)


def publish(topic: str, payload: bytes) -> None:
    """Publish with QoS 1: on the ingest's connection inside its process, else on one of its own.

    Raises OSError or ValueError where the broker cannot be reached.
    """
    if _own:
        _own[0].publish(topic, payload, qos=1)
        return
    made = client(f"eurbanmis-{settings.TIER}-{uuid4().hex[:8]}", clean=True)
    made.loop_start()
    try:
        made.publish(topic, payload, qos=1).wait_for_publish(PUBLISH_S)
    finally:
        made.disconnect()
        made.loop_stop()


def client(name: str = "", *, clean: bool = False) -> paho.Client:
    """A connected client of this tier's account. Raises ImproperlyConfigured without MQTT_URL."""
    if not settings.MQTT_URL:
        raise ImproperlyConfigured("MQTT_URL is not set: mqtt://user:password@host:port. See docs/configuration.md.")
    address = urlsplit(settings.MQTT_URL)
    made = paho.Client(
        paho.CallbackAPIVersion.VERSION2, client_id=name or f"eurbanmis-{settings.TIER}", clean_session=clean
    )
    made.username_pw_set(address.username, address.password)
    if address.scheme == "mqtts":
        made.tls_set()
    if not clean:
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
            try:
                handler(message.topic, bytes(message.payload))
            except Exception:  # one bad message must not end the process
                log.exception("MQTT %s", message.topic)


def run() -> None:
    """Receive until the process ends; reconnects by itself, and shows in the health page."""
    connected = client()
    _own[:] = [connected]
    connected.loop_start()
    try:
        for work in _starters:
            work()
        while True:
            if connected.is_connected():
                health.beat("mqtt")
            time.sleep(HEARTBEAT_S)
    finally:
        _own.clear()
        connected.loop_stop()
