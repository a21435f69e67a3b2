"""Platforms below that log their users in here; for security administrators of the national platform."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from oauth2_provider.models import Application

from platform_core.http import UserRequest
from platform_core.identity import provider


class ClientForm(forms.Form):
    """A platform and where its users return to."""

    name = forms.CharField(label=gettext_lazy("platform"), max_length=100)
    redirect_uri = forms.URLField(
        label=gettext_lazy("return address"),
        assume_scheme="https",
        help_text=gettext_lazy("ends in /oidc/callback/ for platforms of this software"),
    )


@login_required
@permission_required("platform_core.assign_rights", raise_exception=True)
def client_list(request: UserRequest) -> HttpResponse:
    """The registered platforms; POST registers one and shows its secret once."""
    form = ClientForm(request.POST or None)
    made = secret = None
    if request.method == "POST" and form.is_valid():
        made, secret = provider.register_client(**form.cleaned_data)
        form = ClientForm()
    answer = render(
        request,
        "platform_core/clients.html",
        {
            "clients": Application.objects.order_by("name"),
            "form": form,
            "made": made,
            "secret": secret,
            "active": "clients",
        },
        status=422 if form.errors else 200,
    )
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
@permission_required("platform_core.assign_rights", raise_exception=True)
def remove(request: UserRequest, pk: int) -> HttpResponse:
    """Forget a platform."""
    client = get_object_or_404(Application, pk=pk)
    provider.remove_client(client)
    messages.success(request, _("Removed: %s") % client.name)
    return redirect("clients")
