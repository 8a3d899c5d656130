"""Random structures that staff work in: every kind of block inside every other, two deep, with timers running."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from drawings import END, START, chain, flow, process, user

TIMER = "<timerEventDefinition><timeDuration>P5D</timeDuration></timerEventDefinition>"
#: where every random structure starts from
PEOPLE = ["甲", "乙"]


def casework_diagram(rng: random.Random, *, depth: int = 2) -> tuple[bytes, tuple[str, ...]]:
    """A diagram with process ``p``, and the names of the fields that its gateways read: 0, 1 or 2 each."""
    drawing = _Drawing(rng)
    first, last = drawing.block(depth)
    body = START + user("first") + "".join(drawing.body) + user("last") + END
    body += flow("s", "first") + flow("first", first) + flow(last, "last") + flow("last", "e")
    return _with(process(body), drawing.called), tuple(drawing.fields)


def _with(data: bytes, called: list[str]) -> bytes:
    return data.replace(b"</definitions>", "".join(called).encode() + b"</definitions>")


@dataclass
class _Drawing:
    rng: random.Random
    body: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=lambda: [0])

    def block(self, depth: int) -> tuple[str, str]:
        """A random block; its first and its last node."""
        if depth <= 0:
            return self._task()
        kinds = [self._sequence, self._parallel, self._inclusive, self._choice, self._sub_process, self._call]
        return self.rng.choice([*kinds, self._several, self._task])(depth)

    def _own(self, letter: str) -> str:
        self.numbers[0] += 1
        return f"{letter}{self.numbers[0]}"

    def _task(self, _depth: int = 0) -> tuple[str, str]:
        own = self._own("u")
        self.body.append(user(own))
        if self.rng.random() < 0.4:
            self._limit(own)
        return own, own

    def _limit(self, host: str) -> None:
        """A timer on the step: what follows it is a step of its own and an end."""
        event, then, end = self._own("t"), self._own("u"), self._own("e")
        stops = self.rng.choice(("true", "false"))
        self.body.append(
            f'<boundaryEvent id="{event}" attachedToRef="{host}" cancelActivity="{stops}">{TIMER}</boundaryEvent>'
        )
        self.body += [user(then), f'<endEvent id="{end}"/>', chain(event, then, end)]

    def _several(self, _depth: int) -> tuple[str, str]:
        own, sequential = self._own("v"), self.rng.choice(("true", "false"))
        loop = f'<multiInstanceLoopCharacteristics isSequential="{sequential}" camunda:collection="people" camunda:elementVariable="who"/>'
        self.body.append(user(own, loop))
        return own, own

    def _sequence(self, depth: int) -> tuple[str, str]:
        first, middle = self.block(depth - 1)
        then, last = self.block(depth - 1)
        self.body.append(flow(middle, then))
        return first, last

    def _parallel(self, depth: int) -> tuple[str, str]:
        return self._fork(depth, "parallelGateway")

    def _inclusive(self, depth: int) -> tuple[str, str]:
        return self._fork(depth, "inclusiveGateway")

    def _choice(self, depth: int) -> tuple[str, str]:
        return self._fork(depth, "exclusiveGateway")

    def _fork(self, depth: int, kind: str) -> tuple[str, str]:
        split, join, name = self._own("f"), self._own("j"), self._own("w")
        chooses = kind != "parallelGateway"
        ways = [self.block(depth - 1) for _ in range(2)]
        default = f' default="{split}_{ways[1][0]}"' if chooses else ""
        self.body += [f'<{kind} id="{split}"{default}/>', f'<{kind} id="{join}"/>']
        for number, (first, last) in enumerate(ways):
            both = "1" if kind == "inclusiveGateway" else "0"
            condition = f"{name} == 0 or {name} == {both}" if chooses and number == 0 else ""
            self.body += [flow(split, first, condition), flow(last, join)]
        if chooses:
            self.fields.append(name)
        if kind == "inclusiveGateway":
            # the second way has a condition too, so that both may be taken
            before = flow(split, ways[1][0])
            self.body[self.body.index(before)] = flow(split, ways[1][0], f"{name} == 1 or {name} == 2")
            self.body[self.body.index(f'<{kind} id="{split}"{default}/>')] = (
                f'<{kind} id="{split}" default="{split}_{ways[0][0]}"/>'
            )
        return split, join

    def _inside(self, depth: int) -> str:
        inner = _Drawing(self.rng, called=self.called, fields=self.fields, numbers=self.numbers)
        first, last = inner.block(depth - 1)
        start, end = self._own("s"), self._own("e")
        return (
            f'<startEvent id="{start}"/>' + "".join(inner.body) + f'<endEvent id="{end}"/>'
            + flow(start, first) + flow(last, end)
        )  # fmt: skip

    def _sub_process(self, depth: int) -> tuple[str, str]:
        own = self._own("p")
        self.body.append(f'<subProcess id="{own}">{self._inside(depth)}</subProcess>')
        if self.rng.random() < 0.6:
            self._limit(own)
        return own, own

    def _call(self, depth: int) -> tuple[str, str]:
        own, called = self._own("c"), self._own("called")
        self.called.append(f'<process id="{called}">{self._inside(depth)}</process>')
        self.body.append(f'<callActivity id="{own}" calledElement="{called}"/>')
        if self.rng.random() < 0.3:
            self._limit(own)
        return own, own
