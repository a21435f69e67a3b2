"""Roles, data scopes and credentials of a user; for security administrators, who never act on themselves."""

from __future__ import annotations

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
from platform_core.models import DataScope, Organisation, Role, User
from platform_core.services import identity
from platform_core.services.imports import limit_choices


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


def _user(request: UserRequest, pk: int) -> User:
    """The user to act on. Raises 404 outside the administrator's scope, DomainError for oneself."""
    user: User = get_object_or_404(User.objects.visible_to(request.user), pk=pk)
    identity.refuse_self(request.user, user)
    return user


def _back(pk: int, tab: str) -> HttpResponse:
    return redirect(reverse("page-detail", args=["user", pk]) + f"#tab-{tab}")


def _first_error(form: forms.BaseForm) -> DomainError:
    return DomainError("bad_form", str(next(iter(form.errors.values()))[0]))


@login_required
@require_POST
@permission_required("platform_core.assign_rights", raise_exception=True)
def set_roles(request: UserRequest, pk: int) -> HttpResponse:
    """Replace the roles."""
    user = _user(request, pk)
    form = RolesForm(request.POST)
    if not form.is_valid():
        raise _first_error(form)
    identity.assign_roles(user, form.cleaned_data["roles"])
    messages.success(request, _("The roles of %s were changed.") % user)
    return _back(pk, "rights")


@login_required
@require_POST
@permission_required("platform_core.assign_rights", raise_exception=True)
def add_scope(request: UserRequest, pk: int) -> HttpResponse:
    """Open a scope, inside the administrator's own."""
    user = _user(request, pk)
    form = ScopeForm(request.POST, administrator=request.user)
    if not form.is_valid():
        raise _first_error(form)
    scope = identity.grant_scope(
        user, region=form.cleaned_data["region"], organisation=form.cleaned_data["organisation"]
    )
    messages.success(request, _("Opened: %s") % scope)
    return _back(pk, "rights")


@login_required
@require_POST
@permission_required("platform_core.assign_rights", raise_exception=True)
def remove_scope(request: UserRequest, pk: int, scope_id: int) -> HttpResponse:
    """Close a scope."""
    user = _user(request, pk)
    scope = get_object_or_404(DataScope.objects.select_related("region", "organisation"), pk=scope_id, user=user)
    identity.revoke_scope(scope)
    messages.success(request, _("Closed: %s") % scope)
    return _back(pk, "rights")


@login_required
@require_POST
@permission_required("platform_core.manage_credentials", raise_exception=True)
def end_sessions(request: UserRequest, pk: int) -> HttpResponse:
    """Log the user out everywhere."""
    count = identity.end_sessions(_user(request, pk))
    messages.success(request, _("%d sessions ended.") % count)
    return _back(pk, "credentials")


@login_required
@require_POST
@permission_required("platform_core.manage_credentials", raise_exception=True)
def reset_password(request: UserRequest, pk: int) -> HttpResponse:
    """Show a new password once; the user must change it."""
    user = _user(request, pk)
    password = identity.reset_password(user)
    answer = render(request, "platform_core/new_password.html", {"account": user, "password": password})
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
@permission_required("platform_core.manage_credentials", raise_exception=True)
def unlock(request: UserRequest, pk: int) -> HttpResponse:
    """Let a locked account try again."""
    user = _user(request, pk)
    identity.unlock(user)
    messages.success(request, _("%s may log in again.") % user)
    return _back(pk, "credentials")


@login_required
@require_POST
@permission_required("platform_core.manage_credentials", raise_exception=True)
def remove_factor(request: UserRequest, pk: int) -> HttpResponse:
    """Remove the second factor of somebody who has lost it."""
    user = _user(request, pk)
    identity.remove_second_factor(user)
    messages.success(request, _("The second factor of %s was removed.") % user)
    return _back(pk, "credentials")
