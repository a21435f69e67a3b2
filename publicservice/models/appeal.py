"""Appeals 公众诉求, their course, and the return visit (CJJ/T 312 §4.3.6)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coordination.models import Case
from platform_core.fields import EncryptedTextField, mask_phone
from platform_core.models import CGCS2000, DemoMixin, Region, ScopedQuerySet, User


class AppealQuerySet(ScopedQuerySet):
    """Appeals as desks read them."""

    def current(self) -> AppealQuerySet:
        """Appeals are never taken out of use; they end."""
        return self

    def open(self) -> AppealQuerySet:
        """Waiting for the city."""
        return self.filter(state__in=(Appeal.State.RECEIVED, Appeal.State.CASE))


class Appeal(DemoMixin, models.Model):
    """A complaint, consultation or suggestion; who made it is encrypted and shown masked.

    `phone_digest` (keyed) finds the appeals of a number without decrypting anything; `query_code` lets the citizen
    look without an account. One that needs work becomes a case; what becomes of the case comes back here.
    """

    class Channel(models.TextChoices):
        WEB = "web", _("citizen pages")
        HOTLINE_12319 = "12319", _("12319 hotline")
        HOTLINE_12345 = "12345", _("12345 hotline")
        OPEN311 = "open311", _("Open311 application")

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", _("complaint")
        CONSULTATION = "consultation", _("inquiry")
        SUGGESTION = "suggestion", _("suggestion")

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        CASE = "case", _("being dealt with")
        TRANSFERRED = "transferred", _("transferred")
        ANSWERED = "answered", _("answered")
        REFUSED = "refused", _("not accepted")

    scope_region = "region__code"

    number = models.CharField(_("appeal number"), max_length=16, unique=True)
    query_code = models.CharField(_("query code"), max_length=8)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    kind = models.CharField(_("type"), max_length=12, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=11, choices=State.choices, default=State.RECEIVED)
    content = models.CharField(_("content"), max_length=1000)
    contact_name = EncryptedTextField(_("name"), blank=True)
    phone = EncryptedTextField(_("telephone"), blank=True)
    phone_digest = models.CharField(max_length=64, blank=True, editable=False)
    address = models.CharField(_("address"), max_length=200, blank=True)
    location = models.PointField(_("location"), srid=CGCS2000, null=True, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("division"))
    category = models.CharField(_("category"), max_length=5, blank=True)
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, blank=True, related_name="appeals", verbose_name=_("case")
    )
    origin = models.CharField(_("number at the source"), max_length=40, blank=True)
    transferred_to = models.CharField(_("transferred to"), max_length=40, blank=True)
    answer = models.TextField(_("answer"), blank=True)
    received_at = models.DateTimeField(_("received at"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    satisfaction = models.PositiveSmallIntegerField(_("satisfaction"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ("-received_at",)
        permissions = (
            ("handle_appeal", _("May answer and transfer appeals")),
            ("reveal_contact", _("May see who made an appeal (audited)")),
        )
        constraints = (
            models.UniqueConstraint(fields=("channel", "origin"), condition=~Q(origin=""), name="appeal_origin_once"),
        )
        indexes = (
            models.Index(fields=("-received_at", "-id"), name="appeal_received"),
            models.Index(fields=("state", "-received_at"), name="appeal_state"),
            models.Index(fields=("phone_digest",), condition=~Q(phone_digest=""), name="appeal_phone"),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def masked_phone(self) -> str:
        """As everybody may see it."""
        return mask_phone(self.phone or "")

    @property
    def masked_name(self) -> str:
        """Surname and stars."""
        name = self.contact_name or ""
        return name[:1] + "*" * (len(name) - 1)


class AppealRecord(models.Model):
    """A step of an appeal; `is_public` ones are shown to the citizen."""

    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="records")
    at = models.DateTimeField(_("time"))
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(_("by"), max_length=60)
    action = models.CharField(_("step"), max_length=60)
    text = models.TextField(_("text"), blank=True)
    is_public = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("step of an appeal")
        verbose_name_plural = _("steps of an appeal")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.appeal_id} {self.action}"


class ReturnVisit(models.Model):
    """回访: was it well done? Asked by a link in a short message, else by an agent's call."""

    class State(models.TextChoices):
        WAITING = "waiting", _("to be asked")
        ASKED = "asked", _("asked by message")
        DONE = "done", _("answered")
        UNREACHED = "unreached", _("not reached")

    scope_region = "appeal__region__code"

    appeal = models.OneToOneField(Appeal, models.CASCADE, related_name="visit", verbose_name=_("appeal"))
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    token = models.CharField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"))
    asked_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=200, blank=True)
    agent = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agent"))
    attempts = models.PositiveSmallIntegerField(_("calls made"), default=0)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("return visit")
        verbose_name_plural = _("return visits")
        ordering = ("-created_at",)
        permissions = (("make_visit", _("May make return visits")),)
        constraints = (
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__gte=1, score__lte=5),
                name="returnvisit_score",
                violation_error_message=_("The score is between 1 and 5."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.appeal}"


class OneTimeCode(models.Model):
    """A code sent to a telephone; only digests are kept."""

    phone_digest = models.CharField(max_length=64)
    code_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("one-time code")
        verbose_name_plural = _("one-time codes")
        indexes = (models.Index(fields=("phone_digest", "-created_at"), name="onetimecode_phone"),)

    def __str__(self) -> str:
        return f"{self.created_at:%H:%M:%S}"


class ShortMessage(models.Model):
    """A short message and what the gateway said."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    phone = EncryptedTextField(_("telephone"))
    text = EncryptedTextField(_("text"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("short message")
        verbose_name_plural = _("short messages")
        ordering = ("-id",)
        indexes = (models.Index(fields=("id",), condition=Q(state="waiting"), name="shortmessage_waiting"),)

    def __str__(self) -> str:
        return f"{mask_phone(self.phone or '')}"
