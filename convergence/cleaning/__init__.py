"""Cleaning of rows by rules that are data (CJJ/T 312 §4.1.4-7-2)."""

from .engine import Cleaned, clean

__all__ = ["Cleaned", "clean"]
