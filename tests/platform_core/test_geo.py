"""Coordinates, areas, grids."""

import pytest
from django.contrib.gis.geos import Point

from platform_core.errors import DomainError
from platform_core.geo import gcj02
from platform_core.geo.measure import area_m2, metre_srid
from platform_core.models import EvaluationGrid, Region, UnitGrid
from platform_core.services.grids import grid_at, make_demo_grids
from platform_core.services.reference import load_divisions
from tests.factories import square


def test_gcj02_known_point():
    """Tian'anmen, as published with the formula: 116.404, 39.915 → 116.41024449916938, 39.91640428150164."""
    assert gcj02.from_wgs84(116.404, 39.915) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-9)


@pytest.mark.parametrize("place", [(123.43, 41.8), (87.6, 43.8), (110.3, 20.0)])
def test_gcj02_round_trip_is_below_a_millimetre(place):
    assert gcj02.to_wgs84(*gcj02.from_wgs84(*place)) == pytest.approx(place, abs=1e-8)


def test_gcj02_leaves_the_world_outside_china():
    assert gcj02.from_wgs84(2.35, 48.85) == (2.35, 48.85)


def test_metre_grid_of_shenyang():
    assert metre_srid(123.4) == 4550  # CM 123E


@pytest.mark.django_db
def test_area_on_the_ellipsoid():
    # 0.01° × 0.01° at 41.7° N: 1110.6 m × 834 m
    assert area_m2(square(123.4, 41.7, 0.01)) == pytest.approx(1110.7 * 833.4, rel=0.01)


@pytest.fixture
def heping(db):
    load_divisions("210102")
    return Region.objects.get(code="210102")


def test_demo_grids_fill_a_real_district(heping):
    units, grids = make_demo_grids(heping)
    assert UnitGrid.objects.count() == units > 500
    assert EvaluationGrid.objects.count() == grids > 20
    covered = sum(unit.area_m2 for unit in UnitGrid.objects.all())
    assert covered == pytest.approx(area_m2(heping.geometry), rel=0.005)
    assert all(grid.has_usual_area for grid in EvaluationGrid.objects.all())
    codes = list(UnitGrid.objects.values_list("code", flat=True))
    assert all(len(code) == 15 and code.startswith("210102") for code in codes)
    assert not UnitGrid.objects.filter(evaluation_grid=None).exists()
    with pytest.raises(DomainError):
        make_demo_grids(heping)


def test_a_point_finds_its_unit_grid(heping, django_assert_num_queries):
    make_demo_grids(heping)
    inside: Point = heping.geometry.point_on_surface
    with django_assert_num_queries(1):
        found = grid_at(inside.x, inside.y)
    assert found is not None
    assert found.geometry.covers(inside)
    assert grid_at(100.0, 30.0) is None
