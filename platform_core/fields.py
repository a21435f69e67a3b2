"""Model fields of our own."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


class EncryptedTextField(models.TextField):
    """Text encrypted at rest with FIELD_ENCRYPTION_KEYS (newest first; older ones still decrypt).

    It cannot be searched or sorted in the database. Reading raises InvalidToken when no key fits.
    """

    def from_db_value(self, value: str | None, *_args: Any) -> str | None:
        """Ciphertext → text."""
        if not value:
            return value
        try:
            return _box().decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise InvalidToken(f"{self.model.__name__}.{self.name}: no key in FIELD_ENCRYPTION_KEYS fits") from error

    def get_prep_value(self, value: Any) -> Any:
        """Text → ciphertext."""
        value = super().get_prep_value(value)
        return _box().encrypt(value.encode()).decode() if value else value


def mask_phone(number: str) -> str:
    """`13912345678` → `139****5678`; anything shorter than seven characters is hidden wholly."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 7 else "*" * len(number)
