"""What the city coordinates: for now its parts; cases follow."""

from .part import PartFacility

__all__ = ["PartFacility"]
