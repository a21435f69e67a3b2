"""Readers of other departments' systems, by kind (CJJ/T 312 §6.1.2, §4.1.4-6-2)."""

from .base import ConnectorError, Reading, read

__all__ = ["ConnectorError", "Reading", "read"]
