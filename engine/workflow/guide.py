"""The public road through a process: what somebody from outside has to know of it, read from the diagram alone. Pure.

A process is public where it has the property ``guide`` (its address). The road is the way from its start to the end
event of ``guide_end`` = ``main`` with the fewest steps that wait for people; from it part the ways to refusal, to
another good end, and the detours in which the applicant acts or which they cause. What the office does about itself
(reminders, returns from one desk to another) is left out. Judged by ``guide_checks``.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.workflow.drawing import Scope, draw
from engine.workflow.facts import elements_of, properties_of
from engine.workflow.reader import definitions_of, read_xml
from engine.workflow.vocabulary import OWN_TASKS, PEOPLE_TASKS, Element, Names, tag

StretchKind = Literal["start", "yours", "office", "system", "wait", "end"]
Outcome = Literal["back", "done", "refused"]

#: property of an end event, and what it may say: the usual good end, another good one, a refusal, a withdrawal
GUIDE_END = "guide_end"
ENDS = ("main", "done", "refused", "withdrawn")
#: what a public process says of itself, each with its English under the same name and ``_en``
WORDED = ("guide_name", "guide_who", "guide_how")
#: the other properties: address, sources (``key article; …``), limit of the whole, page to begin at
PLAIN = ("guide", "guide_basis", "guide_limit", "guide_link")
#: the English of a documentation
NOTE_EN = "english_note"

_WAITS = frozenset({"intermediateCatchEvent", "receiveTask"})

#: elements in the order in which they are passed
Way = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bilingual:
    """A text in Chinese and English; the English is empty where nobody has written it."""

    zh: str
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A provision: key of the source, and the article."""

    source: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One thing on the road: a step, several that the office takes by itself, a wait, the beginning, the end."""

    kind: StretchKind
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A way that parts from the road."""

    #: number of the stretch after which it parts
    after: int
    #: the answer or event that leads there; an answer has no English, since flows have only a Chinese name
    label: Bilingual
    #: the question that is asked there
    question: Bilingual
    stretches: tuple[Stretch, ...]
    outcome: Outcome
    #: the end that it comes to; None: back on the road
    end: Element | None = None
    #: number of the stretch at which it is back on the road
    back_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """A public process as people from outside go through it."""

    process_id: str
    address: str
    name: Bilingual
    about: Bilingual
    who: Bilingual
    how: Bilingual
    basis: tuple[Cited, ...]
    #: name of the time limit of the whole; empty for none
    limit: str
    #: page of this office on which it begins; empty for none
    link: str
    #: empty where the diagram shows no way to its main end
    stretches: tuple[Stretch, ...]
    branches: tuple[Branch, ...]
    #: steps at which it may be withdrawn
    withdrawable: tuple[Element, ...]

    @property
    def elements(self) -> Iterator[Element]:
        """Every element that stands on the road or on a branch."""
        for stretch in (*self.stretches, *(each for branch in self.branches for each in branch.stretches)):
            yield from stretch.elements


def road_of(diagram: bytes, process_id: str, names: Names) -> Road | None:
    """The road of the process; None where it is not public. Raises ReadError for a file that is no diagram."""
    drawing = draw(definitions_of(read_xml(diagram)))
    scope = drawing.scopes[process_id]
    if not properties_of(scope.xml).get("guide"):
        return None
    return road_of_scope(scope, elements_of(drawing, process_id, names), names)


def road_of_scope(scope: Scope, elements: Mapping[str, Element], names: Names) -> Road:
    """The road of a process that is public."""
    said = properties_of(scope.xml)
    way = main_way(scope, elements)
    stretches, branches, withdrawable = (
        _Walk(scope, elements, names.public, way).told() if way else ((), (), ())
    )
    name = Bilingual(zh=scope.name or scope.id, en=said.get("english", ""))
    return Road(
        process_id=scope.id,
        address=said["guide"],
        name=worded(said, "guide_name") if said.get("guide_name") else name,
        about=Bilingual(zh=documentation_of(scope), en=said.get(NOTE_EN, "")),
        who=worded(said, "guide_who"),
        how=worded(said, "guide_how"),
        basis=cited(said.get("guide_basis", "")),
        limit=said.get("guide_limit", ""),
        link=said.get("guide_link", ""),
        stretches=stretches,
        branches=branches,
        withdrawable=withdrawable,
    )


def worded(said: Mapping[str, str], name: str) -> Bilingual:
    """The property and its English; empty where they are not there."""
    return Bilingual(zh=said.get(name, ""), en=said.get(f"{name}_en", ""))


def cited(text: str) -> tuple[Cited, ...]:
    """The provisions in ``key article; key article``, full-width semicolons included."""
    entries = (part.strip() for part in re.split(r"[;；]", text))
    split = (part.partition(" ") for part in entries if part)
    return tuple(Cited(source=source, article=article.strip()) for source, _space, article in split)


def name_of(element: Element) -> Bilingual:
    """What a step is called; its id where it has no name."""
    return Bilingual(zh=element.name or element.id, en=element.properties.get("english", ""))


def note_of(element: Element) -> Bilingual:
    """What is done in a step."""
    return Bilingual(zh=element.documentation, en=element.properties.get(NOTE_EN, ""))


def documentation_of(scope: Scope) -> str:
    """What the process is for; empty where nobody has written it."""
    found = scope.xml.find(tag("documentation"))
    return "" if found is None else "".join(str(part) for part in found.itertext()).strip()


def main_way(scope: Scope, elements: Mapping[str, Element]) -> Way:
    """From a start to the main end; empty where there is none."""
    starts = [own for own, node in scope.nodes.items() if node.kind == "startEvent"]
    goals = {own for own in scope.nodes if elements[own].properties.get(GUIDE_END) == "main"}
    return _way(scope, starts, goals)


def _way(scope: Scope, starts: list[str], goals: set[str]) -> Way:
    """The way with the fewest steps of people, then with the fewest elements; the first drawn of equals."""
    heap: list[tuple[int, int, int, Way]] = [(0, 0, number, (own,)) for number, own in enumerate(starts)]
    passed: set[str] = set()
    number = len(heap)
    while heap:
        people, length, _number, way = heapq.heappop(heap)
        own = way[-1]
        if own in goals:
            return way
        if own in passed:
            continue
        passed.add(own)
        for flow in scope.nodes[own].outgoing:
            number += 1
            node = scope.nodes[flow.target]
            heapq.heappush(
                heap, (people + (node.kind in PEOPLE_TASKS), length + 1, number, (*way, flow.target))
            )
    return ()


@dataclass(frozen=True, slots=True)
class _Parting:
    """A way that leaves the main one, before the stretches are numbered."""

    #: place on the main way after which it parts
    place: int
    label: Bilingual
    question: Bilingual
    way: Way


class _Walk:
    """Goes along the main way and tells what stands on it and what parts from it."""

    def __init__(
        self, scope: Scope, elements: Mapping[str, Element], public: frozenset[str], way: Way
    ) -> None:
        self._scope, self._elements, self._public, self._way = scope, elements, public, way
        self._place = {own: place for place, own in enumerate(way)}

    def told(self) -> tuple[tuple[Stretch, ...], tuple[Branch, ...], tuple[Element, ...]]:
        """Stretches, branches, and the steps at which it may be withdrawn."""
        found = list(self._partings())
        withdrawn = {each.place for each in found if self._end_kind(each.way[-1]) == "withdrawn"}
        partings = [
            each for each in found if self._end_kind(each.way[-1]) != "withdrawn" and self._matters(each)
        ]
        stretches, number = self._stretches(self._way, {each.place for each in partings})
        # two ways from one place to one end are one thing to tell
        branches = {(_before(number, each.place), each.way[-1]): each for each in reversed(partings)}
        return (
            stretches,
            tuple(self._branch(each, number) for each in reversed(branches.values())),
            tuple(self._elements[self._way[place]] for place in sorted(withdrawn)),
        )

    def _partings(self) -> Iterator[_Parting]:
        """Every way that leaves the main one, to where it is back on it or at an end that the guide knows."""
        goals = {*self._way} | {own for own in self._scope.nodes if self._end_kind(own)}
        for place, own in enumerate(self._way):
            node = self._scope.nodes[own]
            after = self._way[place + 1] if place + 1 < len(self._way) else ""
            for flow in node.outgoing:
                if flow.target != after and (way := _way(self._scope, [flow.target], goals)):
                    happens = node.kind == "eventBasedGateway" and not flow.name
                    label = self._words(flow.target) if happens else Bilingual(zh=flow.name)
                    yield _Parting(place, label, self._words(own), way)
            for event in self._scope.boundaries(own):
                if self._elements[event.id].interrupting and (way := _way(self._scope, [event.id], goals)):
                    yield _Parting(place, self._words(event.id), Bilingual(zh=""), way)

    def _matters(self, parting: _Parting) -> bool:
        """Whether the applicant needs to know: it ends there, or they act on it, or they caused it."""
        if self._end_kind(parting.way[-1]):
            return True
        kinds = [self._kind(own) for own in parting.way[:-1]]
        if "yours" in kinds:
            return True
        before = (self._kind(self._way[place]) for place in range(parting.place, -1, -1))
        caused = next((kind for kind in before if kind in ("yours", "office", "wait")), None) == "yours"
        return caused and "office" in kinds

    def _branch(self, parting: _Parting, number: Mapping[int, int]) -> Branch:
        end = parting.way[-1]
        kind = self._end_kind(end)
        stretches, _number = self._stretches(parting.way[:-1], set())
        back = self._place.get(end)
        return Branch(
            after=_before(number, parting.place),
            label=parting.label,
            question=parting.question,
            stretches=tuple(each for each in stretches if each.kind != "wait"),
            outcome="back" if back is not None else "done" if kind == "done" else "refused",
            end=None if back is not None else self._elements[end],
            back_to=None if back is None else _after(number, back),
        )

    def _stretches(self, way: Way, breaks: set[int]) -> tuple[tuple[Stretch, ...], dict[int, int]]:
        """The stretches of a way, and place on the way → number of its stretch; gateways stand on none."""
        found: list[tuple[StretchKind, list[Element]]] = []
        number: dict[int, int] = {}
        parted = False
        for place, own in enumerate(way):
            kind = self._kind(own)
            if kind is not None:
                if kind == "system" and found and found[-1][0] == "system" and not parted:
                    found[-1][1].append(self._elements[own])
                else:
                    found.append((kind, [self._elements[own]]))
                number[place] = len(found) - 1
                parted = False
            parted = parted or place in breaks
        return tuple(Stretch(kind=kind, elements=tuple(each)) for kind, each in found), number

    def _kind(self, own: str) -> StretchKind | None:
        """What the element is to somebody from outside; None for what is only drawn, such as a gateway."""
        element = self._elements[own]
        if element.kind == "startEvent":
            return "start"
        if element.kind == "endEvent":
            return "end"
        if element.kind in PEOPLE_TASKS:
            return "yours" if element.duty in self._public else "office"
        if element.kind in _WAITS:
            return "wait"
        return "system" if element.kind in OWN_TASKS | {"subProcess", "callActivity"} else None

    def _end_kind(self, own: str) -> str:
        kind = self._elements[own].properties.get(GUIDE_END, "")
        return kind if self._elements[own].kind == "endEvent" and own not in self._place else ""

    def _words(self, own: str) -> Bilingual:
        element = self._elements[own]
        return Bilingual(zh=element.name, en=element.properties.get("english", ""))


def _before(number: Mapping[int, int], place: int) -> int:
    """The stretch at the place, or the last one before it."""
    return next((number[each] for each in range(place, -1, -1) if each in number), 0)


def _after(number: Mapping[int, int], place: int) -> int:
    """The stretch at the place, or the first one after it."""
    return next(number[each] for each in range(place, max(number) + 1) if each in number)
