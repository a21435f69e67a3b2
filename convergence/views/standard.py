"""The data standard and its rows (CJJ/T 312 §4.1.4-7)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convergence.forms import NewFieldForm, TableForm, TableSettingsForm, UploadForm
from convergence.models import DataTable
from convergence.services import acquisition, standard
from convergence.services.browsing import Browse, browse
from platform_core.errors import DomainError
from platform_core.http import UserRequest
from platform_core.pages import find
from platform_core.services import audit


def _table(pk: int) -> DataTable:
    return get_object_or_404(DataTable.objects.current(), pk=pk)


@login_required
@permission_required("convergence.edit_standard", raise_exception=True)
def add_table(request: UserRequest) -> HttpResponse:
    """A table of this place's own; for those who may change the standard."""
    form = TableForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            table = standard.add_table(form.save(commit=False), request.user)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Saved: %s") % table)
            return redirect("page-detail", "datatable", table.pk)
    context = {"form": form, "title": _("New table"), "pages": find("datatable"), "active": "datatable-list"}
    return render(request, "convergence/form.html", context, status=422 if form.errors else 200)


@login_required
@permission_required("convergence.edit_standard", raise_exception=True)
def edit_table(request: UserRequest, pk: int) -> HttpResponse:
    """Name, cycle, retention; for those who may change the standard."""
    table = _table(pk)
    before = audit.snapshot(table)
    form = TableSettingsForm(request.POST or None, instance=table)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        audit.record("change", saved, before=before, after=audit.snapshot(saved))
        standard.keeper.forget()
        messages.success(request, _("Saved: %s") % saved)
        return redirect("page-detail", "datatable", pk)
    context = {"form": form, "title": str(table), "pages": find("datatable"), "active": "datatable-list"}
    return render(request, "convergence/form.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
@permission_required("convergence.edit_standard", raise_exception=True)
def add_field(request: UserRequest, pk: int) -> HttpResponse:
    """A further field, in force at once as a new version; for those who may change the standard."""
    table = _table(pk)
    form = NewFieldForm(request.POST)
    if form.is_valid():
        definition = form.definition()
        if any(known["name"] == definition["name"] for known in table.fields):
            raise DomainError("field_exists", _("The table has a field %s already.") % definition["name"])
        standard.change_fields(table, [*table.fields, definition], request.user, note=f"+ {definition['name']}")
        messages.success(request, _("The field is in force."))
    else:
        for field, errors in form.errors.items():
            messages.error(request, f"{form.fields[field].label}: {errors[0]}")
    return redirect(reverse("page-detail", args=["datatable", pk]) + "#tab-fields")


@login_required
@permission_required("convergence.view_datatable", raise_exception=True)
def rows(request: UserRequest, pk: int) -> HttpResponse:
    """Rows of a table inside the user's divisions; for those who may see the standard."""
    table = _table(pk)
    wanted = Browse(request.GET.get("where", ""), request.GET.get("after", ""), request.GET.get("order", ""))
    context: dict[str, Any] = {"table": table, "spec": table.spec(), "wanted": wanted, "active": "datatable-list"}
    status = 200
    try:
        context["result"] = browse(table, wanted, request.user)
    except DomainError as error:
        context["error"], status = error.message, 422
    template = "_rows.html" if request.htmx and not request.htmx.boosted else "rows.html"
    return render(request, f"convergence/{template}", context, status=status)


@login_required
@permission_required("convergence.edit_standard", raise_exception=True)
def upload(request: UserRequest, pk: int) -> HttpResponse:
    """Bring a file in: read and shown first; for those who may change the standard."""
    table = _table(pk)
    spec = table.spec()
    form = UploadForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"table": table, "spec": spec, "form": form, "active": "datatable-list"}
    if request.method == "POST" and "token" in request.POST:
        count = acquisition.confirm(spec, request.POST["token"], request.user)
        messages.success(request, _("%d rows have landed and are stored in a moment.") % count)
        return redirect("convergence-rows", pk)
    if request.method == "POST" and form.is_valid():
        found = acquisition.read(spec, form.cleaned_data["file"])
        context["token"], context["checked"] = acquisition.preview(spec, found, request.user)
        errors = context["checked"].errors
        numbers = [*sorted(errors)[:100], *[number for number in range(min(20, len(found))) if number not in errors]]
        context["lines"] = [
            {"number": number + 1, "values": [found[number].get(field.name) for field in spec.fields],
             "errors": errors.get(number)} for number in numbers
        ]  # fmt: skip
    return render(request, "convergence/upload.html", context)
