"""Use cases of coordination. The apps above call these: a citizen's appeal becomes a case by `report`, and is moved,
rated and found again by the others."""

from .classifying import suggest_categories
from .geocoding import geocode, nearest
from .moving import Given, move, rate
from .reporting import Report, report

__all__ = ["Given", "Report", "geocode", "move", "nearest", "rate", "report", "suggest_categories"]
