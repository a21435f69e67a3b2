"""The `where` language: what it means, and what it refuses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.protocol.where import WhereError, compile_where
from exchange.tables import FieldSpec, TableSpec

SPEC = TableSpec(
    "basic", "part", "", (FieldSpec("BM", "str", ""), FieldSpec("area", "float", ""), FieldSpec("n", "int", ""),
    FieldSpec("at", "datetime", ""), FieldSpec("ok", "bool", ""), FieldSpec("shape", "geometry", "")), ("BM",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sql", "values"),
    [
        ("", "TRUE", ()),
        ("BM=35010220201022000001", '"BM" = %s', ("35010220201022000001",)),
        ("BM = 'it''s'", '"BM" = %s', ("it's",)),
        ("area>=1.5 and n<3", '("area" >= %s AND "n" < %s)', (1.5, 3)),
        ("n=1 or n=2 and n=3", '("n" = %s OR ("n" = %s AND "n" = %s))', (1, 2, 3)),
        ("(n=1 or n=2) and n=3", '(("n" = %s OR "n" = %s) AND "n" = %s)', (1, 2, 3)),
        ("n in (1, 2,3)", '"n" = ANY(%s)', ([1, 2, 3],)),
        ("BM not in (a,b)", '("BM" = ANY(%s)) IS NOT TRUE', (["a", "b"],)),
        ("BM like '和平%'", '"BM" LIKE %s', ("和平%",)),
        ("BM is null", '"BM" IS NULL', ()),
        ("ok = true", '"ok" = %s', (True,)),
        ("BM = and", '"BM" = %s', ("and",)),
    ],
)
def test_meaning(text, sql, values):
    assert compile_where(SPEC, text) == (sql, values)


@pytest.mark.parametrize(
    ("text", "position", "field"),
    [
        ("x=1", 1, "x"), ("n=1 and x=2", 9, "x"), ("area=wide", 6, "area"), ("BM=", 4, ""), ("n=1;drop", 4, ""),
        ("BM='x' OR 1=1--", 11, ""), ("n between 1", 12, ""), ("shape=1", 1, "shape"), ("n like '1'", 1, "n"),
        ("at > yesterday", 6, "at"), ("n=99999999999999999999", 3, "n"), ("ok=maybe", 4, "ok"), ("BM='open", 4, ""),
    ],
)  # fmt: skip
def test_refusal_says_where_and_which(text, position, field):
    with pytest.raises(WhereError) as refusal:
        compile_where(SPEC, text)
    assert (refusal.value.position, refusal.value.field) == (position, field)


def test_limits():
    for text in ("(" * 41 + "n=1" + ")" * 41, "n=1 or " * 1000 + "n=1", "n=1\0"):
        with pytest.raises(WhereError):
            compile_where(SPEC, text)


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("BMnarex()'=<>! ,;-%\\\"01and orinlikebetween\n\t和$")), max_size=60))
def test_anything_is_read_or_refused(text):
    try:
        sql, values = compile_where(SPEC, text)
    except WhereError:
        return
    assert sql.count("%s") == len(values)
    assert ";" not in sql
