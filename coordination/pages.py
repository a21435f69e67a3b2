"""Lists of coordination: parts, cases, and the tables an administrator keeps (CJJ/T 106 基础数据资源管理, 应用维护)."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms as django_forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from platform_core.http import UserRequest
from platform_core.models import User
from platform_core.pages import Column, ModelPages, Panel, register

from . import forms
from .choices import categories, departments, districts
from .models import (
    Case,
    CaseCategory,
    Grade,
    GridDuty,
    Indicator,
    KeyTask,
    PartFacility,
    Place,
    RosterEntry,
    RoutingRule,
    Shift,
    StageRecord,
    TimeLimit,
    WorkflowDefinition,
)
from .services import limits
from .services.geocoding import spaced
from .workflow import STANDARD


class CaseFilter(django_filters.FilterSet):
    """Filters whose choices are short lists, never searched for among five million rows."""

    state = django_filters.ChoiceFilter(
        label=_("state"), choices=lambda: [(code, state.label) for code, state in STANDARD.states.items()]
    )
    category = django_filters.ChoiceFilter(label=_("category"), field_name="category_id", choices=categories)
    region = django_filters.ChoiceFilter(label=_("district"), choices=districts, method="filter_region")
    department = django_filters.TypedChoiceFilter(
        label=_("professional department"), field_name="department_id", coerce=int, choices=departments
    )
    source = django_filters.ChoiceFilter(label=_("source"), choices=Case.Source.choices)
    since = django_filters.DateFilter(
        label=_("reported from"), field_name="reported_at", lookup_expr="date__gte",
        widget=django_forms.DateInput(attrs={"type": "date"}),
        method="filter_since",
    )  # fmt: skip
    until = django_filters.DateFilter(
        label=_("to"),
        field_name="reported_at",
        widget=django_forms.DateInput(attrs={"type": "date"}),
        method="filter_until",
    )

    def filter_region(self, rows: QuerySet, _name: str, code: str) -> QuerySet:
        """A district with its streets, as a range that the index on (region, reported_at) serves."""
        return rows.filter(region__code__gte=code, region__code__lt=str(int(code) + 1))

    def filter_since(self, rows: QuerySet, _name: str, day: Any) -> QuerySet:
        """From local midnight, so that the index is used."""
        from .services.performance import Span

        return rows.filter(reported_at__gte=Span(day, day).bounds()[0])

    def filter_until(self, rows: QuerySet, _name: str, day: Any) -> QuerySet:
        """Up to the end of the day."""
        from .services.performance import Span

        return rows.filter(reported_at__lt=Span(day, day).bounds()[1])


@register
class CasePages(ModelPages):
    """All cases, newest first (CJJ/T 312 §C.0.1-5, §D.0.4-30)."""

    model, system, filterset = Case, "coordination", CaseFilter
    columns = (
        Column("number"),
        Column("state_name", _("state")),
        Column("category"),
        Column("description"),
        Column("region"),
        Column("source"),
        Column("department"),
        Column("reported_at", sort=True),
        Column("closed_at", is_default=False),
        Column("emergency", is_default=False),
        Column("rework_count", is_default=False),
        Column("satisfaction", is_default=False),
        Column("is_demo"),
    )
    search, order = ("number",), "-reported_at"
    related = ("category", "department", "region")
    detail_page = "case"
    add_page = ("case-new", "coordination.accept_case")
    map_layer = "case"

    def rows(self, user: User) -> QuerySet:
        """Without the boundaries of the divisions."""
        return super().rows(user).defer("region__geometry")

    def value(self, row: Model, path: str) -> Any:
        """The state by its name in the standard workflow; a description cut to what a list needs."""
        if path == "state_name":
            assert isinstance(row, Case)
            return STANDARD.label(row.state)
        value = super().value(row, path)
        return f"{value[:40]}…" if path == "description" and len(value) > 41 else value


@register
class StageRecordPages(ModelPages):
    """Stage records; their photos are attachments, opened to whoever may see the case."""

    model, system = StageRecord, "coordination"
    columns = (
        Column("case"),
        Column("move"),
        Column("from_state"),
        Column("to_state"),
        Column("actor_name"),
        Column("at"),
        Column("stage_minutes", is_numeric=True),
        Column("was_in_time"),
        Column("opinion"),
    )
    related, order = ("case",), "-pk"


@register
class PartFacilityPages(ModelPages):
    """Part facilities 部件, with the import of a census (CJJ/T 312 §4.3.4-1)."""

    model, system, form, import_key = PartFacility, "coordination", forms.PartFacilityForm, ("code",)
    columns = (
        Column("code", sort=True),
        Column("name"),
        Column("type_code"),
        Column("region"),
        Column("owner"),
        Column("state"),
        Column("is_demo"),
    )
    filters, search, order, related = ("type_code", "state"), ("code",), "code", ("region", "owner")
    map_layer, may_have_attachments = "partfacility", True


@register
class CategoryPages(ModelPages):
    """Case categories 案件类别."""

    model, system, form, import_key = CaseCategory, "coordination", forms.CategoryForm, ("code",)
    columns = (
        Column("code", sort=True),
        Column("name"),
        Column("major_name"),
        Column("kind"),
        Column("emergency"),
        Column("source"),
    )
    filters, search, order = ("kind", "emergency"), ("code", "name", "major_name"), "code"


@register
class TimeLimitPages(ModelPages):
    """Time limits 处置时限."""

    model, system, form, import_key = TimeLimit, "coordination", forms.TimeLimitForm, ("stage", "category", "emergency")
    columns = (
        Column("stage"),
        Column("category"),
        Column("emergency"),
        Column("minutes", is_numeric=True),
        Column("clock"),
        Column("source"),
    )
    filters, search = ("stage", "emergency"), ("category",)

    def store(self, instance: Model, form: Any) -> None:
        """A limit counts for stages that begin from now on."""
        instance.save()
        limits.rules.forget()


@register
class RoutingRulePages(ModelPages):
    """Routing rules 派遣规则."""

    model, system, form = RoutingRule, "coordination", forms.RoutingRuleForm
    import_key = ("priority", "category", "region", "department")
    columns = (
        Column("priority", sort=True),
        Column("category"),
        Column("region"),
        Column("department"),
        Column("note"),
        Column("is_demo"),
    )
    search, order, related = ("category", "note"), "priority", ("region", "department")


@register
class IndicatorPages(ModelPages):
    """Performance indicators 绩效指标."""

    model, system, form, import_key = Indicator, "coordination", forms.IndicatorForm, ("code",)
    columns = (
        Column("name"),
        Column("code"),
        Column("formula"),
        Column("unit"),
        Column("weight", is_numeric=True),
        Column("acceptance_limit", is_numeric=True),
        Column("clause"),
        Column("source"),
    )
    search, order = ("code", "name"), "position"


@register
class GradePages(ModelPages):
    """Grades 等级."""

    model, system, form = Grade, "coordination", forms.GradeForm
    columns = (Column("letter"), Column("least", is_numeric=True))
    order = "-least"


@register
class ShiftPages(ModelPages):
    """Shifts 班次."""

    model, system, form = Shift, "coordination", forms.ShiftForm
    columns = (Column("name"), Column("starts_at"), Column("ends_at"), Column("grace_minutes", is_numeric=True))


@register
class RosterPages(ModelPages):
    """Roster and attendance 排班与考勤 (CJJ/T 312 §D.0.4-32)."""

    model, system, form, import_key = RosterEntry, "coordination", forms.RosterForm, ("day", "shift", "user")
    columns = (
        Column("day", sort=True),
        Column("user"),
        Column("user.organisation", _("organisation")),
        Column("shift"),
        Column("came_at"),
        Column("left_at"),
        Column("is_late"),
        Column("is_demo"),
    )
    filters, search, order = ("day", "shift", "is_late"), ("user__full_name",), "-day"
    related = ("user__organisation", "shift")

    def column_title(self, column: Column) -> Any:
        """The path through the user has its own title."""
        return column.title or super().column_title(column)


@register
class GridDutyPages(ModelPages):
    """Who looks after which ground 责任网格."""

    model, system, form, import_key = GridDuty, "coordination", forms.GridDutyForm, ("user", "grid_prefix")
    columns = (Column("user"), Column("grid_prefix", sort=True), Column("is_demo"))
    search, order, related = ("grid_prefix", "user__full_name"), "grid_prefix", ("user",)


@register
class PlacePages(ModelPages):
    """Places 地名地址 (CJJ/T 106 地理编码)."""

    model, system, form, import_key = Place, "coordination", forms.PlaceForm, ("code",)
    columns = (
        Column("code", sort=True),
        Column("name"),
        Column("kind"),
        Column("address"),
        Column("region"),
        Column("is_demo"),
    )
    filters, search, order, related = ("kind",), ("code", "name", "address"), "code", ("region",)
    map_layer = "place"

    def prepare(self, instance: Model) -> None:
        """What is searched follows from name and address."""
        assert isinstance(instance, Place)
        instance.search_text = spaced(instance.address + instance.name)[:700]


def _answers(request: UserRequest, task: KeyTask) -> dict[str, Any]:
    return {
        "task": task,
        "feedback": task.feedback.select_related("by"),
        "departments": departments(),
        "may_handle": request.user.has_perm("coordination.handle_keytask") and task.state != KeyTask.State.ANSWERED,
    }


@register
class KeyTaskPages(ModelPages):
    """Key tasks of nation and province 重点工作任务 (CJJ/T 312 §4.3.4-2)."""

    model, system = KeyTask, "coordination"
    columns = (
        Column("code"),
        Column("title"),
        Column("issuer"),
        Column("issued_at", sort=True),
        Column("deadline"),
        Column("state"),
        Column("department"),
        Column("progress", is_numeric=True),
    )
    details = ("code", "title", "issuer", "requirement", "issued_at", "deadline", "state", "department", "progress")
    filters, search, order, related = ("state",), ("code", "title"), "-issued_at", ("department",)
    panels = (Panel("answers", _("Handling and answers"), "coordination/panels/keytask.html", _answers),)


@register
class WorkflowPages(ModelPages):
    """Versions of the workflow 流程版本."""

    model, system = WorkflowDefinition, "coordination"
    columns = (Column("version", sort=True), Column("name"), Column("state"), Column("published_at"))
    order, detail_page = "-version", "workflow"
