"""What a case is about, and how long each stage may take (CJJ/T 106; GB/T 30428.2)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from platform_core.models import EditableModel


class Emergency(models.IntegerChoices):
    """How fast a case must be dealt with."""

    NORMAL = 0, _("normal")
    URGENT = 1, _("urgent")


class Stage(models.TextChoices):
    """A stage of the closed loop that has its own limit."""

    ACCEPT = "accept", _("acceptance")
    VERIFY = "verify", _("verification")
    REGISTER = "register", _("registration")
    DISPATCH = "dispatch", _("dispatch")
    DISPOSE = "dispose", _("disposal")
    CHECK = "check", _("check")
    CLOSE = "close", _("closing")
    REVIEW = "review", _("review of closing")
    CONSULT = "consult", _("consultation")


class CaseCategory(EditableModel):
    """A kind of part or event; its key is `P` or `E` and the four digits of the code list, e.g. E0102 暴露垃圾."""

    class Kind(models.TextChoices):
        PART = "part", _("part")
        EVENT = "event", _("event")

    code = models.CharField(
        _("code"),
        max_length=5,
        primary_key=True,
        validators=[RegexValidator(r"^[PE]\d{4}$", _("P or E and four digits."))],
    )
    kind = models.CharField(_("type"), max_length=5, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=40)
    major_name = models.CharField(_("major class"), max_length=40)
    emergency = models.PositiveSmallIntegerField(_("emergency"), choices=Emergency.choices, default=Emergency.NORMAL)
    source = models.CharField(_("source"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("case category")
        verbose_name_plural = _("case categories")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def major(self) -> str:
        """`P01`, `E05`: the major class."""
        return self.code[:3]


class TimeLimit(EditableModel):
    """How long a stage may take; the most specific row wins (category, then major class, then emergency)."""

    class Clock(models.TextChoices):
        WORKING = "working", _("working time")
        NATURAL = "natural", _("around the clock")

    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices)
    category = models.CharField(
        _("category or major class"),
        max_length=5,
        blank=True,
        validators=[RegexValidator(r"^[PE](\d{2}|\d{4})?$", _("P or E, with two or four digits."))],
        help_text=_("empty for all; E, E01 or E0102"),
    )
    emergency = models.PositiveSmallIntegerField(_("emergency"), choices=Emergency.choices, null=True, blank=True)
    minutes = models.PositiveIntegerField(_("minutes"))
    clock = models.CharField(_("clock"), max_length=8, choices=Clock.choices, default=Clock.WORKING)
    source = models.CharField(_("source"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("time limit")
        verbose_name_plural = _("time limits")
        ordering = ("stage", "category", "emergency")
        constraints = (
            models.UniqueConstraint(
                fields=("stage", "category", "emergency"),
                nulls_distinct=False,
                condition=models.Q(retired_at=None),
                name="timelimit_once",
                violation_error_message=_("There is a limit for this stage, category and emergency already."),
            ),
            models.CheckConstraint(
                condition=models.Q(minutes__gt=0),
                name="timelimit_positive",
                violation_error_message=_("A limit is longer than nothing."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_stage_display()} {self.category or '*'} {self.minutes} min"

    def fits(self, category: str, emergency: int) -> bool:
        """Whether the row speaks about such a case."""
        return category.startswith(self.category) and self.emergency in (None, emergency)

    @property
    def weight(self) -> tuple[int, bool]:
        """The larger, the more specific."""
        return len(self.category), self.emergency is not None
