"""Panels of the core's detail pages: attachments, rights of a user, codes of a list, features of a layer."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from platform_core.http import UserRequest
from platform_core.models import CodeList, Role, ThematicLayer, User
from platform_core.services import attachments

from .base import Panel

CODES_SHOWN = 500
FEATURES_SHOWN = 100


def _attachments(request: UserRequest, instance: Model) -> dict[str, Any]:
    return {"attachments": list(attachments.of(instance)), "accept": ",".join(attachments.SUFFIXES)}


ATTACHMENTS = Panel("attachments", _("Attachments"), "platform_core/panels/attachments.html", _attachments)


def _rights(request: UserRequest, user: User) -> dict[str, Any]:
    from platform_core.views.users import ScopeForm

    return {
        "roles": Role.objects.order_by("duty", "code"),
        "held": set(user.groups.values_list("pk", flat=True)),
        "scopes": user.data_scopes.select_related("region", "organisation"),
        "form": ScopeForm(administrator=request.user),
        "is_self": user.pk == request.user.pk,
    }


RIGHTS = Panel(
    "rights",
    _("Roles and data scope"),
    "platform_core/panels/rights.html",
    _rights,
    "platform_core.assign_rights",
)


def _credentials(request: UserRequest, user: User) -> dict[str, Any]:
    from axes.models import AccessAttempt

    return {
        "sessions": user.open_sessions.order_by("-last_seen_at"),
        "failures": AccessAttempt.objects.filter(username=user.username).order_by("-attempt_time")[:10],
        "has_factor": TOTPDevice.objects.filter(user=user, confirmed=True).exists(),
        "links": user.identity_links.all(),
        "is_self": user.pk == request.user.pk,
    }


CREDENTIALS = Panel(
    "credentials",
    _("Sessions and password"),
    "platform_core/panels/credentials.html",
    _credentials,
    "platform_core.manage_credentials",
)


def _codes(request: UserRequest, codelist: CodeList) -> dict[str, Any]:
    return {
        "codes": codelist.codes.all()[:CODES_SHOWN],
        "is_draft": codelist.state == CodeList.State.DRAFT,
        "versions": CodeList.objects.filter(code=codelist.code).exclude(pk=codelist.pk),
        "may_change": request.user.has_perm("platform_core.change_codelist"),
    }


CODES = Panel("codes", _("Codes"), "platform_core/panels/codes.html", _codes)


def _features(request: UserRequest, layer: ThematicLayer) -> dict[str, Any]:
    rows = layer.features.visible_to(request.user).current().select_related("region")
    return {
        "features": rows[:FEATURES_SHOWN],
        "count": rows.count(),
        "may_add": request.user.has_perm("platform_core.add_layerfeature"),
    }


FEATURES = Panel(
    "features",
    _("Features"),
    "platform_core/panels/features.html",
    _features,
    "platform_core.view_layerfeature",
)


def _role_rights(request: UserRequest, role: Role) -> dict[str, Any]:
    from platform_core.forms.roles import right_choices

    held = set(role.right_names())
    groups = [
        {"system": system, "rights": [label for name, label in choices if name in held]}
        for system, choices in right_choices()
    ]
    return {"groups": [group for group in groups if group["rights"]], "users": User.objects.filter(groups=role)[:100]}


ROLE_RIGHTS = Panel("rights", _("Rights"), "platform_core/panels/role_rights.html", _role_rights)
