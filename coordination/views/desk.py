"""Desks 受理, 立案, 派遣, 处置, 结案: the open cases of a stage, most pressing first (CJJ/T 106)."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from coordination import selectors
from coordination.choices import categories, departments, districts, or_none
from coordination.models import Case, Emergency
from coordination.services import definitions, moving, routing
from platform_core.forms.widgets import PlainSelect
from platform_core.http import UserRequest, number_of
from platform_core.memo import remembered

PAGE = 25
TITLES = {
    "acceptance": gettext_lazy("Acceptance desk"),
    "registration": gettext_lazy("Registration desk"),
    "dispatch": gettext_lazy("Dispatch desk"),
    "disposal": gettext_lazy("Disposal desk"),
    "street": gettext_lazy("Verification and check"),
    "closing": gettext_lazy("Closing desk"),
    "requests": gettext_lazy("Extensions and suspensions"),
}
BEFORE_DISPATCH = ("acceptance", "registration", "dispatch")
"""Desks whose cases have no department yet: they show the source instead."""
BULK = {"acceptance": "accept", "registration": "register", "dispatch": "dispatch", "closing": "close"}


class DeskFilter(django_forms.Form):
    """What a desk can be narrowed by; every choice is a short list."""

    q = django_forms.CharField(label=gettext_lazy("number or text"), required=False)
    lamp = django_forms.ChoiceField(
        widget=PlainSelect,
        label=gettext_lazy("lamp"),
        required=False,
        choices=[("", "---------"), ("red", gettext_lazy("red")), ("yellow", gettext_lazy("yellow"))],
    )
    category = django_forms.ChoiceField(
        widget=PlainSelect, label=gettext_lazy("category"), required=False, choices=or_none(categories)
    )
    region = django_forms.ChoiceField(
        widget=PlainSelect, label=gettext_lazy("district"), required=False, choices=or_none(districts)
    )
    source = django_forms.ChoiceField(
        widget=PlainSelect,
        label=gettext_lazy("source"),
        required=False,
        choices=[("", "---------"), *Case.Source.choices],
    )
    emergency = django_forms.ChoiceField(
        widget=PlainSelect,
        label=gettext_lazy("emergency"),
        required=False,
        choices=[("", "---------"), *Emergency.choices],
    )
    department = django_forms.ChoiceField(
        widget=PlainSelect, label=gettext_lazy("professional department"), required=False, choices=or_none(departments)
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():  # asked once, not again for validation and for drawing
            if isinstance(field, django_forms.ChoiceField):
                choices: Any = field.choices
                field.choices = list(choices)

    def apply(self, rows: QuerySet[Case]) -> QuerySet[Case]:
        """The rows that match; none for a choice that does not exist."""
        if not self.is_valid():
            return rows.none()
        given, now = self.cleaned_data, timezone.now()
        if text := given["q"].strip():
            rows = rows.filter(Q(number__startswith=text) | Q(description__icontains=text) | Q(address__icontains=text))
        if given["lamp"] == "red":
            rows = rows.filter(is_suspended=False, due_at__lte=now)
        elif given["lamp"] == "yellow":
            rows = rows.filter(is_suspended=False, warn_at__lte=now, due_at__gt=now)
        if code := given["region"]:
            rows = rows.filter(region__code__gte=code, region__code__lt=str(int(code) + 1))
        for name in ("category", "source", "emergency", "department"):
            if given[name]:
                rows = rows.filter(**{name: given[name]})
        return rows


def _queue(request: UserRequest, code: str) -> selectors.Queue:
    """The desk, for those who hold its right."""
    queue = selectors.QUEUES.get(code)
    if queue is None:
        raise Http404
    if not request.user.has_perm("platform_core.access_coordination") or not request.user.has_perm(
        f"coordination.{queue.right}"
    ):
        raise PermissionDenied(_("You do not have the right to do this."))
    return queue


@remembered(10)
def _no_filter() -> SafeString:
    """The filter's fields with nothing chosen, as desks mostly show them: the same for everybody."""
    return _fields(DeskFilter())


def _fields(narrowing: DeskFilter) -> SafeString:
    return render_to_string("coordination/_filters.html", {"narrowing": narrowing})


def _page(everything: QuerySet[Case], narrowing: DeskFilter | None, number: str, needs_lamps: bool) -> tuple[Page, Any]:
    """A page of keys, and how many lamps of each colour the desk shows."""
    if narrowing is None and number in ("", "1"):
        keys, lamps = selectors.opening(everything, PAGE)
        paginator = Paginator(everything.values_list("pk", flat=True), PAGE)
        paginator.__dict__["count"] = lamps["all"]  # counted already
        return Page(keys, 1, paginator), lamps
    rows = narrowing.apply(everything) if narrowing else everything
    paginator = Paginator(rows.values_list("pk", flat=True), PAGE)
    return paginator.get_page(number), selectors.lamps(everything) if needs_lamps else None


@login_required
def desk(request: UserRequest, code: str) -> HttpResponse:
    """A desk's queue with filters; for those who hold its right."""
    queue = _queue(request, code)
    given = {name: request.GET[name] for name in DeskFilter.base_fields if request.GET.get(name)}
    everything = selectors.queue_rows(queue, request.user)
    is_whole = not request.htmx or request.htmx.boosted
    narrowing = DeskFilter(given) if given else None
    page, lamps = _page(everything, narrowing, request.GET.get("page", ""), is_whole)
    flow = definitions.workflow(definitions.in_force().pk)
    bulk = flow.moves.get(BULK.get(code, ""))
    context: dict[str, Any] = {
        "queue": queue,
        "title": TITLES[code],
        "filters": SimpleLazyObject(lambda: _fields(narrowing) if narrowing else _no_filter()),
        "page": page,
        "lamps": lamps,
        "rows": selectors.listed(code, page, flow, bulk),
        "bulk": bulk,
        "has_leader": code not in BEFORE_DISPATCH,
        "departments": departments() if bulk and bulk.code == "dispatch" else [],
        "active": request.path,
    }
    return render(request, f"coordination/{'desk' if is_whole else '_queue'}.html", context)


@login_required
@require_POST
def bulk(request: UserRequest, code: str) -> HttpResponse:
    """The desk's main move for the ticked cases; for those who hold its right. Each case stands for itself."""
    _queue(request, code)
    step = BULK.get(code)
    chosen = _chosen(request.POST.getlist("case"))
    if step is None or not chosen:
        messages.warning(request, _("Tick the cases first."))
        return redirect("desk", code)
    if step == "dispatch":
        done, refused = _dispatch(request, chosen)
    else:
        done, refused = moving.move_many(chosen, step, request.user)
    if done:
        messages.success(request, ngettext("%d case moved on.", "%d cases moved on.", done) % done)
    for message in refused[:5]:
        messages.error(request, message)
    return redirect("desk", code)


def _chosen(values: list[str]) -> list[tuple[int, int]]:
    """`key-version` of each tick."""
    pairs = [tuple(map(number_of, value.split("-"))) for value in values[:PAGE]]
    return [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and pair[0] is not None and pair[1] is not None]


def _dispatch(request: UserRequest, chosen: list[tuple[int, int]]) -> tuple[int, list[str]]:
    """To the department chosen for all, or each to the one its rule suggests."""
    wanted = number_of(request.POST.get("department"))
    done, refused = 0, []
    cases = {
        case.pk: case
        for case in Case.objects.visible_to(request.user)
        .filter(pk__in=[pk for pk, _version in chosen])
        .select_related("part__owner")
    }
    for pk, version in chosen:
        case = cases.get(pk)
        suggestion = routing.suggest(case) if case and not wanted else None
        department = wanted or (suggestion.department.pk if suggestion else None)
        if case is not None and department is None:
            refused.append(_("%s: no rule says which department; dispatch it by itself.") % case.number)
            continue
        given = moving.Given(department=department)
        one, why = moving.move_many([(pk, version)], "dispatch", request.user, given)
        done, refused = done + one, refused + why
    return done, refused
