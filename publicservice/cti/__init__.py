"""The telephone system behind the hotline: an interface, Asterisk by ARI, and a simulator for demonstrations."""

from .base import Adapter, CtiError, adapter

__all__ = ["Adapter", "CtiError", "adapter"]
