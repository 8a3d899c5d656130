"""Random structures with controls before a payment, sent back at random: no case pays uncontrolled, none gets stuck."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from drawings import END, NAMES, START, chain, flow, process, user
from running import House
from sqlalchemy import select
from test_going_back import house as _house
from test_runner import properties, service

from engine.workflow.checks import check_file
from engine.workflow.history import history_of, standing_of
from engine.workflow.tables import WorkflowTask
from engine.workflow.vocabulary import ControlNeed, ControlRule, Names, Operation

house = _house

CONTROLS = tuple(f"control_{number}" for number in range(6))
CASES = int(os.environ.get("CHANGLING_CONTROLLED", "6"))


@dataclass
class _Drawing:
    """Blocks that every case passes, with a control here and there that is done anew until it agrees."""

    rng: random.Random
    body: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=lambda: [0])

    def block(self, depth: int) -> tuple[str, str]:
        """A random block; its first and its last node."""
        if depth <= 0:
            return (
                self._control()
                if self.rng.random() < 0.5 and len(self.controls) < len(CONTROLS)
                else self._task()
            )
        return self.rng.choice([self._sequence, self._parallel, self._sub_process])(depth)

    def own(self, letter: str) -> str:
        """A new id."""
        self.numbers[0] += 1
        return f"{letter}{self.numbers[0]}"

    def _task(self) -> tuple[str, str]:
        own = self.own("u")
        self.body.append(user(own))
        return own, own

    def _control(self) -> tuple[str, str]:
        before, own, after = self.own("m"), self.own("r"), self.own("g")
        control = CONTROLS[len(self.controls)]
        self.controls.append(control)
        then, _ = self._task()
        self.body += [
            f'<exclusiveGateway id="{before}"/>',
            user(own, properties(control=control)),
            f'<exclusiveGateway id="{after}" default="{after}_{before}"/>',
            chain(before, own, after, before),
            flow(after, then, 'opinion == "agree"'),
        ]
        return before, then

    def _sequence(self, depth: int) -> tuple[str, str]:
        (first, middle), (then, last) = self.block(depth - 1), self.block(depth - 1)
        self.body.append(flow(middle, then))
        return first, last

    def _parallel(self, depth: int) -> tuple[str, str]:
        split, join = self.own("f"), self.own("j")
        self.body += [f'<parallelGateway id="{split}"/>', f'<parallelGateway id="{join}"/>']
        for _ in range(2):
            first, last = self.block(depth - 1)
            self.body += [flow(split, first), flow(last, join)]
        return split, join

    def _sub_process(self, depth: int) -> tuple[str, str]:
        own, start, end = self.own("p"), self.own("s"), self.own("e")
        inner = _Drawing(self.rng, controls=self.controls, numbers=self.numbers)
        first, last = inner.block(depth - 1)
        inside = f'<startEvent id="{start}"/>{"".join(inner.body)}<endEvent id="{end}"/>'
        self.body.append(f'<subProcess id="{own}">{inside}{flow(start, first)}{flow(last, end)}</subProcess>')
        return own, own


def controlled(seed: int) -> tuple[bytes, Names, tuple[str, ...]]:
    """A diagram that ends in a payment, what its office knows, and the controls that the payment needs."""
    drawing = _Drawing(random.Random(seed))
    first, last = drawing.block(3)
    body = START + user("first") + "".join(drawing.body) + user("ready") + service("pay") + END
    data = process(body + chain("s", "first", first) + chain(last, "ready", "pay", "e"))
    rules = {
        own: ControlRule(name=own, duty="intake", passed_when='opinion == "agree"')
        for own in drawing.controls
    }
    need = ControlNeed(controls=tuple(drawing.controls), different_people=False, text="付款前须复核")
    names = replace(
        NAMES,
        controls=frozenset(rules),
        control_rules=rules,
        needs={"pay": need} if rules else {},
        operations={**NAMES.operations, "pay": Operation(provides=frozenset({"paid"}))},
    )
    return data, names, tuple(drawing.controls)


@pytest.mark.req("FLOW-06", "MONEY-02")
def test_no_way_back_leads_to_a_payment_without_controls_or_to_no_payment_at_all(house: House) -> None:
    base = random.randrange(10**6)
    print(f"seed {base}")
    told: Counter[str] = Counter()

    for seed in range(base, base + CASES):
        data, names, needed = controlled(seed)
        errors = [problem for problem in check_file(data, names) if problem.severity == "error"]
        if errors or not needed:
            told[errors[0].code if errors else "no control"] += 1
            continue
        office = House(store=house.store, names=names)
        office.operations["pay"] = lambda _data: {"paid": 1}
        office.publish(data)
        rng, case = random.Random(seed), office.start()
        ways = 8
        while office.case(case).status == "running":
            with office.store.reading() as session:
                tasks = session.scalars(
                    select(WorkflowTask).where(WorkflowTask.case_id == case, WorkflowTask.status == "ready")
                ).all()
            task = rng.choice(sorted(tasks, key=lambda task: task.element_id))
            back = office.ways_back(case, task.element_id)
            for no in back.values():
                told[no or "allowed"] += 1
            allowed = [to for to, no in back.items() if not no]
            if ways and allowed and rng.random() < 0.3:
                ways -= 1
                office.send_task_back(task.id, rng.choice(allowed))
            else:
                _complete(office, task, rng)
        with office.store.reading() as session:
            history = history_of(session, case)
        paid = [place for place, row in enumerate(history) if row.kind == "operation"]
        assert len(paid) == 1
        stand = {done.row.control for done in standing_of(history[: paid[0]])}
        assert set(needed) <= stand, (seed, needed, stand)
        told["paid"] += 1

    print(dict(told))
    assert told["paid"] >= 1


def _complete(office: House, task: WorkflowTask, rng: random.Random) -> None:
    """The task done; a control agrees three times of four."""
    with office.store.transaction() as session:
        row = session.get_one(WorkflowTask, task.id)
        version = office.runner.versions.latest(session, "p")
        control = version.blueprint.elements[task.element_id].control
        opinion = "agree" if not control or rng.random() < 0.75 else "disagree"
        entered = {"opinion": opinion} if control else {}
        passed = control if control and opinion == "agree" else None
        stepped = office.runner.complete(session, task=row, data=entered, control=passed, around=office.desk)
    office._after([stepped])
