"""Data scope: a district sees its own, on every way in."""

import pytest
from guardian.shortcuts import assign_perm

from platform_core.models import DataScope, EvaluationPoint, Region
from tests.factories import EvaluationGridFactory, EvaluationPointFactory, UserFactory, organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def points(districts):
    _city, heping, shenhe = districts
    return EvaluationPointFactory(region=heping), EvaluationPointFactory(region=shenhe)


def test_without_a_scope_nothing_is_visible(points):
    assert not EvaluationPoint.objects.visible_to(UserFactory()).exists()


def test_district_user_sees_own_district_only(points, evaluator):
    assert list(EvaluationPoint.objects.visible_to(evaluator)) == [points[0]]


def test_city_scope_covers_districts_and_streets(points, districts):
    street = Region.objects.create(code="210103001", name="街道", level=4, parent=districts[2])
    third = EvaluationPointFactory(region=street)
    user = UserFactory(scope=districts[0])
    assert set(EvaluationPoint.objects.visible_to(user)) == {*points, third}


def test_organisation_and_region_multiply(districts):
    from platform_core.models import Organisation, User

    root = organisation(districts[0])
    child = Organisation.objects.add_child(
        root, {"code": "child", "name": "城管局", "kind": "department", "region": districts[1]}
    )
    other = Organisation.objects.add_child(
        Organisation.objects.get(code="root"),
        {"code": "other", "name": "水务局", "kind": "department", "region": districts[2]},
    )
    inside, outside = UserFactory(organisation=child), UserFactory(organisation=other)
    viewer = UserFactory()
    DataScope.objects.create(user=viewer, region=districts[1], organisation=Organisation.objects.get(code="root"))
    assert inside in User.objects.visible_to(viewer)
    assert outside not in User.objects.visible_to(viewer)


def test_single_object_right_opens_one_row(points):
    user = UserFactory()
    assign_perm("platform_core.view_evaluationpoint", user, points[1])
    assert list(EvaluationPoint.objects.visible_to(user)) == [points[1]]


@pytest.mark.parametrize("path", ["", "edit/"])
def test_another_districts_row_is_not_found(points, evaluator, log_in, path):
    client = log_in(evaluator)
    assert client.get(f"/p/evaluationpoint/{points[0].pk}/{path}").status_code == 200
    assert client.get(f"/p/evaluationpoint/{points[1].pk}/{path}").status_code == 404


def test_another_districts_row_cannot_be_retired(points, evaluator, log_in):
    assert log_in(evaluator).post(f"/p/evaluationpoint/{points[1].pk}/retire/").status_code == 404
    points[1].refresh_from_db()
    assert not points[1].is_retired


def test_list_search_and_features_hide_the_other_district(points, evaluator, log_in):
    client = log_in(evaluator)
    assert points[1].code not in client.get("/p/evaluationpoint/").content.decode()
    assert points[1].code not in client.get("/search/?q=P0").content.decode()
    found = client.get("/features/evaluationpoint.geojson?bbox=123,41,124,42").json()["features"]
    assert [feature["properties"]["code"] for feature in found] == [points[0].code]


def test_tiles_differ_by_scope(districts, evaluator, log_in):
    EvaluationGridFactory(region=districts[1])
    tile = "/tiles/evaluationgrid/10/862/381.mvt"
    mine = log_in(evaluator).get(tile)
    other = UserFactory(scope=districts[2], rights=["platform_core.view_evaluationgrid"])
    assert mine.status_code == 200
    assert b"evaluationgrid" in mine.content
    assert log_in(other).get(tile).status_code == 204


def test_layer_without_right_is_not_found(points, log_in, districts):
    client = log_in(UserFactory(scope=districts[1]))
    assert client.get("/tiles/evaluationpoint/10/862/381.mvt").status_code == 404
    assert client.get("/features/evaluationpoint.geojson?bbox=123,41,124,42").status_code == 404


@pytest.mark.parametrize("path", ["", "new/", "import/"])
def test_without_right_a_page_is_forbidden(log_in, districts, path):
    assert log_in(UserFactory(scope=districts[1])).get(f"/p/evaluationpoint/{path}").status_code == 403


def test_viewer_may_not_change(points, log_in, districts):
    viewer = UserFactory(
        scope=districts[1], rights=["platform_core.access_evaluation", "platform_core.view_evaluationpoint"]
    )
    client = log_in(viewer)
    assert client.get(f"/p/evaluationpoint/{points[0].pk}/").status_code == 200
    assert client.get(f"/p/evaluationpoint/{points[0].pk}/edit/").status_code == 403
    assert client.post(f"/p/evaluationpoint/{points[0].pk}/retire/").status_code == 403


@pytest.mark.parametrize("path", ["/", "/map/", "/jobs/", "/p/user/", "/health/", "/search/?q=x", "/screen/"])
def test_anonymous_is_sent_to_login(client, db, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/")
