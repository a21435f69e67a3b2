"""Unit grids and evaluation grids (CJJ/T 312 §2.0.5, §4.3.3)."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.db import transaction
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from platform_core.errors import DomainError
from platform_core.geo import layers
from platform_core.geo.measure import as_multipolygon, metre_srid
from platform_core.models import EvaluationGrid, EvaluationPoint, Region, UnitGrid

CELL_M = 250.0
BLOCK = 5  # cells on a side of an evaluation grid: 1.25 km, so about 1.6 km²
SLIVER = 0.3  # a cell cut below this share of its area joins its block's largest neighbour


@transaction.atomic
def make_demo_grids(region: Region, seed: int = 312) -> tuple[int, int]:
    """Cut a district into unit grids inside its real boundary and group them into evaluation grids.

    The cut is regular and labelled as demo data; real grids follow roads and walls. Returns the numbers of unit
    and evaluation grids. Raises DomainError where the district has no boundary or already has grids.
    """
    if region.geometry is None:
        raise DomainError("no_boundary", _("%s has no boundary.") % region)
    if UnitGrid.objects.filter(region__code__startswith=region.prefix).exists():
        raise DomainError("has_grids", _("%s already has unit grids.") % region)
    srid = metre_srid(region.geometry.centroid.x)
    boundary = shapely.from_wkb(bytes(region.geometry.transform(srid, clone=True).wkb))
    blocks = _merge_small(_cut(boundary))
    streets = list(Region.objects.filter(parent=region, level=Region.Level.STREET).order_by("code")) or [region]
    centres = _street_seeds(boundary, len(streets), seed)
    grids, units = [], []
    numbers: dict[str, int] = defaultdict(int)
    for order, cells in enumerate(blocks, start=1):
        outline = shapely.unary_union(cells)
        grid = EvaluationGrid(
            code=f"{region.code}{order:04d}",
            name=f"{region.name}{order:03d}号评价网格",
            region=region,
            geometry=_stored(outline, srid),
            area_km2=outline.area / 1e6,
            is_demo=True,
        )
        grids.append(grid)
        street = streets[_nearest(centres, outline.centroid)]
        for cell in cells:
            numbers[street.code] += 1
            number = numbers[street.code]
            code = f"{street.code.ljust(9, '0')}{number // 1000 + 1:03d}{number % 1000:03d}"
            units.append(
                UnitGrid(
                    code=code,
                    region=street,
                    evaluation_grid=grid,
                    area_m2=cell.area,
                    geometry=_stored(cell, srid),
                    is_demo=True,
                )
            )
    EvaluationGrid.objects.bulk_create(grids, batch_size=500)
    UnitGrid.objects.bulk_create(units, batch_size=1000)
    layers.touch("evaluationgrid")
    layers.touch("unitgrid")
    return len(units), len(grids)


def _stored(shape: BaseGeometry, srid: int) -> MultiPolygon:
    metres = GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=srid)
    return as_multipolygon(metres.transform(4490, clone=True))


def _cut(boundary: BaseGeometry) -> list[list[BaseGeometry]]:
    """Cells by block; a sliver at the boundary joins the largest cell of its block that it touches."""
    west, south, east, north = boundary.bounds
    columns, rows = np.arange(west, east, CELL_M), np.arange(south, north, CELL_M)
    x, y = (axis.ravel() for axis in np.meshgrid(columns, rows))
    shapely.prepare(boundary)
    squares = shapely.box(x, y, x + CELL_M, y + CELL_M)
    touched = shapely.intersects(boundary, squares)
    inside = shapely.contains_properly(boundary, squares)
    blocks: dict[tuple[int, int], list[BaseGeometry]] = defaultdict(list)
    for square, left, bottom, hit, whole in zip(squares, x, y, touched, inside, strict=True):
        if not hit:
            continue
        cell = square if whole else shapely.intersection(boundary, square)
        if cell.area > 1:
            blocks[int((left - west) // (CELL_M * BLOCK)), int((bottom - south) // (CELL_M * BLOCK))].append(cell)
    return [_absorb_slivers(cells) for _key, cells in sorted(blocks.items())]


def _absorb_slivers(cells: list[BaseGeometry]) -> list[BaseGeometry]:
    whole = [cell for cell in cells if cell.area >= SLIVER * CELL_M**2]
    for sliver in (cell for cell in cells if cell.area < SLIVER * CELL_M**2):
        if not whole:
            whole.append(sliver)
            continue
        nearest = min(range(len(whole)), key=lambda index: (whole[index].distance(sliver), -whole[index].area))
        whole[nearest] = shapely.union(whole[nearest], sliver)
    return whole


def _merge_small(blocks: list[list[BaseGeometry]]) -> list[list[BaseGeometry]]:
    """Blocks below 0.5 km² join the nearest neighbour that stays within 3 km²."""
    big = [cells for cells in blocks if sum(cell.area for cell in cells) >= 5e5]
    for cells in (cells for cells in blocks if sum(cell.area for cell in cells) < 5e5):
        area, shape = sum(cell.area for cell in cells), shapely.unary_union(cells)
        room = [other for other in big if sum(cell.area for cell in other) + area <= 3e6]
        if room:
            min(room, key=lambda other: shapely.union_all(other).distance(shape)).extend(cells)
        else:
            big.append(cells)
    return big


def _street_seeds(boundary: BaseGeometry, count: int, seed: int) -> list[shapely.Point]:
    """Centres that stand in for the streets, whose real boundaries are not in the data."""
    chance = random.Random(seed)  # noqa: S311 - demo geometry
    west, south, east, north = boundary.bounds
    found: list[shapely.Point] = []
    while len(found) < count:
        point = shapely.Point(chance.uniform(west, east), chance.uniform(south, north))
        if boundary.contains(point):
            found.append(point)
    return found


def _nearest(points: list[shapely.Point], shape: BaseGeometry) -> int:
    return min(range(len(points)), key=lambda index: points[index].distance(shape))


def grid_at(longitude: float, latitude: float) -> UnitGrid | None:
    """The unit grid a point lies in (one indexed query)."""
    point = Point(longitude, latitude, srid=4490)
    return (
        UnitGrid.objects.current()
        .filter(geometry__covers=point)
        .select_related("evaluation_grid")
        .defer("evaluation_grid__geometry")
        .first()
    )


def place_point(point: EvaluationPoint) -> None:
    """Set a point's evaluation grid from its location."""
    point.evaluation_grid = EvaluationGrid.objects.current().filter(geometry__covers=point.location).first()
