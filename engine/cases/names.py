"""Everything that a diagram may refer to by name, gathered from the catalogue and ``processes/``."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

from engine.cases.controls import ControlBook
from engine.duties import DutyBook
from engine.law.catalogues import find_demands
from engine.law.policy import PolicyBook
from engine.tasks import CATALOGUE
from engine.tasks.desk import FUNCTIONS
from engine.tasks.letters import facts_named
from engine.workflow.decisions import read_decisions
from engine.workflow.forms import read_form
from engine.workflow.vocabulary import ControlNeed, ControlRule, Names, Operation

#: keys of time limits in the policy begin so
_LIMIT = "time_limit."
#: signs of a text that is remembered
_SHORT = 500


def names_of(
    processes_dir: Path, duties: DutyBook, controls: ControlBook, book: PolicyBook | None = None
) -> Names:
    """The names known to this office; a faulty form, decision or policy file raises its own named error."""
    law = book or PolicyBook.load(processes_dir / "policy")
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
        letters=_letters(processes_dir / "letters"),
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
        forbids=_forbids(law),
        limits=frozenset(
            each.key.removeprefix(_LIMIT) for each in law.parameters() if each.key.startswith(_LIMIT)
        ),
        public=frozenset({"claimant", "employer"}),
        sources=frozenset(law.sources),
    )


def _forbids(law: PolicyBook) -> Callable[[str], tuple[str, ...]]:
    """An analyst saves the same file many times over, and most of its texts stay as they are; long ones are not kept."""
    kept = lru_cache(maxsize=8192)(partial(_forbidden, law))
    return lambda text: kept(text) if len(text) <= _SHORT else _forbidden(law, text)


def _letters(folder: Path) -> dict[str, frozenset[str]]:
    """What each kind of letter may tell, in either language: what the shipped ones are written with."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted(folder.glob("*.md")):
        kind = path.name.partition(".")[0]
        found[kind] = (
            found.get(kind, frozenset()) | facts_named(path.read_text("utf-8")) | {"case_key", "today"}
        )
    return found


def _forbidden(law: PolicyBook, text: str) -> tuple[str, ...]:
    """What the text asks for that nobody may be asked (CLAIM-05), each with the provision."""
    return tuple(
        f"写有“{found.word}”，即要求“{found.demand.name}”，不得要求（{found.demand.source}）"
        for found in find_demands(text, law.forbidden_demands)
    )


def _bars(duties: DutyBook, first: str, then: str) -> bool:
    """Whether one person may not do steps of both duties on one case; False for a duty that nobody knows."""
    if first not in duties.duties or then not in duties.duties:
        return False
    return duties.same_case(first, then) is not None
