"""What the city coordinates: parts, cases, the people who deal with them, and how well they do."""

from .case import FINAL_STATES, Case
from .category import CaseCategory, Emergency, Stage, TimeLimit
from .definition import WorkflowDefinition
from .field import GridDuty, LastPosition, RosterEntry, Shift, TrackPoint
from .keytask import KeyTask, KeyTaskFeedback
from .part import PartFacility
from .performance import DayCount, Grade, Indicator, Subject
from .place import Place
from .record import CaseRequest, CaseTask, StageRecord
from .routing import RoutingRule, TextModel

__all__ = [
    "FINAL_STATES",
    "Case",
    "CaseCategory",
    "CaseRequest",
    "CaseTask",
    "DayCount",
    "Emergency",
    "Grade",
    "GridDuty",
    "Indicator",
    "KeyTask",
    "KeyTaskFeedback",
    "LastPosition",
    "PartFacility",
    "Place",
    "RosterEntry",
    "RoutingRule",
    "Shift",
    "Stage",
    "StageRecord",
    "Subject",
    "TextModel",
    "TimeLimit",
    "TrackPoint",
    "WorkflowDefinition",
]
