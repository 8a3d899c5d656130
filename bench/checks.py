"""How long the whole check of a diagram takes, by its size and by its shape. Not a test; run it by hand::

    python bench/checks.py [runs]

First diagrams of usual structure are generated: steps one after another, choices, rounds back, parallel blocks of
two and three, deadlines that remind; seconds are of this machine, the ratios per node say how it grows. Then one
diagram of about 300 nodes for each shape, the unusual ones too, with seconds, memory and what is said: a shape
whose exploration is given up must say so, and is refused.
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass, field

from measured import apart
from shapes import SHAPES

from engine.workflow.checks import check_file
from engine.workflow.vocabulary import ControlNeed, ControlRule, Names, Operation

NAMES = Names(
    operations={"note": Operation(), "pay": Operation()},
    duties={"复核岗": "review", "审批岗": "approve"},
    forms={"review": frozenset({"opinion"}), "approve": frozenset({"approval"})},
    controls=frozenset({"reviewed", "approved"}),
    control_rules={
        "reviewed": ControlRule(name="复核", duty="review", passed_when='opinion == "agree"'),
        "approved": ControlRule(name="审批", duty="approve", passed_when='approval == "agree"'),
    },
    needs={"pay": ControlNeed(controls=("reviewed", "approved"))},
    bars=lambda first, then: first != then,
)
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"><process id="p">'
)


@dataclass
class Drawing:
    """A diagram as it grows."""

    rng: random.Random
    body: list[str] = field(default_factory=list)
    flows: list[str] = field(default_factory=list)
    nodes: int = 0

    def node(self, kind: str, attributes: str = "", inside: str = "") -> str:
        """The id of a new node."""
        self.nodes += 1
        own = f"n{self.nodes}"
        self.body.append(f'<{kind} id="{own}" name="步骤{self.nodes}" {attributes}>{inside}</{kind}>')
        return own

    def flow(self, source: str, target: str, condition: str = "") -> str:
        """The id of a new flow."""
        own = f"f{len(self.flows)}"
        inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        self.flows.append(
            f'<sequenceFlow id="{own}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
        )
        return own

    def step(self) -> str:
        """A step by a person, or by the office."""
        if self.rng.random() < 0.4:
            return self.node("serviceTask", 'camunda:type="external" camunda:topic="note"')
        own = self.node("userTask", 'camunda:candidateGroups="review" camunda:formKey="review"')
        if self.rng.random() < 0.2:
            timer = "<timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>"
            late = self.node("boundaryEvent", f'attachedToRef="{own}" cancelActivity="false"', timer)
            self.flow(late, self.node("endEvent"))
        return own

    def steps(self, count: int) -> tuple[str, str]:
        """First and last of steps one after another."""
        first = last = self.step()
        for _ in range(count - 1):
            following = self.step()
            self.flow(last, following)
            last = following
        return first, last

    def choice(self) -> tuple[str, str]:
        """Two ways of which one is taken."""
        split, join = self.node("exclusiveGateway", 'default="@"'), self.node("exclusiveGateway")
        for condition in ('opinion == "agree"', ""):
            first, last = self.steps(2)
            way = self.flow(split, first, condition)
            self.flow(last, join)
        self.default(split, way)
        return split, join

    def round(self) -> tuple[str, str]:
        """Steps that may be sent back."""
        again = self.node("exclusiveGateway")
        entry = self.node("userTask", 'camunda:candidateGroups="review" camunda:formKey="review"')
        first, last = self.steps(2)
        asked = self.node("exclusiveGateway", 'default="@"')
        self.flow(again, entry)
        self.flow(entry, first)
        self.flow(last, asked)
        self.flow(asked, again, 'opinion == "return"')
        after = self.step()
        self.default(asked, self.flow(asked, after))
        return again, after

    def parallel(self) -> tuple[str, str]:
        """Two or three ways at the same time."""
        split, join = self.node("parallelGateway"), self.node("parallelGateway")
        for _ in range(self.rng.choice((2, 2, 3))):
            first, last = self.steps(2)
            self.flow(split, first)
            self.flow(last, join)
        return split, join

    def default(self, gateway: str, way: str) -> None:
        """Name the default of a gateway."""
        self.body = [
            part.replace('default="@"', f'default="{way}"') if f'id="{gateway}"' in part else part
            for part in self.body
        ]


def generated(nodes: int, seed: int) -> tuple[bytes, int]:
    """A diagram of about so many nodes that ends with review, approval and payment; and how many it has."""
    drawing = Drawing(random.Random(seed))
    last = drawing.node("startEvent")
    while drawing.nodes < nodes - 8:
        kind = drawing.rng.random()
        block = (
            drawing.parallel()
            if kind < 0.15
            else drawing.choice()
            if kind < 0.45
            else drawing.round()
            if kind < 0.65
            else drawing.steps(3)
        )
        drawing.flow(last, block[0])
        last = block[1]
    last = _paid(drawing, last)
    drawing.flow(last, drawing.node("endEvent"))
    return f"{HEAD}{''.join(drawing.body + drawing.flows)}</process></definitions>".encode(), drawing.nodes


def _paid(drawing: Drawing, last: str) -> str:
    for control, duty, name in (("reviewed", "review", "opinion"), ("approved", "approve", "approval")):
        inside = (
            f'<extensionElements><camunda:properties><camunda:property name="control" value="{control}"/>'
            "</camunda:properties></extensionElements>"
        )
        task = drawing.node("userTask", f'camunda:candidateGroups="{duty}" camunda:formKey="{duty}"', inside)
        asked, refused = drawing.node("exclusiveGateway", 'default="@"'), drawing.node("endEvent")
        drawing.flow(last, task)
        drawing.flow(task, asked)
        drawing.default(asked, drawing.flow(asked, refused))
        last = drawing.node("intermediateThrowEvent")
        drawing.flow(asked, last, f'{name} == "agree"')
    pay = drawing.node("serviceTask", 'camunda:type="external" camunda:topic="pay"')
    drawing.flow(last, pay)
    return pay


def main() -> None:
    """Print seconds and microseconds per node, median and worst of several diagrams of each size."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    base = 0.0
    for nodes in (50, 100, 300):
        taken = []
        for seed in range(runs):
            data, count = generated(nodes, seed)
            before, cpu = time.perf_counter(), time.process_time()
            errors = [each for each in check_file(data, NAMES) if each.severity == "error"]
            taken.append((time.process_time() - cpu, time.perf_counter() - before, count, len(errors)))
            assert not errors, errors[0]
        seconds = sorted(each[0] for each in taken)
        per_node = seconds[len(seconds) // 2] / nodes
        base = base or per_node
        print(
            f"{nodes:4} nodes: median {seconds[len(seconds) // 2]:.3f} s, worst {seconds[-1]:.3f} s of processor time "
            f"(worst {max(each[1] for each in taken):.3f} s by the clock), "
            f"{per_node * 1e6:.0f} µs per node, {per_node / base:.2f} of the smallest's"
        )
    _of_shapes()


def _of_shapes() -> None:
    def work(data: bytes) -> str:
        errors = [each for each in check_file(data, NAMES) if each.severity == "error"]
        codes = ", ".join(sorted({each.code for each in errors})) or "accepted"
        given_up = [each.message for each in errors if each.code == "exploration_bound"]
        return f"{codes} {given_up[0].partition('：')[2][:70] if given_up else ''}"

    for name, (build, nodes) in SHAPES.items():
        cost = apart(build, work)
        print(
            f"{name:34} {nodes:4} nodes {cost.cpu:7.3f} s of processor time ({cost.wall:7.3f} s by the clock) "
            f"{cost.megabytes:5.0f} MB  {cost.said}",
            flush=True,
        )


if __name__ == "__main__":
    main()
