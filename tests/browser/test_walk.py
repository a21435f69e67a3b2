"""An evaluator's morning, in a real browser."""

import pytest

from platform_core.models import EvaluationPoint
from tests.conftest import EVALUATOR
from tests.factories import PASSWORD, EvaluationGridFactory, EvaluationPointFactory, UserFactory, divisions

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(live_server, page):
    _city, heping, _shenhe = divisions()
    user = UserFactory(scope=heping, rights=EVALUATOR)
    grid = EvaluationGridFactory(region=heping)
    EvaluationPointFactory(region=heping, code="210102P0001", name="南湖公园", evaluation_grid=grid)
    page.goto(f"{live_server.url}/login/")
    page.fill("#id_username", user.username)
    page.fill("#id_password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(f"{live_server.url}/")
    return page


def test_menu_shows_what_the_role_may_open(desk, live_server):
    side = desk.inner_text("nav.side")
    assert "综合评价" in side
    assert "应用维护" not in side
    assert "数据交换" not in side


def test_map_draws_layers_and_identifies_a_grid(desk, live_server):
    with desk.expect_response(lambda answer: "/tiles/evaluationgrid/" in answer.url and answer.status == 200):
        desk.goto(f"{live_server.url}/map/")
    desk.wait_for_selector("[data-map-page][data-ready]")
    assert desk.locator("[data-map-legend] input:checked").count() == 3
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_point_is_edited_and_found_again(desk, live_server):
    point = EvaluationPoint.objects.get()
    desk.goto(f"{live_server.url}/p/evaluationpoint/{point.pk}/edit/")
    desk.wait_for_selector(".leaflet-container .pin")
    desk.fill("#id_name", "劳动公园")
    desk.click("button.primary")
    desk.wait_for_url(f"{live_server.url}/p/evaluationpoint/{point.pk}/")
    desk.click("text=时间线")
    assert "劳动公园" in desk.inner_text("#panel-timeline")
    desk.goto(f"{live_server.url}/p/evaluationpoint/")
    desk.fill("input[name=q] >> nth=1", "劳动")
    desk.wait_for_url("**q=%E5%8A%B3%E5%8A%A8**")
    assert desk.locator("#table tbody tr").count() == 1


def test_point_is_placed_anew_on_the_map(desk, live_server):
    point = EvaluationPoint.objects.get()
    before = point.location.coords
    desk.goto(f"{live_server.url}/p/evaluationpoint/{point.pk}/edit/")
    desk.wait_for_selector(".leaflet-container .pin")
    desk.click(".leaflet-draw-draw-marker")
    canvas = desk.locator(".map-canvas").bounding_box()
    assert canvas is not None
    desk.mouse.click(canvas["x"] + canvas["width"] / 2 + 40, canvas["y"] + canvas["height"] / 2 + 30)
    desk.click("main button.primary")
    desk.wait_for_url(f"{live_server.url}/p/evaluationpoint/{point.pk}/")
    point.refresh_from_db()
    assert point.location.coords != before
    assert abs(point.location.x - before[0]) < 0.01
    assert point.location.x > before[0]
    assert point.location.y < before[1]


def test_english_is_selectable(desk):
    desk.click("button[value=en]")
    desk.wait_for_selector("text=Comprehensive evaluation")
