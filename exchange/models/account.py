"""Who may call this platform: accounts, their keys, what they may push and get (CJJ/T 312 §6.2, §6.3)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from platform_core.fields import EncryptedTextField
from platform_core.models import EditableModel, Region


class Algorithm(models.TextChoices):
    """Signature profiles (docs/exchange-protocol.md)."""

    RSA = "rsa", "RSA-2048-OAEP-SHA256"
    SM2 = "sm2", "SM2 / SM3"


def default_windows() -> list[str]:
    """Pushes are welcome all day."""
    return ["00:00-24:00"]


class PlatformAccount(EditableModel):
    """A calling platform 接入平台: applied for, reviewed, sandboxed, live (CJJ/T 312 §6.2.1–§6.2.3)."""

    class State(models.TextChoices):
        APPLIED = "applied", _("applied for")
        REJECTED = "rejected", _("rejected")
        SANDBOX = "sandbox", _("sandbox")
        LIVE = "live", _("live")
        SUSPENDED = "suspended", _("suspended")

    class Kind(models.TextChoices):
        PROVINCIAL = "provincial", _("provincial platform")
        CITY = "city", _("city platform")
        DEPARTMENT = "department", _("system of a department")

    scope_region = "region__code"

    app_id = models.CharField("appID", max_length=32, unique=True, null=True, blank=True, editable=False)
    name = models.CharField(_("platform name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.CITY)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("division"))
    service_address = models.URLField(_("service address"), blank=True)
    contact = models.CharField(_("contact"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.APPLIED, editable=False)
    algorithm = models.CharField(_("signature"), max_length=4, choices=Algorithm.choices, default=Algorithm.RSA)
    secret = EncryptedTextField(_("secret"), editable=False)
    token_hash = models.CharField(max_length=64, editable=False, db_index=True)
    window_s = models.PositiveIntegerField(
        _("timestamp window in s"), default=300, validators=[MinValueValidator(10), MaxValueValidator(3600)]
    )
    push_windows = models.JSONField(_("agreed push windows"), default=default_windows, blank=True)
    is_partial = models.BooleanField(_("accepts the good rows of a faulty call"), default=False)
    max_rows = models.PositiveIntegerField(_("rows a call"), default=5000)
    calls_per_minute = models.PositiveIntegerField(_("calls a minute"), default=6000)
    review_note = models.CharField(_("review note"), max_length=200, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, editable=False)
    last_seen_at = models.DateTimeField(_("last call at"), null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    """Counts changes of account, keys and grants: processes that remember an account ask for it first."""

    class Meta:
        verbose_name = _("connected platform")
        verbose_name_plural = _("connected platforms")
        ordering = ("name",)
        permissions = (
            ("review_account", "May review applications of platforms"),
            ("manage_keys", "May rotate and revoke keys of platforms"),
            ("operate_exchange", "May retry, replay and resend exchanged data"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(app_id__isnull=False) | Q(state__in=("applied", "rejected")),
                name="platformaccount_admitted_has_appid",
                violation_error_message=_("A platform that was admitted has an appID."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_admitted(self) -> bool:
        """Whether calls are answered at all."""
        return self.state in (self.State.SANDBOX, self.State.LIVE)


class AccountKey(models.Model):
    """A key pair made for one caller; several are valid while a rotation overlaps (CJJ/T 312 §6.3.1)."""

    account = models.ForeignKey(PlatformAccount, models.CASCADE, related_name="keys")
    algorithm = models.CharField(_("signature"), max_length=4, choices=Algorithm.choices)
    public_key = models.TextField(_("public key"))
    private_key = EncryptedTextField(_("private key"))
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("key")
        verbose_name_plural = _("keys")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.fingerprint[:16]

    @property
    def is_valid(self) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class TableGrant(models.Model):
    """What an account may push or get, for which division's subtree (接口服务订阅, CJJ/T 312 §4.1.4-6-3)."""

    account = models.ForeignKey(PlatformAccount, models.CASCADE, related_name="grants")
    group = models.CharField(_("group"), max_length=40, default="*", validators=[RegexValidator(r"^(\*|\w+)$")])
    table = models.CharField(_("table"), max_length=60, default="*", validators=[RegexValidator(r"^(\*|\w+)$")])
    may_push = models.BooleanField(_("may push"), default=False)
    may_get = models.BooleanField(_("may get"), default=False)
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("division")
    )

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ("group", "table")
        constraints = (models.UniqueConstraint(fields=("account", "group", "table"), name="tablegrant_once"),)

    def __str__(self) -> str:
        return f"{self.group}.{self.table}"
