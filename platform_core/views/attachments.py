"""Files of rows: whoever may view the row may fetch them, whoever may change it may add and remove them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from platform_core.http import UserRequest
from platform_core.models import Attachment
from platform_core.pages import find
from platform_core.services import attachments


def _allowed(request: UserRequest, attachment_id: int, verb: str) -> Attachment:
    """The attachment, if its row's page and the user's scope open it. Raises 404 or 403."""
    attachment = get_object_or_404(Attachment.objects.select_related("content_type"), pk=attachment_id)
    pages = find(attachment.content_type.model) if attachment.content_type else None
    if pages is None:
        raise Http404
    pages.demand(request.user, verb)
    pages.row(request.user, attachment.object_id)
    return attachment


@login_required
@require_POST
def upload(request: UserRequest, name: str, pk: str) -> HttpResponse:
    """Attach files to a row; for those who may change it."""
    pages = find(name)
    if pages is None or not pages.may_have_attachments:
        raise Http404
    pages.demand(request.user, "change")
    target = pages.row(request.user, pk)
    files = request.FILES.getlist("files")
    for file in files:
        attachments.store(file, target=target, user=request.user)
    if files:
        messages.success(request, _("%d files attached.") % len(files))
    return redirect(reverse("page-detail", args=[name, pk]) + "#tab-attachments")


@login_required
@require_GET
def fetch(request: UserRequest, attachment_id: int) -> FileResponse:
    """The file, always as a download: nothing a user uploaded is run by another's browser."""
    attachment = _allowed(request, attachment_id, "view")
    answer = FileResponse(
        attachment.file.open("rb"),
        as_attachment=True,
        filename=attachment.original_name,
        content_type=attachment.media_type,
    )
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@login_required
@require_GET
def thumbnail(request: UserRequest, attachment_id: int) -> FileResponse:
    """The small picture, which we encoded ourselves."""
    attachment = _allowed(request, attachment_id, "view")
    if not attachment.thumbnail:
        raise Http404
    answer = FileResponse(attachment.thumbnail.open("rb"), content_type="image/jpeg")
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


@login_required
@require_POST
def remove(request: UserRequest, attachment_id: int) -> HttpResponse:
    """Delete a file; for those who may change its row."""
    attachment = _allowed(request, attachment_id, "change")
    kind, pk = attachment.content_type, attachment.object_id
    assert kind is not None
    attachments.remove(attachment)
    messages.success(request, _("Removed: %s") % attachment.original_name)
    return redirect(reverse("page-detail", args=[kind.model, pk]) + "#tab-attachments")
