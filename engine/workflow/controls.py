"""Whether the controls that an operation needs stand on every path to it, each by another person where that is asked.

Plays the net again, this time with what surely stands: which controls were passed and not voided by going back,
and what is known of the fields that decide them. Where something is not sure, the worst is assumed. Bounded like
``soundness``. No word of what the operations do. Called by ``checks``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.workflow.facts_of_data import (
    NOTHING,
    Fact,
    Facts,
    common,
    deciding_fact,
    kept,
    may_choose,
    written,
)
from engine.workflow.net import Marking, Move, Net, Spot, bits
from engine.workflow.net_areas import rounds
from engine.workflow.problems import Problem, called
from engine.workflow.soundness import Bounds, Clock, Trail, bound_problem, told
from engine.workflow.standing import with_completion
from engine.workflow.vocabulary import PEOPLE_TASKS, ControlNeed, ControlRule, Element, Names


@dataclass(frozen=True, slots=True)
class Entry:
    """A completed step that still matters: it may be done anew, or it passed a control."""

    element_id: str
    #: control that it passed; empty for none
    control: str


#: place → what is known of the data of the token there; below zero: of what ended inside that place
_Known = tuple[tuple[int, Facts], ...]
_State = tuple[Marking, _Known, tuple[Entry, ...]]


@dataclass(slots=True, kw_only=True)
class _Paths:
    """One exploration."""

    net: Net
    names: Names
    #: controls that any operation of the net needs
    needed: frozenset[str]
    elements: Mapping[str, Element]
    trail: Trail = field(default_factory=Trail)
    states: list[_State] = field(default_factory=list)
    seen: set[_State] = field(default_factory=set)
    #: (operation's element, what is missing) → its problem; the first found has the shortest path
    found: dict[tuple[str, str], Problem] = field(default_factory=dict)
    arcs: Mapping[int, list[tuple[Marking, str]]]
    redoable: dict[tuple[int, frozenset[str]], frozenset[str]] = field(default_factory=dict)
    writes: dict[int, frozenset[str] | None] = field(default_factory=dict)

    def reach(self, state: _State, before: int, move: Move) -> None:
        """Note the state if it is new."""
        if state not in self.seen:
            self.seen.add(state)
            self.states.append(state)
            self.trail.steps.append((before, move))


def judge_controls(net: Net, names: Names, bounds: Bounds) -> list[Problem]:
    """What is wrong with the controls of the process; empty when every operation has them on every path."""
    elements = {spot.node.id: spot.element for spot in net.spots}
    problems = list(_judge_steps(net, names))
    needs = [names.needs[spot.element.topic] for spot in net.spots if spot.element.topic in names.needs]
    if not needs:
        return problems
    needed = frozenset(control for need in needs for control in need.controls)
    paths = _Paths(net=net, names=names, needed=needed, elements=elements, arcs=_arcs(net))
    for start in net.starts:
        paths.reach((start.puts, (), ()), -1, start)
    given_up = _explore(paths, bounds)
    problems += paths.found.values()
    if given_up:
        problems.append(bound_problem(net, len(paths.states), bounds, "每条路径上的控制都齐全"))
    return problems


def missing_from(
    net: Net, names: Names, bounds: Bounds, *, at: Move, done: tuple[Entry, ...], known: Mapping[int, Facts]
) -> list[Problem]:
    """What an operation would lack on some path from the marking that the move puts, with what stands there.

    `known` is what the data of the token on each place say. Empty when every operation has its controls.
    """
    needs = [names.needs[spot.element.topic] for spot in net.spots if spot.element.topic in names.needs]
    needed = frozenset(control for need in needs for control in need.controls)
    if not needed:
        return []
    elements = {spot.node.id: spot.element for spot in net.spots}
    paths = _Paths(net=net, names=names, needed=needed, elements=elements, arcs=_arcs(net))
    stands = tuple(entry if entry.control in needed else Entry(entry.element_id, "") for entry in done)
    facts = tuple(sorted((bit, of) for bit, of in known.items() if of))
    paths.reach((at.puts, facts, _pruned(paths, at.puts, stands)), -1, at)
    if _explore(paths, bounds):
        return [
            *paths.found.values(),
            bound_problem(net, len(paths.states), bounds, "每条路径上的控制都齐全"),
        ]
    return list(paths.found.values())


def _judge_steps(net: Net, names: Names) -> Iterator[Problem]:
    """What is wrong with single steps: a control in other hands, or one that can never be passed."""
    seen: set[str] = set()
    for spot in net.spots:
        rule = names.control_rules.get(spot.element.control)
        if rule is None or spot.node.id in seen:
            continue
        seen.add(spot.node.id)
        if spot.element.duty != rule.duty:
            lane = next((name for name, duty in names.duties.items() if duty == rule.duty), rule.duty)
            yield _problem("control_wrong_duty", spot, f"控制“{rule.name}”要由{lane}办理，请放进它的泳道")
        if not _can_pass(spot, rule, names):
            why = f"表单里没有控制“{rule.name}”要看的字段，永远不算通过（{rule.passed_when}）"
            yield _problem("control_never_passes", spot, why)


def _explore(paths: _Paths, bounds: Bounds) -> bool:
    """Look at every state from the first ones on; True if the bounds were reached before that."""
    clock = Clock(bounds)
    number = 0
    while number < len(paths.states):
        if clock.spent(len(paths.states)):
            return True
        state = paths.states[number]
        for move in paths.net.moves(state[0]):
            if not move.collides(state[0]):
                _follow(paths, number, state, move)
        number += 1
    return False


def _follow(paths: _Paths, number: int, state: _State, move: Move) -> None:
    marking, known, done = state
    facts = _taken(move, marking, known)
    if not may_choose(move, facts):
        return
    if move.act == "pass":
        _judge_operation(paths, number, done, move)
    following = move.after(marking)
    for after, entry in _outcomes(paths, move, facts):
        stands = done if entry is None else with_completion(done, entry)
        # where a token waits is where ways meet again; between two waits nothing is gained by pruning
        left = _pruned(paths, following, stands) if move.act in ("enter", "end") else stands
        paths.reach((following, _moved(paths, move, known, after), left), number, move)


def _outcomes(paths: _Paths, move: Move, facts: Facts) -> Iterator[tuple[Facts, Entry | None]]:
    """What may be known after the move, and the completion that it is."""
    spot = move.spot
    if move.act in ("enter", "stuck", "end"):
        yield facts, None
        return
    if id(spot) not in paths.writes:
        paths.writes[id(spot)] = written(spot, paths.names)
    left = kept(facts, paths.writes[id(spot)])
    own, control = spot.node.id, spot.element.control
    voted = Fact(spot.element.vote, True, holds=True) if votes(paths.net, spot) else None
    if move.act not in ("done", "again"):
        yield left | {replace(voted, holds=False)} if voted and move.act == "skip" else left, None
        return
    rule = paths.names.control_rules.get(control) if control in paths.needed else None
    if voted and move.act == "done":
        # a vote passes as a whole, or not at all
        yield left | {voted}, Entry(own, control if rule else "")
        yield left | {replace(voted, holds=False)}, Entry(own, "")
        return
    if rule is None or spot.repeated or not _can_pass(spot, rule, paths.names):
        yield left, Entry(own, "")
        return
    decides = deciding_fact(rule.passed_when)
    if decides is None:
        yield left, Entry(own, control)
        yield left, Entry(own, "")
        return
    yield left | {decides}, Entry(own, control)
    yield left | {Fact(decides.field, decides.value, not decides.holds)}, Entry(own, "")


def votes(net: Net, spot: Spot) -> bool:
    """Whether people vote at the step, and the vote itself is held once."""
    if not spot.element.vote:
        return False
    around = [each for each in net.spots if each.scope == spot.scope and not rounds(each.node)]
    return not any(each.repeated for each in around)


def _can_pass(spot: Spot, rule: ControlRule, names: Names) -> bool:
    """Whether the step's form has the fields that decide the control; a form that nobody knows may have them."""
    if spot.element.form and spot.element.form not in names.forms:
        return True
    fields = names.forms.get(spot.element.form, frozenset())
    decides = deciding_fact(rule.passed_when)
    return decides is None or decides.field in fields


def _taken(move: Move, marking: Marking, known: _Known) -> Facts:
    """What is known of the data that the move works with."""
    facts = dict(known)
    taken = move.takes | (move.gathers & marking)
    if move.act == "leave" and move.without:
        return facts.get(~(taken.bit_length() - 1), NOTHING)
    return common(facts.get(bit, NOTHING) for bit in bits(taken))


def _moved(paths: _Paths, move: Move, known: _Known, after: Facts) -> _Known:
    """What is known of every token once the move has happened."""
    gone = move.takes | move.clears | move.gathers
    facts = {bit: of for bit, of in known if not gone >> (bit if bit >= 0 else ~bit) & 1}
    if move.act == "end" and (around := paths.net.around[move.spot.scope]):
        result = ~(around.bit_length() - 1)
        facts[result] = facts[result] & after if result in facts else after
    for bit in bits(move.puts):
        facts[bit] = after
    # a result that is empty still says that something has ended; elsewhere nothing known needs no entry
    return tuple(sorted((bit, of) for bit, of in facts.items() if of or bit < 0))


def _judge_operation(paths: _Paths, number: int, done: tuple[Entry, ...], move: Move) -> None:
    need = paths.names.needs.get(move.spot.element.topic)
    if need is None or move.spot.node.kind in PEOPLE_TASKS:
        return
    stand = {entry.control: place for place, entry in enumerate(done) if entry.control}
    for control in need.controls:
        if control not in stand:
            _missing(paths, number, move, need, control)
    if need.different_people:
        places = sorted(stand[control] for control in need.controls if control in stand)
        for index, later in enumerate(places):
            for earlier in places[:index]:
                if not _surely_two(paths, done[earlier], done[later]):
                    _same_person(paths, number, move, need, (done[earlier], done[later]))


def _surely_two(paths: _Paths, earlier: Entry, later: Entry) -> bool:
    """Whether the same person can never have done both."""
    first, then = paths.elements[earlier.element_id], paths.elements[later.element_id]
    if first.id in then.different_person_from:
        return True
    return first.duty is not None and then.duty is not None and paths.names.bars(first.duty, then.duty)


def _missing(paths: _Paths, number: int, move: Move, need: ControlNeed, control: str) -> None:
    key = (move.spot.node.id, control)
    if key in paths.found:
        return
    path = paths.trail.path(number, move)
    rule = paths.names.control_rules.get(control)
    name = rule.name if rule else control
    message = f"有一条路径走到这里时没有通过“{name}”。{need.text}。路径：{told(paths.net, path)}"
    if rule is not None and deciding_fact(rule.passed_when) is None:
        message += f"（通过条件 {rule.passed_when} 不是“字段 == 值”，无法与网关的条件对应，按最坏的情况推演）"
    paths.found[key] = _problem("control_missing", move.spot, message, path)


def _same_person(
    paths: _Paths, number: int, move: Move, need: ControlNeed, pair: tuple[Entry, Entry]
) -> None:
    first, then = (paths.elements[entry.element_id] for entry in pair)
    key = (move.spot.node.id, f"{first.id} {then.id}")
    if key in paths.found:
        return
    path = paths.trail.path(number, move)
    message = (
        f"“{first.name or first.id}”和“{then.name or then.id}”可能由同一人办理。{need.text}。"
        f"请在“{then.name or then.id}”上写 different_person_from：{first.id}。路径：{told(paths.net, path)}"
    )
    paths.found[key] = _problem("control_same_person", move.spot, message, path)


def _pruned(paths: _Paths, marking: Marking, done: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The completions that can still make a difference.

    Doing a step anew matters only if that can happen before an earlier step is done anew, which would void it
    anyway. This keeps the states few, and loses nothing.
    """
    if not done or not marking:
        return ()
    left: list[Entry] = []
    earlier: frozenset[str] = frozenset()
    for entry in done:
        if entry.element_id in _redoable(paths, marking, earlier):
            earlier |= {entry.element_id}
            left.append(entry)
        elif entry.control:
            left.append(entry)
    return tuple(left)


def _redoable(paths: _Paths, marking: Marking, earlier: frozenset[str]) -> frozenset[str]:
    """The steps that may be done from here on while none of the earlier ones is done."""
    return frozenset[str]().union(*(_redoable_from(paths, bit, earlier) for bit in bits(marking)))


def _redoable_from(paths: _Paths, place: int, earlier: frozenset[str]) -> frozenset[str]:
    if (place, earlier) not in paths.redoable:
        reached, found, waiting = 1 << place, set[str](), [place]
        while waiting:
            for puts, own in paths.arcs.get(waiting.pop(), ()):
                if own in earlier:
                    continue
                found.add(own)
                waiting += bits(puts & ~reached)
                reached |= puts
        paths.redoable[place, earlier] = frozenset(found - {""})
    return paths.redoable[place, earlier]


def _arcs(net: Net) -> dict[int, list[tuple[Marking, str]]]:
    """Place → (places that a token there may come to, step that is done by it; empty for none)."""
    arcs: dict[int, list[tuple[Marking, str]]] = {}
    for move in net.every_move():
        own = move.spot.node.id if move.act in ("done", "again") else ""
        around = net.around[move.spot.scope] if move.act == "end" else 0
        for place in bits(move.takes | move.gathers):
            arcs.setdefault(place, []).append((move.puts | around, own))
    return arcs


def _problem(code: str, spot: Spot, message: str, path: tuple[str, ...] = ()) -> Problem:
    return Problem(
        severity="error",
        code=code,
        element=spot.node.id,
        line=spot.node.line,
        message=f"{called(spot.node)}：{message}",
        path=path,
    )
