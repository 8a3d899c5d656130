"""Random diagrams for tests: blocks within blocks, and often a flow that is led astray."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from drawings import END, START, process, user

_LETTER = '<messageEventDefinition messageRef="m"/>'


def random_diagram(rng: random.Random) -> bytes:
    """A diagram with process ``p``; conditions mean nothing, whoever plays it decides."""
    drawing = _Drawing(rng)
    first, last = drawing.block(3)
    drawing.body += [START, END]
    drawing.link("s", first)
    drawing.link(last, "e")
    if rng.random() < 0.6:
        for _ in range(rng.choice((1, 1, 2))):
            place = rng.randrange(len(drawing.flows))
            source, _, condition = drawing.flows[place]
            target = rng.choice([*(flow[1] for flow in drawing.flows), "e"])
            drawing.flows[place] = (source, target, condition)
    return process(drawing.xml(), more='<message id="m" name="letter"/>')


@dataclass
class _Drawing:
    rng: random.Random
    count: int = 0
    body: list[str] = field(default_factory=list)
    #: source, target, condition; ``@`` is the default
    flows: list[tuple[str, str, str]] = field(default_factory=list)

    def block(self, depth: int) -> tuple[str, str]:
        """A random block; its first and its last node."""
        kind = self.rng.random()
        if depth <= 0 or kind < 0.3:
            return self._task()
        if kind < 0.4:
            return self._node("t", "serviceTask", 'camunda:topic="op"')
        if kind < 0.6:
            (first, middle), (then, last) = self.block(depth - 1), self.block(depth - 1)
            self.link(middle, then)
            return first, last
        if kind < 0.72:
            return self._round(depth)
        return self._sub_process(depth) if kind < 0.8 else self._fork(depth)

    def link(self, source: str, target: str, condition: str = "") -> None:
        """Draw a flow."""
        self.flows.append((source, target, condition))

    def xml(self) -> str:
        """Everything drawn."""
        body, flows = "".join(self.body), []
        for number, (source, target, condition) in enumerate(self.flows):
            own, inside = f"{source}_{target}_{number}", ""
            if condition == "@":
                body = body.replace(f'"@{source}"', f'"{own}"')
            elif condition:
                inside = f"<conditionExpression>{condition}</conditionExpression>"
            flows.append(
                f'<sequenceFlow id="{own}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
            )
        return body + "".join(flows)

    def _node(self, letter: str, kind: str, attributes: str = "", inside: str = "") -> tuple[str, str]:
        self.count += 1
        own = f"{letter}{self.count}"
        self.body.append(f'<{kind} id="{own}" {attributes.replace("@", "@" + own)}>{inside}</{kind}>')
        return own, own

    def _task(self) -> tuple[str, str]:
        self.count += 1
        own = f"u{self.count}"
        self.body.append(user(own))
        if self.rng.random() < 0.15:
            stops = self.rng.choice(("true", "false"))
            event, _ = self._node(
                "b", "boundaryEvent", f'attachedToRef="{own}" cancelActivity="{stops}"', _LETTER
            )
            self.link(event, self._node("e", "endEvent")[0])
        return own, own

    def _round(self, depth: int) -> tuple[str, str]:
        entry, _ = self._node("x", "exclusiveGateway")
        exit_, _ = self._node("x", "exclusiveGateway", 'default="@"')
        first, last = self.block(depth - 1)
        self.link(entry, first)
        self.link(last, exit_)
        self.link(exit_, entry, "again == 1")
        self.count += 1
        after = f"u{self.count}"
        self.body.append(user(after))
        self.link(exit_, after, "@")
        return entry, after

    def _sub_process(self, depth: int) -> tuple[str, str]:
        inner = _Drawing(self.rng, count=self.count + 100)
        first, last = inner.block(depth - 1)
        inner.link(inner._node("s", "startEvent")[0], first)
        inner.link(last, inner._node("e", "endEvent")[0])
        self.count = inner.count + 100
        return self._node("p", "subProcess", inside=inner.xml())

    def _fork(self, depth: int) -> tuple[str, str]:
        kind = self.rng.choice(("exclusiveGateway", "parallelGateway", "parallelGateway", "inclusiveGateway"))
        choosing = kind != "parallelGateway"
        split, _ = self._node("f", kind, 'default="@"' if choosing else "")
        join, _ = self._node("j", kind)
        ways = self.rng.choice((2, 2, 3))
        for way in range(ways):
            condition = ("@" if way == ways - 1 else f"way == {way}") if choosing else ""
            first, last = self.block(depth - 1)
            self.link(split, first, condition)
            self.link(last, join)
        return split, join
