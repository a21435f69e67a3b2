"""What operators do with platforms, keys, batches, rows and connectors; each states who may."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from exchange import tables
from exchange.forms import GrantForm
from exchange.models import (
    AccountKey,
    Connector,
    InboundBatch,
    OutboundChunk,
    PlatformAccount,
    QuarantinedRow,
    TableGrant,
    UpperPlatform,
)
from exchange.services import accounts, connecting, inbound, joining, outbound, sender
from platform_core.http import UserRequest
from platform_core.pages import find
from platform_core.services import audit


def _back(name: str, pk: int, tab: str) -> HttpResponse:
    return redirect(reverse("page-detail", args=[name, pk]) + f"#tab-{tab}")


def _account(request: UserRequest, pk: int) -> PlatformAccount:
    return get_object_or_404(PlatformAccount.objects.visible_to(request.user), pk=pk)


@login_required
@require_POST
@permission_required("exchange.review_account", raise_exception=True)
def review(request: UserRequest, pk: int) -> HttpResponse:
    """Admit, turn down, make live or suspend a platform; for reviewers."""
    account = _account(request, pk)
    act, note = request.POST.get("act", ""), request.POST.get("note", "")
    match act:
        case "sandbox" | "live":
            windows = [
                part.strip() for part in request.POST.get("windows", "").replace("，", ",").split(",") if part.strip()
            ]
            accounts.approve(account, sandbox=act == "sandbox", note=note, push_windows=windows or None)
            messages.success(request, _("Admitted; the applicant can fetch appID and public key now."))
        case "reject":
            accounts.reject(account, note)
            messages.success(request, _("Turned down."))
        case "activate":
            accounts.go_live(account)
            messages.success(request, _("Live: what is pushed counts from now on."))
        case "suspend":
            accounts.suspend(account)
            messages.success(request, _("Suspended: calls are refused with 10004."))
        case _:
            raise Http404
    return _back("platformaccount", pk, "access")


@login_required
@require_POST
@permission_required("exchange.manage_keys", raise_exception=True)
def rotate_key(request: UserRequest, pk: int) -> HttpResponse:
    """Make a new key pair; for those who manage keys."""
    accounts.rotate_key(_account(request, pk))
    messages.success(request, _("A new key is valid; the old one stays so for seven days."))
    return _back("platformaccount", pk, "access")


@login_required
@require_POST
@permission_required("exchange.manage_keys", raise_exception=True)
def revoke_key(request: UserRequest, pk: int, key_id: int) -> HttpResponse:
    """Refuse a key at once; for those who manage keys."""
    accounts.revoke_key(get_object_or_404(AccountKey, pk=key_id, account=_account(request, pk)))
    messages.success(request, _("The key is revoked."))
    return _back("platformaccount", pk, "access")


@login_required
@require_POST
@permission_required("exchange.change_platformaccount", raise_exception=True)
def add_grant(request: UserRequest, pk: int) -> HttpResponse:
    """Let a platform push or get tables; for those who may change platforms."""
    account = _account(request, pk)
    form = GrantForm(request.POST)
    if not form.is_valid():
        for field, errors in form.errors.items():
            messages.error(request, f"{form.fields[field].label if field in form.fields else ''} {errors[0]}")
        return _back("platformaccount", pk, "access")
    values = {name: form.cleaned_data[name] for name in ("may_push", "may_get", "region")}
    grant, _made = TableGrant.objects.update_or_create(
        account=account, group=form.cleaned_data["group"], table=form.cleaned_data["table"], defaults=values
    )
    audit.record(
        "grant tables", account, after={"table": str(grant), **{key: str(item) for key, item in values.items()}}
    )
    messages.success(request, _("Saved: %s") % grant)
    return _back("platformaccount", pk, "access")


@login_required
@require_POST
@permission_required("exchange.change_platformaccount", raise_exception=True)
def remove_grant(request: UserRequest, pk: int, grant_id: int) -> HttpResponse:
    """Take a subscription away; for those who may change platforms."""
    account = _account(request, pk)
    grant = get_object_or_404(TableGrant, pk=grant_id, account=account)
    audit.record("withdraw tables", account, before={"table": str(grant)})
    grant.delete()
    return _back("platformaccount", pk, "access")


@login_required
@require_POST
@permission_required("exchange.operate_exchange", raise_exception=True)
def upper(request: UserRequest, pk: int) -> HttpResponse:
    """Apply, collect, pause, go on, send a table again; for operators."""
    found = get_object_or_404(UpperPlatform.objects.visible_to(request.user), pk=pk)
    act = request.POST.get("act", "")
    match act:
        case "apply":
            joining.ask(found.address, found.name, algorithm=found.algorithm)
            messages.success(request, _("Applied; the upper platform reviews it."))
        case "collect":
            done = joining.collect(found)
            messages.success(request, _("Admitted.") if done else _("Not decided yet."))
        case "pause" | "resume":
            found.state = UpperPlatform.State.PAUSED if act == "pause" else UpperPlatform.State.ACTIVE
            found.open_until, found.failures = None, 0
            found.save()
            audit.record(f"{act} upper platform", found)
            outbound.wake()
        case "resend":
            count = outbound.resend(found, request.POST.get("table", ""))
            audit.record("resend table", found, after={"table": request.POST.get("table", ""), "rows": count})
            messages.success(request, _("%d rows will be sent again.") % count)
        case _:
            raise Http404
    return _back("upperplatform", pk, "outbox")


@login_required
@require_POST
@permission_required("exchange.operate_exchange", raise_exception=True)
def chunk(request: UserRequest, pk: int) -> HttpResponse:
    """Send a dead letter again, or give it up; for operators."""
    found = get_object_or_404(OutboundChunk.objects.visible_to(request.user), pk=pk)
    if request.POST.get("act") == "revive":
        sender.revive(found)
        outbound.wake()
        messages.success(request, _("It is sent again."))
    else:
        sender.discard(found)
        messages.success(request, _("Given up."))
    return _back("upperplatform", found.lane.target_id, "outbox")


@login_required
@require_POST
@permission_required("exchange.operate_exchange", raise_exception=True)
def retry_batch(request: UserRequest, pk: int) -> HttpResponse:
    """Store a failed batch again; for operators."""
    inbound.retry(get_object_or_404(InboundBatch.objects.visible_to(request.user), pk=pk))
    messages.success(request, _("It is stored again."))
    return redirect("page-detail", "inboundbatch", pk)


@login_required
@require_POST
@permission_required("exchange.operate_exchange", raise_exception=True)
def quarantine(request: UserRequest, pk: int) -> HttpResponse:
    """Replay a corrected row, or discard it; for operators."""
    row = get_object_or_404(QuarantinedRow.objects.visible_to(request.user), pk=pk)
    if request.POST.get("act") == "discard":
        inbound.discard(row, request.user)
        messages.success(request, _("Discarded."))
        return redirect("page-list", "quarantinedrow")
    inbound.replay(row, _typed(row, request), request.user)
    messages.success(request, _("Replayed: it is stored in a moment."))
    return redirect("page-list", "quarantinedrow")


def _typed(row: QuarantinedRow, request: UserRequest) -> dict[str, Any]:
    """Values of the form as the fields' types; empty ones are left out."""
    spec = tables.keeper().find(row.group, row.table)
    if spec is None:
        raise Http404
    data = dict(row.data)
    for field in spec.fields:
        text = request.POST.get(f"field-{field.name}")
        if text is None:
            continue
        if text == "":
            data.pop(field.name, None)
        elif field.type in ("json", "geometry", "int", "float", "bool"):
            try:
                data[field.name] = json.loads(text)
            except ValueError:
                data[field.name] = text  # the check says what is wrong with it
        else:
            data[field.name] = text
    return data


@login_required
@require_POST
@permission_required("exchange.operate_exchange", raise_exception=True)
def connector(request: UserRequest, pk: int) -> HttpResponse:
    """Try a connector without storing, or run it now; for operators."""
    found = get_object_or_404(Connector.objects.visible_to(request.user), pk=pk)
    if request.POST.get("act") == "try":
        return render(
            request,
            "exchange/dry_run.html",
            {
                "connector": found,
                "pages": find("connector"),
                "result": connecting.dry_run(found),
                "active": "connector-list",
            },
        )
    run = connecting.run(found)
    if run.is_ok:
        messages.success(
            request,
            _("%(read)d read, %(accepted)d accepted.") % {"read": run.read_count, "accepted": run.accepted_count},
        )
    else:
        messages.error(request, run.message)
    return _back("connector", pk, "runs")
