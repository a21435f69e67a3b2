"""Asterisk by its REST interface (ARI): calls, bridges, recording, snooping, three-way.

The dial plan sends hotline calls into the Stasis application CTI_APPLICATION with the dialled number and the caller's
choice: `Stasis(eurbanmis,${EXTEN},${SKILL})`. Channels have names that follow from the call, so that any process can
address them: `<uid>` the caller, `<uid>-agent`, `<uid>-third`, `<uid>-ear`, `<uid>-snoop`; bridges `<uid>-talk`,
`<uid>-listen`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from .base import CtiError

TIMEOUT_S = 5.0
RING_S = 25


class Asterisk:
    """One Asterisk server. Commands are single REST calls, so that web processes need no connection of their own."""

    answers_itself = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.base = f"{parts.scheme}://{parts.hostname}:{parts.port or 8088}/ari"
        self.key = (parts.username or "", parts.password or "")
        self.application = settings.CTI_APPLICATION

    @property
    def events_url(self) -> str:
        """The websocket of the application's events; the key goes into the header, not the address."""
        return self.base.replace("http", "ws", 1) + f"/events?app={self.application}"

    def _call(self, method: str, path: str, **parameters: Any) -> httpx.Response:
        try:
            answer = httpx.request(method, f"{self.base}{path}", params=parameters, auth=self.key, timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            raise CtiError(f"{type(error).__name__}") from error
        return answer

    def _do(self, method: str, path: str, **parameters: Any) -> Any:
        answer = self._call(method, path, **parameters)
        if not answer.is_success:
            raise CtiError(f"{method} {path}: HTTP {answer.status_code} {answer.text[:120]}")
        return answer.json() if answer.content else None

    # --- a call comes in

    def welcome(self, uid: str) -> None:
        """Answer the caller and let them wait in the talk's bridge with music."""
        self._do("POST", f"/channels/{uid}/answer")
        self._do("POST", f"/bridges/{uid}-talk", type="mixing", name=uid)
        self._do("POST", f"/bridges/{uid}-talk/addChannel", channel=uid)
        self._call("POST", f"/bridges/{uid}-talk/moh")  # a server without music is no reason to refuse a caller

    def offer(self, uid: str, extension: str) -> None:
        """Ring the agent's telephone; picked up, it enters the application as `agent,<uid>`."""
        self._originate(f"{uid}-agent", extension, f"agent,{uid}", timeout=RING_S)

    def connect(self, uid: str) -> None:
        """The agent has picked up: both in one bridge, recorded."""
        self._call("DELETE", f"/bridges/{uid}-talk/moh")
        self._do("POST", f"/bridges/{uid}-talk/addChannel", channel=f"{uid}-agent")
        self._do("POST", f"/bridges/{uid}-talk/record", name=uid, format="wav", ifExists="overwrite")

    def withdraw(self, uid: str) -> None:
        """Hang up the agent's telephone; the caller hears music again."""
        self._call("DELETE", f"/channels/{uid}-agent")
        self._call("POST", f"/bridges/{uid}-talk/moh")

    def hang_up(self, uid: str) -> None:
        """End everything of a call."""
        for channel in (f"{uid}-agent", f"{uid}-third", f"{uid}-ear", f"{uid}-snoop", uid):
            self._call("DELETE", f"/channels/{channel}")
        for bridge in (f"{uid}-talk", f"{uid}-listen"):
            self._call("DELETE", f"/bridges/{bridge}")

    # --- while it runs

    def listen(self, uid: str, extension: str) -> None:
        """Snoop on the agent's channel and ring the supervisor into a bridge with it."""
        self._do("POST", f"/bridges/{uid}-listen", type="mixing")
        self._do(
            "POST", f"/channels/{uid}-agent/snoop/{uid}-snoop", spy="both", whisper="none", app=self.application,
            appArgs=f"snoop,{uid}",
        )  # fmt: skip
        self._originate(f"{uid}-ear", extension, f"ear,{uid}")

    def join(self, uid: str, number: str) -> None:
        """Ring a third number into the talk."""
        self._originate(f"{uid}-third", number, f"third,{uid}")

    def enter(self, role: str, uid: str) -> None:
        """A channel that we rang (or snoop with) has come: put it where it belongs."""
        bridge = f"{uid}-talk" if role == "third" else f"{uid}-listen"
        self._do("POST", f"/bridges/{bridge}/addChannel", channel=f"{uid}-{role}")

    def _originate(self, channel: str, number: str, arguments: str, timeout: int = 30) -> None:
        self._do(
            "POST", f"/channels/{channel}", endpoint=settings.CTI_ENDPOINT.format(number=number), app=self.application,
            appArgs=arguments, timeout=timeout,
        )  # fmt: skip

    def bridge_channels(self, uid: str) -> list[str]:
        """Names of the channels in a talk."""
        found: list[str] = self._do("GET", f"/bridges/{uid}-talk")["channels"]
        return found

    def recording(self, uid: str) -> bytes | None:
        """The stored recording; None while it is not finished."""
        answer = self._call("GET", f"/recordings/stored/{uid}/file")
        return answer.content if answer.is_success else None
