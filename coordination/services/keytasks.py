"""Key tasks of nation and province: received by the exchange, handled, answered by it (CJJ/T 312 §4.3.4-2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from coordination.models import KeyTask, KeyTaskFeedback
from exchange.services import publish
from exchange.tables import Row
from platform_core.errors import DomainError
from platform_core.models import Organisation, PlatformInstance, User
from platform_core.services import audit
from platform_core.services.notifications import notify


def _moment(value: Any) -> datetime | None:
    found = parse_datetime(str(value).replace("T", " ")) if value else None
    if found is None:
        return None
    return timezone.make_aware(found) if timezone.is_naive(found) else found


@transaction.atomic
def receive(rows: Sequence[Row]) -> None:
    """Rows of supervision.keyTask that are for this city become tasks; a changed one is brought up to date."""
    platform = PlatformInstance.objects.select_related("region").first()
    if platform is None:
        return
    for row in rows:
        receiver = str(row.get("receiverCode") or platform.region_id)
        if not platform.region_id.startswith(receiver.rstrip("0")) and not platform.region.contains(receiver):
            continue
        issued = _moment(row.get("issuedAt"))
        if issued is None:
            continue
        task, created = KeyTask.objects.update_or_create(
            code=row["taskCode"],
            defaults={
                "title": row["title"],
                "issuer": row["issuer"],
                "requirement": row.get("requirement") or "",
                "issued_at": issued,
                "deadline": _moment(row.get("deadline")),
            },
        )
        if created:
            for user in User.objects.with_right("coordination.handle_keytask")[:50]:
                notify(user, _("key task received: %s") % task, url=f"/p/keytask/{task.pk}/", level="warning")


@transaction.atomic
def assign(task_id: int, department: Organisation) -> KeyTask:
    """Give a task to a department. Raises DomainError once it has been answered as done."""
    task = KeyTask.objects.select_for_update().get(pk=task_id)
    if task.state == KeyTask.State.ANSWERED:
        raise DomainError("task_over", _("The task has been answered as done."))
    before = audit.snapshot(task)
    task.department, task.state = department, KeyTask.State.HANDLING
    task.save()
    audit.record("assign key task", task, before=before, after=audit.snapshot(task))
    for user in User.objects.with_right("coordination.dispose_case").filter(organisation=department)[:20]:
        notify(user, _("key task for you: %s") % task, url=f"/p/keytask/{task.pk}/", level="warning")
    return task


@transaction.atomic
def answer(task_id: int, user: User, progress: int, content: str, *, at: datetime | None = None) -> KeyTaskFeedback:
    """Report progress (0–100 %) upwards; 100 ends the task. Raises DomainError for an impossible answer."""
    if progress not in range(101):
        raise DomainError("bad_progress", _("Progress is between 0 and 100."), field="progress")
    if not content.strip():
        raise DomainError("no_content", _("Say what was done."), field="content")
    task = KeyTask.objects.select_for_update().get(pk=task_id)
    if task.state == KeyTask.State.ANSWERED:
        raise DomainError("task_over", _("The task has been answered as done."))
    moment = at or timezone.now()
    made = KeyTaskFeedback.objects.create(task=task, at=moment, by=user, progress=progress, content=content.strip())
    before = audit.snapshot(task)
    task.progress = progress
    task.state = KeyTask.State.ANSWERED if progress == 100 else KeyTask.State.HANDLING
    task.save()
    audit.record("answer key task", task, before=before, after=audit.snapshot(task))
    platform = PlatformInstance.objects.get()
    publish(
        "supervision",
        "keyTaskFeedback",
        [
            {
                "taskCode": task.code,
                "cityCode": platform.region_id[:6],
                "feedbackTime": f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}",
                "progress": float(progress),
                "content": made.content,
                "state": task.state,
            }
        ],
    )
    return made
