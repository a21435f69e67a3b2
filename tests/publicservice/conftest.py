"""A small city."""

import pytest

from tests.factories.city import City


@pytest.fixture
def city(db):
    return City()
