"""The designer of the closed loop: steps, rights, requirements, limits, forms, without code (CJJ/T 106 应用维护)."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from coordination.models import Stage, WorkflowDefinition
from coordination.services import definitions
from coordination.services.effects import EFFECTS
from coordination.workflow import Workflow
from platform_core.http import UserRequest
from platform_core.services.jobs import start

CODE = django_forms.RegexField(
    r"^[a-z][a-z0-9_]{1,23}$", label=gettext_lazy("code"), help_text=gettext_lazy("small letters, digits and _")
)


class StateForm(django_forms.Form):
    """A state of a draft."""

    code = CODE
    name = django_forms.CharField(label=gettext_lazy("name"), max_length=40)
    stage = django_forms.ChoiceField(
        label=gettext_lazy("time limit of"), required=False, choices=[("", "---------"), *Stage.choices]
    )
    holder = django_forms.ChoiceField(label=gettext_lazy("whose turn it is"), required=False)
    clock_runs = django_forms.BooleanField(label=gettext_lazy("clock runs"), required=False, initial=True)
    is_final = django_forms.BooleanField(label=gettext_lazy("final"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["holder"]
        field.choices = [("", "---------"), *definitions.known_rights()]


class MoveDesignForm(django_forms.Form):
    """A move of a draft."""

    code = CODE
    name = django_forms.CharField(label=gettext_lazy("name"), max_length=40)
    sources = django_forms.MultipleChoiceField(label=gettext_lazy("from"), widget=django_forms.CheckboxSelectMultiple)
    target = django_forms.ChoiceField(label=gettext_lazy("to"), required=False)
    right = django_forms.ChoiceField(label=gettext_lazy("who may"))
    requires = django_forms.MultipleChoiceField(
        label=gettext_lazy("requires"), required=False, widget=django_forms.CheckboxSelectMultiple,
        choices=[
            ("opinion", gettext_lazy("opinion")), ("photo", gettext_lazy("photo")),
            ("location", gettext_lazy("location")),
            ("category", gettext_lazy("category")), ("department", gettext_lazy("professional department")),
            ("hours", gettext_lazy("hours")), ("duplicate", gettext_lazy("number of the other case")),
        ],
    )  # fmt: skip
    effects = django_forms.MultipleChoiceField(
        label=gettext_lazy("effects"), required=False, widget=django_forms.CheckboxSelectMultiple
    )
    notifies = django_forms.MultipleChoiceField(
        label=gettext_lazy("tells"), required=False, widget=django_forms.CheckboxSelectMultiple,
        choices=[
            ("holders", gettext_lazy("whose turn it is")), ("reporter", gettext_lazy("reported by")),
            ("department", gettext_lazy("department")), ("chiefs", gettext_lazy("those who approve")),
        ],
    )  # fmt: skip
    form = django_forms.CharField(
        label=gettext_lazy("form (JSON Schema)"),
        required=False,
        widget=django_forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )
    is_main = django_forms.BooleanField(label=gettext_lazy("on the straight path"), required=False)

    def __init__(self, flow: Workflow, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        states = [(code, state.label) for code, state in flow.states.items()]
        fields: dict[str, Any] = dict(self.fields)
        fields["sources"].choices = states
        fields["target"].choices = [("", _("stays")), *states]
        fields["right"].choices = definitions.known_rights()
        fields["effects"].choices = [(name, _((work.__doc__ or name).split("\n")[0])) for name, work in EFFECTS.items()]

    def clean_form(self) -> dict[str, Any]:
        """An object, or nothing."""
        text = str(self.cleaned_data["form"]).strip()
        if not text:
            return {}
        try:
            found = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValidationError(
                _("This is not JSON: line %(line)d: %(why)s") % {"line": error.lineno, "why": error.msg}
            ) from error
        if not isinstance(found, dict):
            raise ValidationError(_("A JSON Schema is an object."))
        return found


def _places(flow: Workflow, path: list[str]) -> dict[str, tuple[int, int]]:
    """Where each state is drawn: the straight path on one line, the others above and below, near what they touch."""
    places = {code: (number * 150, 150) for number, code in enumerate(path)}
    near: dict[str, float] = {}
    for code in (code for code in flow.states if code not in path):
        around = [
            places[other][0]
            for move in flow.moves.values()
            for other in (*move.sources, move.target)
            if other in places and (code == move.target or code in move.sources)
        ]
        near[code] = sum(around) / len(around) if around else 0
    edge = {20: -150, 280: -150}
    for number, code in enumerate(sorted(near, key=lambda code: near[code])):
        row = 20 if number % 2 else 280
        edge[row] = max(round(near[code]), edge[row] + 130)  # beside its neighbour, never over it
        places[code] = (edge[row], row)
    return places


def _diagram(flow: Workflow) -> dict[str, Any]:
    """An ECharts graph of states and moves."""
    main = ["reported", "registering", "dispatching", "disposing", "checking", "closing", "closed"]
    path = [code for code in main if code in flow.states]
    places = _places(flow, path)
    links: dict[tuple[str, str], list[str]] = {}
    for move in flow.moves.values():
        for source in move.sources:
            if move.target and move.target in flow.states and source in flow.states:
                links.setdefault((source, move.target), []).append(move.label)
    straight = {(a, b) for a, b in pairwise(path)}
    return {
        "tooltip": {"formatter": "{b}"},
        "series": [
            {
                "type": "graph",
                "layout": "none",
                "roam": True,
                "symbol": "roundRect",
                "symbolSize": [96, 34],
                "edgeSymbol": ["none", "arrow"],
                "edgeSymbolSize": 8,
                "label": {"show": True, "color": "#fff", "fontSize": 13},
                "data": [
                    {
                        "id": code, "name": flow.states[code].label, "x": x, "y": y,
                        "itemStyle": {
                            "color": "#5d6b79" if flow.states[code].is_final else "#14506b" if code in path
                            else "#8a5a00"
                        },
                    }
                    for code, (x, y) in places.items()
                ],
                "links": [
                    {
                        "source": a, "target": b, "name": "、".join(names),
                        "lineStyle": {"width": 3 if (a, b) in straight else 1.2,
                                      "color": "#14506b" if (a, b) in straight else "#8fa3b3",
                                      "curveness": 0 if (a, b) in straight else 0.22},
                    }
                    for (a, b), names in links.items()
                ],
            }
        ],
    }  # fmt: skip


@login_required
@permission_required("coordination.view_workflowdefinition", raise_exception=True)
def show(request: UserRequest, pk: int) -> HttpResponse:
    """A version with its diagram; its designer while it is a draft; for those who may see workflows."""
    row = get_object_or_404(WorkflowDefinition, pk=pk)
    flow = Workflow.from_data(row.spec)
    may_design = request.user.has_perm("coordination.design_workflow")
    is_draft = row.state == WorkflowDefinition.State.DRAFT
    rights = dict(definitions.known_rights())
    choices: Any = MoveDesignForm.base_fields["requires"]
    needs = dict(choices.choices)
    return render(
        request,
        "coordination/workflow.html",
        {
            "row": row,
            "states": [(state, rights.get(state.holder, "")) for state in flow.states.values()],
            "moves": [
                (
                    move,
                    [flow.label(code) for code in move.sources],
                    flow.label(move.target) if move.target else _("stays"),
                    rights.get(move.right, ""),
                    [needs.get(name, name) for name in move.requires],
                )
                for move in flow.moves.values()
            ],
            "diagram": _diagram(flow),
            "problems": definitions.problems(row) if is_draft else [],
            "may_edit": may_design and is_draft,
            "may_draft": may_design and not is_draft,
            "active": "workflowdefinition-list",
        },
    )


@login_required
@permission_required("coordination.design_workflow", raise_exception=True)
@require_POST
def draft(request: UserRequest) -> HttpResponse:
    """Begin the next version; for designers."""
    return redirect("workflow", definitions.draft(request.user).pk)


@login_required
@permission_required("coordination.design_workflow", raise_exception=True)
@require_POST
def publish(request: UserRequest, pk: int) -> HttpResponse:
    """Put a draft into force; for designers."""
    definitions.publish(pk)
    messages.success(request, _("The version is in force for new cases; running cases keep theirs."))
    return redirect("workflow", pk)


@login_required
@permission_required("coordination.design_workflow", raise_exception=True)
def edit(request: UserRequest, pk: int, kind: str, code: str = "") -> HttpResponse:
    """Add or change a state or move of a draft; for designers."""
    row = get_object_or_404(WorkflowDefinition, pk=pk, state=WorkflowDefinition.State.DRAFT)
    flow = Workflow.from_data(row.spec)
    form = _form(kind, flow, code, request)
    if request.method == "POST" and "remove" in request.POST:
        definitions.remove(pk, kind, code)
        messages.success(request, _("Removed: %s") % code)
        return redirect("workflow", pk)
    if request.method == "POST" and form.is_valid():
        (definitions.put_state if kind == "state" else definitions.put_move)(pk, form.cleaned_data)
        messages.success(request, _("Saved: %s") % form.cleaned_data["name"])
        return redirect("workflow", pk)
    context = {"row": row, "form": form, "kind": kind, "code": code, "active": "workflowdefinition-list"}
    return render(request, "coordination/workflow_edit.html", context, status=422 if form.errors else 200)


def _form(kind: str, flow: Workflow, code: str, request: UserRequest) -> Any:
    data = request.POST if request.method == "POST" and "remove" not in request.POST else None
    if kind == "state":
        state = flow.states.get(code)
        initial = {**vars(state), "name": state.label} if state else None
        return StateForm(data, initial=initial)
    move = flow.moves.get(code)
    initial = None
    if move:
        text = json.dumps(move.form, ensure_ascii=False, indent=2) if move.form else ""
        initial = {**vars(move), "name": move.label, "form": text}
    return MoveDesignForm(flow, data, initial=initial)


@login_required
@permission_required("coordination.design_workflow", raise_exception=True)
@require_POST
def test_routing(request: UserRequest) -> HttpResponse:
    """Measure the routing rules against closed cases, as a job; for designers."""
    start("test_routing", _("Routing rules against history"), request.user)
    messages.success(request, _("The trial has started; its figures will be in the job centre."))
    return redirect("jobs")
