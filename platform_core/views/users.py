"""Roles, data scopes and credentials of a user; for security administrators, who never act on themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from platform_core.errors import DomainError
from platform_core.forms.models import RegionChoice
from platform_core.http import UserRequest
from platform_core.models import Organisation, Role, User
from platform_core.services import identity
from platform_core.services.imports import limit_choices

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class RolesForm(forms.Form):
    """Every role of the platform as a box to tick."""

    roles = forms.ModelMultipleChoiceField(
        Role.objects.order_by("duty", "code"),
        required=False,
        label=gettext_lazy("roles"),
        widget=forms.CheckboxSelectMultiple,
    )


class ScopeForm(forms.Form):
    """Division and organisation; at least one of them."""

    region = RegionChoice(required=False)
    organisation = forms.ModelChoiceField(
        Organisation.objects.all(), required=False, label=gettext_lazy("organisation")
    )

    def __init__(self, *args: object, administrator: User, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        limit_choices(self, administrator)

    def clean(self) -> dict[str, object]:
        """Raise where nothing is limited."""
        data: dict[str, object] = super().clean() or self.cleaned_data
        if not self.errors and not data.get("region") and not data.get("organisation"):
            raise forms.ValidationError(_("A data scope names a division, an organisation, or both."))
        return data


def _acts(right: str, tab: str) -> Callable[[Callable[..., StrOrPromise | HttpResponse]], Callable[..., HttpResponse]]:
    """POST only, by the right, on a user inside the administrator's scope (else 404), never on oneself (DomainError).

    The decorated function does the act; what it returns is told on the user's page, or is the answer itself.
    """

    def decorate(act: Callable[..., StrOrPromise | HttpResponse]) -> Callable[..., HttpResponse]:
        @login_required
        @require_POST
        @permission_required(right, raise_exception=True)
        @wraps(act)
        def view(request: UserRequest, pk: int, **keys: int) -> HttpResponse:
            user: User = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
            identity.refuse_self(request.user, user)
            told = act(request, user, **keys)
            if isinstance(told, HttpResponse):
                return told
            messages.success(request, told)
            return redirect(reverse("page-detail", args=["user", pk]) + f"#tab-{tab}")

        return view

    return decorate


_rights = _acts("platform_core.assign_rights", "rights")
_credentials = _acts("platform_core.manage_credentials", "credentials")


def _checked(form: forms.Form) -> dict[str, Any]:
    """The form's data. Raises DomainError with its first complaint."""
    if not form.is_valid():
        raise DomainError("bad_form", str(next(iter(form.errors.values()))[0]))
    return form.cleaned_data


@_rights
def set_roles(request: UserRequest, user: User) -> StrOrPromise:
    """Replace the roles."""
    identity.assign_roles(user, _checked(RolesForm(request.POST))["roles"])
    return _("The roles of %s were changed.") % user


@_rights
def add_scope(request: UserRequest, user: User) -> StrOrPromise:
    """Open a scope, inside the administrator's own."""
    data = _checked(ScopeForm(request.POST, administrator=request.user))
    return _("Opened: %s") % identity.grant_scope(user, region=data["region"], organisation=data["organisation"])


@_rights
def remove_scope(request: UserRequest, user: User, scope_id: int) -> StrOrPromise:
    """Close a scope."""
    scope = get_object_or_404(user.data_scopes.select_related("region", "organisation"), pk=scope_id)
    identity.revoke_scope(scope)
    return _("Closed: %s") % scope


@_credentials
def end_sessions(request: UserRequest, user: User) -> StrOrPromise:
    """Log the user out everywhere."""
    return _("%d sessions ended.") % identity.end_sessions(user)


@_credentials
def reset_password(request: UserRequest, user: User) -> HttpResponse:
    """Show a new password once; the user must change it."""
    password = identity.reset_password(user)
    answer = render(request, "platform_core/new_password.html", {"account": user, "password": password})
    answer["Cache-Control"] = "no-store"
    return answer


@_credentials
def unlock(request: UserRequest, user: User) -> StrOrPromise:
    """Let a locked account try again."""
    identity.unlock(user)
    return _("%s may log in again.") % user


@_credentials
def remove_factor(request: UserRequest, user: User) -> StrOrPromise:
    """Remove the second factor of somebody who has lost it."""
    identity.remove_second_factor(user)
    return _("The second factor of %s was removed.") % user
