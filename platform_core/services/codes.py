"""Versions of code lists: a draft is edited, then published; a published version never changes."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from platform_core.errors import DomainError
from platform_core.models import Code, CodeList

from . import audit


@transaction.atomic
def draft(codelist: CodeList) -> CodeList:
    """A draft of the next version with the same codes. Raises DomainError where there is a draft already."""
    versions = CodeList.objects.select_for_update().filter(code=codelist.code).order_by("-version")
    newest = versions[0]
    if any(version.state == CodeList.State.DRAFT for version in versions):
        raise DomainError("draft_exists", _("The list already has a draft."))
    made = CodeList.objects.create(
        code=codelist.code, name=codelist.name, source=codelist.source, version=newest.version + 1
    )
    Code.objects.bulk_create(
        Code(codelist=made, value=row.value, name=row.name, parent_value=row.parent_value, position=row.position)
        for row in codelist.codes.all()
    )
    audit.record("draft code list", made, after={"from": codelist.version})
    return made


@transaction.atomic
def publish(codelist: CodeList) -> None:
    """Put a draft into force; the version before it is superseded.

    Raises DomainError where it is no draft, is empty, or a code names a parent that the list lacks.
    """
    locked = CodeList.objects.select_for_update().get(pk=codelist.pk)
    if locked.state != CodeList.State.DRAFT:
        raise DomainError("not_a_draft", _("Only a draft can be published."))
    rows = {row.value: row.parent_value for row in locked.codes.all()}
    if not rows:
        raise DomainError("empty_code_list", _("A list without codes cannot be published."))
    orphans = [value for value, parent in rows.items() if parent and parent not in rows]
    if orphans:
        raise DomainError("unknown_parent", _("These codes name a parent that is not there: %s") % "、".join(orphans))
    CodeList.objects.filter(code=locked.code, state=CodeList.State.PUBLISHED).update(state=CodeList.State.SUPERSEDED)
    locked.state = CodeList.State.PUBLISHED
    locked.save()
    audit.record("publish code list", locked)


@transaction.atomic
def remove(code: Code) -> None:
    """Take a code out of a draft. Raises DomainError for a published list."""
    if code.codelist.state != CodeList.State.DRAFT:
        raise DomainError("not_a_draft", _("Codes of a published version stay; make a draft of the next one."))
    audit.record("remove code", code)
    code.delete()
