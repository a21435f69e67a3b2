"""Address ↔ coordinate over the city's place names (CJJ/T 106 地理编码子系统; CJ/T 215).

Fuzzy by pg_trgm over texts whose signs stand apart, so that every sign counts as a word (trigrams of running Chinese
miss a wrong sign in a short name); ranked by how many address elements of the question the place contains.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from django.contrib.gis.geos import Point
from django.db import connection

from coordination.models import Place

MOST = 10
NEAR_M = 500.0
LEAST_SIMILARITY = 0.6
ELEMENT = re.compile(
    r"[^省市区县镇乡街道路巷号村屯栋楼层室院里弄坊园场站桥店厦厅局校]*[省市区县镇乡街道路巷号村屯栋楼层室院里弄坊园场站桥店厦厅局校]?"
)


def normal(text: str) -> str:
    """Half-width signs, lower case, no blanks or punctuation."""
    text = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\s,.;:，。；：、（）()「」\-—_/\\|·]+", "", text)


def spaced(text: str) -> str:
    """What is stored and searched: `南京街12号` → `南 京 街 12 号`."""
    return " ".join(re.findall(r"[a-z0-9]+|[^a-z0-9]", normal(text)))


def elements(text: str) -> list[str]:
    """`和平区南京街12号` → 和平区, 南京街, 12号."""
    return [part for part in ELEMENT.findall(normal(text)) if len(part) > 1]


@dataclass(frozen=True)
class Hit:
    """A place, and how well it answers: 0 to 1 for an address, metres for a coordinate."""

    place: Place
    score: float
    distance_m: float | None = None


SEARCH = """
SELECT id, word_similarity(%s, search_text) AS inside, similarity(%s, search_text) AS whole
FROM coordination_place WHERE retired_at IS NULL AND %s <%% search_text
ORDER BY inside DESC, whole DESC LIMIT 50
"""


def geocode(text: str, count: int = MOST) -> list[Hit]:
    """Places that answer to an address or name, best first; empty for nothing similar."""
    wanted = normal(text)
    if len(wanted) < 2:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, false)", [str(LEAST_SIMILARITY)])
        cursor.execute(SEARCH, [spaced(wanted)] * 3)
        rows = cursor.fetchall()
    places = Place.objects.select_related("region").defer("region__geometry").in_bulk([row[0] for row in rows])
    parts = elements(text) or [wanted]
    hits = []
    for pk, inside, _whole in rows:
        place = places[pk]
        plain = place.search_text.replace(" ", "")
        share = sum(len(part) for part in parts if part in plain) / sum(len(part) for part in parts)
        hits.append(Hit(place, round(0.5 * inside + 0.5 * share, 3)))
    hits.sort(key=lambda hit: (-hit.score, len(hit.place.search_text), hit.place.code))
    return hits[:count]


NEAREST = """
SELECT id, ST_Distance(ST_SetSRID(location, 4326)::geography, ST_SetSRID(ST_Point(%s, %s), 4326)::geography) AS metres
FROM coordination_place WHERE retired_at IS NULL
ORDER BY location <-> ST_SetSRID(ST_Point(%s, %s), 4490) LIMIT %s
"""


def nearest(location: Point, count: int = MOST, within_m: float = NEAR_M) -> list[Hit]:
    """Places around a point, nearest first (one search of the index)."""
    with connection.cursor() as cursor:
        cursor.execute(NEAREST, [location.x, location.y, location.x, location.y, count])
        rows = [(pk, metres) for pk, metres in cursor.fetchall() if metres <= within_m]
    places = Place.objects.select_related("region").defer("region__geometry").in_bulk([pk for pk, _metres in rows])
    hits = [Hit(places[pk], 1 - metres / within_m, round(metres, 1)) for pk, metres in rows]
    return sorted(hits, key=lambda hit: hit.distance_m or 0)


def address_at(location: Point) -> str:
    """`和平区 南湖街道 某某路口附近`: the nearest named place, else the division."""
    hits = nearest(location, 1)
    if hits:
        place = hits[0].place
        return f"{place.address or place.region.name + place.name}附近"[:200]
    return ""
