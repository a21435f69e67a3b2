"""Pages of the shared vocabulary."""

from __future__ import annotations

from django.db.models import Model
from django.forms import ModelForm
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from platform_core.forms import models as forms
from platform_core.geo.measure import area_m2
from platform_core.models import (
    AuditEntry,
    CalendarDay,
    CodeList,
    EvaluationGrid,
    EvaluationPoint,
    Organisation,
    Region,
    Role,
    ThematicLayer,
    UnitGrid,
    User,
)
from platform_core.models.grid import EVALUATION_GRID_KM2
from platform_core.services.grids import place_point

from .base import Column, ModelPages, register


@register
class EvaluationGridPages(ModelPages):
    """Evaluation grids 评价网格 (CJJ/T 312 §4.3.3)."""

    model, system, form, import_key = EvaluationGrid, "evaluation", forms.EvaluationGridForm, "code"
    columns = (
        Column("code", sort=True),
        Column("name", sort=True),
        Column("region"),
        Column("area_km2", sort=True, is_numeric=True),
        Column("is_demo"),
        Column("updated_at", sort=True, is_default=False),
    )
    filters, search, order, related = ("region",), ("code", "name"), "code", ("region",)
    map_layer = "evaluationgrid"

    def prepare(self, instance: Model) -> None:
        """The area follows from the boundary."""
        assert isinstance(instance, EvaluationGrid)
        instance.area_km2 = area_m2(instance.geometry) / 1e6

    def warnings(self, instance: Model) -> list[str]:
        """Outside 0.5–3 km² is unusual (CJJ/T 312 §2.0.5)."""
        assert isinstance(instance, EvaluationGrid)
        if instance.has_usual_area:
            return []
        least, most = EVALUATION_GRID_KM2
        return [
            _("The area is %(area).2f km²; evaluation grids usually have %(least)s to %(most)s km².")
            % {"area": instance.area_km2, "least": least, "most": most}
        ]


@register
class EvaluationPointPages(ModelPages):
    """Evaluation points 评价点位 (CJJ/T 312 §2.0.6, §4.3.3)."""

    model, system, form, import_key = EvaluationPoint, "evaluation", forms.EvaluationPointForm, "code"
    columns = (
        Column("code", sort=True),
        Column("name", sort=True),
        Column("point_type", sort=True),
        Column("region"),
        Column("evaluation_grid"),
        Column("address"),
        Column("is_demo"),
    )
    filters, search, order = ("region", "point_type"), ("code", "name", "address"), "code"
    related = ("region", "evaluation_grid")
    map_layer = "evaluationpoint"

    def prepare(self, instance: Model) -> None:
        """The grid follows from the location."""
        assert isinstance(instance, EvaluationPoint)
        place_point(instance)


@register
class UnitGridPages(ModelPages):
    """Unit grids 单元网格."""

    model, system, form, import_key = UnitGrid, "evaluation", forms.UnitGridForm, "code"
    columns = (
        Column("code", sort=True),
        Column("region"),
        Column("evaluation_grid"),
        Column("area_m2", sort=True, is_numeric=True),
        Column("is_demo"),
    )
    filters, search, order, related = ("region",), ("code",), "code", ("region", "evaluation_grid")
    map_layer = "unitgrid"

    def prepare(self, instance: Model) -> None:
        """The area follows from the boundary."""
        assert isinstance(instance, UnitGrid)
        instance.area_m2 = area_m2(instance.geometry)


@register
class ThematicLayerPages(ModelPages):
    """Thematic layers 专题图层."""

    model, system, form, import_key = ThematicLayer, "evaluation", forms.ThematicLayerForm, "code"
    columns = (
        Column("code", sort=True),
        Column("name"),
        Column("geometry_type"),
        Column("region"),
        Column("description"),
    )
    filters, search, order, related = ("geometry_type",), ("code", "name"), "code", ("region",)


@register
class RegionPages(ModelPages):
    """Administrative divisions 行政区划; changed by the state, so only shown."""

    model, system = Region, "maintenance"
    columns = (
        Column("code", sort=True),
        Column("name"),
        Column("level", sort=True),
        Column("parent"),
        Column("source"),
    )
    filters, search, order, related = ("level",), ("code", "name"), "code", ("parent",)
    map_layer = "region"


@register
class OrganisationPages(ModelPages):
    """Organisations 机构 (CJJ/T 312 §4.1.4-8-1, §4.3.12-1)."""

    model, system, form = Organisation, "maintenance", forms.OrganisationForm
    columns = (
        Column("indented_name", gettext_lazy("name")),
        Column("code"),
        Column("kind"),
        Column("region"),
        Column("leader"),
        Column("phone"),
        Column("is_demo"),
    )
    details = ("name", "code", "kind", "region", "leader", "phone", "is_demo")
    filters, search, order, related = ("kind", "region"), ("code", "name"), "path", ("region",)

    def store(self, instance: Model, form: ModelForm) -> None:
        """A new node hangs below its parent; treebeard computes its path when it is added."""
        if instance.pk:
            instance.save()
        else:
            form.cleaned_data["parent"].add_child(instance=instance)


@register
class UserPages(ModelPages):
    """Users 人员 (CJJ/T 312 §4.1.4-8-1, §4.3.12-1)."""

    model, system, form = User, "maintenance", forms.UserForm
    columns = (
        Column("username", sort=True),
        Column("full_name", sort=True),
        Column("organisation"),
        Column("post"),
        Column("masked_phone", gettext_lazy("telephone")),
        Column("is_active"),
        Column("last_login"),
        Column("is_demo"),
    )
    details = ("username", "full_name", "organisation", "post", "is_active", "last_login", "is_demo")
    filters, search, order = ("organisation", "is_active"), ("username", "full_name", "post"), "username"
    related = ("organisation",)


@register
class CodeListPages(ModelPages):
    """Code lists 代码."""

    model, system, form = CodeList, "maintenance", forms.CodeListForm
    columns = (Column("code", sort=True), Column("name"), Column("version"), Column("state"), Column("source"))
    filters, search, order = ("state",), ("code", "name"), "code"


@register
class CalendarDayPages(ModelPages):
    """Working calendar 工作日历."""

    model, system, form = CalendarDay, "maintenance", forms.CalendarDayForm
    columns = (Column("day", sort=True), Column("kind"), Column("name"), Column("source"))
    filters, search, order = ("kind",), ("name",), "-day"


class _Unscoped(ModelPages):
    """Tables without a data scope: who has the right sees all of them."""

    def rows(self, user: User) -> object:  # type: ignore[override]
        """Every row."""
        return self.model._default_manager.all().select_related(*self.related)


@register
class RolePages(_Unscoped):
    """Roles 角色."""

    model, system = Role, "maintenance"
    columns = (Column("name"), Column("code", sort=True), Column("duty"), Column("description"), Column("is_builtin"))
    filters, search, order = ("duty",), ("name", "code"), "code"


@register
class AuditEntryPages(_Unscoped):
    """Audit log 审计日志: for audit administrators."""

    model, system = AuditEntry, "maintenance"
    columns = (
        Column("at"),
        Column("actor_name"),
        Column("action"),
        Column("object_type"),
        Column("object_name"),
        Column("ip"),
        Column("sequence"),
    )
    details = (
        "at",
        "actor_name",
        "action",
        "object_type",
        "object_id",
        "object_name",
        "before",
        "after",
        "ip",
        "sequence",
        "hash",
    )
    filters, search, order = ("action", "object_type"), ("actor_name", "object_name"), "-pk"
