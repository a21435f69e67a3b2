"""Versions of the workflow: read often, edited seldom (CJJ/T 106 应用维护子系统)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from coordination.models import Stage, WorkflowDefinition
from coordination.workflow import Workflow
from platform_core.errors import DomainError
from platform_core.memo import remembered
from platform_core.services import audit

_workflows: dict[int, Workflow] = {}


def forget() -> None:
    """After a change in this process."""
    in_force.forget()
    _workflows.clear()


@remembered(5)
def in_force() -> WorkflowDefinition:
    """The published version. Raises DomainError before the first one is loaded."""
    try:
        found: WorkflowDefinition = WorkflowDefinition.objects.in_force()
    except WorkflowDefinition.DoesNotExist as error:
        raise DomainError("no_workflow", _("No workflow is in force: run manage.py load_coordination.")) from error
    return found


def workflow(definition_id: int) -> Workflow:
    """A version's states and moves. Published versions never change, so they are remembered for good."""
    if definition_id not in _workflows:
        row = WorkflowDefinition.objects.get(pk=definition_id)
        found = Workflow.from_data(row.spec)
        if row.state == WorkflowDefinition.State.DRAFT:
            return found
        _workflows[definition_id] = found
    return _workflows[definition_id]


def known_rights() -> list[tuple[str, str]]:
    """(codename, name) of the rights a move may ask for."""
    rows = Permission.objects.filter(content_type__app_label="coordination", content_type__model="case")
    return [
        (name, str(_(title)))
        for name, title in rows.order_by("codename").values_list("codename", "name")
        if not name.startswith(("add_", "change_", "delete_", "view_"))
    ]


@transaction.atomic
def draft(user: Any) -> WorkflowDefinition:
    """A draft of the next version, equal to the one in force. Raises DomainError where there is a draft already."""
    newest = WorkflowDefinition.objects.select_for_update().order_by("-version")
    if any(row.state == WorkflowDefinition.State.DRAFT for row in newest):
        raise DomainError("draft_exists", _("There is a draft already; edit or publish it."))
    current = in_force()
    made = WorkflowDefinition.objects.create(version=newest[0].version + 1, name=current.name, spec=current.spec)
    audit.record("draft workflow", made)
    return made


def _draft(pk: int) -> WorkflowDefinition:
    row = WorkflowDefinition.objects.select_for_update().filter(pk=pk).first()
    if row is None or row.state != WorkflowDefinition.State.DRAFT:
        raise DomainError("not_a_draft", _("Only a draft can be edited: running cases keep their version."))
    return row


def _store(row: WorkflowDefinition, flow: Workflow, what: str) -> None:
    before = audit.snapshot(row)
    row.spec = flow.to_data()
    row.save()
    audit.record("edit workflow", row, before=before, after=audit.snapshot(row), name=f"{row}: {what}")


@transaction.atomic
def put_state(pk: int, values: dict[str, Any]) -> None:
    """Add or replace a state of a draft, by its code."""
    from coordination.workflow import State

    row = _draft(pk)
    flow = Workflow.from_data(row.spec)
    flow.states[values["code"]] = State(**values)
    _store(row, flow, values["code"])


@transaction.atomic
def put_move(pk: int, values: dict[str, Any]) -> None:
    """Add or replace a move of a draft, by its code. Raises DomainError for a form that is no JSON Schema."""
    from coordination.workflow import Move

    row = _draft(pk)
    if values.get("form"):
        try:
            Draft202012Validator.check_schema(values["form"])
        except SchemaError as error:
            raise DomainError("bad_schema", _("The form is not a JSON Schema: %s") % error.message) from error
    flow = Workflow.from_data(row.spec)
    flow.moves[values["code"]] = Move(**values)
    _store(row, flow, values["code"])


@transaction.atomic
def remove(pk: int, kind: str, code: str) -> None:
    """Take a state or move out of a draft."""
    row = _draft(pk)
    flow = Workflow.from_data(row.spec)
    (flow.states if kind == "state" else flow.moves).pop(code, None)
    _store(row, flow, f"- {code}")


def problems(row: WorkflowDefinition) -> list[str]:
    """Why a version may not be published."""
    from .effects import EFFECTS

    return Workflow.from_data(row.spec).problems(
        {name for name, _title in known_rights()}, set(EFFECTS), set(Stage.values)
    )


@transaction.atomic
def publish(pk: int) -> None:
    """Put a draft into force for new cases. Raises DomainError with everything that is wrong with it."""
    row = _draft(pk)
    if found := problems(row):
        raise DomainError("bad_workflow", " ".join(found))
    WorkflowDefinition.objects.filter(state=WorkflowDefinition.State.PUBLISHED).update(
        state=WorkflowDefinition.State.SUPERSEDED
    )
    row.state, row.published_at = WorkflowDefinition.State.PUBLISHED, timezone.now()
    row.save()
    audit.record("publish workflow", row)
    transaction.on_commit(forget)
