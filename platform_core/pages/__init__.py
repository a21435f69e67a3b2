"""Pages written once: an app declares `ModelPages` and has list, detail, form, import and export."""

from .base import Column, ModelPages, Panel, find, register, registered

__all__ = ["Column", "ModelPages", "Panel", "find", "register", "registered"]
