"""Accounts, batches, outbox, subscriptions, connectors, statistics, alarms."""

from .account import AccountKey, PlatformAccount, TableGrant
from .alarm import Alarm, AlarmRule
from .batch import InboundBatch, QuarantinedRow, SeenSignature
from .connector import Connector, ConnectorRun
from .outbound import OutboundChunk, OutboundLane, PullSubscription, UpperPlatform
from .statistics import CallStatistic

__all__ = [
    "AccountKey",
    "Alarm",
    "AlarmRule",
    "CallStatistic",
    "Connector",
    "ConnectorRun",
    "InboundBatch",
    "OutboundChunk",
    "OutboundLane",
    "PlatformAccount",
    "PullSubscription",
    "QuarantinedRow",
    "SeenSignature",
    "TableGrant",
    "UpperPlatform",
]
