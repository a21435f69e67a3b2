"""Between the shared vocabulary and the exchange (CJJ/T 312 §4.1.4-7-3, §4.3.3, §4.3.10).

A city publishes its grids and points whenever they are saved; a platform above loads what arrives into its own maps
and lists. Which of the two a deployment does is in its profile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.db.models import Count, Model
from django.db.models.signals import post_save

from exchange.services import publish, register_source
from exchange.tables import Row
from platform_core.gathering import hand_over
from platform_core.geo import layers
from platform_core.geo.measure import area_m2
from platform_core.models import CGCS2000, EvaluationGrid, EvaluationPoint, PlatformInstance, Region, UnitGrid

Loader = Callable[[Sequence[Row]], None]
_loaders: dict[str, Loader] = {}


def load(name: str, rows: Sequence[Row]) -> None:
    """Hand stored rows of `group.table` to their table of the platform, if it has one."""
    loader = _loaders.get(name)
    if loader and rows:
        loader(rows)


def register_loader(name: str, loader: Loader) -> None:
    """Hand the rows of `group.table` on as they are stored, in the same transaction; an app calls it from ready().

    Rows that this platform published itself come along too.
    """
    _loaders[name] = loader


def _shape(geometry: GEOSGeometry | None) -> dict[str, Any] | None:
    return json.loads(geometry.geojson) if geometry else None


def grid_row(grid: EvaluationGrid) -> Row:
    """basic.evaluationGrid."""
    return {
        "code": grid.code, "name": grid.name, "districtCode": grid.region_id, "area": round(grid.area_km2, 6),
        "unitGridCount": grid.unit_count if hasattr(grid, "unit_count") else grid.unit_grids.count(),
        "geometry": _shape(grid.geometry),
    }  # fmt: skip


def unit_row(grid: UnitGrid) -> Row:
    """basic.grid."""
    return {
        "gridCode": grid.code, "districtCode": grid.region_id[:6], "area": round(grid.area_m2, 2),
        "geometry": _shape(grid.geometry),
    }  # fmt: skip


def point_row(point: EvaluationPoint) -> Row:
    """basic.evaluationPoint."""
    return {
        "code": point.code, "name": point.name, "pointType": str(point.point_type), "districtCode": point.region_id,
        "gridCode": point.evaluation_grid.code if point.evaluation_grid else None, "lon": point.location.x,
        "lat": point.location.y, "address": point.address, "owner": point.owner.name if point.owner else None,
    }  # fmt: skip


MODELS: tuple[tuple[type[Model], str, Callable[[Any], Row], tuple[str, ...]], ...] = (
    (EvaluationGrid, "evaluationGrid", grid_row, ()),
    (UnitGrid, "grid", unit_row, ()),
    (EvaluationPoint, "evaluationPoint", point_row, ("evaluation_grid", "owner")),
)


def connect_publishers() -> None:
    """City: what is saved goes out, in the transaction that saves it."""
    for model, table, to_row, related in MODELS:
        register_source(f"basic.{table}", _all_of(model, to_row, related))
        post_save.connect(on_save(table, to_row), sender=model, weak=False, dispatch_uid=f"publish {table}")


def _all_of(model: type[Model], to_row: Callable[[Any], Row], related: tuple[str, ...]) -> Callable[[], Iterator[Row]]:
    def rows() -> Iterator[Row]:
        found: Any = model._default_manager.select_related(*related).order_by("pk")
        if model is EvaluationGrid:
            found = found.annotate(unit_count=Count("unit_grids"))
        return (to_row(instance) for instance in found.iterator(500))

    return rows


def on_save(table: str, to_row: Callable[[Any], Row]) -> Callable[..., None]:
    """A receiver of post_save: a row of `basic.<table>` goes out in the transaction that saved it."""

    def saved(sender: type[Model], instance: Model, raw: bool = False, **_more: Any) -> None:
        # A platform that is not set up yet has nobody to answer for its data.
        if not raw and PlatformInstance.objects.exists():
            hand_over(f"basic.{table}", to_row(instance), partial(publish, "basic", table))

    return saved


def connect_loaders() -> None:
    """Province and nation: what arrives is shown."""
    _loaders["basic.evaluationGrid"] = _load_grids
    _loaders["basic.evaluationPoint"] = _load_points


def _regions(rows: Sequence[Row], field: str) -> set[str]:
    return set(Region.objects.filter(code__in={str(row.get(field)) for row in rows}).values_list("code", flat=True))


def _load_grids(rows: Sequence[Row]) -> None:
    known = _regions(rows, "districtCode")
    made = []
    for row in rows:
        if row.get("districtCode") not in known or not row.get("geometry"):
            continue
        shape = GEOSGeometry(json.dumps(row["geometry"]), srid=4326)
        shape.srid = CGCS2000
        if shape.geom_type not in ("Polygon", "MultiPolygon"):
            continue
        boundary = shape if isinstance(shape, MultiPolygon) else MultiPolygon(shape, srid=CGCS2000)
        made.append(EvaluationGrid(
            code=row["code"], name=row["name"], region_id=row["districtCode"], geometry=boundary,
            area_km2=area_m2(boundary) / 1e6,
        ))  # fmt: skip
    EvaluationGrid.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["code"],
        update_fields=["name", "region", "geometry", "area_km2", "updated_at"],
    )  # fmt: skip
    layers.touch("evaluationgrid")


def _load_points(rows: Sequence[Row]) -> None:
    known = _regions(rows, "districtCode")
    codes = {row["gridCode"] for row in rows if row.get("gridCode")}
    grids = dict(EvaluationGrid.objects.filter(code__in=codes).values_list("code", "pk"))
    made = [
        EvaluationPoint(
            code=row["code"], name=row["name"], point_type=int(row["pointType"]), region_id=row["districtCode"],
            evaluation_grid_id=grids.get(str(row.get("gridCode"))), address=row.get("address") or "",
            location=Point(row["lon"], row["lat"], srid=CGCS2000),
        )
        for row in rows
        if row.get("districtCode") in known and row.get("lon") is not None and row.get("lat") is not None
    ]  # fmt: skip
    EvaluationPoint.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["code"],
        update_fields=["name", "point_type", "region", "evaluation_grid", "address", "location", "updated_at"],
    )  # fmt: skip
    layers.touch("evaluationpoint")
