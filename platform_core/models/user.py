"""People, their roles and what part of the world they may see (CJJ/T 312 §4.1.2-3, §4.1.4-8-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, Permission, PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.contenttypes.models import ContentType
from django.contrib.gis.db import models
from django.db.models import Model
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from guardian.mixins import GuardianUserMixin
from guardian.models import GroupObjectPermission, UserObjectPermission
from simple_history.models import HistoricalRecords

from platform_core.fields import EncryptedTextField, mask_phone
from platform_core.memo import remembered, version_of

from .base import DemoMixin, RetirableModel, ScopedQuerySet
from .organisation import Organisation
from .region import Region

RIGHTS = "rights"
RIGHTS_REMEMBERED_S = 300.0
"""Rights and data scopes are remembered as long as nobody changes any (a change counts within a second, see listeners),
and for five minutes at most."""


class RoleManager(models.Manager["Role"]):
    """Roles, not bare groups."""


class Role(Group):
    """A named set of rights. Separated duties may not meet in one person (GB/T 22239: 三权分立)."""

    class Duty(models.TextChoices):
        NONE = "", _("operational")
        SYSTEM = "system", _("system administrator")
        SECURITY = "security", _("security administrator")
        AUDIT = "audit", _("audit administrator")

    code = models.SlugField(_("code"), unique=True)
    duty = models.CharField(_("separated duty"), max_length=10, choices=Duty.choices, blank=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    is_builtin = models.BooleanField(_("built in"), default=False, editable=False)
    home_tiles = models.JSONField(_("home page tiles"), default=list, blank=True, help_text=_("url names, in order"))

    history = HistoricalRecords()

    objects: ClassVar[RoleManager] = RoleManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def right_names(self) -> list[str]:
        """`app.codename` of every right (one query)."""
        pairs = self.permissions.order_by("content_type__app_label", "codename")
        return [f"{app}.{name}" for app, name in pairs.values_list("content_type__app_label", "codename")]


@dataclass(frozen=True)
class Scope:
    """A data scope ready for querying; None does not restrict."""

    region_prefix: str | None
    organisation_path: str | None


class UserManager(BaseUserManager["User"].from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    """Creates accounts."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """A user with a hashed password; None makes one that cannot log in by password."""
        user: User = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        """An account without limits, for emergencies; daily administration uses the three separated roles."""
        return self.create_user(username, password, is_superuser=True, is_staff=True, **fields)

    def with_right(self, right: str) -> ScopedQuerySet:
        """Active users who hold `app.codename` by a role or themselves."""
        app, codename = right.split(".")
        permission = {"content_type__app_label": app, "codename": codename}
        found: ScopedQuerySet = self.filter(is_active=True, retired_at=None).filter(
            models.Q(groups__permissions__in=Permission.objects.filter(**permission))
            | models.Q(user_permissions__in=Permission.objects.filter(**permission))
        )
        return found.distinct()


class User(GuardianUserMixin, AbstractBaseUser, PermissionsMixin, DemoMixin, RetirableModel):
    """A person with an account."""

    scope_organisation = "organisation"
    scope_region = "organisation__region__code"

    username = models.CharField(_("account"), max_length=64, unique=True, validators=[UnicodeUsernameValidator()])
    full_name = models.CharField(_("name"), max_length=40)
    phone = EncryptedTextField(_("telephone"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    post = models.CharField(_("post"), max_length=40, blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="users", verbose_name=_("organisation")
    )
    is_active = models.BooleanField(_("may log in"), default=True)
    is_staff = models.BooleanField(_("may open the data administration"), default=False)
    must_change_password = models.BooleanField(_("must change password"), default=False)
    password_changed_at = models.DateTimeField(_("password changed at"), default=timezone.now, editable=False)
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    objects = UserManager()  # type: ignore[misc]

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("username",)

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def masked_phone(self) -> str:
        """The telephone as everybody may see it."""
        return mask_phone(self.phone or "")

    @cached_property
    def _rights_version(self) -> int:
        return version_of(RIGHTS)

    @cached_property
    def rights(self) -> frozenset[str]:
        """`app.codename` of every right by roles or granted directly; says nothing of superusers."""
        return rights_of(self.pk, self._rights_version)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's, without asking every backend for what only roles and rights decide."""
        if obj is not None:
            return super().has_perm(perm, obj)
        return self.is_active and (self.is_superuser or perm in self.rights)

    def scopes(self) -> list[Scope]:
        """Data scopes, read once for the lifetime of this object."""
        return self._scopes

    @cached_property
    def _scopes(self) -> list[Scope]:
        return scopes_of(self.pk, self._rights_version)

    def object_ids(self, model: type[Model]) -> list[Any]:
        """Keys of single objects of `model` opened to this user, read once for the lifetime of this object."""
        cache: dict[type[Model], list[Any]] = self.__dict__.setdefault("_object_ids", {})
        if model not in cache:
            cache[model] = object_ids_of(self.pk, model, self._rights_version)
        return cache[model]


@remembered(RIGHTS_REMEMBERED_S, most=5000)
def rights_of(user: int, version: int) -> frozenset[str]:
    """A user's rights as of a version of all rights (one query)."""
    # A union, because one join over both ways would pair every right of a role with everybody who has the role.
    own, roles = (
        Permission.objects.filter(**{way: user}).order_by().values_list("content_type__app_label", "codename")
        for way in ("user", "group__user")
    )
    return frozenset(f"{app}.{name}" for app, name in own.union(roles))


@remembered(RIGHTS_REMEMBERED_S, most=5000)
def scopes_of(user: int, version: int) -> list[Scope]:
    """A user's data scopes (one query)."""
    rows = DataScope.objects.filter(user=user).select_related("region", "organisation").defer("region__geometry")
    return [
        Scope(row.region.prefix if row.region else None, row.organisation.path if row.organisation else None)
        for row in rows
    ]


@remembered(RIGHTS_REMEMBERED_S, most=5000)
def object_ids_of(user: int, model: type[Model], version: int) -> list[Any]:
    """Keys of single objects that were opened to a user (one query)."""
    # guardian.shortcuts would compare the key of every row as text: seconds at five million rows.
    right = {
        "permission__codename": f"view_{model._meta.model_name}",
        "permission__content_type": ContentType.objects.get_for_model(model),
    }
    own = UserObjectPermission.objects.filter(user=user, **right).values_list("object_pk", flat=True)
    groups = GroupObjectPermission.objects.filter(group__user=user, **right).values_list("object_pk", flat=True)
    return [model._meta.pk.to_python(key) for key in own.union(groups)]


class DataScope(models.Model):
    """Region subtree × organisation subtree open to a user; a user without any sees nothing."""

    user = models.ForeignKey(User, models.CASCADE, related_name="data_scopes", verbose_name=_("user"))
    region = models.ForeignKey(Region, models.CASCADE, null=True, blank=True, verbose_name=_("division"))
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, verbose_name=_("organisation")
    )

    class Meta:
        verbose_name = _("data scope")
        verbose_name_plural = _("data scopes")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(region__isnull=False) | models.Q(organisation__isnull=False),
                name="datascope_limits_something",
                violation_error_message=_("A data scope names a division, an organisation, or both."),
            ),
        )

    def __str__(self) -> str:
        return " × ".join(str(part) for part in (self.region, self.organisation) if part)


class UserSession(models.Model):
    """A session that is open, so that it can be counted, shown and ended."""

    user = models.ForeignKey(User, models.CASCADE, related_name="open_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"{self.user} {self.ip}"


class IdentityLink(models.Model):
    """An account at an OpenID provider that may log in as a user of ours; made by the user while logged in."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identity_links")
    issuer = models.URLField(_("issuer"))
    subject = models.CharField(_("subject"), max_length=255)
    name = models.CharField(_("name"), max_length=120, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("linked identity")
        verbose_name_plural = _("linked identities")
        constraints = (models.UniqueConstraint(fields=("issuer", "subject"), name="identitylink_subject_once"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.issuer})"


class PasswordRecord(models.Model):
    """Hash of a former password, so that it is not used again."""

    user = models.ForeignKey(User, models.CASCADE, related_name="former_passwords")
    password = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.user} {self.created_at:%Y-%m-%d}"
