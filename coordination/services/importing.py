"""External request files become cases by the actual services, from the report to the closing.

The intervals between opening and closing are the file's own; dates are moved to the last months, places into the target
districts. Every case is marked as demo data.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from django.contrib.gis.geos import Point
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from coordination.models import Case, CaseTask
from platform_core.errors import DomainError
from platform_core.models import Attachment, Organisation, Region, Role, User

from . import geocoding, moving, reporting, routing

SHORTEST = timedelta(minutes=90)
LONGEST = timedelta(days=25)
Say = Callable[[int, int], None]


@dataclass(frozen=True)
class Request:
    """A line of the file, in our terms."""

    origin: str
    reported_at: datetime
    closed_after: timedelta | None
    category: str
    text: str
    source: str
    location: Point


@dataclass
class People:
    """Who acts in the demo city, by role; picked at random."""

    chance: random.Random
    by_role: dict[str, list[User]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in Role.objects.filter(code__in=("acceptor", "duty_chief", "dispatcher", "supervisor", "department")):
            self.by_role[role.code] = list(
                User.objects.filter(groups=role, is_active=True).select_related("organisation").order_by("pk")
            )

    def one(self, role: str, region: str) -> User:
        """Somebody of the role whose scope covers the division. Raises DomainError where there is nobody."""
        found = [
            user
            for user in self.by_role.get(role, [])
            if any(region.startswith(scope.region_prefix or "") for scope in user.scopes())
        ]
        if not found:
            raise DomainError("nobody", _("Nobody of the role “%s” can act in %s.") % (role, region))
        return self.chance.choice(found)

    def of(self, department: Organisation) -> User:
        """Somebody of a department."""
        for user in self.by_role.get("department", []):
            if user.organisation_id == department.pk:
                return user
        raise DomainError("nobody", _("Nobody works for %s.") % department)


def read(file: Path) -> list[dict[str, str]]:
    """Lines of a CSV file, gzipped or not. Raises DomainError for anything else."""
    raw = file.read_bytes()
    try:
        text = (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode("utf-8-sig")
    except (UnicodeDecodeError, gzip.BadGzipFile) as error:
        raise DomainError("unreadable", _("%s is neither CSV in UTF-8 nor a gzip of it.") % file.name) from error
    return list(csv.DictReader(io.StringIO(text)))


def load_mapping(file: Path) -> dict[str, Any]:
    """The mapping. Raises DomainError when it lacks a section."""
    mapping = yaml.safe_load(file.read_text(encoding="utf-8"))
    for section in ("columns", "rules", "box", "target", "sources"):
        if section not in mapping:
            raise DomainError("bad_mapping", _("The mapping has no section “%s”.") % section)
    return dict(mapping)


class Translator:
    """Lines → requests: categories by the table, places stretched over the districts, dates moved to the last days."""

    def __init__(self, mapping: dict[str, Any], days: int, now: datetime, seed: int = 311) -> None:
        self.mapping, self.now, self.span = mapping, now, timedelta(days=days)
        self.chance = random.Random(seed)  # noqa: S311 - demo data
        regions = Region.objects.filter(code__in=mapping["target"], geometry__isnull=False)
        self.shapes = [region.geometry.prepared for region in regions if region.geometry]
        self.extents = [region.geometry.extent for region in regions if region.geometry]
        if not self.extents:
            raise DomainError("no_target", _("None of the target districts has a boundary."))
        self.west = min(extent[0] for extent in self.extents)
        self.south = min(extent[1] for extent in self.extents)
        self.east = max(extent[2] for extent in self.extents)
        self.north = max(extent[3] for extent in self.extents)

    def category(self, line: dict[str, str]) -> str | None:
        """By the first rule that fits; None drops the line."""
        for rule in self.mapping["rules"]:
            if line["category"].startswith(rule["category"]) and line["complaint_type"].startswith(
                rule.get("type", "")
            ):
                ours: list[str] = rule["ours"]
                return ours[int(line[self.mapping["columns"]["origin"]]) % len(ours)]
        return None

    def place(self, longitude: float, latitude: float) -> Point | None:
        """The file's box stretched over the districts; drawn towards the middle until it lies inside one."""
        box = self.mapping["box"]
        share_x = (longitude - box["west"]) / (box["east"] - box["west"])
        share_y = (latitude - box["south"]) / (box["north"] - box["south"])
        if not (0 <= share_x <= 1 and 0 <= share_y <= 1):
            share_x, share_y = self.chance.random(), self.chance.random()
        for _attempt in range(40):
            point = Point(
                self.west + share_x * (self.east - self.west),
                self.south + share_y * (self.north - self.south),
                srid=4490,
            )
            if any(shape.contains(point) for shape in self.shapes):
                return point
            share_x = 0.5 + (share_x - 0.5) * 0.85 + self.chance.uniform(-0.08, 0.08)
            share_y = 0.5 + (share_y - 0.5) * 0.85 + self.chance.uniform(-0.08, 0.08)
        return None

    def requests(self, lines: list[dict[str, str]], limit: int) -> Iterator[Request]:
        """The newest `limit` usable lines, oldest first, spread over the span in their own order and time of day."""
        columns = self.mapping["columns"]
        usable = []
        for line in lines:
            opened, category = parse_datetime(line[columns["reported"]]), self.category(line)
            if opened and category and line[columns["lat"]]:
                usable.append((opened, category, line))
        usable.sort(key=lambda item: item[0])
        step = max(1, len(usable) // limit)
        usable = usable[::step][:limit]
        for rank, (opened, category, line) in enumerate(usable):
            place = self.place(float(line[columns["lon"]]), float(line[columns["lat"]]))
            if place is None:
                continue
            texts = self.mapping["texts"].get(category, [category])
            yield Request(
                origin=line[columns["origin"]],
                reported_at=self._moment(rank, len(usable), opened),
                closed_after=self._interval(line, opened),
                category=category,
                text=self.chance.choice(texts),
                source=self._source(line[columns["source"]]),
                location=place,
            )

    def _moment(self, rank: int, total: int, opened: datetime) -> datetime:
        """The rank's share of the span gives the day, the file the time of day (told as local time)."""
        day = self.now - self.span + self.span * (rank / total)
        local = timezone.localtime(day)
        # San Francisco's clock is eight hours behind UTC in winter; a busy noon stays a busy noon.
        clock = (opened - timedelta(hours=8)).time()
        moment = local.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
        return moment if moment < self.now else moment - timedelta(days=1)

    def _interval(self, line: dict[str, str], opened: datetime) -> timedelta | None:
        text = line[self.mapping["columns"]["closed"]]
        closed = parse_datetime(text) if text else None
        if line.get("status") == "Open" or closed is None:
            return None
        return min(max(closed - opened, SHORTEST), LONGEST)

    def _source(self, name: str) -> str:
        if self.chance.random() < self.mapping.get("supervisor_share", 0):
            return "supervisor"
        return str(self.mapping["sources"].get(name, self.mapping.get("default_source", "supervisor")))


class Player:
    """Takes one request through the closed loop, at the times of the request."""

    def __init__(self, people: People, chance: random.Random, photo: Attachment | None, now: datetime) -> None:
        self.people, self.chance, self.photo, self.now = people, chance, photo, now

    def play(self, request: Request) -> Case:
        """Report and, as far as the request got by now, move. The case stays where its time runs out."""
        reporter = None
        probe = reporting.place_of(request.location)[1]
        if request.source == "supervisor":
            reporter = self.people.one("supervisor", probe)
        case = reporting.report(
            reporting.Report(
                description=request.text,
                location=request.location,
                source=request.source,
                category=request.category if request.source == "supervisor" else "",
                address=geocoding.address_at(request.location),
                origin=request.origin,
                photos=self._photos() if request.source == "supervisor" else (),
                is_demo=True,
            ),
            reporter,
            at=request.reported_at,
        )
        if case.version > 1:  # imported before
            return case
        self._go(case, request)
        return case

    def _photos(self) -> tuple[Attachment, ...]:
        return (self.photo,) if self.photo else ()

    def _times(self, request: Request) -> list[datetime]:
        """Acceptance, registration, dispatch, disposal, check, closing: minutes at the desks, the rest for the work."""
        whole = request.closed_after or timedelta(days=400)
        at, found = request.reported_at, []
        for _desk in range(3):
            at += timedelta(minutes=self.chance.triangular(1, 14, 5))
            found.append(at)
        end = request.reported_at + whole
        check = min(whole * 0.1, timedelta(minutes=100))
        found += [end - check * self.chance.uniform(0.7, 1.0), end - check * 0.3, end]
        return found

    def _go(self, case: Case, request: Request) -> None:  # noqa: PLR0911 - it stops where its time runs out
        times, region = self._times(request), case.region_id
        accepting, registering, dispatching, disposing, checking, closing = times
        draw = self.chance.random()
        if draw < 0.03:
            self._step(
                case, "reject", self.people.one("acceptor", region), accepting, opinion="不属于城市管理职责范围（演示）"
            )
            return
        if not self._step(case, "accept", self.people.one("acceptor", region), accepting, category=request.category):
            return
        chief = self.people.one("duty_chief", region)
        if draw < 0.04:
            self._step(case, "void", chief, registering, opinion="重复登记（演示）")
            return
        if not self._step(case, "register", chief, registering, category=request.category):
            return
        case.refresh_from_db()
        suggestion = routing.suggest(case)
        if suggestion is None:
            return
        dispatcher = self.people.one("dispatcher", region)
        department, worker = suggestion.department, self.people.of(suggestion.department)
        if not self._step(case, "dispatch", dispatcher, dispatching, department=department.pk):
            return
        if draw < 0.07:
            back = dispatching + timedelta(minutes=20)
            if not self._step(case, "return_dispatch", worker, back, opinion="不属于我单位管养范围（演示）"):
                return
            if not self._step(case, "dispatch", dispatcher, back + timedelta(minutes=5), department=department.pk):
                return
        self._dispose(case, draw, (worker, chief), (dispatching, disposing, checking, closing))

    def _dispose(self, case: Case, draw: float, people: tuple[User, User], times: tuple[datetime, ...]) -> None:
        (worker, chief), (dispatching, disposing, checking, closing) = people, times
        middle = dispatching + (disposing - dispatching) * 0.5
        if 0.07 < draw < 0.095 and middle < self.now:
            self._step(case, "ask_extension", worker, middle, opinion="需要协调产权单位，申请延期（演示）", hours=16)
            self._step(case, "approve_extension", chief, middle + timedelta(minutes=10))
        if 0.095 < draw < 0.11 and middle < self.now:
            self._step(case, "ask_suspension", worker, middle, opinion="等待冬季施工窗口（演示）")
            if draw < 0.1:
                self._step(case, "approve_suspension", chief, middle + timedelta(minutes=10))
                return
            self._step(case, "reject_suspension", chief, middle + timedelta(minutes=10), opinion="请按期处置（演示）")
        if not self._step(case, "dispose", worker, disposing, opinion="已处置完毕（演示）", photos=self._photos()):
            return
        watcher = self._watcher(case)
        if 0.11 < draw < 0.15:
            if not self._step(
                case, "check_fail", watcher, checking, opinion="现场仍有残留，需返工（演示）", photos=self._photos()
            ):
                return
            again = checking + (closing - checking) * 0.4
            if not self._step(case, "dispose", worker, again, opinion="已返工处置（演示）", photos=self._photos()):
                return
            checking = checking + (closing - checking) * 0.7
            watcher = self._watcher(case)
        if not self._step(case, "check_pass", watcher, checking, photos=self._photos()):
            return
        if not self._step(case, "close", chief, closing):
            return
        if case.source != "supervisor" and self.chance.random() < 0.5:
            at = closing + timedelta(hours=self.chance.uniform(1, 20))
            if at < self.now:
                moving.rate(case.pk, self.chance.choices((5, 4, 3, 2, 1), (50, 28, 12, 6, 4))[0], at=at)

    def _watcher(self, case: Case) -> User:
        task = CaseTask.objects.filter(case=case, state="open", kind="check").select_related("assignee").first()
        return task.assignee if task and task.assignee else self.people.one("supervisor", case.region_id)

    def _step(self, case: Case, code: str, actor: User, at: datetime, **given: Any) -> bool:
        """Make the move unless its time has not come. Returns whether it was made."""
        if at > self.now:
            return False
        moving.move(case.pk, code, actor, moving.Given(**given), at=at, is_quiet=True)
        return True


# How far the fresh ones get: minutes since the report, and the whole time their work takes.
FRESH = ((2, 600), (4, 600), (8, 900), (20, 1200), (35, 600), (55, 300), (100, 110), (150, 152), (30, 4000), (70, 5000))


def _as_fresh(request: Request, place: int, now: datetime) -> Request:
    since, whole = FRESH[place % len(FRESH)]
    reported_at = now - timedelta(minutes=since, seconds=place)
    return replace(request, reported_at=reported_at, closed_after=timedelta(minutes=whole))


def import_requests(
    file: Path,
    mapping_file: Path,
    *,
    limit: int,
    days: int,
    photo: Attachment | None,
    fresh: int = 0,
    say: Say | None = None,
) -> tuple[int, int]:
    """Import up to `limit` requests into the last `days`. Returns cases made and those that were there already.

    The last `fresh` of them are told as of the last hours and left at every desk in turn, so that each has work.

    Raises DomainError for a file or mapping that cannot be used; each request stands for itself.
    """
    now = timezone.now()
    translator = Translator(load_mapping(mapping_file), days, now)
    chance = random.Random(311)  # noqa: S311 - demo data
    people = People(chance)
    player = Player(people, chance, photo, now)
    made = known = 0
    requests = list(translator.requests(read(file), limit))
    for number, request in enumerate(requests, start=1):
        if Case.objects.filter(source=request.source, origin=request.origin).exists():
            known += 1
            continue
        place = len(requests) - number
        player.play(_as_fresh(request, place, now) if place < fresh else request)
        made += 1
        if say and number % 100 == 0:
            say(number, limit)
    return made, known
