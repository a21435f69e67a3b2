"""Performance evaluation 绩效评价: counts kept as cases move, indicators and grades as data (GB/T 30428.4)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from platform_core.models import EditableModel


class Subject(models.TextChoices):
    """Who or what is evaluated."""

    REGION = "region", _("division")
    DEPARTMENT = "department", _("department")
    POST = "post", _("post")
    PERSON = "person", _("person")
    CATEGORY = "category", _("category")


class DayCount(models.Model):
    """How much of a measure a subject had on a day; the sum of every StageRecord's deltas (services.counting)."""

    day = models.DateField()
    subject_kind = models.CharField(max_length=10, choices=Subject.choices)
    subject = models.CharField(max_length=40)
    measure = models.CharField(max_length=24)
    count = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("daily count")
        verbose_name_plural = _("daily counts")
        constraints = (
            models.UniqueConstraint(fields=("subject_kind", "day", "subject", "measure"), name="daycount_once"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.subject} {self.measure}: {self.count}"


class Indicator(EditableModel):
    """A figure computed from measures: `100 * in_time_of_due / due`; the score comes from its value."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    subject_kinds = models.JSONField(_("evaluates"), default=list)
    formula = models.CharField(_("formula"), max_length=200, help_text=_("measures, + - * / and parentheses"))
    unit = models.CharField(_("unit"), max_length=10, blank=True)
    weight = models.FloatField(_("weight"), default=0, help_text=_("0 for figures that only inform"))
    score_formula = models.CharField(
        _("score formula"), max_length=200, blank=True, help_text=_("0 to 100 from `value`; empty: the value itself")
    )
    acceptance_limit = models.FloatField(_("limit of acceptance"), null=True, blank=True)
    limit_is_upper = models.BooleanField(_("the limit is the most"), default=False)
    clause = models.CharField(_("clause"), max_length=20, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    source = models.CharField(_("source"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("performance indicator")
        verbose_name_plural = _("performance indicators")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return self.name


class Grade(EditableModel):
    """A grade and the score from which it is given."""

    letter = models.CharField(_("grade"), max_length=4, unique=True)
    least = models.FloatField(_("from score"))

    class Meta:
        verbose_name = _("grade")
        verbose_name_plural = _("grades")
        ordering = ("-least",)

    def __str__(self) -> str:
        return f"{self.letter} ≥ {self.least:g}"
