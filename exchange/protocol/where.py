"""The `where` language of getdata (CJJ/T 312 table B.0.2; docs/exchange-protocol.md §5).

A grammar for lark; the tree becomes SQL text with placeholders. Only declared fields get into the text, and only as
quoted identifiers; values are always parameters.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from exchange.tables import FieldSpec, TableSpec

MAX_LENGTH = 4000
MAX_VALUES = 1000
MAX_DEPTH = 40

# The lexer is contextual: a word after an operator is a value even where it looks like a name or a keyword.
GRAMMAR = r"""
start: either
either: both (OR both)*
both: _term (AND _term)*
_term: comparison | "(" either ")"
comparison: NAME OPERATOR _value                  -> compare
          | NAME IN "(" _value ("," _value)* ")"  -> one_of
          | NAME NOT IN "(" _value ("," _value)* ")" -> none_of
          | NAME LIKE _value                      -> like
          | NAME BETWEEN _value AND _value        -> between
          | NAME IS NULL                          -> is_null
          | NAME IS NOT NULL                      -> is_not_null
_value: STRING | WORD
OPERATOR: "!=" | "<>" | ">=" | "<=" | "=" | ">" | "<"
AND: /and\b/i
OR: /or\b/i
NOT: /not\b/i
IN: /in\b/i
LIKE: /like\b/i
BETWEEN: /between\b/i
IS: /is\b/i
NULL: /null\b/i
NAME: /[A-Za-z_][A-Za-z0-9_]*/
STRING: /'(?:[^']|'')*'/
WORD: /\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}|[^\s'"(),=<>!;]+/
%ignore /\s+/
"""
NAMES = {
    "AND": "and", "OR": "or", "NOT": "not", "IN": "in", "LIKE": "like", "BETWEEN": "between", "IS": "is",
    "NULL": "null", "NAME": "字段名", "STRING": "值", "WORD": "值", "OPERATOR": "比较符", "LPAR": "(", "RPAR": ")",
    "COMMA": ",", "$END": "结尾",
}  # fmt: skip


class WhereError(Exception):
    """A condition that cannot be answered; `position` counts characters from 1, `field` may be empty."""

    def __init__(self, message: str, position: int = 0, field: str = "") -> None:
        super().__init__(message)
        self.position, self.field = position, field


@lru_cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


def compile_where(spec: TableSpec, text: str) -> tuple[str, tuple[Any, ...]]:
    """SQL condition and its parameters; ('TRUE', ()) for an empty text.

    Raises WhereError with position and field for anything that does not parse, is not declared or has a wrong type.
    """
    if not text.strip():
        return "TRUE", ()
    if len(text) > MAX_LENGTH:
        raise WhereError(f"条件超过 {MAX_LENGTH} 个字符", MAX_LENGTH)
    if "\0" in text:
        raise WhereError("条件含有空字符", text.index("\0") + 1)
    if text.count("(") > MAX_DEPTH:
        raise WhereError(f"括号超过 {MAX_DEPTH} 个")
    try:
        tree = _parser().parse(text)
        condition, parameters = _ToSql(spec).transform(tree)
    except UnexpectedInput as error:
        position = (error.pos_in_stream if error.pos_in_stream is not None else len(text)) + 1
        if isinstance(getattr(error, "token", None), Token) and error.token.type == "$END":  # type: ignore[attr-defined]
            position = len(text) + 1
        names = sorted({NAMES.get(name, name) for name in getattr(error, "accepts", None) or error.__dict__.get(
            "expected", None) or getattr(error, "allowed", None) or ()})  # fmt: skip
        raise WhereError(f"此处应为 {' '.join(names)}" if names else "无法识别的字符", position) from error
    except VisitError as error:
        if isinstance(error.orig_exc, WhereError):
            raise error.orig_exc from None
        raise
    return condition, tuple(parameters)


Sql = tuple[str, list[Any]]


@v_args(inline=True)
class _ToSql(Transformer[Token, Sql]):
    """Each method gets the tokens of its rule and returns (SQL, parameters)."""

    def __init__(self, spec: TableSpec) -> None:
        super().__init__()
        self.spec = spec

    def start(self, inner: Sql) -> Sql:
        return inner

    def either(self, *parts: Any) -> Sql:
        return _join(" OR ", parts)

    def both(self, *parts: Any) -> Sql:
        return _join(" AND ", parts)

    def compare(self, name: Token, operator: Token, value: Token) -> Sql:
        field = self._field(name)
        if field.type in ("json", "geometry"):
            raise WhereError(f"字段 {name} 不能比较", _at(name), str(name))
        sign = "<>" if operator == "!=" else str(operator)
        if sign == "<>":  # a row without the value is another row too
            return f"{_quote(field)} IS DISTINCT FROM %s", [self._value(field, value)]
        return f"{_quote(field)} {sign} %s", [self._value(field, value)]

    def one_of(self, name: Token, _in: Token, *values: Token) -> Sql:
        return self._among(name, values)

    def none_of(self, name: Token, _not: Token, _in: Token, *values: Token) -> Sql:
        condition, parameters = self._among(name, values)
        return f"({condition}) IS NOT TRUE", parameters

    def like(self, name: Token, _like: Token, value: Token) -> Sql:
        field = self._field(name)
        if field.type != "str":
            raise WhereError(f"字段 {name} 不是字符型，不能用 like", _at(name), str(name))
        return f"{_quote(field)} LIKE %s", [_text(value)]

    def between(self, name: Token, _between: Token, least: Token, _and: Token, most: Token) -> Sql:
        field = self._field(name)
        return f"{_quote(field)} BETWEEN %s AND %s", [self._value(field, least), self._value(field, most)]

    def is_null(self, name: Token, *_words: Token) -> Sql:
        return f"{_quote(self._field(name))} IS NULL", []

    def is_not_null(self, name: Token, *_words: Token) -> Sql:
        return f"{_quote(self._field(name))} IS NOT NULL", []

    def _among(self, name: Token, values: tuple[Token, ...]) -> Sql:
        field = self._field(name)
        if len(values) > MAX_VALUES:
            raise WhereError(f"in 的值超过 {MAX_VALUES} 个", _at(values[MAX_VALUES]), str(name))
        return f"{_quote(field)} = ANY(%s)", [[self._value(field, value) for value in values]]

    def _field(self, name: Token) -> FieldSpec:
        field = self.spec.field(str(name))
        if field is None:
            raise WhereError(f"表 {self.spec.name} 没有字段 {name}", _at(name), str(name))
        return field

    def _value(self, field: FieldSpec, token: Token) -> Any:
        text = _text(token)
        try:
            return parse_value(field, text)
        except ValueError as error:
            raise WhereError(f"字段 {field.name} 的值 {text[:40]} 不是 {field.type}", _at(token), field.name) from error


def parse_value(field: FieldSpec, text: str) -> Any:
    """A text as the field's type. Raises ValueError."""
    match field.type:
        case "int":
            number = int(text)
            if not -(2**63) <= number < 2**63:
                raise ValueError("out of range")
            return number
        case "float":
            return float(text)
        case "bool":
            return {"true": True, "1": True, "false": False, "0": False}.get(text.lower()) if text.lower() in (
                "true", "1", "false", "0") else _refuse()  # fmt: skip
        case "datetime":
            return datetime.fromisoformat(text).replace(tzinfo=None)
        case "date":
            return date.fromisoformat(text)
        case _:
            return text


def _refuse() -> Any:
    raise ValueError("not a truth value")


def _join(word: str, parts: tuple[Any, ...]) -> Sql:
    found: list[Sql] = [part for part in parts if not isinstance(part, Token)]
    if len(found) == 1:
        return found[0]
    return "(" + word.join(sql for sql, _values in found) + ")", [value for _sql, values in found for value in values]


def _text(token: Token) -> str:
    return str(token)[1:-1].replace("''", "'") if token.type == "STRING" else str(token)


def _quote(field: FieldSpec) -> str:
    """Names are declared by administrators and limited to letters, digits, underscore (convergence.models)."""
    return f'"{field.name}"'


def _at(token: Token) -> int:
    return (token.start_pos or 0) + 1
