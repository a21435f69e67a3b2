"""Errors of the domain: what a service raises and a page shows."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """A rule that was broken. `code` is for programs, `message` (localised) for people, `details` for both."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, str(message), details
