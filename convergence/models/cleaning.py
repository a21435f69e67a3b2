"""Cleaning 数据清洗: rules as data, and what each of them changed (CJJ/T 312 §4.1.4-7-2)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from platform_core.models import EditableModel

from .table import DataTable


class CleaningRule(EditableModel):
    """What a row of a table must be like, and what happens where it is not: convert, audit, compare, de-duplicate,
    correct. `parameters` by kind: convergence/cleaning/rules.py.
    """

    class Kind(models.TextChoices):
        TRIM = "trim", _("trim and normalise text")
        RANGE = "range", _("range")
        PATTERN = "pattern", _("pattern")
        CODE = "code", _("code list")
        UNIT = "unit", _("unit conversion")
        MAP = "map", _("value mapping")
        FILL = "fill", _("fill in when empty")
        CROSS_FIELD = "cross_field", _("comparison of fields")
        REFERENCE = "reference", _("reference to another table")
        INSIDE = "inside", _("place inside the division")
        DUPLICATE = "duplicate", _("fuzzy duplicate")

    class Action(models.TextChoices):
        CORRECT = "correct", _("correct")
        FLAG = "flag", _("flag")
        REFUSE = "refuse", _("quarantine")

    table = models.ForeignKey(DataTable, models.CASCADE, related_name="rules", verbose_name=_("table"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    field = models.CharField(_("field"), max_length=40, blank=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    action = models.CharField(_("action"), max_length=8, choices=Action.choices, default=Action.FLAG)
    order = models.PositiveSmallIntegerField(_("order"), default=10)
    is_enabled = models.BooleanField(_("in use"), default=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("cleaning rule")
        verbose_name_plural = _("cleaning rules")
        ordering = ("table", "order", "id")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.field}"


class CleaningChange(models.Model):
    """A value that a rule changed (before, after), or a row that it flagged or refused (after is empty)."""

    rule = models.ForeignKey(CleaningRule, models.PROTECT, related_name="changes", verbose_name=_("rule"))
    batch_id = models.BigIntegerField(_("batch"))
    key = models.CharField(_("key"), max_length=200)
    field = models.CharField(_("field"), max_length=40)
    action = models.CharField(_("action"), max_length=8, choices=CleaningRule.Action.choices)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("cleaning record")
        verbose_name_plural = _("cleaning records")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("rule", "-id"), name="cleaningchange_rule"),
            # The search field looks anywhere inside the key.
            GinIndex(OpClass(Upper("key"), name="gin_trgm_ops"), name="cleaningchange_key_trigram"),
        )

    def __str__(self) -> str:
        return f"{self.key} {self.field}"
