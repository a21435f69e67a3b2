"""The data standard as data: every exchangeable table, editable at run time (CJJ/T 312 §5, §4.1.4-7)."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.gis.db import models
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from exchange.tables import TYPES, FieldSpec, TableSpec
from platform_core.errors import DomainError
from platform_core.models import EditableModel, User

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
NAME_RULE = RegexValidator(
    r"^[A-Za-z][A-Za-z0-9_]{0,39}$",
    _("A name begins with a letter and has letters, digits and underscores, 40 at most."),
)


class Group(models.TextChoices):
    """The sub-databases of §5.1 and §5.2."""

    BASIC = "basic", _("city basics")
    OPERATION = "operation", _("operation")
    MANAGEMENT = "management", _("management")
    SERVICE = "service", _("service")
    EVALUATION = "evaluation", _("comprehensive evaluation")
    GUIDANCE = "guidance", _("business guidance")
    SUPERVISION = "supervision", _("supervision and inspection")
    EXTERNAL = "external", _("external convergence")


class DataTable(EditableModel):
    """A table of the data standard. `fields` is a list of field definitions as `field_from` reads them."""

    group = models.CharField(_("group"), max_length=20, choices=Group.choices)
    table = models.CharField(_("table"), max_length=40, validators=[NAME_RULE])
    title = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=400, blank=True)
    fields = models.JSONField(_("fields"))
    key = models.JSONField(_("natural key"))
    time_field = models.CharField(_("time field"), max_length=40, blank=True)
    region_field = models.CharField(_("division field"), max_length=40, blank=True)
    is_partitioned = models.BooleanField(_("partitioned by month"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1)
    sensitivity = models.PositiveSmallIntegerField(_("sensitivity level"), default=1)
    source = models.CharField(_("source"), max_length=60, default="local")
    update_cycle_h = models.PositiveIntegerField(_("update cycle in h"), default=24 * 30)
    retention_months = models.PositiveIntegerField(_("kept for months"), null=True, blank=True)
    is_local = models.BooleanField(_("added here"), default=True, editable=False)

    class Meta:
        verbose_name = _("table of the data standard")
        verbose_name_plural = _("data standard")
        ordering = ("group", "table")
        constraints = (models.UniqueConstraint(fields=("group", "table"), name="datatable_once"),)
        permissions = (
            ("edit_standard", "May change the data standard"),
            ("publish_catalogue", "May review and publish the catalogue"),
            ("approve_destruction", "May approve the destruction of data"),
        )

    def __str__(self) -> str:
        return f"{self.group}.{self.table} {self.title}"

    @property
    def name(self) -> str:
        """`group.table`."""
        return f"{self.group}.{self.table}"

    def spec(self) -> TableSpec:
        """As the exchange reads it. Raises DomainError where the definition contradicts itself."""
        fields = tuple(field_from(definition) for definition in self.fields)
        spec = TableSpec(
            self.group, self.table, self.title, fields, tuple(self.key), self.time_field, self.region_field,
            self.is_partitioned, self.version, self.sensitivity, self.source, self.description,
        )  # fmt: skip
        check_spec(spec)
        return spec


class DataTableVersion(models.Model):
    """A version of a table as it was in force."""

    table = models.ForeignKey(DataTable, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField(_("version"))
    definition = models.JSONField(_("definition"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    published_at = models.DateTimeField(_("in force since"), auto_now_add=True)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))

    class Meta:
        ordering = ("-version",)
        constraints = (models.UniqueConstraint(fields=("table", "version"), name="datatableversion_once"),)

    def __str__(self) -> str:
        return f"{self.table} v{self.version}"


def field_from(definition: dict[str, Any]) -> FieldSpec:
    """A field from its JSON definition. Raises DomainError for a name, type or limit that is none."""
    name, kind = str(definition.get("name", "")), str(definition.get("type", ""))
    if not NAME.fullmatch(name):
        raise DomainError("bad_field", gettext("“%s” is not a field name.") % name)
    if kind not in TYPES:
        raise DomainError("bad_field", gettext("Field %(name)s: the type “%(type)s” is none of %(all)s.") % {
            "name": name, "type": kind, "all": ", ".join(TYPES)})  # fmt: skip
    pattern = str(definition.get("pattern", ""))
    try:
        re.compile(pattern)
    except re.error as error:
        raise DomainError("bad_field", gettext("Field %(name)s: the pattern cannot be read (%(error)s).") % {
            "name": name, "error": error}) from error  # fmt: skip
    return FieldSpec(
        name, kind, str(definition.get("title", name)), definition.get("length"), bool(definition.get("required")),
        str(definition.get("unit", "")), tuple(str(code) for code in definition.get("codes", ())),
        definition.get("min"), definition.get("max"), pattern, int(definition.get("sensitivity", 1)),
    )  # fmt: skip


def check_spec(spec: TableSpec) -> None:
    """Raise DomainError where key, time or division field are not fields, or a partition's field is not in the key."""
    names = [field.name for field in spec.fields]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DomainError("bad_table", gettext("The field %s is there twice.") % ", ".join(twice))
    for name in (*spec.key, spec.time_field, spec.region_field):
        if name and name not in names:
            raise DomainError("bad_table", gettext("“%s” is not a field of the table.") % name)
    if not spec.key:
        raise DomainError("bad_table", gettext("A table has a natural key."))
    for name in spec.key:
        field = spec.field(name)
        assert field is not None
        if not field.required or field.type in ("json", "geometry"):
            said = gettext("The key field %s is required, and neither JSON nor a shape.")
            raise DomainError("bad_table", said % name)
    if spec.is_partitioned:
        time = spec.field(spec.time_field)
        if time is None or time.type != "datetime" or spec.time_field not in spec.key:
            raise DomainError("bad_table", gettext("A table partitioned by month has its time field in the key."))
