"""Every way of changing one thing in a diagram: an element gone, a flow led elsewhere, another lane, gateway or control.

Nothing here judges. Called by ``test_mutants``.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine.workflow.vocabulary import BPMN, CAMUNDA

TASKS = ("userTask", "serviceTask", "businessRuleTask")
GATEWAY_KINDS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway")

Tree = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """The diagram with one thing changed."""

    kind: str
    what: str
    data: bytes


def tag(name: str) -> str:
    """The full BPMN name."""
    return f"{{{BPMN}}}{name}"


class Drawn:
    """A copy of a process that can be changed."""

    def __init__(self, original: Tree, process_id: str) -> None:
        root = deepcopy(original)
        self.root = root
        self.process = next(each for each in root.iter(tag("process")) if each.get("id") == process_id)
        self.nodes = {
            node.get("id"): node
            for node in self.process
            if node.find(tag("incoming")) is not None or node.find(tag("outgoing")) is not None
        }
        self.flows = {flow.get("id"): flow for flow in self.process.iter(tag("sequenceFlow"))}

    def drop(self, own: str) -> None:
        """Take the element out, with every mention of it."""
        for node in list(self.root.iter()):
            mentioned = (
                node.tag in (tag("incoming"), tag("outgoing"), tag("flowNodeRef")) and node.text == own
            )
            drawn = (node.get("bpmnElement") or "") == own
            if mentioned or drawn or node.get("id") == own:
                node.getparent().remove(node)

    def drop_node(self, own: str) -> None:
        """Take the node out, with its flows and boundary events."""
        for event in [node for node in self.nodes.values() if node.get("attachedToRef") == own]:
            self.drop_node(event.get("id"))
        for flow in list(self.flows.values()):
            if own in (flow.get("sourceRef"), flow.get("targetRef")):
                self.drop(flow.get("id"))
        self.drop(own)

    def reroute(self, flow: str, target: str) -> None:
        """Let the flow lead to another node."""
        for mention in self.nodes[self.flows[flow].get("targetRef")].findall(tag("incoming")):
            if mention.text == flow:
                mention.getparent().remove(mention)
        self.flows[flow].set("targetRef", target)

    def lane(self, own: str) -> Any:
        """The mention of the node in its lane."""
        return next(each for each in self.root.iter(tag("flowNodeRef")) if each.text == own)

    def properties(self, own: str, name: str) -> list[Any]:
        """The node's properties of that name."""
        return [each for each in self.nodes[own].iter(f"{{{CAMUNDA}}}property") if each.get("name") == name]

    def mutant(self, kind: str, what: str) -> Mutant:
        """What it has become."""
        return Mutant(kind=kind, what=what, data=etree.tostring(self.root))


class Plan:
    """A process as it is, and everything that one change makes of it."""

    def __init__(self, source: bytes, process_id: str, controls: Iterable[str]) -> None:
        self.original = etree.fromstring(source)
        # the picture says nothing, and takes most of the time
        for picture in self.original.findall("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNDiagram"):
            self.original.remove(picture)
        self.process_id, self.controls = process_id, tuple(controls)
        self.plan = self.drawn()
        self.lanes = [lane.get("id") for lane in self.plan.process.iter(tag("lane"))]

    def drawn(self) -> Drawn:
        """A copy to be changed."""
        return Drawn(self.original, self.process_id)

    def mutants(self, *, reroutes: int, seed: int) -> Iterator[Mutant]:
        """All of them, each content once; of the reroutes so many."""
        seen = {etree.tostring(self.original)}
        for several in (
            self.property_changes(), self.deletions(), self.lane_swaps(), self.gateway_changes(),
            self.event_changes(), self.choice_changes(), self.reroutes(reroutes, seed),
        ):  # fmt: skip
            for mutant in several:
                if mutant.data not in seen:
                    seen.add(mutant.data)
                    yield mutant

    def deletions(self) -> Iterator[Mutant]:
        """Without one flow; without one node; without one node, its ways joined."""
        for flow in self.plan.flows:
            drawn = self.drawn()
            drawn.drop(flow)
            yield drawn.mutant("flow deleted", flow)
        for own in self.plan.nodes:
            drawn = self.drawn()
            drawn.drop_node(own)
            yield drawn.mutant("node deleted", own)
            out = [flow for flow in self.plan.flows.values() if flow.get("sourceRef") == own]
            for way in out:
                drawn = self.drawn()
                for flow in list(drawn.flows.values()):
                    if flow.get("targetRef") == own:
                        drawn.reroute(flow.get("id"), way.get("targetRef"))
                drawn.flows = {
                    flow.get("id"): flow for flow in drawn.flows.values() if flow.get("sourceRef") == own
                }
                drawn.drop_node(own)
                yield drawn.mutant("node bridged", f"{own} by {way.get('id')}")

    def reroutes(self, reroutes: int, seed: int) -> Iterator[Mutant]:
        """One flow leads elsewhere."""
        targets = [
            own
            for own, node in self.plan.nodes.items()
            if node.tag not in (tag("startEvent"), tag("boundaryEvent"))
        ]
        pairs = [
            (flow, target)
            for flow, drawn in self.plan.flows.items()
            for target in targets
            if target != drawn.get("targetRef")
        ]
        chosen = sorted(random.Random(seed).sample(pairs, min(reroutes, len(pairs))))
        for flow, target in chosen:
            drawn = self.drawn()
            drawn.reroute(flow, target)
            yield drawn.mutant("flow rerouted", f"{flow} to {target}")

    def lane_swaps(self) -> Iterator[Mutant]:
        """One task stands in another lane."""
        for own, node in self.plan.nodes.items():
            for lane in self.lanes:
                drawn = self.drawn()
                mention = drawn.lane(own)
                home = next(each for each in drawn.root.iter(tag("lane")) if each.get("id") == lane)
                if node.tag in [tag(kind) for kind in TASKS] and mention.getparent() is not home:
                    home.append(mention)
                    yield drawn.mutant("lane swapped", f"{own} to {lane}")

    def gateway_changes(self) -> Iterator[Mutant]:
        """One gateway is of another kind."""
        for own, node in self.plan.nodes.items():
            for kind in GATEWAY_KINDS:
                if node.tag in [tag(each) for each in GATEWAY_KINDS] and node.tag != tag(kind):
                    drawn = self.drawn()
                    drawn.nodes[own].tag = tag(kind)
                    yield drawn.mutant("gateway changed", f"{own} to {kind}")

    def property_changes(self) -> Iterator[Mutant]:
        """A control is dropped, or another one written; another person is no longer asked for."""
        for own in self.plan.nodes:
            for value in ("", *self.controls):
                drawn = self.drawn()
                for each in drawn.properties(own, "control"):
                    if each.get("value") != value:
                        each.set("value", value)
                        yield drawn.mutant("control changed", f"{own} to {value or 'none'}")
            for each in self.plan.properties(own, "different_person_from"):
                others = [other.strip() for other in each.get("value").split(",")]
                for left in [
                    [],
                    *[[o for o in others if o != dropped] for dropped in others if len(others) > 1],
                ]:
                    drawn = self.drawn()
                    drawn.properties(own, "different_person_from")[0].set("value", ", ".join(left))
                    yield drawn.mutant("other person dropped", f"{own}: {left}")

    def event_changes(self) -> Iterator[Mutant]:
        """A boundary event interrupts or no longer does, or sits on another task."""
        events = [node for node in self.plan.nodes.values() if node.tag == tag("boundaryEvent")]
        hosts = [own for own, node in self.plan.nodes.items() if node.tag in [tag(kind) for kind in TASKS]]
        for event in events:
            drawn = self.drawn()
            node = drawn.nodes[event.get("id")]
            node.set("cancelActivity", "false" if node.get("cancelActivity") == "true" else "true")
            yield drawn.mutant("event interrupts or not", event.get("id"))
            for host in hosts:
                if host != event.get("attachedToRef"):
                    drawn = self.drawn()
                    drawn.nodes[event.get("id")].set("attachedToRef", host)
                    yield drawn.mutant("event moved", f"{event.get('id')} to {host}")

    def choice_changes(self) -> Iterator[Mutant]:
        """Another default, none, a condition dropped, or two conditions swapped."""
        gateways = [own for own, node in self.plan.nodes.items() if node.get("default")]
        for own in gateways:
            out = [flow for flow, node in self.plan.flows.items() if node.get("sourceRef") == own]
            for default in ["", *out]:
                drawn = self.drawn()
                if default != self.plan.nodes[own].get("default"):
                    drawn.nodes[own].set("default", default)
                    yield drawn.mutant("default swapped", f"{own} to {default or 'none'}")
            for flow in out:
                drawn = self.drawn()
                for condition in drawn.flows[flow].findall(tag("conditionExpression")):
                    drawn.flows[flow].remove(condition)
                    yield drawn.mutant("condition dropped", flow)
            for first, second in [(a, b) for a in out for b in out if a < b]:
                drawn = self.drawn()
                ends = drawn.flows[first].get("targetRef"), drawn.flows[second].get("targetRef")
                drawn.reroute(first, ends[1])
                drawn.reroute(second, ends[0])
                yield drawn.mutant("ways swapped", f"{first} and {second}")
