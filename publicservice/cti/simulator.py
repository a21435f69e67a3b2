"""A telephone system without telephones: calls are made by a button and answered on the agent's page."""

from __future__ import annotations

import io
import math
import struct
import wave

RATE = 8000


class Simulator:
    """Says yes to everything; its recordings are a tone, so that nobody takes them for a conversation."""

    answers_itself = False

    def offer(self, uid: str, extension: str) -> None:
        """The page rings."""

    def withdraw(self, uid: str) -> None:
        """Nothing rings."""

    def hang_up(self, uid: str) -> None:
        """Nothing to hang up."""

    def listen(self, uid: str, extension: str) -> None:
        """Nothing to hear."""

    def join(self, uid: str, number: str) -> None:
        """Nobody to join."""

    def recording(self, uid: str) -> bytes | None:
        """Two seconds of a 440 Hz tone."""
        stream = io.BytesIO()
        with wave.open(stream, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
            tone = (int(6000 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(2 * RATE))
            sound.writeframes(b"".join(struct.pack("<h", value) for value in tone))
        return stream.getvalue()
