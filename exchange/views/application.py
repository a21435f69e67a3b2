"""Applying for an account, by API and on a public page (CJJ/T 312 §6.2)."""

from __future__ import annotations

from typing import Any

import orjson
from django import forms
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt

from exchange.models import PlatformAccount
from exchange.models.account import Algorithm
from exchange.protocol.codes import Code, Refused, answer
from exchange.services import accounts, dispatcher
from platform_core.errors import DomainError

from .interface import read_body, refuse, respond

APPLICATIONS_AN_HOUR = 20


def _limit(request: HttpRequest) -> None:
    """Anyone may apply, so nobody may fill the list. Raises Refused (429)."""
    key = f"exchange:applications:{request.META.get('REMOTE_ADDR', '')}"
    cache.add(key, 0, 3600)
    try:
        count = cache.incr(key)
    except ValueError:  # it expired just now
        cache.set(key, 1, 3600)
        count = 1
    if count > APPLICATIONS_AN_HOUR:
        raise Refused(Code.PARAMETERS, f"每小时最多申请 {APPLICATIONS_AN_HOUR} 次", http_status=429, retry_after_s=3600)


@csrf_exempt
def apply(request: HttpRequest) -> HttpResponse:
    """POST an application as JSON; public, limited by address."""
    if request.method != "POST":
        made = refuse(Refused(Code.PARAMETERS, "请用 POST", http_status=405))
        made["Allow"] = "POST"
        return made
    try:
        _limit(request)
        asked = _application(read_body(request))
        account, token = accounts.apply(asked)
    except Refused as refusal:
        return refuse(refusal)
    except DomainError as error:
        return refuse(Refused(Code.PARAMETERS, error.message, data=error.details))
    return respond(
        dispatcher.Reply(answer(Code.SUCCESS, "", {"application": account.pk, "token": token}), Code.SUCCESS)
    )


def _application(body: bytes) -> accounts.Application:
    try:
        told: Any = orjson.loads(body)
    except ValueError as error:
        raise Refused(Code.PARAMETERS, "请求体不是 JSON") from error
    if not isinstance(told, dict) or any(not isinstance(value, str) or "\0" in value for value in told.values()):
        raise Refused(Code.PARAMETERS, "请求体应为 JSON 对象，各值均为字符型")
    missing = [name for name in ("platformName", "regionCode", "kind", "secret") if not told.get(name)]
    if missing:
        raise Refused(Code.PARAMETERS, f"缺少 {'、'.join(missing)}")
    return accounts.Application(
        told["platformName"], told["regionCode"], told["kind"], told["secret"], told.get("serviceAddress", ""),
        told.get("contact", ""), told.get("algorithm", Algorithm.RSA),
    )  # fmt: skip


def outcome(request: HttpRequest, application_id: int) -> HttpResponse:
    """GET the state of an application; for who has its token."""
    try:
        told = accounts.outcome(application_id, request.GET.get("token", ""))
    except DomainError as error:
        return refuse(Refused(Code.PARAMETERS, error.message))
    made = respond(dispatcher.Reply(answer(Code.SUCCESS, "", told), Code.SUCCESS))
    made["Cache-Control"] = "no-store"
    return made


class ApplicationForm(forms.Form):
    """What a platform says of itself."""

    name = forms.CharField(label=gettext_lazy("platform name"), max_length=100)
    kind = forms.ChoiceField(label=gettext_lazy("kind"), choices=PlatformAccount.Kind.choices)
    region = forms.RegexField(r"^\d{6}$", label=gettext_lazy("division code"))
    secret = forms.CharField(
        label=gettext_lazy("secret"),
        min_length=accounts.LEAST_SECRET,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("of your own choice, 16 characters at least; it never travels again"),
    )
    service_address = forms.URLField(label=gettext_lazy("service address"), required=False, assume_scheme="https")
    contact = forms.CharField(label=gettext_lazy("contact"), max_length=60, required=False)
    algorithm = forms.ChoiceField(label=gettext_lazy("signature"), choices=Algorithm.choices)


class OutcomeForm(forms.Form):
    """Number and token of an application."""

    application = forms.IntegerField(label=gettext_lazy("application number"), min_value=1)
    token = forms.CharField(label=gettext_lazy("token"), max_length=100)


def page(request: HttpRequest) -> HttpResponse:
    """The public page: apply, or look up an application."""
    context: dict[str, Any] = {"form": ApplicationForm(), "lookup": OutcomeForm()}
    status = 200
    if request.method == "POST" and "application" in request.POST:
        context["lookup"] = lookup = OutcomeForm(request.POST)
        if lookup.is_valid():
            try:
                context["told"] = accounts.outcome(lookup.cleaned_data["application"], lookup.cleaned_data["token"])
            except DomainError as error:
                lookup.add_error(None, error.message)
        status = 422 if lookup.errors else 200
    elif request.method == "POST":
        context["form"] = form = ApplicationForm(request.POST)
        if form.is_valid():
            try:
                _limit(request)
                context["account"], context["token"] = accounts.apply(accounts.Application(**form.cleaned_data))
                context["form"] = ApplicationForm()
            except DomainError as error:
                form.add_error(error.details.get("field", "").replace("regionCode", "region") or None, error.message)
            except Refused:
                form.add_error(None, _("Too many applications from this address; try again in an hour."))
        status = 422 if form.errors else 200
    made = render(request, "exchange/apply.html", context, status=status)
    made["Cache-Control"] = "no-store"
    return made
