"""The data standard, its rules, sources, catalogue, quality and life cycle."""

from .catalogue import CatalogueEntry, CatalogueSubscription
from .cleaning import CleaningChange, CleaningRule
from .lifecycle import Archive, DestructionRequest
from .quality import QualityScore
from .source import SourceRecord, TableSource
from .table import DataTable, DataTableVersion

__all__ = [
    "Archive",
    "CatalogueEntry",
    "CatalogueSubscription",
    "CleaningChange",
    "CleaningRule",
    "DataTable",
    "DataTableVersion",
    "DestructionRequest",
    "QualityScore",
    "SourceRecord",
    "TableSource",
]
