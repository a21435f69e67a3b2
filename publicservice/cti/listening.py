"""Asterisk's events become the hotline's: `manage.py hotline_cti` runs this loop."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from platform_core.errors import DomainError
from publicservice.services import hotline

from .asterisk import Asterisk
from .base import CtiError

log = logging.getLogger(__name__)
TICK_S = 1.0
RETRY_S = 5.0


def handle(asterisk: Asterisk, event: dict[str, Any]) -> None:
    """One event. Raises CtiError or DomainError; the loop logs and goes on."""
    kind, channel = event["type"], event.get("channel", {})
    if kind == "StasisStart":
        _started(asterisk, channel, event.get("args", []))
    elif kind in ("StasisEnd", "ChannelDestroyed"):
        _ended(asterisk, str(channel.get("id", "")))


def _started(asterisk: Asterisk, channel: dict[str, Any], arguments: list[str]) -> None:
    if len(arguments) == 2 and arguments[0] == "agent":
        asterisk.connect(arguments[1])
        hotline.answered(arguments[1])
    elif len(arguments) == 2 and arguments[0] in ("third", "ear", "snoop"):
        asterisk.enter(arguments[0], arguments[1])
        hotline.joined(arguments[1], arguments[0])
    else:
        uid = str(channel["id"])
        caller = str(channel.get("caller", {}).get("number", ""))
        dialled = arguments[0] if arguments else ""
        asterisk.welcome(uid)
        hotline.incoming(uid, caller, dialled, arguments[1] if len(arguments) > 1 else "")


def _ended(asterisk: Asterisk, channel: str) -> None:
    uid, _dash, role = channel.partition("-")
    if not role:
        if hotline.ended(uid):
            asterisk.hang_up(uid)
    elif role == "agent":
        hotline.agent_gone(uid)


def run(asterisk: Asterisk, is_over: Callable[[], bool] = lambda: False) -> None:
    """Listen and distribute until `is_over` (asked every second); a lost connection is made again."""
    token = base64.b64encode(":".join(asterisk.key).encode()).decode()
    while not is_over():
        try:
            with connect(asterisk.events_url, additional_headers={"Authorization": f"Basic {token}"}) as socket:
                log.info("listening to %s", asterisk.base)
                _listen(asterisk, socket, is_over)
        except (OSError, WebSocketException) as error:
            log.warning("Asterisk: %s", error)
            time.sleep(RETRY_S)


def _listen(asterisk: Asterisk, socket: Any, is_over: Callable[[], bool]) -> None:
    while not is_over():
        try:
            event = json.loads(socket.recv(timeout=TICK_S))
        except TimeoutError:
            event = None
        close_old_connections()
        try:
            if event is not None:
                handle(asterisk, event)
            hotline.distribute()
        except (CtiError, DomainError) as error:
            log.warning("%s", error)
