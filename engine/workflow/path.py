"""Which flows a case has taken through its diagram, and what can come next. Told from history; pure.

History has no gateways: the way from one told element to the next leads through silent ones only. Where there is
more than one such way, only the flows that all of them share are known to be taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.workflow.reader import Blueprint
from engine.workflow.vocabulary import EVENTS, PEOPLE_TASKS, Element

#: kinds that pass without a row of history
_SILENT_EVENTS = frozenset({"startEvent"})
_TOLD_TASKS = PEOPLE_TASKS | {"serviceTask", "businessRuleTask", "sendTask", "receiveTask"}
_SPLITS = frozenset({"parallelGateway", "inclusiveGateway"})
#: where looking ahead ends: somebody or something outside has to act
_STOPS = PEOPLE_TASKS | {"receiveTask", "intermediateCatchEvent", "endEvent"}
#: more ways than this between two steps, and none is certain
_WAYS_MAX = 200
_AHEAD_MAX = 12

#: the flows of one way, in order
Way = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """One thing that can come next."""

    #: names of the flows and events on the way, e.g. ``同意``
    words: tuple[str, ...]
    #: names of steps that the office takes by itself on the way
    automatic: tuple[str, ...]
    to: Element


@dataclass(frozen=True, slots=True)
class _Map:
    """A diagram as a graph of elements; what stands inside a sub-process is reached through it."""

    elements: Mapping[str, Element]
    #: element → (flow id or empty, name of the flow, next element)
    next: Mapping[str, tuple[tuple[str, str, str], ...]]
    #: flow into a gateway that waits for all → that gateway
    into_joins: Mapping[str, str]
    #: flows out of gateways from which several can go on at once
    out_of_splits: frozenset[str]
    #: element → boundary events on it
    attached: Mapping[str, Sequence[Element]]
    #: told element → told element → ways; filled as it is asked
    ways: dict[str, dict[str, list[Way]]] = field(default_factory=dict)


def taken(blueprint: Blueprint, passed: Sequence[str]) -> frozenset[str]:
    """The flows that were certainly taken by a case that passed these told elements, in this order."""
    drawn = _map_of(blueprint)
    walk = _Walk(
        drawn,
        [e.id for e in drawn.elements.values() if e.kind == "startEvent" and e.scope == blueprint.process_id],
    )
    for element_id in passed:
        element = drawn.elements.get(element_id)
        if element is not None:
            # a boundary event shows that its host was entered, and no flow leads to it
            walk.comes_to(element_id, by_flow=not element.attached_to)
    return frozenset(walk.found)


def ahead(blueprint: Blueprint, element_id: str) -> tuple[Ahead, ...]:
    """What can come next after an open step: for each way out, the first thing that somebody or something must do."""
    drawn = _map_of(blueprint)
    found: dict[tuple[tuple[str, ...], str], Ahead] = {}
    for each in _ahead(drawn, element_id, (), (), frozenset({element_id})):
        found.setdefault((each.words, each.to.id), each)
        if len(found) == _AHEAD_MAX:
            break
    for event in drawn.attached.get(element_id, ()):
        for each in _ahead(drawn, event.id, (event.name or event.id,), (), frozenset({event.id})):
            found.setdefault((each.words, each.to.id), each)
    return tuple(found.values())


class _Walk:
    """A case on its way: which elements it has passed, and which of them have already led on."""

    def __init__(self, drawn: _Map, starts: list[str]) -> None:
        self.found: set[str] = set()
        self._drawn = drawn
        self._seen = starts
        self._led_on: set[int] = set()

    def comes_to(self, element_id: str, *, by_flow: bool) -> None:
        """The case comes to a told element, from some that it has passed and that have not led on yet."""
        if by_flow:
            ways = self._ways_to(element_id)
            join = self._join_of(ways)
            if join:
                self._through(join, ways)
            elif ways:
                self._shared(ways)
        self._seen.append(element_id)

    def _ways_to(self, element_id: str) -> dict[int, list[Way]]:
        """Where it may come from: place in what was passed → the ways from there, latest place of each element."""
        ways: dict[int, list[Way]] = {}
        known: set[str] = set()
        for place in range(len(self._seen) - 1, -1, -1):
            own = self._seen[place]
            found = _ways_from(self._drawn, own).get(element_id, [])
            if found and own not in known and place not in self._led_on:
                ways[place] = found
                known.add(own)
        return ways

    def _join_of(self, ways: Mapping[int, list[Way]]) -> str:
        """A gateway that waits for all, and that every way leads over; empty where there is none."""
        into = self._drawn.into_joins
        over = [{into[flow] for flow in way if flow in into} for each in ways.values() for way in each]
        return min(set.intersection(*over), default="") if over else ""

    def _through(self, join: str, ways: Mapping[int, list[Way]]) -> None:
        """All that lead into the join have come; who came by which is certain where only one can have."""
        self._shared(ways, used=False)
        for flow in (flow for flow, target in self._drawn.into_joins.items() if target == join):
            over = {
                place: [way[: way.index(flow) + 1] for way in each if flow in way]
                for place, each in ways.items()
            }
            self._shared({place: each for place, each in over.items() if each})

    def _shared(self, ways: Mapping[int, list[Way]], *, used: bool = True) -> None:
        every = [set(way) for each in ways.values() for way in each]
        if not every or len(every) > _WAYS_MAX:
            return
        self.found |= set.intersection(*every)
        if used and len(ways) == 1:
            place = next(iter(ways))
            if not self._splits(self._seen[place]):
                self._led_on.add(place)

    def _splits(self, element_id: str) -> bool:
        """Whether several can go on from there at once."""
        leading = _ways_from(self._drawn, element_id).values()
        return any(self._drawn.out_of_splits.intersection(way) for each in leading for way in each)


def _ways_from(drawn: _Map, start: str) -> Mapping[str, list[Way]]:
    if start not in drawn.ways:
        ways: dict[str, list[Way]] = defaultdict(list)
        for count, (target, way) in enumerate(_spread(drawn, start, (), frozenset({start}))):
            ways[target].append(way)
            if count > _WAYS_MAX * 10:
                break
        drawn.ways[start] = ways
    return drawn.ways[start]


def _spread(drawn: _Map, here: str, way: Way, seen: frozenset[str]) -> Iterator[tuple[str, Way]]:
    for flow, _, target in drawn.next.get(here, ()):
        longer = (*way, flow) if flow else way
        if _is_told(drawn.elements[target]):
            yield target, longer
        elif target not in seen:
            yield from _spread(drawn, target, longer, seen | {target})


def _ahead(
    drawn: _Map, here: str, words: tuple[str, ...], automatic: tuple[str, ...], seen: frozenset[str]
) -> Iterator[Ahead]:
    for _, name, target in drawn.next.get(here, ()):
        element = drawn.elements[target]
        said = (*words, name) if name else words
        if element.kind in _STOPS:
            yield Ahead(words=said, automatic=automatic, to=element)
        elif target not in seen:
            own = (*automatic, element.name) if element.kind in _TOLD_TASKS and element.name else automatic
            yield from _ahead(drawn, target, said, own, seen | {target})


def _is_told(element: Element) -> bool:
    return element.kind in _TOLD_TASKS or (element.kind in EVENTS and element.kind not in _SILENT_EVENTS)


def _map_of(blueprint: Blueprint) -> _Map:
    elements = blueprint.elements
    legs: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    incoming: dict[str, int] = defaultdict(int)
    for flow in blueprint.flows:
        incoming[flow.target] += 1
        if flow.source in elements and flow.target in elements:
            legs[flow.source].append((flow.id, flow.name, flow.target))
    for host, inner in _inside(elements).items():
        _through(legs, host, inner)
    attached: dict[str, list[Element]] = defaultdict(list)
    for element in elements.values():
        if element.attached_to:
            attached[element.attached_to].append(element)
    kinds = {own: element.kind for own, element in elements.items()}
    return _Map(
        elements=elements,
        next={source: tuple(found) for source, found in legs.items()},
        into_joins={
            flow: target
            for found in legs.values()
            for flow, _, target in found
            if flow and kinds[target] == "parallelGateway" and incoming[target] > 1
        },
        out_of_splits=frozenset(
            flow
            for source, found in legs.items()
            for flow, _, _ in found
            if kinds[source] in _SPLITS and len(found) > 1
        ),
        attached=attached,
    )


def _inside(elements: Mapping[str, Element]) -> Mapping[str, list[Element]]:
    """What stands inside each sub-process and called process, by the step that holds it."""
    scopes: dict[str, list[Element]] = defaultdict(list)
    for element in elements.values():
        scopes[element.scope].append(element)
    return {
        element.id: scopes[element.called or element.id]
        for element in elements.values()
        if (element.called or element.id) in scopes
    }


def _through(legs: dict[str, list[tuple[str, str, str]]], host: str, inner: list[Element]) -> None:
    """A token that enters the host goes on inside, and from an end inside it goes on behind the host."""
    outward = list(legs.get(host, ()))
    legs[host] = [("", "", element.id) for element in inner if element.kind == "startEvent"]
    for element in inner:
        if element.kind == "endEvent":
            legs[element.id] = outward
