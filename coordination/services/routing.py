"""Which department a case is for: rules with a reason, measured against what was decided (CJJ/T 106 协同工作)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from coordination.models import Case, RoutingRule
from platform_core.memo import remembered
from platform_core.models import Organisation
from platform_core.services.jobs import Outcome, Progress, kind

HISTORY = 20_000


@dataclass(frozen=True)
class Suggestion:
    """A department and why."""

    department: Organisation
    reason: str


@remembered(10)
def rules() -> list[RoutingRule]:
    """In the order they are tried (one query)."""
    rows = RoutingRule.objects.current().select_related("department", "region").defer("region__geometry")
    return sorted(rows, key=lambda rule: (rule.priority, -len(rule.category), -len(rule.region_id or ""), rule.pk))


def _fits(rule: RoutingRule, category: str, region: str) -> bool:
    return category.startswith(rule.category) and (rule.region is None or rule.region.contains(region))


def suggest(case: Case) -> Suggestion | None:
    """The part's owner, else the first rule that fits; None where nothing does."""
    if case.part and case.part.owner:
        return Suggestion(case.part.owner, _("owner of the part %s") % case.part.code)
    return first_fitting(rules(), case.category_id or "", case.region_id)


def first_fitting(ordered: Iterable[RoutingRule], category: str, region: str) -> Suggestion | None:
    """The department of the first of the ordered rules that speaks about such a case."""
    for rule in ordered:
        if _fits(rule, category, region):
            reason = _("rule %(number)d: %(category)s in %(region)s") % {
                "number": rule.pk,
                "category": rule.category or _("every category"),
                "region": rule.region or _("every division"),
            }
            return Suggestion(rule.department, reason)
    return None


@dataclass(frozen=True)
class Trial:
    """How the rules would have done on closed cases."""

    cases: int
    matched: int
    silent: int
    worst: list[tuple[str, int, int]]

    @property
    def rate(self) -> float:
        """Share of the cases with a suggestion where it was the department that closed it, in %."""
        spoken = self.cases - self.silent
        return 100 * self.matched / spoken if spoken else 0.0


def test_against_history(progress: Progress | None = None) -> Trial:
    """Compare the rules with the department that disposed of the last 20,000 closed cases."""
    ordered = rules()
    rows = Case.objects.filter(state="closed", department__isnull=False, category__isnull=False)
    pairs = list(rows.order_by("-reported_at").values_list("category", "region", "department")[:HISTORY])
    matched = silent = 0
    misses: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for number, (category, region, department) in enumerate(pairs, start=1):
        found = first_fitting(ordered, category, region)
        totals[category] += 1
        if found is None:
            silent += 1
        elif found.department.pk == department:
            matched += 1
        else:
            misses[category] += 1
        if progress and number % 2000 == 0:
            progress(number, len(pairs))
    worst = [(category, count, totals[category]) for category, count in misses.most_common(10)]
    return Trial(len(pairs), matched, silent, worst)


@kind("test_routing")
def test_routing_job(job: object, progress: Progress) -> Outcome:
    """The trial as a job."""
    trial = test_against_history(progress)
    numbers = {
        _("cases"): trial.cases,
        _("hits in %"): round(trial.rate, 1),
        _("without suggestion"): trial.silent,
        _("most misses"): "、".join(f"{category} {misses}/{total}" for category, misses, total in trial.worst) or "—",
    }
    return Outcome(numbers)
