"""The census of part facilities (CJJ/T 312 §4.3.4-1; GB/T 30428.2)."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from coordination.models import PartFacility
from exchange.models import InboundBatch
from exchange.services import inbound
from platform_core.errors import DomainError
from platform_core.gathering import gathering, hand_over
from platform_core.pages import find
from platform_core.services import imports
from tests.factories import UserFactory
from tests.factories.city import HERE, stored_rows

HEADER = ["code", "type_code", "name", "region", "owner", "state", "longitude", "latitude"]


def census(count, **wrong):
    """A census file of lamps; `wrong` replaces fields of its last row."""
    rows = [
        dict(zip(HEADER, [f"2101020206{n:06d}", "0206", "路灯", "210102", "", "intact", HERE.x, HERE.y], strict=True))
        for n in range(1, count + 1)
    ]
    rows[-1] |= wrong
    stream = io.StringIO()
    writer = csv.DictWriter(stream, HEADER)
    writer.writeheader()
    writer.writerows(rows)
    return SimpleUploadedFile("census.csv", stream.getvalue().encode())


@pytest.fixture
def editor(city):
    return UserFactory(
        scope=city.heping, rights=("coordination.add_partfacility", "coordination.change_partfacility")
    )


@pytest.mark.django_db
def test_a_census_goes_up_in_one_message(city, editor):
    pages = find("partfacility")
    batch = imports.read(pages, census(5), editor)
    assert [row.errors for row in batch.rows.all()] == [{}] * 5
    InboundBatch.objects.all().delete()
    assert imports.confirm(pages, batch, editor) == 5
    assert list(InboundBatch.objects.values_list("row_count", flat=True)) == [5]
    inbound.drain()
    assert len(stored_rows("basic", "partFacility")) == PartFacility.objects.count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "2101030206000009"}, "code"),
        ({"code": "2101020207000009"}, "code"),
        ({"code": "2101029999000009", "type_code": "9999"}, "type_code"),
        ({"region": "210103", "code": "2101030206000009"}, "region"),
        ({"state": "夜"}, "state"),
        ({"longitude": "1230"}, "location"),
    ],
)
def test_a_wrong_row_of_a_census_is_named(city, editor, wrong, field):
    pages = find("partfacility")
    batch = imports.read(pages, census(3, **wrong), editor)
    assert [sorted(row.errors) for row in batch.rows.order_by("number")] == [[], [], [field]]
    with pytest.raises(DomainError):
        imports.confirm(pages, batch, editor)
    assert not PartFacility.objects.exists()


def test_what_is_gathered_is_handed_over_once_and_nothing_after_an_error():
    lots = []
    hand_over("a", 0, lots.append)
    with gathering():
        for number in range(1001):
            hand_over("a", number, lots.append)
        with gathering():
            hand_over("b", 1, lots.append)
    assert [len(lot) for lot in lots] == [1, 1000, 1, 1]
    with pytest.raises(ZeroDivisionError), gathering():
        hand_over("a", 1, lots.append)
        raise ZeroDivisionError
    assert len(lots) == 4
