"""Client of the data exchange interface of CJJ/T 312-2021 app. B."""

from .client import Client, ExchangeError, Reply
from .signing import sign

__all__ = ["Client", "ExchangeError", "Reply", "sign"]
