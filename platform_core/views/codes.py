"""Versions of code lists; for those who may change code lists."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from platform_core.http import UserRequest
from platform_core.models import Code, CodeList
from platform_core.services import codes


def _back(pk: int) -> HttpResponse:
    return redirect(reverse("page-detail", args=["codelist", pk]) + "#tab-codes")


@login_required
@require_POST
@permission_required("platform_core.change_codelist", raise_exception=True)
def publish(request: UserRequest, pk: int) -> HttpResponse:
    """Put a draft into force."""
    codelist = get_object_or_404(CodeList, pk=pk)
    codes.publish(codelist)
    messages.success(request, _("Published: %s") % codelist)
    return _back(pk)


@login_required
@require_POST
@permission_required("platform_core.change_codelist", raise_exception=True)
def draft(request: UserRequest, pk: int) -> HttpResponse:
    """Begin the next version."""
    made = codes.draft(get_object_or_404(CodeList, pk=pk))
    messages.success(request, _("Draft made: %s") % made)
    return _back(made.pk)


@login_required
@require_POST
@permission_required("platform_core.change_code", raise_exception=True)
def remove(request: UserRequest, pk: int) -> HttpResponse:
    """Take a code out of a draft."""
    code = get_object_or_404(Code.objects.select_related("codelist"), pk=pk)
    codes.remove(code)
    messages.success(request, _("Removed: %s") % code)
    return _back(code.codelist_id)
