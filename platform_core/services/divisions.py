"""The districts of this platform's own division: every tier knows the divisions of the whole country."""

from __future__ import annotations

from django.contrib.gis.geos import Point

from platform_core.memo import remembered
from platform_core.models import PlatformInstance, Region
from platform_core.models.base import ScopedQuerySet


@remembered(10)
def own_prefix() -> str:
    """What every division code of this platform begins with; empty for the nation and before `setup_tier`."""
    platform = PlatformInstance.objects.select_related("region").defer("region__geometry").first()
    return platform.region.prefix if platform else ""


def own_districts() -> ScopedQuerySet:
    """Counties and districts of this platform's division, by code."""
    found: ScopedQuerySet = Region.objects.filter(level=Region.Level.COUNTY, code__startswith=own_prefix())
    return found.order_by("code")


def district_at(point: Point) -> Region | None:
    """The own district a point lies in, without its boundary; None outside (one query)."""
    found: Region | None = own_districts().filter(geometry__covers=point).defer("geometry").order_by().first()
    return found
