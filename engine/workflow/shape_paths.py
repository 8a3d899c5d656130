"""Rules about ways through a process: nothing out of reach, nothing without a way out, nothing that spins.

Called by ``shape`` only. Deadlocks and leftover tokens need states, not ways; they are not judged here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from engine.workflow.drawing import Scope
from engine.workflow.problems import Findings
from engine.workflow.vocabulary import PEOPLE_TASKS, SUB_PROCESSES

_WAITING = PEOPLE_TASKS | SUB_PROCESSES | {
    "receiveTask", "callActivity", "intermediateCatchEvent", "eventBasedGateway", "boundaryEvent",
}  # fmt: skip
#: behind one of these the engine no longer takes for certain what comes, and looks only a few steps ahead
_CHOOSING = frozenset({"exclusiveGateway", "inclusiveGateway", "eventBasedGateway"})
#: steps that the engine may foresee from one place
_MOST_FORESEEN = 3_000


def judge_paths(scope: Scope, findings: Findings) -> None:
    """Judge the ways through a process or sub-process."""
    after, before = _neighbours(scope)
    starts = [own for own, node in scope.nodes.items() if node.kind == "startEvent"]
    ends = [own for own, node in scope.nodes.items() if node.kind == "endEvent"]
    reached = _closure(starts, after)
    leaving = _closure(ends, before)
    for own, node in scope.nodes.items():
        if starts and own not in reached:
            findings.error("unreachable", node, "从开始事件走不到这里")
        elif ends and own not in leaving and node.outgoing:
            findings.error("no_way_out", node, "从这里走不到任何结束事件")
    if spinning := _loops(scope, without=_WAITING):
        names = _named(scope, spinning)
        first = scope.nodes[spinning[0]]
        findings.error("automatic_loop", first, f"回路（{names}）上没有人办理，也不等消息或定时，会一直空转")
    elif endless := _loops(scope, without=_CHOOSING):
        first = scope.nodes[endless[0]]
        message = (
            f"回路（{_named(scope, endless)}）上没有网关，引擎预推后面的步骤时停不下来（SpiffWorkflow 3.2.0 的缺陷），"
            "请在回到的那一步之前画一个排他网关合并"
        )
        findings.error("loop_without_gateway", first, message)
    else:
        _judge_ahead(scope, findings)


def _judge_ahead(scope: Scope, findings: Findings) -> None:
    """Refuse what makes the engine foresee too much: each way of a parallel block foresees all that comes after it."""
    ahead = foreseen(scope)
    over = [own for own in scope.nodes if ahead[own] > _MOST_FORESEEN]
    if over:
        least = scope.nodes[min(over, key=lambda own: ahead[own])]
        message = (
            f"从这里起并行的分路和汇合一个接一个，引擎要预推{min(ahead[least.id], 10**9)}步以上（最多{_MOST_FORESEEN}步），"
            "案件一走到就会占满内存；请在两段之间画一个排他网关，或把一段画进子流程"
        )
        findings.error("too_much_ahead", least, message)


def _named(scope: Scope, steps: list[str]) -> str:
    return "、".join(scope.nodes[own].name or own for own in steps[:6])


def _neighbours(scope: Scope) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    after: dict[str, list[str]] = {own: [] for own in scope.nodes}
    before: dict[str, list[str]] = {own: [] for own in scope.nodes}
    pairs = [(flow.source, flow.target) for flow in scope.flows]
    pairs += [(node.attached_to, own) for own, node in scope.nodes.items() if node.attached_to]
    for source, target in pairs:
        if source in after and target in after:
            after[source].append(target)
            before[target].append(source)
    return after, before


def _closure(first: Iterable[str], neighbours: Mapping[str, list[str]]) -> set[str]:
    found = set(first)
    waiting = list(found)
    while waiting:
        for own in neighbours[waiting.pop()]:
            if own not in found:
                found.add(own)
                waiting.append(own)
    return found


def foreseen(scope: Scope) -> dict[str, int]:
    """Node → how many steps the engine foresees from there; it does not see that two ways meet again."""
    hosts = Counter(node.attached_to for node in scope.nodes.values() if node.attached_to)
    found: dict[str, int] = {}
    waiting = list(scope.nodes)
    while waiting:
        own = waiting[-1]
        chosen = scope.nodes[own].kind in _CHOOSING
        following = [flow.target for flow in scope.nodes[own].outgoing]
        missing = [] if chosen else [target for target in following if target not in found]
        if own not in found and missing:
            waiting += missing
            continue
        waiting.pop()
        beyond = len(following) if chosen else sum(found[target] for target in following)
        # the engine puts steps of its own around deadlines and behind ends
        found[own] = 1 + 4 * hosts[own] + 2 * (own in hosts) + 2 * (not following) + beyond
    return found


def _loops(scope: Scope, *, without: frozenset[str]) -> list[str]:
    """The steps of loops that pass no node of these kinds, in the order of the file."""
    steps = {own for own, node in scope.nodes.items() if node.kind not in without}
    after: dict[str, list[str]] = {own: [] for own in steps}
    for flow in scope.flows:
        if flow.source in steps and flow.target in steps:
            after[flow.source].append(flow.target)
    # take away, again and again, what leads nowhere and what nothing leads to; loops remain
    for _ in range(2):
        after = _peeled(after)
    return [own for own in scope.nodes if own in after]


def _peeled(after: dict[str, list[str]]) -> dict[str, list[str]]:
    """The graph turned round, without what nothing leads to."""
    entries = Counter(target for targets in after.values() for target in targets)
    entries.update(dict.fromkeys(after, 0))
    waiting = [own for own, count in entries.items() if count == 0]
    while waiting:
        for target in after[waiting.pop()]:
            entries[target] -= 1
            if entries[target] == 0:
                waiting.append(target)
    kept = {own for own, count in entries.items() if count > 0}
    turned: dict[str, list[str]] = {own: [] for own in kept}
    for target, source in ((target, own) for own in kept for target in after[own] if target in kept):
        turned[target].append(source)
    return turned
