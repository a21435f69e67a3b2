"""What the hotline asks of a telephone system; what happens there comes back by services.hotline (incoming, …)."""

from __future__ import annotations

from typing import Protocol

from django.conf import settings


class CtiError(Exception):
    """The telephone system refused or cannot be reached."""


class Adapter(Protocol):
    """A telephone system. `uid` is its name of a call; extensions and numbers are what it can dial."""

    answers_itself: bool
    """Whether picking up the telephone answers (else the agent's page does)."""

    def offer(self, uid: str, extension: str) -> None:
        """Ring an agent for a waiting call. Raises CtiError."""

    def withdraw(self, uid: str) -> None:
        """Stop ringing; the call waits again."""

    def hang_up(self, uid: str) -> None:
        """End a call."""

    def listen(self, uid: str, extension: str) -> None:
        """坐席监听: let a supervisor hear a call without being heard."""

    def join(self, uid: str, number: str) -> None:
        """三方通话: bring a third number into a call."""

    def recording(self, uid: str) -> bytes | None:
        """The call's recording as WAV; None where there is none (yet)."""


def adapter() -> Adapter:
    """The one that CTI_URL names: empty for the simulator, http(s)://user:password@host:port for Asterisk."""
    if settings.CTI_URL:
        from .asterisk import Asterisk

        return Asterisk(settings.CTI_URL)
    from .simulator import Simulator

    return Simulator()
