"""Filters, order and keyset paging of a list: cost does not grow with the page number."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django_filters import FilterSet
from django_filters.filterset import filterset_factory

from platform_core.errors import DomainError

from .base import Column, ModelPages

PAGE_SIZES = (25, 50, 100)
COUNT_LIMIT = 10_000
RESERVED = ("after", "before", "columns")


def _encode(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, cls=DjangoJSONEncoder).encode()).decode()


def _decode(cursor: str) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError as error:
        raise DomainError("bad_cursor", _("This page address is damaged; open the list again.")) from error
    if not isinstance(values, list) or len(values) != 2:
        raise DomainError("bad_cursor", _("This page address is damaged; open the list again."))
    return values


@dataclass
class Listing:
    """One page of a list, ready for a template."""

    pages: ModelPages
    rows: list[Model]
    columns: list[Column]
    filterset: FilterSet
    count: int
    count_is_capped: bool
    sort: str
    next_cursor: str | None
    previous_cursor: str | None
    query: QueryDict

    def link(self, **changes: str | None) -> str:
        """The list's address with some parameters changed; cursors never survive a change."""
        data = {key: self.query.getlist(key) for key in self.query if key not in ("after", "before")}
        for key, value in changes.items():
            data.pop(key, None)
            if value is not None:
                data[key] = [value]
        return "?" + urlencode([(key, item) for key, items in data.items() for item in items if item])


def filtered(pages: ModelPages, rows: QuerySet, query: QueryDict) -> tuple[FilterSet, QuerySet]:
    """Apply the page's filters and full search to rows."""
    factory = filterset_factory(pages.model, filterset=pages.filterset, fields=list(pages.filters))
    filterset = factory(query, queryset=rows)
    for name, field in filterset.form.fields.items():
        if hasattr(field, "queryset"):
            field.queryset = _options(rows, field.queryset, name)
    if not filterset.is_valid():
        return filterset, rows.none()
    rows = filterset.qs
    if text := query.get("q", "").strip():
        match = Q()
        for path in pages.search:
            match |= Q(**{f"{path}__icontains": text})
        rows = rows.filter(match)
    return filterset, rows


def _options(rows: QuerySet, choices: QuerySet, name: str) -> QuerySet:
    """Only what occurs in the user's own rows, so that a filter neither leaks nor drowns."""
    return choices.filter(pk__in=rows.order_by().values(name).distinct())


def build(pages: ModelPages, rows: QuerySet, query: QueryDict) -> Listing:
    """Read the parameters `q`, filters, `sort`, `after`/`before`, `size`, `columns` and fetch one page.

    Three queries and one for each filter with a choice of rows, at any size of table.
    """
    filterset, rows = filtered(pages, rows, query)
    count = rows.order_by()[: COUNT_LIMIT + 1].count()
    sort = query.get("sort", pages.order)
    field, is_descending = sort.lstrip("-"), sort.startswith("-")
    if field not in {pages.order.lstrip("-"), *(column.path for column in pages.columns if column.sort)}:
        field, is_descending = pages.order.lstrip("-"), pages.order.startswith("-")
    size = next((size for size in PAGE_SIZES if str(size) == query.get("size")), PAGE_SIZES[0])
    found, has_more = _fetch(rows, field, is_descending, size, query)
    backwards = "before" in query
    following = bool(found) and (has_more if not backwards else True)
    preceding = bool(found) and (has_more if backwards else "after" in query)
    chosen = set(query.getlist("columns"))
    columns = [column for column in pages.columns if (column.path in chosen if chosen else column.is_default)]
    return Listing(
        pages,
        found,
        columns,
        filterset,
        min(count, COUNT_LIMIT),
        count > COUNT_LIMIT,
        sort,
        _encode([getattr(found[-1], field), found[-1].pk]) if following else None,
        _encode([getattr(found[0], field), found[0].pk]) if preceding else None,
        query,
    )


def _fetch(rows: QuerySet, field: str, is_descending: bool, size: int, query: QueryDict) -> tuple[list[Model], bool]:
    backwards = "before" in query
    descending = is_descending != backwards
    sign = "-" if descending else ""
    if cursor := query.get("before") or query.get("after"):
        value, pk = _decode(cursor)
        operator = "lt" if descending else "gt"
        # The first condition alone can use the index; the second settles equal values.
        rows = rows.filter(**{f"{field}__{operator}e": value}).filter(
            Q(**{f"{field}__{operator}": value}) | Q(pk__gt=pk)
            if not descending
            else Q(**{f"{field}__{operator}": value}) | Q(pk__lt=pk)
        )
    order = [f"{sign}{field}"] if field == "pk" else [f"{sign}{field}", f"{sign}pk"]
    found = list(rows.order_by(*order)[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    return (found[::-1] if backwards else found), has_more
