"""Use cases of the exchange. Other apps call `publish` and `register_source`."""

from .outbound import publish, register_source

__all__ = ["publish", "register_source"]
