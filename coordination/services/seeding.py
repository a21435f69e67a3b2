"""Cases at production size, for measuring: written by the database itself, which is faster than COPY from here.

The history is as the loop would leave it: cases of seven years, all but the last two days' closed, three records each,
and the daily counts that follow from them. Everything is marked as demo data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from coordination.models import Case, DayCount, StageRecord
from platform_core.models import Region

from . import definitions

CHUNK = 250_000
PER_DAY = 2000
Say = Callable[[str], None]

CASES = """
INSERT INTO coordination_case (
  number, definition_id, state, version, source, category_id, emergency, description, address, location, region_id, reporter_id,
  origin, department_id, is_open, is_suspended, stage_started_at, due_at, warn_at, reported_at, registered_at, dispatched_at,
  disposed_at, closed_at, dispose_due_at, close_due_at, rework_count, extension_count, satisfaction, changed_at, is_published, is_demo)
SELECT to_char(t, 'YYYYMMDD') || lpad((n %% 1000000)::text, 6, '0'), %(definition)s, state, 7, source, category, urgent, '演示案件' || n,
  '演示地址' || (n %% 9973), ST_SetSRID(ST_Point(west + random() * (east - west), south + random() * (north - south)), 4490), region,
  CASE WHEN source = 'supervisor' THEN (%(people)s::int[])[1 + n %% cardinality(%(people)s::int[])] END, '', department, is_open, FALSE,
  t + interval '3 hours', CASE WHEN is_open THEN t + interval '1 day' END, CASE WHEN is_open THEN t + interval '20 hours' END, t,
  t + interval '8 minutes', t + interval '15 minutes', CASE WHEN NOT is_open THEN t + took END, CASE WHEN NOT is_open THEN t + took + interval '2 hours' END,
  t + interval '1 day', t + interval '26 hours', (n %% 25 = 0)::int, (n %% 40 = 0)::int, CASE WHEN n %% 9 = 0 THEN 1 + n %% 5 END, now(), TRUE, TRUE
FROM (
  SELECT n, now() - (%(total)s - n) * (interval '1 day' / %(per_day)s) AS t, n > %(total)s - %(open)s AS is_open,
    CASE WHEN n > %(total)s - %(open)s
      THEN (ARRAY['reported','reported','registering','dispatching','dispatching','disposing','disposing','disposing','checking','closing'])[1 + (random() * 9)::int]
      ELSE 'closed' END AS state,
    (ARRAY['supervisor','supervisor','supervisor','supervisor','12345','12319','citizen','video'])[1 + (random() * 7)::int] AS source,
    (%(categories)s::text[])[1 + floor(random() * cardinality(%(categories)s::text[]))::int] AS category,
    (n %% 20 = 0)::int AS urgent,
    (%(departments)s::int[])[1 + floor(random() * cardinality(%(departments)s::int[]))::int] AS department,
    interval '1 hour' * (1 + random() * 26) AS took, place.*
  FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
  JOIN LATERAL (
    SELECT d.region, d.west, d.south, d.east, d.north FROM unnest(%(regions)s::text[], %(wests)s::float8[], %(souths)s::float8[],
      %(easts)s::float8[], %(norths)s::float8[]) WITH ORDINALITY AS d(region, west, south, east, north, ordinality)
    WHERE d.ordinality = 1 + n %% cardinality(%(regions)s::text[])) AS place ON TRUE) AS made
"""
RECORDS = """
INSERT INTO coordination_stagerecord (case_id, region_id, move, from_state, to_state, actor_id, actor_name, post, at, opinion, data,
  stage_minutes, was_in_time, category_id, department_id, deltas, is_folded)
SELECT c.id, c.region_id, m.move, m.before, m.after, (%(people)s::int[])[1 + (c.id + m.step) %% cardinality(%(people)s::int[])], '演示人员', '', c.reported_at + m.step * interval '10 minutes', '', '{}',
  10, TRUE, c.category_id, CASE WHEN m.step > 1 THEN c.department_id END, '[]', TRUE
FROM coordination_case c, (VALUES (0, 'report', '', 'reported'), (2, 'dispatch', 'dispatching', 'disposing'), (3, 'close', 'closing', 'closed')) AS m(step, move, before, after)
WHERE c.id BETWEEN %(low)s AND %(high)s AND (m.step < 3 OR NOT c.is_open)
"""
COUNTS = """
INSERT INTO coordination_daycount (day, subject_kind, subject, measure, count)
SELECT day, kind, subject, measure, sum(count) FROM (
  SELECT (reported_at AT TIME ZONE 'Asia/Shanghai')::date AS day, kind, subject, measure, count(*) AS count
  FROM coordination_case c,
    LATERAL (VALUES ('region', c.region_id), ('category', c.category_id), ('department', c.department_id::text), ('person', c.reporter_id::text)) AS s(kind, subject),
    LATERAL (VALUES ('reported', TRUE), ('accepted', TRUE), ('registered', TRUE), ('accurate_registered', c.id %% 50 > 0), ('dispatched', TRUE),
      ('accurate_dispatched', c.id %% 30 > 0), ('due', TRUE), ('disposed', NOT is_open), ('disposed_of_due', NOT is_open),
      ('in_time_of_due', disposed_at <= dispose_due_at), ('closed', NOT is_open), ('closed_of_due', NOT is_open),
      ('closed_in_time_of_due', closed_at <= close_due_at), ('reworked', rework_count > 0), ('extended', extension_count > 0)) AS v(measure, holds)
  WHERE s.subject IS NOT NULL AND v.holds AND c.is_demo AND c.id BETWEEN %(low)s AND %(high)s
  GROUP BY 1, 2, 3, 4) AS parts
GROUP BY 1, 2, 3, 4
ON CONFLICT (subject_kind, day, subject, measure) DO UPDATE SET count = coordination_daycount.count + EXCLUDED.count
"""


def seed_cases(count: int, within: str, people: list[int], departments: list[int], say: Say) -> None:
    """`count` cases over the streets of the districts with a boundary, the last day and a half's still open."""
    places = _streets(within)
    parameters: dict[str, Any] = {
        "definition": definitions.in_force().pk,
        "total": count,
        "per_day": PER_DAY,
        "open": min(int(PER_DAY * 1.5), count),
        "people": people,
        "departments": departments,
        "categories": _categories(),
        **places,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        low = _highest() + 1
        for first in range(1, count + 1, CHUNK):
            last = min(first + CHUNK - 1, count)
            cursor.execute(CASES, {**parameters, "first": first, "last": last})
            high = _highest()
            cursor.execute(RECORDS, {"people": people, "low": low, "high": high})
            cursor.execute(COUNTS, {"low": low, "high": high})
            low = high + 1
            say(f"{last} cases")
        for model in (Case, StageRecord, DayCount):
            cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")


def _highest() -> int:
    return Case.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _categories() -> list[str]:
    from coordination.models import CaseCategory

    return list(CaseCategory.objects.order_by("code").values_list("code", flat=True))


def _streets(within: str) -> dict[str, list[Any]]:
    """Streets have no boundary in the data: each gets its district's box."""
    rows = []
    for region in Region.objects.filter(code__startswith=within, level=3, geometry__isnull=False).order_by("code"):
        assert region.geometry is not None
        for code in Region.objects.filter(parent=region).values_list("code", flat=True) or [region.code]:
            rows.append((code, *region.geometry.extent))
    names = ("regions", "wests", "souths", "easts", "norths")
    return dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))
