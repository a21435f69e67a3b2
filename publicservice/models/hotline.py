"""The hotline 12319/12345: agents, calls, what happened in them (CJJ/T 312 §4.3.6-1)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from platform_core.fields import EncryptedTextField, mask_phone
from platform_core.models import DemoMixin, EditableModel, ScopedQuerySet, User

from .appeal import Appeal


class Skill(models.TextChoices):
    """What an agent can be asked about; the caller chooses by a key."""

    GENERAL = "general", _("complaints and suggestions")
    WATER = "water", _("water")
    POWER = "power", _("power")
    GAS = "gas", _("gas")
    HEAT = "heat", _("heat")


class Agent(DemoMixin, EditableModel):
    """A person at the hotline, their telephone and skills."""

    class State(models.TextChoices):
        OFFLINE = "offline", _("signed off")
        READY = "ready", _("ready")
        RINGING = "ringing", _("ringing")
        TALKING = "talking", _("talking")
        WRAP_UP = "wrap_up", _("finishing")
        AWAY = "away", _("away")

    scope_region = "user__organisation__region__code"

    user = models.OneToOneField(User, models.PROTECT, related_name="agent", verbose_name=_("person"))
    extension = models.CharField(_("telephone extension"), max_length=16, unique=True)
    skills = models.JSONField(_("skills"), default=list)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OFFLINE, editable=False)
    state_since = models.DateTimeField(_("in this state since"), auto_now_add=True)

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ("extension",)
        permissions = (
            ("answer_calls", _("May answer calls")),
            ("supervise_hotline", _("May listen to calls and hear recordings")),
        )

    def __str__(self) -> str:
        return f"{self.extension} {self.user}"


class Call(DemoMixin, models.Model):
    """A call. `uid` is the telephone system's; the caller's number is encrypted."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RINGING = "ringing", _("ringing")
        TALKING = "talking", _("talking")
        ENDED = "ended", _("ended")
        ABANDONED = "abandoned", _("given up")

    uid = models.CharField(_("call"), max_length=64, unique=True)
    dialled = models.CharField(_("dialled"), max_length=16)
    caller = EncryptedTextField(_("caller"), blank=True)
    caller_digest = models.CharField(max_length=64, blank=True, editable=False)
    skill = models.CharField(_("about"), max_length=10, choices=Skill.choices, default=Skill.GENERAL)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.QUEUED)
    agent = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="calls", verbose_name=_("agent")
    )
    queued_at = models.DateTimeField(_("came in"))
    ringing_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    recording = models.FileField(_("recording"), upload_to="recordings/%Y/%m/", blank=True)
    appeal = models.ForeignKey(
        Appeal, models.SET_NULL, null=True, blank=True, related_name="calls", verbose_name=_("appeal")
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("hotline calls")
        ordering = ("-queued_at",)
        indexes = (
            models.Index(fields=("state", "queued_at"), condition=Q(ended_at=None), name="call_open"),
            models.Index(fields=("-queued_at", "-id"), name="call_queued"),
            models.Index(fields=("agent", "-queued_at"), name="call_agent"),
        )

    def __str__(self) -> str:
        return self.uid

    @property
    def masked_caller(self) -> str:
        """As everybody may see it."""
        return mask_phone(self.caller or "")

    @property
    def wait_s(self) -> int | None:
        """Seconds until it was answered or given up; None while it waits."""
        end = self.answered_at or self.ended_at
        return int((end - self.queued_at).total_seconds()) if end else None

    @property
    def talk_s(self) -> int | None:
        """Seconds of talk; None before the end."""
        if not self.answered_at or not self.ended_at:
            return None
        return int((self.ended_at - self.answered_at).total_seconds())


class CallEvent(models.Model):
    """What happened in a call: queued, offered, answered, listened to, joined, ended."""

    class Kind(models.TextChoices):
        QUEUED = "queued", _("came in and waits")
        OFFERED = "offered", _("offered")
        NOT_ANSWERED = "not_answered", _("not picked up")
        ANSWERED = "answered", _("picked up")
        THIRD_DIALLED = "third_dialled", _("third party dialled")
        THIRD = "third", _("third party joined")
        LISTENING = "listening", _("listening asked for")
        LISTENED = "listened", _("listened to")
        REFUSED = "refused", _("refused by the telephone system")
        APPEAL = "appeal", _("appeal taken down")
        ENDED = "ended", _("hung up")
        ABANDONED = "abandoned", _("caller gave up")

    call = models.ForeignKey(Call, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    actor_name = models.CharField(max_length=60, blank=True)
    text = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("event of a call")
        verbose_name_plural = _("events of calls")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.call_id} {self.kind}"
