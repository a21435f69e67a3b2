"""Lists page by key, at a constant number of queries."""

import pytest

from platform_core.models import SavedView
from tests.factories import EvaluationPointFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sixty(districts):
    return [EvaluationPointFactory(region=districts[1], name="同名") for _number in range(60)]


def codes(answer):
    return [row.code for row in answer.context["listing"].rows]


@pytest.mark.parametrize("sort", ["code", "-code", "name", "-name"])
def test_pages_forward_and_back_show_every_row_once(sixty, evaluator, log_in, sort):
    client, seen, pages = log_in(evaluator), [], []
    answer = client.get(f"/p/evaluationpoint/?sort={sort}")
    while True:
        pages.append(codes(answer))
        seen += pages[-1]
        listing = answer.context["listing"]
        if not listing.next_cursor:
            break
        answer = client.get("/p/evaluationpoint/" + listing.link(after=listing.next_cursor))
    assert sorted(seen) == sorted(point.code for point in sixty)
    assert len(seen) == len(set(seen))
    back = client.get("/p/evaluationpoint/" + listing.link(before=listing.previous_cursor))
    assert codes(back) == pages[-2]


def test_query_count_does_not_grow_with_rows(sixty, evaluator, log_in, django_assert_max_num_queries):
    client = log_in(evaluator)
    client.get("/p/evaluationpoint/")
    with django_assert_max_num_queries(20):
        client.get("/p/evaluationpoint/?size=50")


def test_filters_and_search_narrow(sixty, evaluator, log_in):
    client = log_in(evaluator)
    assert len(codes(client.get(f"/p/evaluationpoint/?q={sixty[3].code}"))) == 1
    assert codes(client.get("/p/evaluationpoint/?point_type=7")) == []
    assert len(codes(client.get("/p/evaluationpoint/?point_type=4&region=210102&size=100"))) == 60


def test_a_filter_never_names_what_is_out_of_scope(sixty, evaluator, log_in, districts):
    EvaluationPointFactory(region=districts[2])
    assert "沈河区" not in log_in(evaluator).get("/p/evaluationpoint/").content.decode()


def test_columns_and_saved_views(sixty, evaluator, log_in):
    client = log_in(evaluator)
    answer = client.get("/p/evaluationpoint/?columns=code&columns=name")
    assert [column.path for column in answer.context["listing"].columns] == ["code", "name"]
    client.post("/p/evaluationpoint/views/", {"name": "我的", "query": "point_type=4"})
    assert SavedView.objects.get().user == evaluator
    assert "我的" in client.get("/p/evaluationpoint/").content.decode()


def test_damaged_cursor_is_a_message(evaluator, log_in):
    assert log_in(evaluator).get("/p/evaluationpoint/?after=xx", headers={"accept": "text/html"}).status_code == 409


def test_unusual_area_warns(evaluator, log_in, districts):
    shape = '{"type":"Polygon","coordinates":[[[123.31,41.71],[123.36,41.71],[123.36,41.76],[123.31,41.71]]]}'
    answer = log_in(evaluator).post(
        "/p/evaluationgrid/new/",
        {"code": "2101029999", "name": "大", "region": "210102", "geometry": shape},
        follow=True,
    )
    assert "评价网格一般为0.5至3.0平方公里" in answer.content.decode()


def test_form_names_the_field(evaluator, log_in):
    answer = log_in(evaluator).post("/p/evaluationgrid/new/", {"code": "x", "region": "210103"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"code", "name", "region", "geometry"}
