"""Job centre and notification centre; every user sees their own."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from platform_core.http import UserRequest
from platform_core.models import Job
from platform_core.services import jobs, notifications


@login_required
def job_list(request: UserRequest) -> HttpResponse:
    """The user's last fifty jobs; the table polls while one is open."""
    rows = list(request.user.jobs.order_by("-id")[:50])
    template = "_jobs.html" if request.htmx and not request.htmx.boosted else "jobs.html"
    return render(
        request,
        f"platform_core/{template}",
        {"jobs": rows, "is_live": any(job.is_open for job in rows), "active": "jobs"},
    )


@login_required
def job_file(request: UserRequest, job_id: int) -> FileResponse:
    """A job's result; only its owner may."""
    job = get_object_or_404(Job, pk=job_id, owner=request.user)
    if not job.result_file:
        raise Http404
    return FileResponse(job.result_file.open("rb"), as_attachment=True, filename=job.result_name)


@login_required
@require_POST
def job_cancel(request: UserRequest, job_id: int) -> HttpResponse:
    """Stop a job; only its owner may."""
    jobs.cancel(get_object_or_404(Job, pk=job_id, owner=request.user))
    return redirect("jobs")


@login_required
def badge(request: UserRequest) -> HttpResponse:
    """Number of unread notifications, polled by the shell."""
    return render(request, "platform_core/_badge.html")


@login_required
def notification_list(request: UserRequest) -> HttpResponse:
    """The user's notifications; POST marks them as read."""
    if request.method == "POST":
        notifications.mark_read(request.user)
        return redirect("notifications")
    rows = request.user.notifications.order_by("-id")[:100]
    return render(request, "platform_core/notifications.html", {"rows": rows, "active": "notifications"})
