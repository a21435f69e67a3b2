"""What happens after a login, a logout, a migration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.http import HttpRequest
from guardian.models import GroupObjectPermission, UserObjectPermission

from . import context
from .memo import changed
from .models import DataScope, Organisation, PlatformInstance, Role, User, UserSession
from .models.user import RIGHTS
from .services import audit


def _on_login(sender: type, request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Remember the session; end the oldest ones above SESSIONS_PER_USER."""
    if not request.session.session_key:
        request.session.save()
    with transaction.atomic(), audit.acting(user, request.META.get("REMOTE_ADDR")):
        UserSession.objects.update_or_create(
            session_key=request.session.session_key,
            defaults={
                "user": user,
                "ip": request.META.get("REMOTE_ADDR"),
                "user_agent": request.META.get("HTTP_USER_AGENT", "")[:200],
            },
        )
        surplus = list(user.open_sessions.order_by("-created_at")[settings.SESSIONS_PER_USER :])
        Session.objects.filter(session_key__in=[session.session_key for session in surplus]).delete()
        UserSession.objects.filter(pk__in=[session.pk for session in surplus]).delete()
        audit.record("login", user)


def _on_logout(sender: type, request: HttpRequest, user: User | None, **_kwargs: Any) -> None:
    if user is None:
        return
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    audit.record("logout", user, actor=user)


def _on_failure(sender: type, credentials: dict[str, Any], request: HttpRequest | None = None, **_kw: Any) -> None:
    with audit.acting(None, request.META.get("REMOTE_ADDR") if request else None):
        audit.record("login failed", name=str(credentials.get("username", ""))[:64])


def create_access_permissions(sender: type, **_kwargs: Any) -> None:
    """A right for each system of this tier: `platform_core.access_<app>`."""
    from django.contrib.auth.models import Permission
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.clear_cache()  # a flush (tests) gives content types new keys
    content_type = ContentType.objects.get_for_model(PlatformInstance)
    for system in settings.PROFILE.systems:
        Permission.objects.get_or_create(
            content_type=content_type,
            codename=f"access_{system.app}",
            defaults={"name": f"May open {system.app}"},
        )


def _rights_changed(sender: type, **_kwargs: Any) -> None:
    changed(RIGHTS)


def _forget_platform(sender: type, **_kwargs: Any) -> None:
    context.platform.forget()


def connect() -> None:
    """Connect the listeners; called once by AppConfig.ready."""
    user_logged_in.connect(_on_login)
    user_logged_out.connect(_on_logout)
    user_login_failed.connect(_on_failure)
    for through in (User.groups.through, User.user_permissions.through, Role.permissions.through):
        m2m_changed.connect(_rights_changed, sender=through)
    for signal in (post_save, post_delete):
        # An organisation too: a scope is remembered with its path.
        for kind in (DataScope, UserObjectPermission, GroupObjectPermission, Organisation):
            signal.connect(_rights_changed, sender=kind)
    post_delete.connect(_rights_changed, sender=Role)  # its users lose it without a signal of their own
    post_save.connect(_forget_platform, sender=PlatformInstance)
