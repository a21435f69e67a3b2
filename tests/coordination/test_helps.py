"""What helps to decide: duplicates, routing, classification, geocoding."""

import io
from datetime import timedelta

import numpy as np
import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone

from coordination.models import PartFacility, Place, RoutingRule, TextModel
from coordination.services import classifying, duplicates, geocoding, routing
from platform_core.errors import DomainError
from platform_core.models import Region
from tests.factories.city import HERE


def near(metres):
    return Point(HERE.x, HERE.y + metres / 111_320, srid=4490)


def test_duplicates_are_near_lately_and_alike(city, settings):
    close = city.case("reported", location=near(60))
    city.case("reported", location=near(300))
    city.case("reported", category="E0201", location=near(10))
    city.case("reported", location=near(20), at=timezone.now() - timedelta(hours=settings.DUPLICATE_HOURS + 1))
    found = duplicates.near(HERE, "E0102", city.acceptor)
    assert [pair.case for pair in found] == [close] and 55 < found[0].distance_m < 65
    assert duplicates.near(HERE, "E0102", city.stranger) == []


def test_routing_by_part_then_priority_then_specificity(city):
    RoutingRule.objects.create(priority=100, category="E01", department=city.greens)
    RoutingRule.objects.create(priority=100, category="E0102", region=city.heping, department=city.roads)
    case = city.case("dispatching")
    assert routing.suggest(case).department == city.roads and "和平区" in routing.suggest(case).reason
    RoutingRule.objects.create(priority=10, department=city.greens)
    assert routing.suggest(case).department == city.greens
    part = PartFacility.objects.create(
        code="2101020301000001", type_code="0301", name="公厕", region=city.heping, owner=city.roads, location=HERE
    )
    owned = city.case("dispatching", category="", part=part.code)
    assert owned.category_id == "P0301" and routing.suggest(owned).department == city.roads


def test_rules_are_measured_against_history(city):
    for _number in range(2):
        city.case("closed")
    RoutingRule.objects.create(category="E0102", department=city.greens)
    trial = routing.test_against_history()
    assert (trial.cases, trial.matched, trial.silent, trial.rate) == (2, 0, 0, 0.0) and trial.worst == [("E0102", 2, 2)]
    RoutingRule.objects.update(department=city.roads)
    assert routing.test_against_history().rate == 100.0


TEXTS = {"E0102": "路边有大量暴露垃圾{}", "E0406": "雨后道路积水严重{}", "P0106": "路灯不亮井盖缺失{}"}


def train_some(city):
    for number in range(60):
        code = list(TEXTS)[number % 3]
        city.case(
            "closed", category=code, description=TEXTS[code].format("甲乙丙丁戊己庚辛"[number % 8] * (number % 5))
        )
    return classifying.train()


def test_classifier_learns_and_keeps_no_pickle(city):
    with pytest.raises(DomainError):
        classifying.train()
    model = train_some(city)
    assert model.accuracy > 0.9 and model.category_count == 3
    guesses = classifying.suggest_categories("门口道路积水无法通行")
    assert guesses[0].category.code == "E0406" and 0.5 < guesses[0].confidence <= 1
    assert sum(guess.confidence for guess in guesses) <= 1.0001
    np.load(io.BytesIO(bytes(model.weights)), allow_pickle=False)["coef"]
    assert TextModel.objects.count() == 1 and classifying.suggest_categories("  ") == []


@pytest.fixture
def places(city):
    for code, name, address, x in (
        ("1", "南湖公园", "和平区文艺路南湖公园", 0),
        ("2", "南京北街12号", "和平区南京北街12号", 0.002),
        ("3", "南京南街12号", "和平区南京南街12号", 0.004),
        ("4", "中山广场", "和平区中山路中山广场", 0.006),
    ):
        Place.objects.create(
            code=code,
            name=name,
            address=address,
            region=city.heping,
            location=Point(HERE.x + x, HERE.y, srid=4490),
            search_text=geocoding.spaced(address + name),
        )


def test_geocoding_is_fuzzy_in_chinese(places):
    assert geocoding.geocode("南京北街12号")[0].place.code == "2"
    assert geocoding.geocode("和平区 南京北街 １２号")[0].place.code == "2"
    assert geocoding.geocode("中山广厂")[0].place.code == "4"
    assert geocoding.geocode("火星") == [] and geocoding.geocode("") == []
    assert geocoding.elements("和平区南京街12号") == ["和平区", "南京街", "12号"]


def test_reverse_geocoding(places):
    hits = geocoding.nearest(HERE)
    assert (
        hits[0].place.code == "1"
        and hits[0].distance_m < 1
        and [hit.place.code for hit in hits] == ["1", "2", "3", "4"][: len(hits)]
    )
    assert geocoding.address_at(HERE) == "和平区文艺路南湖公园附近"
    assert geocoding.nearest(Point(124, 42, srid=4490)) == []


def test_rules_of_the_whole_city_are_seen_by_who_sees_the_city(city):
    RoutingRule.objects.create(category="E01", department=city.roads)
    RoutingRule.objects.create(category="E02", department=city.roads, region=Region.objects.get(code="210102"))
    assert RoutingRule.objects.visible_to(city.chief).count() == 2
    assert not RoutingRule.objects.visible_to(city.stranger).exists()
