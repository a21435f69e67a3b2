"""Places, areas on the ellipsoid and in the local metre grid."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.db import connection


def point_of(data: Mapping[str, str], longitude: str = "lon", latitude: str = "lat") -> Point | None:
    """The place two parameters name in CGCS2000 degrees; None where one is missing or is no place on earth."""
    try:
        x, y = float(data[longitude]), float(data[latitude])
    except (KeyError, ValueError):
        return None
    return Point(x, y, srid=4490) if abs(x) <= 180 and abs(y) <= 90 else None


def area_m2(geometry: GEOSGeometry) -> float:
    """Area on the CGCS2000 ellipsoid in m² (PostGIS geography; one query)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ST_Area(ST_GeogFromWKB(%s))", [bytes(geometry.wkb)])
        return float(cursor.fetchone()[0])


def as_multipolygon(geometry: GEOSGeometry, srid: int = 4490) -> MultiPolygon:
    """A polygon or multipolygon as MultiPolygon. Raises ValueError for any other kind."""
    if geometry.geom_type == "Polygon":
        geometry = MultiPolygon(geometry)
    if not isinstance(geometry, MultiPolygon):
        raise ValueError(geometry.geom_type)
    geometry.srid = srid
    return geometry


def metre_srid(longitude: float) -> int:
    """CGCS2000 / 3-degree Gauss-Kruger CM (EPSG:4534–4554, central meridians 75°–135°) for a longitude."""
    meridian = min(135, max(75, round(longitude / 3) * 3))
    return 4534 + (meridian - 75) // 3
