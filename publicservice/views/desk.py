"""Appeals at the desk, return visits by call (CJJ/T 312 §4.3.6)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from platform_core.errors import DomainError
from platform_core.forms.errors import blame
from platform_core.http import UserRequest, number_of
from platform_core.models import Attachment
from platform_core.services import attachments
from publicservice.forms import DeskAppealForm, ToCaseForm
from publicservice.models import Appeal, Call
from publicservice.services import appeals, hotline, visits
from publicservice.services.messages import phone_digest

TRANSFER_TO = ("12345",)


def _appeal(request: UserRequest, pk: int) -> Appeal:
    if not (
        request.user.has_perm("platform_core.access_publicservice")
        and request.user.has_perm("publicservice.view_appeal")
    ):
        raise PermissionDenied(_("You do not have the right to do this."))
    rows: Any = Appeal.objects.visible_to(request.user)
    found: Appeal = get_object_or_404(rows.select_related("case", "region", "visit").defer("region__geometry"), pk=pk)
    return found


@login_required
def detail(request: UserRequest, pk: int) -> HttpResponse:
    """An appeal with its course and what can be done; for those who may see appeals."""
    return _show(request, _appeal(request, pk))


def _show(request: UserRequest, appeal: Appeal, form: ToCaseForm | None = None, status: int = 200) -> HttpResponse:
    context = {
        "appeal": appeal,
        "records": appeal.records.all(),
        "photos": list(attachments.of(appeal)),
        "calls": appeal.calls.all(),
        "form": form or ToCaseForm(initial={"address": appeal.address, "category": appeal.category}),
        "may_handle": request.user.has_perm("publicservice.handle_appeal"),
        "may_reveal": request.user.has_perm("publicservice.reveal_contact"),
        "transfer_to": TRANSFER_TO,
        "active": "appeal-list",
    }
    return render(request, "publicservice/appeal.html", context, status=status)


@login_required
@permission_required("publicservice.handle_appeal", raise_exception=True)
@require_POST
def act(request: UserRequest, pk: int, what: str) -> HttpResponse:
    """Answer, transfer, or make a case of an appeal; for those who handle appeals."""
    appeal = _appeal(request, pk)
    seen = number_of(request.POST.get("version"))
    if what == "answer":
        appeals.answer(pk, request.user, request.POST.get("answer", ""), version=seen)
    elif what == "transfer":
        to = request.POST.get("to", "")
        if to not in TRANSFER_TO:
            raise Http404
        appeals.transfer(pk, request.user, to, request.POST.get("reason", ""), version=seen)
    elif what == "case":
        form = ToCaseForm(request.POST)
        if not form.is_valid():
            return _show(request, appeal, form, 422)
        given = form.cleaned_data
        appeals.to_case(
            pk, request.user, given["location"], category=given["category"], address=given["address"], version=seen
        )
    else:
        raise Http404
    messages.success(request, _("Done."))
    return redirect("appeal", pk)


@login_required
@permission_required("publicservice.reveal_contact", raise_exception=True)
@require_POST
def reveal(request: UserRequest, pk: int) -> HttpResponse:
    """Who made it, in full; for those with the right, and audited."""
    return render(request, "publicservice/_contact.html", appeals.reveal(_appeal(request, pk), request.user))


@login_required
@permission_required("publicservice.handle_appeal", raise_exception=True)
def new(request: UserRequest) -> HttpResponse:
    """Take an appeal down, in a call (`call`) or otherwise; for those who handle appeals."""
    call = Call.objects.filter(
        pk=number_of(request.GET.get("call") or request.POST.get("call")) or 0, agent__user=request.user
    ).first()
    initial = (
        {"phone": call.caller, "channel": call.dialled if call.dialled in ("12319", "12345") else "12319"}
        if call
        else {}
    )
    form = DeskAppealForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            appeal = appeals.receive(appeals.NewAppeal(**data, is_demo=bool(call and call.is_demo)), by=request.user)
            if call:
                hotline.attach(call.pk, request.user, appeal)
        except DomainError as error:
            blame(form, error)
        else:
            messages.success(request, _("Taken down as %s.") % appeal.number)
            return redirect("hotline") if call else redirect("appeal", appeal.pk)
    known = _known(request, call)
    return render(
        request,
        "publicservice/new_appeal.html",
        {"form": form, "call": call, "known": known, "active": "appeal-list"},
        status=422 if form.errors else 200,
    )


def _known(request: UserRequest, call: Call | None) -> list[Appeal]:
    """Earlier appeals of the caller inside the agent's scope."""
    if call is None or not call.caller:
        return []
    rows: Any = Appeal.objects.visible_to(request.user)
    return list(rows.filter(phone_digest=phone_digest(call.caller)).order_by("-received_at")[:5])


@login_required
@require_GET
def photo(request: UserRequest, pk: int, attachment_id: int) -> FileResponse:
    """A photo of an appeal, small; for those who may see the appeal."""
    appeal = _appeal(request, pk)
    found = get_object_or_404(attachments.of(appeal), pk=attachment_id)
    assert isinstance(found, Attachment)
    if not found.thumbnail:
        raise Http404
    return FileResponse(found.thumbnail.open("rb"), content_type="image/jpeg")


@login_required
@permission_required("publicservice.make_visit", raise_exception=True)
def visit_list(request: UserRequest) -> HttpResponse:
    """Whom to call for a return visit; for those who make visits."""
    if request.method == "POST":
        visits.record_call(
            number_of(request.POST.get("visit")) or 0,
            request.user,
            number_of(request.POST.get("score")),
            request.POST.get("comment", ""),
        )
        messages.success(request, _("Written down."))
        return redirect("visits")
    found = visits.call_list(request.user)
    return render(
        request, "publicservice/visits.html", {"visits": found, "scores": range(5, 0, -1), "active": "visits"}
    )
