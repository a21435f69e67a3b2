"""What the shell of every page needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from .memo import remembered
from .models import PlatformInstance, User
from .services.notifications import unread


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


@remembered(10)
def platform() -> PlatformInstance | None:
    """This platform, as every page's head names it (one query)."""
    rows = PlatformInstance.objects.select_related("region", "organisation").defer("region__geometry")
    return rows.first()


Rights = frozenset[str]


def _rights(user: User) -> Rights | None:
    """None for everything."""
    return None if user.is_superuser else user.rights


def menu(user: User) -> list[dict[str, Any]]:
    """The profile's navigation, filtered by the user's rights; systems without an entry are left out."""
    return _menu(_rights(user))


def side(user: User, active: str, path: str) -> SafeString:
    """The menu as HTML, unfolded where the page is: the entry named `active`, or at that address or `path`.

    Depends on nothing but rights, language and place, so everybody with the same rights shares it.
    """
    rights = _rights(user)
    entries = [entry for group in _menu(rights) for entry in group["entries"]]
    here = frozenset(entry["url"] for entry in entries if entry["name"] == active or entry["url"] in (active, path))
    return _side(rights, here, active == "home", get_language())


@lru_cache(maxsize=500)
def _side(rights: Rights | None, here: frozenset[str], is_home: bool, language: str | None) -> SafeString:
    return render_to_string("platform_core/_side.html", {"menu": _menu(rights), "here": here, "is_home": is_home})


@lru_cache(maxsize=100)
def _menu(rights: Rights | None) -> list[dict[str, Any]]:
    groups = []
    for group in settings.PROFILE.navigation:
        if rights is not None and f"platform_core.access_{group.app}" not in rights:
            continue
        items = [
            {
                "label": item.label,
                "url": page_url(item.url, item.args),
                "name": item.url,
                "key": ":".join((item.url, *item.args)),
            }
            for item in group.items
            if rights is None or item.permission in rights
        ]
        if items:
            groups.append({"system": settings.PROFILE.system(group.app), "entries": items})
    return groups


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: platform, menu, demo flag. Lazy, so that fragments do not pay for it."""
    user = getattr(request, "user", None)
    context: dict[str, Any] = {
        "platform": SimpleLazyObject(platform),
        "profile": settings.PROFILE,
        "is_demo": settings.IS_DEMO,
        "oidc_provider": getattr(settings, "OIDC_PROVIDER_NAME", ""),
    }
    if user is not None and user.is_authenticated:
        context["menu"] = SimpleLazyObject(lambda: menu(user))
        context["unread"] = SimpleLazyObject(lambda: unread(user))
    return context
