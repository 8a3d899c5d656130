"""Whether what a step reads has been set on every path that leads to it: a gateway's conditions, an operation's needs
and parameters, what a message carries, and the days and pairings of whatever is waited for, its deadlines included.

Judged only where it is known what a case starts with. Of what an operation needs and no step at all sets,
``wording_expressions`` warns. An operation is taken to set all that it says.
Called by ``play``.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.workflow.expressions import ExpressionError, compile_expression, compile_script
from engine.workflow.net import Marking, Move, Net, Spot, bits
from engine.workflow.problems import Problem, called
from engine.workflow.script import timer_expression
from engine.workflow.soundness import told
from engine.workflow.vocabulary import Element, Names, tag

_Set = frozenset[str]


def judge_data(net: Net, names: Names) -> list[Problem]:
    """A problem for every step that may be reached before what it reads is set."""
    if names.open or not _starts_known(net, names):
        return []
    sets = {id(spot): _sets(spot, names) for spot in net.spots}
    somewhere = frozenset[str]().union(*(sets[id(spot)] for spot in net.spots))
    awaited, entries = _awaited(net), _entries(net)
    reads = {
        id(move): (_reads(move, names, somewhere) | awaited.get(_place(move), frozenset())) - entries
        for move in net.every_move()
    }
    known = _known(net, names, sets, reads)
    found: dict[str, Problem] = {}
    for move in net.every_move():
        if move.act not in ("pass", "stuck", "enter", "end") or not all(
            bit in known for bit in bits(move.takes)
        ):
            continue
        missing = sorted(reads[id(move)] - _before(move, known))
        if missing and move.spot.node.id not in found:
            found[move.spot.node.id] = _problem(net, sets, move, missing)
    return list(found.values())


def _starts_known(net: Net, names: Names) -> bool:
    starts = [move.spot.element for move in net.starts]
    told_at_start = all(start.provides or start.event == "message" for start in starts)
    return net.process_id in names.starts or (bool(starts) and told_at_start)


def _sets(spot: Spot, names: Names) -> _Set:
    """The names that are set when the step is over."""
    element = spot.element
    found = set(element.provides) | names.forms.get(element.form, frozenset())
    found |= {element.vote} - {""}
    if element.topic in names.operations:
        found |= names.operations[element.topic].provides
    if element.decision:
        found |= (
            {element.result_variable}
            if element.result_variable
            else names.decisions.get(element.decision, set())
        )
    if spot.node.kind == "scriptTask":
        found |= _of_script(spot.node.xml.findtext(tag("script")) or "", element)
    return frozenset(found)


def _of_script(text: str, element: Element) -> _Set:
    if element.result_variable:
        return frozenset({element.result_variable})
    try:
        return compile_script(text).provides
    except ExpressionError:
        return frozenset()


def _known(net: Net, names: Names, sets: Mapping[int, _Set], reads: Mapping[int, _Set]) -> dict[int, _Set]:
    """Place → names that are set whenever a token is there; places that no token reaches are left out."""
    known: dict[int, _Set] = {}
    at_start = names.always | names.starts.get(net.process_id, frozenset())
    for start in net.starts:
        _meet(known, start.puts, at_start | sets[id(start.spot)])
    moves, grown = net.every_move(), True
    while grown:
        grown = False
        for move in moves:
            if not any(bit in known for bit in bits(move.takes | move.gathers)):
                continue
            # what was read must have been there: one step is named, not all behind it
            after = _before(move, known) | reads[id(move)] | _set_by(move, sets)
            around = net.around[move.spot.scope] if move.act == "end" else 0
            grown |= _meet(known, move.puts, after) | _meet_result(known, around, after)
    return known


def _set_by(move: Move, sets: Mapping[int, _Set]) -> _Set:
    """What is set when the move is made; a vote that nobody is asked for has not passed."""
    if move.act == "skip":
        return frozenset(filter(None, [move.spot.element.vote]))
    return frozenset() if move.act in ("enter", "end", "stuck") else sets[id(move.spot)]


def _before(move: Move, known: Mapping[int, _Set]) -> _Set:
    """What is set when the move begins."""
    if move.act == "leave":
        # the data of what ended inside; kept under the complement of the place
        place = next(bits(move.takes))
        return known.get(~place, known.get(place, frozenset()))
    several = [known[bit] for bit in bits(move.takes | move.gathers) if bit in known]
    if not several:
        return frozenset()
    joined = move.spot.node.kind == "parallelGateway"
    return frozenset.union(*several) if joined else frozenset.intersection(*several)


def _meet(known: dict[int, _Set], places: Marking, names: _Set) -> bool:
    changed = False
    for bit in bits(places):
        met = names if bit not in known else known[bit] & names
        changed |= bit not in known or met != known[bit]
        known[bit] = met
    return changed


def _meet_result(known: dict[int, _Set], around: Marking, names: _Set) -> bool:
    if not around:
        return False
    place = ~(around.bit_length() - 1)
    met = names if place not in known else known[place] & names
    changed = known.get(place) != met
    known[place] = met
    return changed


def _reads(move: Move, names: Names, somewhere: _Set) -> _Set:
    """Names without which the step cannot be taken; an operation's only as far as some step sets them.

    All names of a condition count, also behind ``and`` and ``or``: some case will come to read them.
    """
    element, node = move.spot.element, move.spot.node
    if node.kind in ("exclusiveGateway", "inclusiveGateway"):
        default = node.xml.get("default")
        conditions = [flow.condition for flow in node.outgoing if flow.condition and flow.id != default]
        return frozenset[str]().union(*(_of_condition(condition) for condition in conditions))
    if node.kind == "scriptTask":
        try:
            return compile_script(node.xml.findtext(tag("script")) or "").names
        except ExpressionError:
            return frozenset()
    written = [text for text in element.parameters.values() if text[:2] in ("${", "#{")]
    parameters = frozenset[str]().union(*(_of_condition(text) for text in written))
    if element.topic in names.operations:
        needs = names.operations[element.topic].needs - frozenset(element.parameters)
        return needs & somewhere | parameters
    # who waits for a message receives what it carries
    thrown = node.kind in ("intermediateThrowEvent", "endEvent", "sendTask")
    return parameters | (
        frozenset(element.carries) | _of_condition(element.correlate) if thrown else frozenset()
    )


def _place(move: Move) -> tuple[int, str]:
    """Where the move waits, if it begins to wait."""
    return (move.spot.scope, move.spot.node.id) if move.act == "enter" else (-1, "")


def _awaited(net: Net) -> dict[tuple[int, str], _Set]:
    """(scope, node) → names that are read as soon as a token comes to wait there."""
    found: dict[tuple[int, str], _Set] = {}
    gateways = {(s.scope, s.node.id) for s in net.spots if s.node.kind == "eventBasedGateway"}
    for spot in net.spots:
        element, scope = spot.element, spot.scope
        several = element.multi_instance
        texts = [timer_expression(element.due), element.correlate, timer_expression(element.timer)]
        texts += [several.collection, several.cardinality] if several else []
        read = frozenset[str]().union(*(_of_condition(text) for text in texts if text))
        # a deadline is worked out when its step begins, an awaited event when the gateway before it is reached
        before = [flow.source for flow in spot.node.incoming if (scope, flow.source) in gateways]
        for own in filter(None, (spot.node.id, spot.node.attached_to, *before)):
            found[scope, own] = found.get((scope, own), frozenset()) | read
    return found


def _entries(net: Net) -> _Set:
    """Names under which a step that is done several times sees its entry."""
    several = (spot.element.multi_instance for spot in net.spots)
    return frozenset({"loopCounter"} | {each.entry for each in several if each and each.entry})


def _of_condition(text: str) -> _Set:
    try:
        return compile_expression(text).names
    except ExpressionError:
        return frozenset()


def _problem(net: Net, sets: Mapping[int, _Set], move: Move, missing: list[str]) -> Problem:
    path = _path(net, sets, move, missing[0])
    where = f"路径：{told(net, path)}" if path else ""
    message = f"{called(move.spot.node)}：有一条路径走到这里时，还没有数据项“{'、'.join(missing)}”，案件会停在这里。{where}"
    own, line = move.spot.node.id, move.spot.node.line
    return Problem(severity="error", code="unset_data", element=own, line=line, message=message, path=path)


def _path(net: Net, sets: Mapping[int, _Set], target: Move, name: str) -> tuple[str, ...]:
    """The shortest way to the move on which nothing sets the name; empty if several branches are needed for it."""
    came: dict[int, tuple[int, Move]] = {}
    for start in net.starts:
        came.update({bit: (-1, start) for bit in bits(start.puts) if name not in sets[id(start.spot)]})
    waiting = list(came)
    for place in waiting:
        for move in [*net.automatic.get(place, ()), *net.waiting.get(place, ())]:
            if name in _set_by(move, sets):
                continue
            for bit in bits(move.puts):
                if bit not in came:
                    came[bit] = (place, move)
                    waiting.append(bit)
    here = [bit for bit in bits(target.takes | target.gathers) if bit in came]
    shown: list[tuple[str, ...]] = [(target.spot.node.id,)] if here else []
    place = here[0] if here else -1
    while place >= 0:
        place, move = came[place]
        shown.append(move.shows)
    flat = [own for part in reversed(shown) for own in part]
    return tuple(own for i, own in enumerate(flat) if i == 0 or flat[i - 1] != own)
