"""The catalogue: register, review, publish, search, subscribe, export (CJJ/T 312 §4.1.4-7-4; GB/T 21063)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convergence.models import CatalogueEntry, CatalogueSubscription, DataTable, TableSource
from platform_core.errors import DomainError
from platform_core.models import PlatformInstance, User
from platform_core.services import audit
from platform_core.services.notifications import notify

State, Sharing = CatalogueEntry.State, CatalogueEntry.Sharing
# From → to: who may (a right), what it is called.
MOVES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "submit": ((State.DRAFT, State.REJECTED, State.WITHDRAWN), State.SUBMITTED, "convergence.change_catalogueentry"),
    "publish": ((State.SUBMITTED,), State.PUBLISHED, "convergence.publish_catalogue"),
    "reject": ((State.SUBMITTED,), State.REJECTED, "convergence.publish_catalogue"),
    "withdraw": ((State.PUBLISHED,), State.WITHDRAWN, "convergence.publish_catalogue"),
}
TELL_EVERY = timedelta(days=1)


@transaction.atomic
def register_all() -> int:
    """A draft entry for every table that has none; needs the platform to be set up. Returns how many were made."""
    platform = PlatformInstance.objects.select_related("organisation", "region").first()
    if platform is None:
        return 0
    made = 0
    for number, table in enumerate(DataTable.objects.current().filter(catalogue=None), start=1):
        CatalogueEntry.objects.create(
            table=table,
            code=f"{platform.region.code}-{table.group}-{table.table}"[:40],
            title=table.title,
            summary=table.description,
            provider=platform.organisation,
            sharing=Sharing.CONDITIONAL if table.sensitivity > 1 else Sharing.UNCONDITIONAL,
        )
        made = number
    return made


@transaction.atomic
def move(entry: CatalogueEntry, name: str, user: User, note: str = "") -> CatalogueEntry:
    """submit, publish, reject or withdraw. Raises DomainError for a move that the state or the user forbids."""
    sources, target, right = MOVES[name]
    locked = CatalogueEntry.objects.select_for_update().get(pk=entry.pk)
    if not user.has_perm(right):
        raise DomainError("forbidden", _("You do not have the right to do this."))
    if locked.state not in sources:
        raise DomainError(
            "wrong_state", _("This is not possible while the entry is “%s”.") % locked.get_state_display()
        )
    before = audit.snapshot(locked) | {"state": locked.state}
    locked.state, locked.review_note = target, note[:200]
    if target == State.PUBLISHED:
        locked.published_at = timezone.now()
    locked.save()
    audit.record(f"{name} catalogue entry", locked, before=before, after=audit.snapshot(locked) | {"state": target})
    return locked


def subscribe(entry: CatalogueEntry, user: User) -> bool:
    """Follow a published resource, or stop following it. Returns whether it is followed now."""
    known = CatalogueSubscription.objects.filter(entry=entry, user=user)
    if known.exists():
        known.delete()
        return False
    if entry.state != State.PUBLISHED:
        raise DomainError("wrong_state", _("Only a published resource can be followed."))
    CatalogueSubscription.objects.create(entry=entry, user=user)
    return True


def tell_subscribers() -> int:
    """Tell followers of resources with new data, once a day each. Returns the number told."""
    told, now = 0, timezone.now()
    for follower in CatalogueSubscription.objects.select_related("entry__table", "user"):
        since = follower.told_at or follower.since
        if now - since < TELL_EVERY and follower.told_at:
            continue
        newest = freshness(follower.entry.table)
        if newest and newest > since:
            notify(
                follower.user,
                _("New data: %s") % follower.entry.title,
                url=f"/convergence/catalogue/{follower.entry_id}/",
            )
            CatalogueSubscription.objects.filter(pk=follower.pk).update(told_at=now)
            told += 1
    return told


def freshness(table: DataTable) -> Any:
    """When rows of a table last arrived; None where none ever did."""
    newest = TableSource.objects.filter(table=table).order_by("-last_at").first()
    return newest.last_at if newest else None


def badge(table: DataTable, newest: Any) -> str:
    """`fresh` within the table's cycle, `late` up to twice as long, `stale` beyond, `never` without data."""
    if newest is None:
        return "never"
    age = timezone.now() - newest
    cycle = timedelta(hours=table.update_cycle_h)
    return "fresh" if age <= cycle else "late" if age <= 2 * cycle else "stale"


def dcat() -> dict[str, Any]:
    """Published entries as a DCAT catalogue (JSON-LD)."""
    platform = PlatformInstance.objects.select_related("organisation").get()
    entries = CatalogueEntry.objects.filter(state=State.PUBLISHED).select_related("table", "provider")
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
        },
        "@type": "dcat:Catalog",
        "@id": f"{settings.PUBLIC_URL}/convergence/catalogue.jsonld",
        "dct:title": platform.name,
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": platform.organisation.name},
        "dcat:dataset": [_dataset(entry) for entry in entries],
    }  # fmt: skip


def _dataset(entry: CatalogueEntry) -> dict[str, Any]:
    table = entry.table
    newest = freshness(table)
    return {
        "@type": "dcat:Dataset",
        "@id": f"{settings.PUBLIC_URL}/convergence/catalogue/{entry.pk}/",
        "dct:identifier": entry.code,
        "dct:title": entry.title,
        "dct:description": entry.summary,
        "dcat:keyword": [word for word in entry.keywords.replace("，", ",").split(",") if word],
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": entry.provider.name},
        "dct:accessRights": entry.get_sharing_display(),
        "dct:accrualPeriodicity": f"PT{table.update_cycle_h}H",
        "dct:issued": entry.published_at.isoformat() if entry.published_at else None,
        "dct:modified": newest.isoformat() if newest else None,
        "dcat:distribution": {
            "@type": "dcat:Distribution",
            "dcat:accessURL": f"{settings.PUBLIC_URL}/eUrbanMIS/api/v1/getdata",
            "dct:format": "application/json",
            "dct:description": f"group={table.group}&table={table.table}",
        },
    }


audit.describe(
    submit_catalogue_entry=gettext_lazy("submitted for the catalogue"),
    publish_catalogue_entry=gettext_lazy("published in the catalogue"),
    reject_catalogue_entry=gettext_lazy("sent back"),
    withdraw_catalogue_entry=gettext_lazy("withdrew from the catalogue"),
)
