"""Performance: indicators from daily counts, weighted to a score and a grade (GB/T 30428.4; CJJ/T 312 §C.0.4-4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.translation import gettext as _
from simpleeval import InvalidExpression, NameNotDefined, SimpleEval

from coordination.models import Case, CaseCategory, DayCount, Grade, Indicator, StageRecord, Subject
from platform_core.errors import DomainError
from platform_core.http import number_of
from platform_core.models import Organisation, Region, User

MEASURES = (
    "reported", "reported_by_public", "valid_reported", "accepted", "accepted_in_time", "verified", "verified_in_time",
    "rejected", "registered", "accurate_registered", "voided", "dispatched", "accurate_dispatched",
    "dispatched_in_time", "returned", "due", "disposed_of_due", "in_time_of_due", "closed_of_due",
    "closed_in_time_of_due", "disposed", "disposed_in_time", "reworked", "extended", "suspended", "urged", "checked",
    "checked_in_time", "closed", "reopened", "ratings", "rating_sum",
)  # fmt: skip
PERIODS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class Span:
    """Days from first to last, both counted."""

    first: date
    last: date

    def bounds(self) -> tuple[datetime, datetime]:
        """Local midnight before the first day, and after the last."""
        zone = timezone.get_default_timezone()
        return (
            datetime.combine(self.first, time(), zone),
            datetime.combine(self.last + timedelta(days=1), time(), zone),
        )


def span_of(period: str, day: date) -> Span:
    """The day, week, month, quarter or year a day lies in. Raises DomainError for another word."""
    if period == "day":
        return Span(day, day)
    if period == "week":
        first = day - timedelta(days=day.weekday())
        return Span(first, first + timedelta(days=6))
    months = {"month": 1, "quarter": 3, "year": 12}.get(period)
    if months is None:
        raise DomainError("bad_period", _("The period is day, week, month, quarter or year."))
    start = (day.month - 1) // months * months + 1
    first = day.replace(month=start, day=1)
    after = date(first.year + (start + months > 12), (start + months - 1) % 12 + 1, 1)
    return Span(first, after - timedelta(days=1))


def check_formula(formula: str, names: Iterable[str] = MEASURES) -> None:
    """Raise DomainError unless the formula can be computed from these names."""
    try:
        SimpleEval(names=dict.fromkeys(names, 1), functions={"min": min, "max": max}).eval(formula)
    except NameNotDefined as error:
        raise DomainError("bad_formula", _("The formula names “%s”, which is not measured.") % error.name) from error
    except (InvalidExpression, SyntaxError, ZeroDivisionError, TypeError, ValueError) as error:
        raise DomainError("bad_formula", _("The formula cannot be computed: %s") % error) from error


def value_of(formula: str, measures: Mapping[str, int]) -> float | None:
    """A figure; None where it divides by nothing."""
    names = {name: measures.get(name, 0) for name in MEASURES}
    try:
        return float(SimpleEval(names=names, functions={"min": min, "max": max}).eval(formula))
    except ZeroDivisionError:
        return None


def _score(indicator: Indicator, value: float) -> float:
    raw = value
    if indicator.score_formula:
        raw = float(
            SimpleEval(names={"value": value}, functions={"min": min, "max": max}).eval(indicator.score_formula)
        )
    return min(max(raw, 0.0), 100.0)


@dataclass(frozen=True)
class Figure:
    """An indicator's value for a subject; `fails` when it breaks the limit of acceptance (app. D.0.4)."""

    indicator: Indicator
    value: float | None

    @property
    def fails(self) -> bool:
        """Whether the limit of acceptance is broken."""
        limit = self.indicator.acceptance_limit
        if limit is None or self.value is None:
            return False
        return self.value > limit if self.indicator.limit_is_upper else self.value < limit


@dataclass(frozen=True)
class Line:
    """A subject's figures, score (0–100) and grade."""

    subject: str
    name: str
    figures: list[Figure]
    score: float | None
    grade: str


def _rows(kind: str, span: Span, user: User, within: str) -> QuerySet:
    rows = DayCount.objects.filter(subject_kind=kind, day__range=(span.first, span.last))
    if kind == Subject.REGION and within:
        rows = rows.filter(subject__startswith=within)
    allowed = scope_subjects(kind, user)
    return rows if allowed is None else rows.filter(subject__in=allowed)


def scope_subjects(kind: str, user: User) -> list[str] | None:
    """Subjects inside the user's data scope; None where nothing restricts them.

    A user who sees only a part of the city sees no figures of posts and categories: those are sums over all of it.
    """
    if user.is_superuser or any(
        scope.region_prefix in (None, "", _city()) and not scope.organisation_path for scope in user.scopes()
    ):
        return None
    if kind == Subject.REGION:
        return [str(code) for code in Region.objects.visible_to(user).values_list("code", flat=True)]
    if kind == Subject.DEPARTMENT:
        own = [scope.organisation_path for scope in user.scopes() if scope.organisation_path]
        found = Organisation.objects.visible_to(user)
        return [str(row.pk) for row in found if not own or any(row.path.startswith(path) for path in own)]
    if kind == Subject.PERSON:
        return [str(pk) for pk in User.objects.visible_to(user).values_list("pk", flat=True)]
    return []


def _city() -> str:
    from platform_core.models import PlatformInstance

    platform = PlatformInstance.objects.select_related("region").only("region__code", "region__level").first()
    return platform.region.prefix if platform else ""


def measures_by_subject(
    kind: str, span: Span, user: User, within: str = "", is_by_street: bool = False
) -> dict[str, dict[str, int]]:
    """Sums of each measure by subject; divisions by district unless `is_by_street` (one query over the counts)."""
    rows = _rows(kind, span, user, within)
    if kind == Subject.REGION and not is_by_street:
        rows = rows.annotate(key=Substr("subject", 1, 6))
    else:
        rows = rows.annotate(key=Substr("subject", 1, 40))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows.values("key", "measure").annotate(total=Sum("count")):
        found[row["key"]][row["measure"]] = row["total"]
    return found


def _names(kind: str, keys: Iterable[str]) -> dict[str, str]:
    keys = list(keys)
    if kind == Subject.REGION:
        return dict(Region.objects.filter(code__in=keys).values_list("code", "name"))
    if kind == Subject.CATEGORY:
        return {row.code: str(row) for row in CaseCategory.objects.filter(code__in=keys)}
    if kind == Subject.POST:
        return {key: key for key in keys}
    numbers = [int(key) for key in keys if key.isdecimal()]
    if kind == Subject.DEPARTMENT:
        return {str(pk): name for pk, name in Organisation.objects.filter(pk__in=numbers).values_list("pk", "name")}
    return {str(user.pk): f"{user.full_name}（{user.post}）" for user in User.objects.filter(pk__in=numbers)}


def indicators_of(kind: str) -> list[Indicator]:
    """Indicators that evaluate such subjects, in order."""
    return [row for row in Indicator.objects.current() if kind in row.subject_kinds]


def grade_of(score: float | None, grades: Iterable[Grade]) -> str:
    """The first grade whose least score is reached."""
    if score is None:
        return "—"
    return next((grade.letter for grade in grades if score >= grade.least), "—")


def line(key: str, name: str, measures: Mapping[str, int], indicators: list[Indicator], grades: list[Grade]) -> Line:
    """A subject's line; the score is the weighted mean over the indicators that have a value."""
    figures = [Figure(row, value_of(row.formula, measures)) for row in indicators]
    weighed = [
        (figure.indicator, figure.value) for figure in figures if figure.indicator.weight and figure.value is not None
    ]
    total = sum(indicator.weight for indicator, _value in weighed)
    score = sum(indicator.weight * _score(indicator, value) for indicator, value in weighed) / total if total else None
    return Line(key, name, figures, score, grade_of(score, grades))


@dataclass(frozen=True)
class Table:
    """A report: one line a subject, best first, and the sum of all."""

    kind: str
    span: Span
    indicators: list[Indicator]
    lines: list[Line]
    total: Line


def report(kind: str, span: Span, user: User, *, within: str = "", is_by_street: bool = False) -> Table:
    """Figures of every subject of a kind over a span, inside the user's scope (about six queries)."""
    if kind not in Subject.values:
        raise DomainError("bad_subject", _("There is no evaluation by “%s”.") % kind)
    sums = measures_by_subject(kind, span, user, within, is_by_street)
    indicators, grades = indicators_of(kind), list(Grade.objects.current())
    names = _names(kind, sums)
    lines = [line(key, names.get(key, key), measures, indicators, grades) for key, measures in sums.items()]
    lines.sort(key=lambda row: (row.score is None, -(row.score or 0), row.subject))
    whole: dict[str, int] = defaultdict(int)
    for measures in sums.values():
        for measure, count in measures.items():
            whole[measure] += count
    return Table(kind, span, indicators, lines, line("", _("all"), whole, indicators, grades))


def cases_of(kind: str, subject: str, span: Span, user: User) -> QuerySet[Case]:
    """The cases behind a line, for drilling down: reported in the span, or acted on by the person."""
    begin, end = span.bounds()
    rows: Any = Case.objects.visible_to(user)
    if kind in (Subject.PERSON, Subject.POST):
        person = number_of(subject) or 0
        who = {"actor_id": person} if kind == Subject.PERSON else {"post": subject}
        acted = StageRecord.objects.filter(at__gte=begin, at__lt=end, **who)
        return rows.filter(pk__in=acted.values("case"))
    rows = rows.filter(reported_at__gte=begin, reported_at__lt=end)
    if kind == Subject.REGION:
        return rows.filter(region__code__startswith=subject)
    field = "department_id" if kind == Subject.DEPARTMENT else "category_id"
    return rows.filter(**{field: subject})


def trend(measure: str, span: Span, user: User, within: str = "") -> list[tuple[date, int]]:
    """A measure day by day over the user's divisions; days without are 0."""
    rows = _rows(Subject.REGION, span, user, within).filter(measure=measure).values("day").annotate(total=Sum("count"))
    found = {row["day"]: row["total"] for row in rows}
    days = (span.last - span.first).days + 1
    return [(day, found.get(day, 0)) for day in (span.first + timedelta(days=number) for number in range(days))]
