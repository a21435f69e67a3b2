"""Checks of rows, with whatever JSON may bring."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.protocol.checks import DataError, check
from exchange.tables import FieldSpec, TableSpec

SPEC = TableSpec(
    "basic", "part", "",
    (
        FieldSpec("code", "str", "", 6, True, pattern="^[0-9]{6}$"), FieldSpec("area", "float", "", least=0),
        FieldSpec("n", "int", ""), FieldSpec("at", "datetime", "", required=True), FieldSpec("on", "date", ""),
        FieldSpec("kind", "str", "", codes=("a", "b")), FieldSpec("ok", "bool", ""), FieldSpec("any", "json", ""),
    ),
    ("code", "at"),
)  # fmt: skip
GOOD = {"code": "210102", "at": "2019-04-19 12:00:00"}


def errors(**change):
    return check(SPEC, json.dumps([{**GOOD, **change}]).encode()).errors.get(0, {})


@pytest.mark.parametrize(
    "change",
    [{"area": 1}, {"area": "1.5"}, {"n": "7"}, {"kind": "b"}, {"ok": True}, {"ok": "true"}, {"any": {"a": [1]}},
     {"area": None}, {"at": "2019-04-19T12:00:00"}, {"at": "2019-04-19T12:00:00+08:00"}, {"on": "2019-04-19"}],
)  # fmt: skip
def test_good(change):
    assert errors(**change) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "2101022"), ("code", "21010a"), ("code", ""), ("code", None), ("code", 210102), ("code", "２１０１０２"),
     ("area", -1), ("area", "nan"), ("area", "inf"), ("area", []), ("n", 1.5), ("n", 2**63), ("kind", "c"),
     ("at", "2019-02-30 00:00:00"), ("at", 5), ("on", "2019-13-01"), ("ok", "maybe")],
)  # fmt: skip
def test_bad(field, value):
    assert list(errors(**{field: value})) == [field]


@pytest.mark.parametrize(
    "data",
    [b"", b"[", b"{}", b"null", b"1", b"[1", b"\xff", b'[{"code":"\\u0000"}]', b"[" * 200_000, b'{"a":' * 200_000,
     b'["\\ud800"]', b"[NaN]"],
)  # fmt: skip
def test_no_array_of_rows(data):
    try:
        assert check(SPEC, data).errors
    except DataError as error:
        assert str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["code", "area", "n", "at", "kind", "ok", "x"]), JSON), max_size=4))
def test_every_row_is_good_or_named(rows):
    try:
        checked = check(SPEC, json.dumps(rows).encode())
    except DataError:
        return  # U+0000 somewhere
    assert checked.count == len(rows)
    for number, fields in checked.errors.items():
        assert rows[number] is not None
        assert all(said for said in fields.values())
