"""Everything that a diagram may refer to by name, gathered from the catalogue and ``processes/``."""

from __future__ import annotations

from pathlib import Path

from engine.cases.controls import ControlBook
from engine.duties import DutyBook
from engine.tasks import CATALOGUE
from engine.tasks.desk import FUNCTIONS
from engine.workflow.decisions import read_decisions
from engine.workflow.forms import read_form
from engine.workflow.vocabulary import ControlNeed, ControlRule, Names, Operation


def names_of(processes_dir: Path, duties: DutyBook, controls: ControlBook) -> Names:
    """The names known to this office; a faulty form or decision file raises its own named error."""
    return Names(
        operations={
            operation.name: Operation(
                title=operation.title,
                needs=frozenset(operation.needs),
                provides=frozenset(operation.provides),
            )
            for operation in CATALOGUE.values()
        },
        duties={duty.lane: duty.id for duty in duties.duties.values()},
        forms={
            path.stem: frozenset(field.key for field in read_form(path.read_bytes()).fields)
            for path in sorted((processes_dir / "forms").glob("*.form"))
        },
        decisions={
            decision_id: frozenset(decision.provides)
            for path in sorted((processes_dir / "decisions").glob("*.dmn"))
            for decision_id, decision in read_decisions(path.read_bytes()).items()
        },
        controls=frozenset(controls.controls),
        functions=FUNCTIONS,
        control_rules={
            control.id: ControlRule(
                name=control.name, duty=control.duty, passed_when=control.passed_when.text
            )
            for control in controls.controls.values()
        },
        needs={
            need.operation: ControlNeed(
                controls=need.controls, different_people=need.different_people, text=need.text
            )
            for need in controls.by_operation.values()
        },
        bars=lambda first, then: _bars(duties, first, then),
    )


def _bars(duties: DutyBook, first: str, then: str) -> bool:
    """Whether one person may not do steps of both duties on one case; False for a duty that nobody knows."""
    if first not in duties.duties or then not in duties.duties:
        return False
    return duties.same_case(first, then) is not None
