"""GCJ-02, the offset datum of Chinese web maps, to and from WGS 84 / CGCS2000.

The published formula (Krasovsky 1940 ellipsoid with a sine polynomial). Forward error is nil by definition;
`to_wgs84` iterates until 1e-9 degrees (0.1 mm). Outside China the two are equal.
"""

from __future__ import annotations

from math import cos, pi, sin, sqrt

import numpy as np
import shapely

SEMI_MAJOR_M = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north


def _is_in_china(longitude: float, latitude: float) -> bool:
    west, south, east, north = CHINA
    return west <= longitude <= east and south <= latitude <= north


def _waves(value: float, amplitudes: tuple[float, float], divisors: tuple[float, float]) -> float:
    return sum(a * sin(value * pi / d) for a, d in zip(amplitudes, divisors, strict=True))


def _offset(longitude: float, latitude: float) -> tuple[float, float]:
    x, y = longitude - 105.0, latitude - 35.0
    common = (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + common
    north += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += _waves(y, (160.0, 320.0), (12.0, 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + common
    east += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += _waves(x, (150.0, 300.0), (12.0, 30.0)) * 2.0 / 3.0
    radians = latitude / 180.0 * pi
    magic = 1 - ECCENTRICITY_SQUARED * sin(radians) ** 2
    meridian = SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED) / (magic * sqrt(magic))
    return east * 180.0 / (SEMI_MAJOR_M / sqrt(magic) * cos(radians) * pi), north * 180.0 / (meridian * pi)


def from_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """Degrees WGS 84 → degrees GCJ-02."""
    if not _is_in_china(longitude, latitude):
        return longitude, latitude
    east, north = _offset(longitude, latitude)
    return longitude + east, latitude + north


def to_wgs84(longitude: float, latitude: float) -> tuple[float, float]:
    """Degrees GCJ-02 → degrees WGS 84."""
    guess = longitude, latitude
    for _round in range(10):
        there = from_wgs84(*guess)
        error = longitude - there[0], latitude - there[1]
        guess = guess[0] + error[0], guess[1] + error[1]
        if max(map(abs, error)) < 1e-9:
            break
    return guess


def geometry_to_wgs84(geometry: shapely.Geometry) -> shapely.Geometry:
    """Every vertex of a shape from GCJ-02."""

    def convert(vertices: np.ndarray) -> np.ndarray:
        return np.array([to_wgs84(x, y) for x, y in vertices]).reshape(-1, 2)

    return shapely.transform(geometry, convert)
