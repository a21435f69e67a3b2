"""The closed loop as one table: states, moves, who may make them and what they need (CJJ/T 106; GB/T 30428.3).

`STATES` and `MOVES` are version 1. The versions that run are rows of WorkflowDefinition: an administrator edits them
without code. Names are msgids here; an edited name is used as it stands. What a move *does* beyond changing the state is
named by its effects, which are functions of services.effects: data may combine them, not invent them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

REQUIREMENTS = ("opinion", "photo", "location", "category", "department", "hours", "duplicate")
NOTIFIES = ("holders", "reporter", "department", "chiefs")


@dataclass(frozen=True)
class State:
    """Where a case can be. `stage` names its time limit, `holder` the right of those who have to act."""

    code: str
    name: str
    stage: str = ""
    holder: str = ""
    clock_runs: bool = True
    is_final: bool = False

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return _(self.name)


@dataclass(frozen=True)
class Move:
    """A way from one state to another; '' as target stays. `form` is a JSON Schema of what is filled in besides."""

    code: str
    name: str
    sources: tuple[str, ...]
    target: str
    right: str
    requires: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    notifies: tuple[str, ...] = ()
    form: dict[str, Any] = field(default_factory=dict)
    is_main: bool = False

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return _(self.name)


STATES = (
    State("reported", gettext_noop("to be accepted"), "accept", "accept_case"),
    State("verifying", gettext_noop("being verified"), "verify", "field_case"),
    State("registering", gettext_noop("to be registered"), "register", "register_case"),
    State("dispatching", gettext_noop("to be dispatched"), "dispatch", "dispatch_case"),
    State("consulting", gettext_noop("under consultation"), "consult", "dispatch_case"),
    State("disposing", gettext_noop("being disposed of"), "dispose", "dispose_case"),
    State("suspended", gettext_noop("put on hold"), "dispose", "dispose_case", clock_runs=False),
    State("checking", gettext_noop("being checked"), "check", "field_case"),
    State("closing", gettext_noop("to be closed"), "close", "close_case"),
    State("reviewing", gettext_noop("closing under review"), "review", "review_case"),
    State("closed", gettext_noop("closed"), is_final=True),
    State("rejected", gettext_noop("not accepted"), is_final=True),
    State("void", gettext_noop("void"), is_final=True),
    State("merged", gettext_noop("merged"), is_final=True),
)

OPEN = tuple(state.code for state in STATES if not state.is_final)

# fmt: off
MOVES = (
    # The straight path 信息收集 → 案件建立 → 任务派遣 → 任务处理 → 处置反馈 → 核查结案.
    Move("accept", gettext_noop("accept"), ("reported",), "registering", "accept_case", ("category",), ("count_valid",), is_main=True),
    Move("register", gettext_noop("register"), ("registering",), "dispatching", "register_case", ("category",), ("count_registered",), is_main=True),
    Move("dispatch", gettext_noop("dispatch"), ("dispatching",), "disposing", "dispatch_case", ("department",), ("assign_department", "start_disposal"), ("department",), is_main=True),
    Move("dispose", gettext_noop("report as disposed"), ("disposing",), "checking", "dispose_case", ("opinion", "photo"), ("finish_disposal", "order_check"), ("holders",), is_main=True),
    Move("check_pass", gettext_noop("check passed"), ("checking",), "closing", "field_case", ("photo",), ("finish_check",), is_main=True),
    Move("close", gettext_noop("close"), ("closing",), "closed", "close_case", (), ("finish_case",), ("reporter",), is_main=True),
    # Before registration.
    Move("send_verify", gettext_noop("send for verification"), ("reported",), "verifying", "accept_case", ("category",), ("order_verification",), ("holders",)),
    Move("verify_true", gettext_noop("verified: as reported"), ("verifying",), "registering", "field_case", ("photo",), ("finish_verification", "count_valid")),
    Move("verify_false", gettext_noop("verified: not as reported"), ("verifying",), "reported", "field_case", ("opinion",), ("finish_verification",)),
    Move("reject", gettext_noop("do not accept"), ("reported",), "rejected", "accept_case", ("opinion",), ("count_rejected", "finish_case"), ("reporter",)),
    Move("merge", gettext_noop("merge into another case"), ("reported", "registering"), "merged", "accept_case", ("duplicate",), ("merge_case", "finish_case"), ("reporter",)),
    Move("back_to_acceptance", gettext_noop("return to acceptance"), ("registering",), "reported", "register_case", ("opinion",), (), ("holders",)),
    Move("void", gettext_noop("declare void"), ("registering", "dispatching"), "void", "register_case", ("opinion",), ("count_void", "finish_case"), ("reporter",)),
    # Around dispatch.
    Move("back_to_registration", gettext_noop("return to registration"), ("dispatching",), "registering", "dispatch_case", ("opinion",), (), ("holders",)),
    Move("return_dispatch", gettext_noop("return: not ours"), ("disposing",), "dispatching", "dispose_case", ("opinion",), ("count_return", "cancel_tasks", "release_department"), ("holders",)),
    Move("consult", gettext_noop("ask for consultation"), ("dispatching",), "consulting", "dispatch_case", ("opinion",), ("order_opinions",), ("chiefs",)),
    Move("conclude", gettext_noop("conclude consultation"), ("consulting",), "dispatching", "dispatch_case", ("opinion",), ("cancel_tasks",)),
    # While disposing.
    Move("ask_extension", gettext_noop("ask for an extension"), ("disposing",), "", "dispose_case", ("opinion", "hours"), ("ask_extension",), ("chiefs",)),
    Move("approve_extension", gettext_noop("approve the extension"), ("disposing",), "", "approve_request", (), ("grant_extension",), ("department",)),
    Move("reject_extension", gettext_noop("refuse the extension"), ("disposing",), "", "approve_request", ("opinion",), ("refuse_extension",), ("department",)),
    Move("ask_suspension", gettext_noop("ask for suspension"), ("disposing",), "", "dispose_case", ("opinion",), ("ask_suspension",), ("chiefs",)),
    Move("approve_suspension", gettext_noop("approve the suspension"), ("disposing",), "suspended", "approve_request", (), ("grant_suspension",), ("department",)),
    Move("reject_suspension", gettext_noop("refuse the suspension"), ("disposing",), "", "approve_request", ("opinion",), ("refuse_suspension",), ("department",)),
    Move("resume", gettext_noop("resume"), ("suspended",), "disposing", "dispatch_case", (), (), ("department",)),
    Move("assist_done", gettext_noop("assistance done"), ("disposing",), "", "dispose_case", ("opinion",), ("finish_assistance",), ("department",)),
    # After disposal.
    Move("check_fail", gettext_noop("check failed: rework"), ("checking",), "disposing", "field_case", ("opinion", "photo"), ("finish_check", "order_rework"), ("department",)),
    Move("rework", gettext_noop("send back for rework"), ("closing", "reviewing"), "disposing", "close_case", ("opinion",), ("order_rework",), ("department",)),
    Move("ask_review", gettext_noop("submit for review"), ("closing",), "reviewing", "close_case", ("opinion",), (), ("chiefs",)),
    Move("review_pass", gettext_noop("review passed: close"), ("reviewing",), "closed", "review_case", (), ("finish_case",), ("reporter",)),
    Move("reopen", gettext_noop("reopen"), ("closed",), "dispatching", "register_case", ("opinion",), ("reopen_case",), ("holders",)),
    # At any time.
    Move("supervise", gettext_noop("urge on"), OPEN, "", "supervise_case", ("opinion",), ("mark_urged",), ("holders", "department")),
    Move("note", gettext_noop("note"), OPEN, "", "report_case", ("opinion",)),
    Move("rate", gettext_noop("rate"), ("closed",), "", "", (), ("count_rating",)),
)
# fmt: on
SYSTEM_MOVES = ("rate",)
"""Made by services on somebody's behalf, never offered as a button."""


def _arguments(row: dict[str, Any], lists: tuple[str, ...]) -> dict[str, Any]:
    """JSON has lists where a Move has tuples."""
    return {key: tuple(value) if key in lists else value for key, value in row.items()}


class Workflow:
    """A version of the closed loop, ready to be asked."""

    def __init__(self, states: tuple[State, ...], moves: tuple[Move, ...]) -> None:
        self.states = {state.code: state for state in states}
        self.moves = {move.code: move for move in moves}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Workflow:
        """From WorkflowDefinition.spec. Raises TypeError or KeyError for another shape; `problems` says more."""
        lists = ("sources", "requires", "effects", "notifies")
        rows: list[dict[str, Any]] = data["moves"]
        moves = tuple(Move(**_arguments(row, lists)) for row in rows)
        return cls(tuple(State(**row) for row in data["states"]), moves)

    def to_data(self) -> dict[str, Any]:
        """JSON-able: {states: […], moves: […]}."""
        return {
            "states": [asdict(state) for state in self.states.values()],
            "moves": [{**asdict(move)} for move in self.moves.values()],
        }

    def from_state(self, state: str) -> list[Move]:
        """Moves offered there, main path first."""
        found = [move for move in self.moves.values() if state in move.sources and move.code not in SYSTEM_MOVES]
        return sorted(found, key=lambda move: not move.is_main)

    def with_effect(self, effect: str) -> list[str]:
        """Codes of the moves that have an effect."""
        return [move.code for move in self.moves.values() if effect in move.effects]

    def main_path(self) -> list[str]:
        """States along the main moves, from the report to the end."""
        path = ["reported"]
        while step := next((move for move in self.from_state(path[-1]) if move.is_main and move.target), None):
            if step.target in path:
                break
            path.append(step.target)
        return path

    def place_on_path(self, state: str) -> str:
        """The state itself, or the one on the main path that it is entered from; '' for an end beside the path."""
        path = self.main_path()
        if state in path:
            return state
        found = self.states.get(state)
        if found is None or found.is_final:
            return ""
        doors = {source for move in self.moves.values() if move.target == state for source in move.sources}
        return next((code for code in path if code in doors), "")

    def label(self, state: str) -> str:
        """Name of a state, its code where this version has none."""
        found = self.states.get(state)
        return found.label if found else state

    def problems(self, rights: set[str], effects: set[str], stages: set[str]) -> list[str]:
        """Why this version may not be published, one sentence each."""
        found: list[str] = []
        for move in self.moves.values():
            for code in [*move.sources, *([move.target] if move.target else [])]:
                if code not in self.states:
                    found.append(_("%(move)s names the unknown state %(state)s.") % {"move": move.label, "state": code})
            if move.right and move.right not in rights:
                found.append(
                    _("%(move)s names the unknown right %(right)s.") % {"move": move.label, "right": move.right}
                )
            for effect in set(move.effects) - effects:
                found.append(
                    _("%(move)s names the unknown effect %(effect)s.") % {"move": move.label, "effect": effect}
                )
            if unknown := set(move.requires) - set(REQUIREMENTS):
                found.append(
                    _("%(move)s requires something unknown: %(what)s.")
                    % {"move": move.label, "what": "、".join(sorted(unknown))}
                )
        for state in self.states.values():
            if state.stage and state.stage not in stages:
                found.append(
                    _("%(state)s names the unknown stage %(stage)s.") % {"state": state.label, "stage": state.stage}
                )
        return found + self._dead_ends()

    def _dead_ends(self) -> list[str]:
        found = []
        if "reported" not in self.states:
            return [_("There is no state “reported”, where every case begins.")]
        reached, waiting = {"reported"}, ["reported"]
        while waiting:
            here = waiting.pop()
            for move in self.moves.values():
                if here in move.sources and move.target and move.target not in reached:
                    reached.add(move.target)
                    waiting.append(move.target)
        for code, state in self.states.items():
            if code not in reached:
                found.append(_("No move leads to %s.") % state.label)
            if not state.is_final and not any(
                code in m.sources and m.target not in ("", code) for m in self.moves.values()
            ):
                found.append(_("No move leads out of %s.") % state.label)
        if not any(state.is_final and code in reached for code, state in self.states.items()):
            found.append(_("No final state can be reached."))
        return found


STANDARD = Workflow(STATES, MOVES)
