"""Maps: the page, the command hall's screen, tiles and features."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.gis.geos import Polygon
from django.core.serializers import serialize
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from platform_core.errors import DomainError
from platform_core.geo import layers
from platform_core.http import UserRequest
from platform_core.models import EvaluationPoint, PlatformInstance, User

FEATURES = 2000
MAX_ZOOM = 20


def _configuration(request: UserRequest) -> dict[str, Any]:
    shown = [
        {
            "name": layer.name,
            "title": str(layer.title),
            "colour": layer.colour,
            "kind": layer.kind,
            "minZoom": layer.min_zoom,
            "isOn": layer.is_on,
            "isLabelled": layer.is_labelled,
            "isClustered": layer.cluster_below,
            "url": f"/tiles/{layer.name}/{{z}}/{{x}}/{{y}}.mvt",
            "page": reverse("page-list", args=[layer.page]) if layer.page else "",
        }
        for layer in layers.for_user(request.user)
    ]
    return {
        "layers": shown,
        "bounds": home_bounds(request.user),
        "tianditu": settings.TIANDITU_KEY,
        "features": "/features/",
    }


def home_bounds(user: User) -> list[list[float]]:
    """Where the map opens: the user's own region, else the platform's, else China."""
    scope = user.data_scopes.filter(region__geometry__isnull=False).select_related("region").first()
    platform = PlatformInstance.objects.select_related("region").first()
    region = scope.region if scope else platform.region if platform else None
    if region is None or region.geometry is None:
        return [[18.0, 74.0], [53.5, 134.5]]
    west, south, east, north = region.geometry.extent
    return [[south, west], [north, east]]


@login_required
def map_page(request: UserRequest) -> HttpResponse:
    """The map with every layer the user may see; for every user."""
    return render(request, "platform_core/map.html", {"configuration": _configuration(request), "active": "map"})


@login_required
def big_screen(request: UserRequest) -> HttpResponse:
    """The command hall's screen, 1920×1080 dark; for every user, showing what they may see."""
    points = EvaluationPoint.objects.visible_to(request.user).current()
    kinds = {value: 0 for value in EvaluationPoint.Type.values}
    if request.user.has_perm("platform_core.view_evaluationpoint"):
        for value in points.values_list("point_type", flat=True):
            kinds[value] += 1
    chart = {
        "grid": {"left": 130, "right": 40, "top": 10, "bottom": 20},
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "data": [str(EvaluationPoint.Type(value).label) for value in kinds]},
        "series": [{"type": "bar", "data": list(kinds.values()), "label": {"show": True, "position": "right"}}],
    }
    counts = [
        {"title": layer.title, "count": layer.rows(request.user).order_by()[:100_000].count()}
        for layer in layers.for_user(request.user)
    ]
    return render(
        request,
        "platform_core/screen.html",
        {"configuration": _configuration(request), "chart": chart, "counts": counts},
    )


def _layer(request: UserRequest, name: str) -> layers.MapLayer:
    layer = layers.find(name, request.user)
    if layer is None:
        raise Http404
    return layer


@login_required
@require_GET
def tile(request: UserRequest, name: str, zoom: int, x: int, y: int) -> HttpResponse:
    """A vector tile of the rows in the user's scope; for those with the layer's right."""
    if zoom > MAX_ZOOM or x >= 2**zoom or y >= 2**zoom:
        raise Http404
    body = layers.tile(_layer(request, name), request.user, zoom, x, y)
    answer = HttpResponse(body, content_type="application/vnd.mapbox-vector-tile", status=200 if body else 204)
    answer["Cache-Control"] = "private, max-age=60"
    return answer


def _box(text: str) -> Polygon:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise DomainError("bad_bbox", _("bbox needs four numbers: west,south,east,north.")) from error
    if not (west < east and south < north):
        raise DomainError("bad_bbox", _("bbox needs four numbers: west,south,east,north."))
    box = Polygon.from_bbox((west, south, east, north))
    box.srid = 4490
    return box


@login_required
@require_GET
def features(request: UserRequest, name: str) -> HttpResponse:
    """GeoJSON of the rows in `bbox` (WGS 84 degrees), 2,000 at most; for those with the layer's right."""
    layer = _layer(request, name)
    try:
        box = _box(request.GET.get("bbox", ""))
    except DomainError as error:
        return JsonResponse({"code": error.code, "message": error.message}, status=400)
    rows = layer.rows(request.user).filter(**{f"{layer.geometry}__bboverlaps": box})[: FEATURES + 1]
    found = list(rows)
    # CGCS2000 and WGS 84 differ by centimetres, so the numbers are the same (geo/__init__.py).
    document = json.loads(
        serialize(
            "geojson",
            found[:FEATURES],
            geometry_field=layer.geometry,
            srid=4490,
            fields=("pk", layer.geometry, *layer.properties),
        )
    )
    document.pop("crs", None)
    document["truncated"] = len(found) > FEATURES
    return JsonResponse(document, content_type="application/geo+json")
