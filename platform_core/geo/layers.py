"""Map layers: what may be drawn, for whom, and as what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import connection
from django.db.models import BinaryField, F, Func, Model, QuerySet
from django.utils.translation import gettext_lazy as _

from platform_core.models import EvaluationGrid, EvaluationPoint, LayerFeature, Region, ThematicLayer, UnitGrid, User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TILE_SECONDS = 600


@dataclass(frozen=True)
class MapLayer:
    """A layer over a scoped model. Rows come through `visible_to`, so a tile never shows what a list hides."""

    name: str
    title: StrOrPromise
    model: type[Model]
    geometry: str
    properties: tuple[str, ...]
    permission: str
    colour: str
    kind: str  # point, line or polygon
    min_zoom: int = 0
    cluster_below: int = 0
    page: str = ""
    is_on: bool = True
    is_labelled: bool = False
    version: str = ""  # whose changes forget the tiles; the layer's own name unless said otherwise
    seconds: int = TILE_SECONDS  # how long a tile may be old where nobody calls `touch`
    restrict: Callable[[QuerySet, int], QuerySet] = field(default=lambda rows, zoom: rows)

    @property
    def group(self) -> str:
        """Name under which `touch` forgets the tiles."""
        return self.version or self.name

    def rows(self, user: User, zoom: int = 22) -> QuerySet:
        """Rows the user may see at this zoom."""
        rows: Any = self.model._default_manager.all()
        return self.restrict(rows.visible_to(user).current(), zoom)


_layers: dict[str, MapLayer] = {}


def register(layer: MapLayer) -> None:
    """Offer a layer to every map; an app calls it from ready()."""
    _layers[layer.name] = layer


def for_user(user: User) -> list[MapLayer]:
    """Layers the user has the right to see, in drawing order."""
    layers = [layer for layer in _layers.values() if user.has_perm(layer.permission)]
    return [*layers, *(_thematic(row) for row in _thematic_rows(user))]


def _thematic_rows(user: User) -> list[ThematicLayer]:
    if not user.has_perm("platform_core.view_layerfeature"):
        return []
    return list(ThematicLayer.objects.visible_to(user).current())


def _thematic(row: ThematicLayer) -> MapLayer:
    """A thematic layer as a map layer of its own, in its own colour."""
    return MapLayer(
        f"thematic-{row.code}",
        row.name,
        LayerFeature,
        "geometry",
        ("code", "name"),
        "platform_core.view_layerfeature",
        row.colour,
        row.geometry_type,
        page="layerfeature",
        is_on=False,
        is_labelled=True,
        version="layerfeature",
        restrict=lambda rows, zoom: rows.filter(layer=row),
    )


def find(name: str, user: User) -> MapLayer | None:
    """The layer, or None where there is none or the user may not see it."""
    return next((layer for layer in for_user(user) if layer.name == name), None)


def touch(name: str) -> None:
    """Forget the tiles of a layer; call after changing its rows in bulk."""
    cache.set(f"layer:{name}", _version(name) + 1, None)


def _version(name: str) -> int:
    return int(cache.get(f"layer:{name}", 0))


# Written out where it is used, not once before: the planner has to see the box to choose the right index.
BOX_SQL = "ST_SetSRID(ST_Transform(ST_TileEnvelope(%s, %s, %s), 4326), 4490)"
# ST_AsMVT over the scoped queryset's own SQL. Shapes are stored in 4490; to_3857 treats them as 4326, see geo.
TILE_SQL = """
WITH box AS (SELECT ST_TileEnvelope(%s, %s, %s) AS b3857),
shown AS (SELECT {columns},
                 ST_AsMVTGeom(ST_Transform(ST_SetSRID(q.{geometry}, 4326), 3857), box.b3857, 4096, 64) AS geom
          FROM ({rows}) q, box WHERE q.{geometry} && {box})
SELECT ST_AsMVT(shown, %s, 4096, 'geom') FROM shown WHERE geom IS NOT NULL
"""
# A shape's name stands at one place, in the one tile that holds it; else every tile would write it again.
LABEL_SQL = """
WITH box AS (SELECT ST_TileEnvelope(%s, %s, %s) AS b3857),
spots AS (SELECT q.name, ST_PointOnSurface(q.{geometry}) AS spot
          FROM ({rows}) q WHERE q.{geometry} && {box}),
shown AS (SELECT name, ST_AsMVTGeom(ST_Transform(ST_SetSRID(spot, 4326), 3857), box.b3857, 4096, 0) AS geom
          FROM spots, box WHERE spot && {box})
SELECT ST_AsMVT(shown, %s, 4096, 'geom') FROM shown WHERE geom IS NOT NULL
"""
CLUSTER_SQL = """
WITH box AS (SELECT ST_TileEnvelope(%s, %s, %s) AS b3857),
cells AS (SELECT count(*) AS count, ST_SetSRID(ST_Centroid(ST_Collect(q.{geometry})), 4326) AS centre
          FROM ({rows}) q WHERE q.{geometry} && {box}
          GROUP BY floor(ST_X(q.{geometry}) / %s), floor(ST_Y(q.{geometry}) / %s)),
shown AS (SELECT count, ST_AsMVTGeom(ST_Transform(centre, 3857), box.b3857, 4096, 0) AS geom FROM cells, box)
SELECT ST_AsMVT(shown, %s, 4096, 'geom') FROM shown WHERE geom IS NOT NULL
"""


def tile(layer: MapLayer, user: User, zoom: int, x: int, y: int) -> bytes:
    """A Mapbox vector tile of the user's rows; cached by layer version and the query's own text."""
    geometry = "tile_shape"
    # Django would select a shape as bytea; the cast costs nothing and leaves the index usable.
    shape = Func(F(layer.geometry), template="(%(expressions)s)::geometry", output_field=BinaryField())
    rows = layer.rows(user, zoom).order_by().annotate(tile_shape=shape).values("pk", geometry, *layer.properties)
    inner, parameters = rows.query.sql_with_params()
    key = hashlib.sha256(f"{inner}{parameters}{zoom}/{x}/{y}".encode()).hexdigest()
    cached = cache.get(name := f"tile:{layer.name}:{_version(layer.group)}:{key}")
    if cached is not None:
        return bytes(cached)
    box = [zoom, x, y]
    pieces = {"rows": inner, "geometry": geometry, "box": BOX_SQL}
    with connection.cursor() as cursor:
        if zoom < layer.cluster_below:
            cell = 360 / 2**zoom / 16
            cursor.execute(CLUSTER_SQL.format(**pieces), [*box, *parameters, *box, cell, cell, layer.name])
        else:
            columns = ", ".join(f'q."{column}"' for column in ("pk", *layer.properties))
            sql = TILE_SQL.format(**pieces, columns=columns)
            cursor.execute(sql, [*box, *parameters, *box, layer.name])
        body = bytes(cursor.fetchone()[0] or b"")
        if layer.is_labelled:
            # Layers of a vector tile may simply be joined end to end.
            label = [*box, *parameters, *box, *box, f"{layer.name}-label"]
            cursor.execute(LABEL_SQL.format(**pieces), label)
            body += bytes(cursor.fetchone()[0] or b"")
    cache.set(name, body, layer.seconds)
    return body


def _regions_by_zoom(rows: QuerySet, zoom: int) -> QuerySet:
    level = 1 if zoom < 6 else 2 if zoom < 8 else 3
    return rows.filter(geometry__isnull=False, level__lte=level)


def register_core_layers() -> None:
    """Divisions, grids and points; thematic layers join as users make them."""
    register(
        MapLayer(
            "region",
            _("Administrative divisions"),
            Region,
            "geometry",
            ("code", "name", "level"),
            "platform_core.view_region",
            "#5b6b7b",
            "polygon",
            page="region",
            is_labelled=True,
            restrict=_regions_by_zoom,
        )
    )
    register(
        MapLayer(
            "evaluationgrid",
            _("Evaluation grids"),
            EvaluationGrid,
            "geometry",
            ("code", "name"),
            "platform_core.view_evaluationgrid",
            "#1f6f8b",
            "polygon",
            9,
            page="evaluationgrid",
        )
    )
    register(
        MapLayer(
            "unitgrid",
            _("Unit grids"),
            UnitGrid,
            "geometry",
            ("code",),
            "platform_core.view_unitgrid",
            "#8a97a5",
            "polygon",
            14,
            page="unitgrid",
            is_on=False,
        )
    )
    register(
        MapLayer(
            "evaluationpoint",
            _("Evaluation points"),
            EvaluationPoint,
            "location",
            ("code", "name", "point_type"),
            "platform_core.view_evaluationpoint",
            "#c2571a",
            "point",
            cluster_below=11,
            page="evaluationpoint",
        )
    )
