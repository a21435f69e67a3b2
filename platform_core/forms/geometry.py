"""A map as a form field; the value travels as GeoJSON."""

from __future__ import annotations

import json
from typing import Any

import shapely
import shapely.geometry
from django.contrib.gis.forms import GeometryField
from django.contrib.gis.geos import GEOSException, GEOSGeometry
from django.core.exceptions import ValidationError
from django.forms import Textarea
from django.utils.translation import gettext as _

from platform_core.geo.measure import as_multipolygon
from platform_core.models import CGCS2000

CHINA_BOX = (70.0, 0.0, 140.0, 56.0)


def _parse(text: str) -> GEOSGeometry:
    """GeoJSON by shapely, not by GDAL: what a stranger writes into `crs` must not be resolved."""
    if text.lstrip().startswith("{"):
        return GEOSGeometry(memoryview(shapely.to_wkb(shapely.geometry.shape(json.loads(text)))))
    return GEOSGeometry(memoryview(shapely.to_wkb(shapely.from_wkt(text))))


class MapWidget(Textarea):
    """A textarea that static/js/map.js turns into a map with drawing tools."""

    template_name = "platform_core/_map_widget.html"

    def __init__(self, draw: str) -> None:
        super().__init__({"rows": 3, "data-draw": draw})

    def format_value(self, value: Any) -> str:
        """GeoJSON."""
        if isinstance(value, GEOSGeometry):
            return str(value.geojson)
        return value or ""


class MapField(GeometryField):
    """GeoJSON or WKT in, a geometry in CGCS2000 out. `draw`: point, polygon or any."""

    def __init__(self, draw: str, **options: Any) -> None:
        self.draw = draw
        super().__init__(widget=MapWidget(draw), srid=CGCS2000, geom_type=None, **options)

    def to_python(self, value: Any) -> GEOSGeometry | None:
        """Raises ValidationError that says what is wrong with the shape."""
        if not value:
            return None
        try:
            shape = value if isinstance(value, GEOSGeometry) else _parse(value)
        except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError, GEOSException) as error:
            raise ValidationError(_("This is neither GeoJSON nor WKT."), code="bad_geometry") from error
        shape.srid = CGCS2000
        if not shape.valid:
            raise ValidationError(_("The shape is not valid: %s") % shape.valid_reason, code="invalid_shape")
        if shape.empty:
            raise ValidationError(_("This is neither GeoJSON nor WKT."), code="bad_geometry")
        west, south, east, north = shape.extent
        if not (CHINA_BOX[0] <= west and CHINA_BOX[1] <= south and east <= CHINA_BOX[2] and north <= CHINA_BOX[3]):
            raise ValidationError(_("The coordinates lie outside China (longitude first, in degrees)."), code="outside")
        return self._of_kind(shape)

    def _of_kind(self, shape: GEOSGeometry) -> GEOSGeometry:
        if self.draw == "any":
            return shape
        if self.draw == "point":
            if shape.geom_type != "Point":
                raise ValidationError(_("A point is needed, this is %s.") % shape.geom_type, code="not_a_point")
            return shape
        try:
            return as_multipolygon(shape)
        except ValueError as error:
            raise ValidationError(
                _("A polygon is needed, this is %s.") % shape.geom_type, code="not_a_polygon"
            ) from error

    def clean(self, value: Any) -> GEOSGeometry | None:
        """`to_python`, and required means required."""
        shape = self.to_python(value)
        if shape is None and self.required:
            raise ValidationError(_("Draw the shape on the map."), code="required")
        return shape

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare shapes, not texts."""
        try:
            return bool(initial != self.to_python(data))
        except ValidationError:
            return True
