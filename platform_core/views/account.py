"""Login, password, second factor."""

from __future__ import annotations

import base64
import io
from typing import Any

import qrcode
import qrcode.image.svg
from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp import login as otp_login
from django_otp import match_token
from django_otp.plugins.otp_totp.models import TOTPDevice

from platform_core.http import UserRequest
from platform_core.models import UserSession
from platform_core.services import audit, identity


class LoginForm(AuthenticationForm):
    """Account and password, and a token for those who have a second factor."""

    otp_token = forms.CharField(
        label=gettext_lazy("one-time code"),
        required=False,
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        help_text=gettext_lazy("only if you set up a second factor"),
    )
    device = None

    def clean(self) -> dict[str, object]:
        """Raises ValidationError where a confirmed device exists and the token does not match."""
        data: dict[str, object] = super().clean()
        user = self.get_user()
        if user is not None and TOTPDevice.objects.filter(user=user, confirmed=True).exists():
            token = str(data.get("otp_token") or "")
            # An empty code is no attempt: it must not start the device's throttle.
            self.device = match_token(user, token) if token else None
            if self.device is None:
                raise ValidationError(_("The one-time code is missing or wrong."), code="otp")
        return data


class Login(LoginView):
    """For everybody."""

    template_name = "platform_core/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """On the national platform, people also come from the platforms below and go back there."""
        answer = super().dispatch(request, *args, **kwargs)
        if apps.is_installed("oauth2_provider") and isinstance(answer, HttpResponse):
            from platform_core.identity.provider import allow_return

            return allow_return(answer)
        return answer

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in, and verify the second factor with it."""
        answer = super().form_valid(form)
        assert isinstance(form, LoginForm)
        if form.device is not None:
            otp_login(self.request, form.device)
        return answer


@login_required
def change_password(request: UserRequest) -> HttpResponse:
    """Own password; for every user."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        old = request.session.session_key
        identity.change_password(request.user, form.cleaned_data["new_password1"])
        update_session_auth_hash(request, request.user)
        UserSession.objects.filter(session_key=old).update(session_key=request.session.session_key)
        messages.success(request, _("Your password was changed."))
        return redirect("home")
    return render(
        request,
        "platform_core/account.html",
        {"form": form, "title": _("Change password")},
        status=422 if form.errors else 200,
    )


@login_required
def identities(request: UserRequest) -> HttpResponse:
    """Accounts elsewhere that may log in as the user; for every user. POST takes a link back."""
    if request.method == "POST":
        made = get_object_or_404(request.user.identity_links, pk=request.POST.get("link"))
        identity.unlink(made)
        messages.success(request, _("Removed: %s") % made)
        return redirect("identities")
    return render(
        request,
        "platform_core/identities.html",
        {"links": request.user.identity_links.all(), "provider": getattr(settings, "OIDC_PROVIDER_NAME", "")},
    )


class TokenForm(forms.Form):
    """Proof that the authenticator works."""

    token = forms.CharField(label=gettext_lazy("one-time code"), max_length=8)


@login_required
def second_factor(request: UserRequest) -> HttpResponse:
    """Set up TOTP, or remove it; for every user."""
    device = TOTPDevice.objects.filter(user=request.user).first()
    if request.method == "POST" and "remove" in request.POST and device:
        with transaction.atomic():
            device.delete()
            audit.record("remove second factor", request.user)
        return redirect("second-factor")
    if device is None:
        device = TOTPDevice.objects.create(user=request.user, name="TOTP", confirmed=False)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and not device.confirmed:
        if device.verify_token(form.cleaned_data["token"]):
            with transaction.atomic():
                device.confirmed = True
                device.save()
                audit.record("add second factor", request.user)
            messages.success(request, _("The second factor is on."))
            return redirect("second-factor")
        form.add_error("token", _("The code does not match; is the telephone's clock right?"))
    picture = io.BytesIO()
    qrcode.make(device.config_url, image_factory=qrcode.image.svg.SvgPathImage).save(picture)
    return render(
        request,
        "platform_core/second_factor.html",
        {
            "form": form,
            "device": device,
            "secret": base64.b32encode(device.bin_key).decode(),
            "qr": "data:image/svg+xml;base64," + base64.b64encode(picture.getvalue()).decode(),
        },
    )
