"""The notification centre."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from platform_core.models import Notification, User


def notify(recipient: User, title: str, *, body: str = "", url: str = "", level: str = "info") -> Notification:
    """Tell one user something; it shows in the badge at the next poll."""
    return Notification.objects.create(recipient=recipient, title=title[:120], body=body, url=url, level=level)


def unread(user: User) -> int:
    """How many notifications the user has not read; asked on every page, so without building a query (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM platform_core_notification WHERE recipient_id = %s AND read_at IS NULL", [user.pk]
        )
        count: int = cursor.fetchone()[0]
    return count


def mark_read(user: User, notification_id: int | None = None) -> int:
    """Mark one or all of a user's notifications as read. Returns how many."""
    unread = Notification.objects.filter(recipient=user, read_at=None)
    if notification_id is not None:
        unread = unread.filter(pk=notification_id)
    return unread.update(read_at=timezone.now())
