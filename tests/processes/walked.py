"""Which elements and flows of the diagrams a case has passed, told from its history.

History has no gateways. The way from one told element to the next leads through gateways only, and in the
shipped diagrams there is one such way at most (a test holds that), so history says which flows were taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from engine.cases.office import Office
from engine.workflow.reader import Blueprint
from engine.workflow.tables import WorkflowCase, WorkflowHistory
from engine.workflow.vocabulary import GATEWAYS

#: the flows from one told element to the next
Way = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """The elements of a diagram that history tells, and the ways between them."""

    elements: frozenset[str]
    flows: frozenset[str]
    #: host by boundary event
    hosts: Mapping[str, str]
    #: (told element, next told element) → every way through gateways
    ways: Mapping[tuple[str, str], Sequence[Way]]
    #: flow → the gateway that it enters or leaves
    between: Mapping[str, tuple[str, str]]


@dataclass(slots=True)
class Walked:
    """What was passed, by process."""

    passed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def keep(self, office: Office) -> None:
        """Add what every case in the office's database has passed."""
        with office.store.reading() as session:
            for case in session.scalars(select(WorkflowCase)):
                blueprint = office.runner.versions.get(session, case.version_id).blueprint
                history = session.scalars(
                    select(WorkflowHistory.element_id)
                    .where(WorkflowHistory.case_id == case.id, WorkflowHistory.kind != "started")
                    .order_by(WorkflowHistory.id)
                ).all()
                self.passed[case.process_id] |= passed(map_of(blueprint), history)

    def assert_whole(
        self, office: Office, process: str, request: pytest.FixtureRequest, *, least: int
    ) -> None:
        """Every element and flow of the process was passed; skipped where fewer than so many tests of the file run."""
        if len([item for item in request.session.items if item.path == request.path]) < least:
            pytest.skip("only together with the other tests of this file")
        with office.store.reading() as session:
            drawn = office.runner.versions.latest(session, process).blueprint
        assert self.missing(drawn) == set()

    def missing(self, blueprint: Blueprint) -> set[str]:
        """The elements and flows of the diagram that nobody has passed."""
        drawn = map_of(blueprint)
        return set(drawn.elements | drawn.flows) - self.passed[blueprint.process_id]


def map_of(blueprint: Blueprint) -> Map:
    """The map of the diagram."""
    gateways = {each.id for each in blueprint.elements.values() if each.kind in GATEWAYS}
    ways: dict[tuple[str, str], list[Way]] = defaultdict(list)
    for start in set(blueprint.elements) - gateways:
        _spread(blueprint, gateways, start, start, (), ways)
    return Map(
        elements=frozenset(blueprint.elements),
        flows=frozenset(flow.id for flow in blueprint.flows),
        hosts={each.id: each.attached_to for each in blueprint.elements.values() if each.attached_to},
        ways=ways,
        between={flow.id: (flow.source, flow.target) for flow in blueprint.flows},
    )


def passed(drawn: Map, history: Sequence[str]) -> set[str]:
    """The elements and flows that the history proves to have been passed."""
    found: set[str] = set()
    start = next(source for source, _ in drawn.ways if not any(target == source for _, target in drawn.ways)
                 and source not in drawn.hosts)  # fmt: skip
    before = [start]
    for element in history:
        if element not in drawn.elements:
            continue
        # a boundary event shows that its host was entered
        for entered in (drawn.hosts.get(element), element):
            if entered and entered not in drawn.hosts:
                found |= _entered(drawn, before, entered)
        found.add(element)
        before.append(element)
    return found | {start}


def _entered(drawn: Map, before: Sequence[str], element: str) -> set[str]:
    """The element with the flows and gateways on the way from the latest element that leads to it."""
    source = next((each for each in reversed(before) if (each, element) in drawn.ways), None)
    if source is None:
        return {element}
    flows = drawn.ways[source, element][0]
    return {element, *flows, *(end for flow in flows for end in drawn.between[flow])}


def _spread(
    blueprint: Blueprint,
    gateways: set[str],
    start: str,
    here: str,
    way: Way,
    ways: dict[tuple[str, str], list[Way]],
) -> None:
    for flow in blueprint.flows:
        if flow.source != here or flow.id in way:
            continue
        if flow.target in gateways:
            _spread(blueprint, gateways, start, flow.target, (*way, flow.id), ways)
        else:
            ways[start, flow.target].append((*way, flow.id))
