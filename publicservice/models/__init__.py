"""What the public asks for and what it gets: appeals, calls, return visits, notices, convenience services."""

from .appeal import Appeal, AppealRecord, OneTimeCode, ReturnVisit, ShortMessage
from .convenience import ConvenienceService, Notice, Open311Client
from .hotline import Agent, Call, CallEvent

__all__ = [
    "Agent",
    "Appeal",
    "AppealRecord",
    "Call",
    "CallEvent",
    "ConvenienceService",
    "Notice",
    "OneTimeCode",
    "Open311Client",
    "ReturnVisit",
    "ShortMessage",
]
