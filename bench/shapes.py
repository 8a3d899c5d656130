"""Diagrams of about 300 nodes, one for each shape that the exploration of markings meets; for ``bench/checks.py``."""

from __future__ import annotations

from collections.abc import Callable

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"><process id="p">'
)
AFTER_A_WEEK = "<timerEventDefinition><timeDuration>P7D</timeDuration></timerEventDefinition>"


class Sketch:
    """A diagram as it grows."""

    def __init__(self) -> None:
        self.nodes: list[str] = []
        self.flows: list[tuple[str, str]] = []
        #: flow → its condition
        self.held: dict[str, str] = {}

    def node(self, kind: str, attributes: str = "", inside: str = "") -> str:
        """The id of a new node."""
        own = f"n{len(self.nodes) + 1}"
        self.nodes.append(f'<{kind} id="{own}" name="步骤{own}" {attributes}>{inside}</{kind}>')
        return own

    def flow(self, source: str, target: str, held: str = "") -> None:
        """A new flow."""
        self.flows.append((source, target))
        if held:
            self.held[self.last()] = held

    def last(self) -> str:
        """The id of the newest flow."""
        return f"f{len(self.flows)}"

    def steps_of(self, count: int) -> Callable[[str], str]:
        """So many steps after whatever is given."""
        return lambda first: self.steps(first, count)

    def step(self) -> str:
        """A step by a person."""
        return self.node("userTask", 'camunda:candidateGroups="review" camunda:formKey="review"')

    def steps(self, first: str, count: int) -> str:
        """The last of so many steps after the first."""
        for _ in range(count):
            then = self.step()
            self.flow(first, then)
            first = then
        return first

    def split(self, kind: str, first: str, ways: int, way: Callable[[str], str]) -> str:
        """The gateway that brings together what another one after the first led apart; all ways but one on a condition."""
        choosing = kind != "parallelGateway"
        default = f'default="f{len(self.flows) + 2}"' if choosing else ""
        apart, together = self.node(kind, default), self.node(kind)
        self.flow(first, apart)
        for number in range(ways):
            entry = f"f{len(self.flows) + 1}"
            self.flow(way(apart), together)
            if choosing and number:
                self.held[entry] = f"opinion == {number}"
        return together

    def file(self, last: str) -> bytes:
        """The file, with an end."""
        self.flow(last, self.node("endEvent"))
        return f"{HEAD}{self.body()}</process></definitions>".encode()

    def body(self) -> str:
        """What stands in the process."""
        flows = (
            f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}">'
            + (
                f"<conditionExpression>{self.held[own]}</conditionExpression>"
                if (own := f"f{number}") in self.held
                else ""
            )
            + "</sequenceFlow>"
            for number, (source, target) in enumerate(self.flows, start=1)
        )
        return "".join([*self.nodes, *flows])


def sequence() -> bytes:
    """Steps one after another."""
    sketch = Sketch()
    return sketch.file(sketch.steps(sketch.node("startEvent"), 298))


def backwards() -> bytes:
    """The same, written into the file last step first."""
    sketch = Sketch()
    last = sketch.steps(sketch.node("startEvent"), 298)
    sketch.nodes.reverse()
    sketch.flows.reverse()
    return sketch.file(last)


def beside(kind: str, ways: int, each: int) -> Callable[[], bytes]:
    """So many ways with so many steps each."""

    def build() -> bytes:
        sketch = Sketch()
        return sketch.file(sketch.split(kind, sketch.node("startEvent"), ways, sketch.steps_of(each)))

    return build


def in_turn(kind: str, blocks: int, ways: int, each: int) -> Callable[[], bytes]:
    """So many blocks one after another."""

    def build() -> bytes:
        sketch = Sketch()
        last = sketch.node("startEvent")
        for _ in range(blocks):
            last = sketch.split(kind, last, ways, sketch.steps_of(each))
        return sketch.file(last)

    return build


def nested(depth: int, each: int) -> Callable[[], bytes]:
    """Two ways at the same time, one of them again two ways, and so on."""

    def build() -> bytes:
        sketch = Sketch()

        def way(first: str, left: int) -> str:
            last = sketch.steps(first, each)
            return (
                sketch.split("parallelGateway", last, 2, lambda inner: way(inner, left - 1)) if left else last
            )

        return sketch.file(way(sketch.node("startEvent"), depth))

    return build


def rounds(count: int) -> bytes:
    """Steps with a reminder and a limit, each of which may be sent back to the first."""
    sketch = Sketch()
    again = sketch.node("exclusiveGateway")
    last = again
    sketch.flow(sketch.node("startEvent"), again)
    for _ in range(count):
        step = sketch.steps(last, 1)
        for stops in ("true", "false"):
            late = sketch.node(
                "boundaryEvent", f'attachedToRef="{step}" cancelActivity="{stops}"', AFTER_A_WEEK
            )
            sketch.flow(late, sketch.node("endEvent"))
        asked = sketch.node("exclusiveGateway", f'default="f{len(sketch.flows) + 3}"')
        sketch.flow(step, asked)
        sketch.flow(asked, again, 'opinion == "return"')
        last = sketch.node("intermediateThrowEvent")
        sketch.flow(asked, last)
    return sketch.file(last)


def scopes(count: int, *, event: bool = False) -> Callable[[], bytes]:
    """Sub-processes one after another, each with a limit; or each with an event sub-process."""

    def build() -> bytes:
        sketch = Sketch()
        last = sketch.node("startEvent")
        for number in range(count):
            inner = (
                f'<startEvent id="s{number}"/><userTask id="u{number}" camunda:candidateGroups="review"/>'
                f'<endEvent id="e{number}"/><sequenceFlow id="a{number}" sourceRef="s{number}" targetRef="u{number}"/>'
                f'<sequenceFlow id="b{number}" sourceRef="u{number}" targetRef="e{number}"/>'
            )
            if event:
                inner += f'<subProcess id="x{number}" triggeredByEvent="true"><startEvent id="y{number}"/></subProcess>'
            whole = sketch.node("subProcess", "", inner)
            late = sketch.node(
                "boundaryEvent", f'attachedToRef="{whole}" cancelActivity="true"', AFTER_A_WEEK
            )
            sketch.flow(late, sketch.node("endEvent"))
            sketch.flow(last, whole)
            last = whole
        return sketch.file(last)

    return build


def redone(ways: int) -> bytes:
    """Steps beside each other in a sub-process that may be done again, then review, approval and payment."""
    sketch = Sketch()
    again = sketch.node("exclusiveGateway")
    sketch.flow(sketch.node("startEvent"), again)
    inner = Sketch()
    inner.flow(
        inner.split("parallelGateway", inner.node("startEvent"), ways, inner.steps_of(1)),
        inner.node("endEvent"),
    )
    whole = sketch.node("subProcess", "", inner.body().replace('"n', '"i').replace('"f', '"j'))
    sketch.flow(again, whole)
    asked = sketch.node("exclusiveGateway", f'default="f{len(sketch.flows) + 3}"')
    sketch.flow(whole, asked)
    sketch.flow(asked, again, 'opinion == "return"')
    last = sketch.node("intermediateThrowEvent")
    sketch.flow(asked, last)
    for duty, control in (("review", "reviewed"), ("approve", "approved")):
        passed = (
            f'<extensionElements><camunda:properties><camunda:property name="control" value="{control}"/>'
            "</camunda:properties></extensionElements>"
        )
        task = sketch.node("userTask", f'camunda:candidateGroups="{duty}" camunda:formKey="{duty}"', passed)
        sketch.flow(last, task)
        last = task
    pay = sketch.node("serviceTask", 'camunda:type="external" camunda:topic="pay"')
    sketch.flow(last, pay)
    return sketch.file(pay)


#: name → how it is built, and about how many nodes it has
SHAPES: dict[str, tuple[Callable[[], bytes], int]] = {
    "one after another": (sequence, 300),
    "one after another, written backwards": (backwards, 300),
    "40 choices in turn": (in_turn("exclusiveGateway", 40, 3, 2), 322),
    "inclusive, 20 blocks of 4 ways": (in_turn("inclusiveGateway", 20, 4, 3), 282),
    "inclusive, 30 ways": (beside("inclusiveGateway", 30, 10), 304),
    "parallel, 30 blocks of 3 ways": (in_turn("parallelGateway", 30, 3, 3), 332),
    "parallel, 2 ways of 148": (beside("parallelGateway", 2, 148), 300),
    "parallel, 4 ways of 74": (beside("parallelGateway", 4, 74), 300),
    "parallel, 296 ways": (beside("parallelGateway", 296, 1), 300),
    "parallel in parallel, 5 deep": (nested(5, 3), 253),
    "7 ways that may be done again": (lambda: redone(7), 22),
    "12 ways that may be done again": (lambda: redone(12), 27),
    "rounds with limits, 40": (lambda: rounds(40), 283),
    "sub-processes with limits, 48": (scopes(48), 290),
    "event sub-processes, 40": (scopes(40, event=True), 320),
}
