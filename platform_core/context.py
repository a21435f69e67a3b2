"""What the shell of every page needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from .models import PlatformInstance, User


def page_url(name: str, args: tuple[str, ...] = ()) -> str:
    """A url name; `<model>-list` of the generic pages too. Raises NoReverseMatch for an unknown name."""
    if name.endswith("-list"):
        return reverse("page-list", args=[name.removesuffix("-list")])
    return reverse(name, args=args)


_counts: dict[str, Callable[[User], int]] = {}


def register_count(key: str, count: Callable[[User], int]) -> None:
    """Show a number on the home tile of a menu entry (`url` or `url:argument`): what waits there for the user."""
    _counts[key] = count


def waiting(key: str, user: User) -> int | None:
    """That number; None where nothing is counted."""
    return _counts[key](user) if key in _counts else None


def menu(user: User) -> list[dict[str, Any]]:
    """The profile's navigation, filtered by the user's rights; systems without an entry are left out."""
    groups = []
    for group in settings.PROFILE.navigation:
        if not user.has_perm(f"platform_core.access_{group.app}"):
            continue
        items = [
            {
                "label": item.label,
                "url": page_url(item.url, item.args),
                "name": item.url,
                "key": ":".join((item.url, *item.args)),
            }
            for item in group.items
            if user.has_perm(item.permission)
        ]
        if items:
            groups.append({"system": settings.PROFILE.system(group.app), "entries": items})
    return groups


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: platform, menu, demo flag. Lazy, so that fragments do not pay for it."""
    user = getattr(request, "user", None)
    context: dict[str, Any] = {
        "platform": SimpleLazyObject(lambda: PlatformInstance.objects.select_related("region", "organisation").first()),
        "profile": settings.PROFILE,
        "is_demo": settings.IS_DEMO,
        "oidc_provider": getattr(settings, "OIDC_PROVIDER_NAME", ""),
    }
    if user is not None and user.is_authenticated:
        context["menu"] = SimpleLazyObject(lambda: menu(user))
        context["unread"] = SimpleLazyObject(lambda: user.notifications.filter(read_at=None).count())
    return context
