"""Random lives of cases on every shipped diagram: the rows follow the state at every step, whatever happens.

What an operation answers, what a person enters, which message comes and which limit passes is drawn from a
seed. A step that fails for want of sensible data must leave everything as it was.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from running import House, assert_rows_match_state
from sqlalchemy import func, select
from walks import LISTS, _choices, _draw

from engine.cases.controls import ControlBook
from engine.cases.names import names_of
from engine.duties import DutyBook
from engine.store.db import Store
from engine.workflow.runner import NotWaitingError, StepFailedError, TaskClosedError
from engine.workflow.tables import (
    WorkflowCase,
    WorkflowHistory,
    WorkflowSubscription,
    WorkflowTask,
    WorkflowTimer,
)
from engine.workflow.vocabulary import Names

PROCESSES = Path(__file__).parents[2] / "processes"
DIAGRAMS = Path(__file__).parent / "diagrams"
#: diagrams that the library itself gets wrong: a join on a loop fires early in its second round
WRONG_IN_THE_LIBRARY = {"join-in-loop", "join-as-merge", "data-objects"}
SHIPPED = sorted(PROCESSES.glob("*.bpmn"))
OWN = sorted(path for path in DIAGRAMS.glob("*.bpmn") if path.stem not in WRONG_IN_THE_LIBRARY)

#: days that a case begins with, or an operation gives, and that only a task's limit asks for
_DAYS_AT_START = (
    "answer_due", "call_back_by", "fix_by", "self_check_due", "plan_due", "done_due", "objection_answer_by",
)  # fmt: skip
DAYS: list[object] = ["2025-11-10", "2026-03-01"]
WALKS = 5
#: some walks end where they begin: nothing to pay, nothing to claim
MOST_WALKS = 30
STEPS = 20


def office_names() -> Names:
    """What the shipped diagrams may name."""
    duties = DutyBook.load(PROCESSES / "duties.yaml")
    return names_of(PROCESSES, duties, ControlBook.load(PROCESSES / "controls.yaml", duties))


class Life:
    """One case with everything around it drawn from a seed."""

    def __init__(self, house: House, process_id: str, seed: int) -> None:
        self.house, self.process_id = house, process_id
        self.rng = random.Random(seed)
        with house.store.reading() as session:
            blueprint = house.runner.versions.latest(session, process_id).blueprint
        self.blueprint = blueprint
        choices = _choices([blueprint.spec, *blueprint.subprocess_specs.values()])
        # a due day of a task may ask for the same name as a timer does, and takes no duration
        self.choices = {name: DAYS if "P5D" in some else some for name, some in choices.items()}
        self.case = 0

    def answers(self, most: int) -> dict[str, object]:
        """Some data; a list that is being gone through stays as it is."""
        return _draw(self.rng, {name: some for name, some in self.choices.items() if some is not LISTS}, most)

    def begin(self) -> bool:
        """Start the case, by a message where it needs one; False when the drawn data cannot start it."""
        message = self.rng.choice(sorted(self.blueprint.start_messages) or [""])
        carried = {name: "甲" for element in self.blueprint.elements.values() for name in element.carries}
        paired = {"transfer_number": "Z-1", "batch_number": "B-1"}
        paired |= dict.fromkeys(_DAYS_AT_START, "2025-12-01")
        data = {**carried, **paired, **_draw(self.rng, self.choices, len(self.choices))}
        try:
            self.case = self.house.start(self.process_id, message=message, **data)
        except StepFailedError as failed:
            print(f"{self.process_id} not started: {failed}")
            return False
        return True

    def step(self) -> str:
        """One thing that happens; its kind."""
        kinds = [*self.moves()]
        kind = self.rng.choices(kinds, [self.WEIGHTS[kind] for kind in kinds])[0]
        before = self.written()
        try:
            self.moves()[kind]()
        except (StepFailedError, NotWaitingError, TaskClosedError) as no:
            # nothing of it is kept
            assert self.written() == before, no
            with self.house.store.reading() as session:
                assert_rows_match_state(session, self.house.runner, self.case)
            print(f"{self.process_id}: {no}")
            return type(no).__name__
        return kind

    WEIGHTS: Mapping[str, float] = {"complete": 6, "message": 2, "limit": 2, "cancel": 0.15}

    def moves(self) -> dict[str, Callable[[], object]]:
        """What can happen now."""
        moves: dict[str, Callable[[], object]] = {"cancel": lambda: self.house.cancel(self.case)}
        tasks = self.rows(WorkflowTask, WorkflowTask.status == "ready")
        awaited, timers = self.rows(WorkflowSubscription), self.rows(WorkflowTimer)
        if tasks:
            moves["complete"] = lambda: self.house.complete_task(self.rng.choice(tasks).id, **self.answers(3))
        if awaited:
            moves["message"] = lambda: self.hear(self.rng.choice(awaited))
        if timers:
            moves["limit"] = lambda: self.pass_limit(self.rng.choice(timers))
        return moves

    def hear(self, row: WorkflowSubscription) -> None:
        """Deliver what the case waits for."""
        kind, _, name = row.message.rpartition(":")
        with self.house.store.transaction() as session:
            stepped = self.house.runner.deliver(
                session,
                kind=kind or "message",
                name=name,
                correlation=row.correlation,
                payload=self.answers(1),
                around=self.house.desk,
                case_id=self.case,
            )
        self.house._after(stepped)

    def pass_limit(self, row: WorkflowTimer) -> None:
        """Let that limit, and whatever is due before it, pass."""
        self.house.now = max(self.house.now, row.due_at)
        with self.house.store.transaction() as session:
            stepped = self.house.runner.fire_due(session, self.case, self.house.desk)
        self.house._after([stepped])

    def rows(self, table: Any, *where: Any) -> list[Any]:
        """The case's rows, in an order that does not depend on ids."""
        with self.house.store.reading() as session:
            found = session.scalars(select(table).where(table.case_id == self.case, *where)).all()
        return sorted(found, key=lambda row: (row.element_id, getattr(row, "message", "")))

    def running(self) -> bool:
        """Whether it goes on."""
        return self.house.case(self.case).status == "running"

    def written(self) -> tuple[int, int]:
        """Revision and length of the history."""
        with self.house.store.reading() as session:
            told = select(func.count()).where(WorkflowHistory.case_id == self.case)
            return session.get_one(WorkflowCase, self.case).revision, session.scalar(told) or 0


def operations_of(
    names: Names, life: list[Life]
) -> dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]:
    """Operations that answer what the walk draws; names that no condition asks for get a word."""

    def answering(provides: frozenset[str]) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        def answer(_data: Mapping[str, Any]) -> Mapping[str, Any]:
            walker = life[-1]
            return {
                name: walker.rng.choice(walker.choices.get(name, DAYS if name in _DAYS_AT_START else ["甲"]))
                for name in sorted(provides)
            }

        return answer

    return {name: answering(operation.provides) for name, operation in names.operations.items()}


@pytest.mark.slow
@pytest.mark.req("FLOW-01", "FLOW-08")
@pytest.mark.parametrize("path", [*SHIPPED, *OWN], ids=lambda path: path.stem)
def test_rows_follow_the_state_through_random_lives(store: Store, path: Path) -> None:
    names = office_names() if path in SHIPPED else Names.any()
    house, lives = House(store=store, names=names), []
    house.operations.update(operations_of(names, lives))
    decisions = {dmn.name: dmn.read_text("utf-8") for dmn in sorted((PROCESSES / "decisions").glob("*.dmn"))}
    forms = {form.stem: form.read_text("utf-8") for form in sorted((PROCESSES / "forms").glob("*.form"))}
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    happened: Counter[str] = Counter()

    for process_id in house.publish(path.read_bytes(), decisions=decisions, forms=forms):
        for walk in range(MOST_WALKS):
            if walk >= WALKS and happened.keys() & {"complete", "message", "limit"}:
                break
            life = Life(house, process_id, seed + walk)
            lives.append(life)
            if not life.begin():
                happened["not started"] += 1
                continue
            for _ in range(STEPS):
                if not life.running():
                    break
                happened[life.step()] += 1
            house.thrown.clear()

    print(dict(happened))
    assert happened.keys() & {"complete", "message", "limit"}
