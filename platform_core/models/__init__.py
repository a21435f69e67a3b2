"""The shared vocabulary of the platform."""

from .attachment import Attachment
from .audit import AuditEntry
from .base import CGCS2000, DemoMixin, EditableModel, ScopedQuerySet
from .calendar import CalendarDay, Sequence, WorkingPeriod
from .code import Code, CodeList
from .grid import EvaluationGrid, EvaluationPoint, UnitGrid
from .instance import PlatformInstance
from .layer import LayerFeature, ThematicLayer
from .organisation import Organisation
from .region import Region
from .user import DataScope, IdentityLink, PasswordRecord, Role, Scope, User, UserSession
from .work import ImportBatch, ImportRow, Job, Notification, SavedView

__all__ = [
    "CGCS2000",
    "Attachment",
    "AuditEntry",
    "CalendarDay",
    "Code",
    "CodeList",
    "DataScope",
    "DemoMixin",
    "EditableModel",
    "EvaluationGrid",
    "EvaluationPoint",
    "IdentityLink",
    "ImportBatch",
    "ImportRow",
    "Job",
    "LayerFeature",
    "Notification",
    "Organisation",
    "PasswordRecord",
    "PlatformInstance",
    "Region",
    "Role",
    "SavedView",
    "Scope",
    "ScopedQuerySet",
    "Sequence",
    "ThematicLayer",
    "UnitGrid",
    "User",
    "UserSession",
    "WorkingPeriod",
]
