"""The ways back of a running case: which there are, and why the others are refused. Changes nothing.

``rewinding`` says which tokens go; here the rest is asked that a net does not know: what the diagram lets the
sender do, what has left the office and cannot be undone, and whether every operation can still get its controls.
Called by ``runner`` for looking and by ``retreating`` for doing. Argued in ``docs/decisions/0005-going-back.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.task import Task

from engine.values import Reason
from engine.workflow import tokens
from engine.workflow.codec import prunable
from engine.workflow.controls import Entry, missing_from
from engine.workflow.drawing import draw
from engine.workflow.facts_of_data import Fact, Facts, deciding_fact
from engine.workflow.history import standing_of
from engine.workflow.net import Marking, Move, Net, Spot, bits
from engine.workflow.net_areas import TooLargeError, rounds
from engine.workflow.play import nets_of
from engine.workflow.reachable import Reachable, reachable
from engine.workflow.reader import definitions_of, read_xml
from engine.workflow.rewinding import Way, ways_to
from engine.workflow.soundness import Bounds
from engine.workflow.standing import without
from engine.workflow.tables import WorkflowHistory
from engine.workflow.versions import Published, resolver_of
from engine.workflow.vocabulary import PEOPLE_TASKS, Names
from engine.workflow.whereabouts import Whereabouts, is_round, whereabouts_of

_BOUNDS = Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """An earlier step of the case, and whether an open task can be sent back to it."""

    element_id: str
    name: str
    #: actor key of who did it last, and when
    done_by: str
    done_at: datetime
    #: once done anew the case can come straight back to the sender
    resume: bool
    #: why not; None where it can
    refused: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where the token game of one version is played."""

    net: Net
    reach: Reachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Retreat:
    """One way back that may be gone."""

    way: Way
    where: Whereabouts
    net: Net
    #: ids of the steps that are undone: what was done there since no longer stands
    voids: tuple[str, ...]
    resume: bool


_fields: WeakKeyDictionary[Any, Field] = WeakKeyDictionary()


class Judge:
    """Judges the ways back of one case as it stands now."""

    def __init__(
        self,
        workflow: BpmnWorkflow,
        version: Published,
        names: Names,
        *,
        history: Sequence[WorkflowHistory],
        sender: Task | None,
    ) -> None:
        """`sender` is the open task that is sent back; None for a recall, which takes back whatever followed."""
        self._workflow, self._names, self._history, self._sender = workflow, names, history, sender
        self._elements = version.blueprint.elements
        self._field = field_of(version, names)
        self._where = whereabouts_of(workflow, self._field.net, sender)
        self._stands = standing_of(history)

    def ways(self) -> tuple[WayBack, ...]:
        """Every step that stands, the latest first, with whether it can be gone back to."""
        own = str(self._sender.task_spec.bpmn_id) if self._sender is not None else ""
        found = []
        for done in reversed(self._stands):
            if done.element_id == own:
                continue
            judged = self.judge(done.element_id)
            found.append(
                WayBack(
                    element_id=done.element_id,
                    name=done.row.name,
                    done_by=done.row.actor,
                    done_at=done.row.at,
                    resume=isinstance(judged, Retreat) and judged.resume,
                    refused=judged if isinstance(judged, Reason) else None,
                )
            )
        return tuple(found)

    def judge(self, to: str) -> Retreat | Reason:
        """The way back to the step, or why there is none."""
        return self._not_at_all(to) or self._way(to)

    def _not_at_all(self, to: str) -> Reason | None:
        """Why nobody goes back from here, or to that step, whatever the net says."""
        if self._sender is not None:
            element = self._elements[str(self._sender.task_spec.bpmn_id)]
            if element.send_back == "no":
                return reason(
                    "send_back_no", f"流程图写明“{element.name}”不能退回", "The diagram allows no way back."
                )
        if all(done.element_id != to for done in self._stands):
            return reason(
                "not_done", "本案没有办理过这个环节，或者它的办理已经失效", "Not a step that stands.", to
            )
        parts = (self._workflow, *self._workflow.subprocesses.values())
        if not all(prunable(part.spec) for part in parts):
            text = "流程图的回路上有并行或包容汇合，无法退回"
            return reason("join_in_loop", text, "A join lies on a loop of the diagram.")
        if not self._field.reach.whole:
            text = f"流程图的状态过多（推演上限{_BOUNDS.states}种），无法确认退回后能否办结"
            return reason("exploration_bound", text, "Too many states to be sure.")
        if self._where.marking not in self._field.reach.before:
            text = "案件现在的位置不是本版流程图能走到的（可能换过版），无法退回"
            return reason("not_located", text, "The case stands where its diagram never comes.")
        return None

    def _way(self, to: str) -> Retreat | Reason:
        net, where = self._field.net, self._where
        spots = [spot for spot in net.spots if spot.node.id == to and spot.node.kind in PEOPLE_TASKS]
        sender = where.place_of(self._sender) if self._sender is not None else 0
        if not spots or (self._sender is not None and not sender):
            return reason(
                "step_gone", "现行版本的流程图里没有这个环节", "The step is gone from the diagram.", to
            )
        if any(where.marking & net.grounds[spot.scope].at[to] for spot in spots):
            return reason("step_open", "这个环节正在办理", "The step is open.", to)
        found = ways_to(net, self._field.reach, where.marking, spots, sender=sender)
        if not found:
            text = "从这里没有退回到该环节的路：它在另一条分路上，或者退回后案件无法办结；请选更早的环节"
            return reason("no_way_back", text, "The diagram has no way back to that step.", to)
        if len(found) > 1:
            options = "；".join(self._named(way.withdrawn) for way in found)
            text = f"退回到该环节要一并收回哪些环节不确定（{options}），请退回到更早的环节"
            return reason("several_ways", text, "Several ways back are equally near.", to)
        return self._barred(found[0]) or self._retreat(found[0])

    def _barred(self, way: Way) -> Reason | None:
        """Why a way that the net allows may not be gone all the same."""
        entered = self._entered_round(way)
        if entered is not None:
            text = f"该环节在多次办理的子流程“{_name(entered)}”里，请退回到它之前的环节"
            return reason("round_ended", text, "The step lies in rounds that have ended.", entered.node.id)
        return self._irrevocable(way) or self._uncontrolled(way)

    def _entered_round(self, way: Way) -> Spot | None:
        """The sub-process done several times that would have to be entered again."""
        ground = self._field.net.grounds[way.spot.scope]
        while (
            ground.outer is not None
            and not self._where.marking & self._field.net.grounds[ground.outer].at[ground.host]
        ):
            outer, host = ground.outer, ground.host
            spot = next(each for each in self._field.net.spots if (each.scope, each.node.id) == (outer, host))
            if rounds(spot.node):
                return spot
            ground = self._field.net.grounds[outer]
        return None

    def _irrevocable(self, way: Way) -> Reason | None:
        """What was done since and cannot be undone: controls were used for it, or others were told or told us."""
        first = next(done.row.id for done in self._stands if done.element_id == way.spot.node.id)
        passed = {spot.node.id: spot for spot in way.undone}
        for row in self._history:
            spot = passed.get(row.element_id) if row.id > first else None
            if spot is None or row.kind not in ("operation", "sent", "message", "passed"):
                continue
            if spot.element.topic in self._names.needs:
                need = self._names.needs[spot.element.topic]
                text = f"“{row.name}”已经执行，退回会使它依据的控制失效。{need.text}"
                return reason(
                    "used", text, "Controls have been used for what was done since.", row.element_id
                )
            if spot.element.event == "message" and not spot.element.topic:
                verb = "发出" if row.kind == "sent" else "收到"
                text = f"“{row.name}”的消息已经{verb}，不能收回"
                return reason("message_passed", text, "A message has passed since.", row.element_id)
        return None

    def _uncontrolled(self, way: Way) -> Reason | None:
        """An operation that could be reached from there without its controls."""
        spot = way.spot
        voids = [each.node.id for each in way.undone]
        left = without(self._stands, spot.node.id, voids)
        found = missing_from(
            self._field.net,
            self._names,
            _BOUNDS,
            at=Move(spot=spot, act="enter", takes=0, puts=way.after),
            done=tuple(Entry(done.element_id, done.row.control or "") for done in left),
            known=self._known(way),
        )
        if not found:
            return None
        text = f"退回到该环节后，{found[0].message}"
        return reason(
            "controls_lost", text, "An operation could be reached without its controls.", spot.node.id
        )

    def _known(self, way: Way) -> dict[int, Facts]:
        """What the data of every token say of the fields that decide controls."""
        deciding = [deciding_fact(rule.passed_when) for rule in self._names.control_rules.values()]
        asked = {fact for fact in deciding if fact is not None}
        known, sent = {}, data_after(self._where, way, self._sender)
        for bit in bits(way.after):
            held = self._where.tasks.get(1 << bit) if way.after & self._where.marking & 1 << bit else None
            data = sent if held is None else tokens.data_of(held[-1])
            known[bit] = frozenset(
                Fact(fact.field, fact.value, (data.get(fact.field) == fact.value) == fact.holds)
                for fact in asked
            )
        return known

    def _retreat(self, way: Way) -> Retreat:
        return Retreat(
            way=way,
            where=self._where,
            net=self._field.net,
            voids=tuple(sorted({spot.node.id for spot in way.undone if spot.node.kind in PEOPLE_TASKS})),
            resume=self._may_resume(way),
        )

    def _may_resume(self, way: Way) -> bool:
        """Whether the case may come straight back: nothing else goes, no control and no payment lies between."""
        sender = self._sender
        if sender is None or is_round(sender) or rounds(way.spot.node):
            return False
        own = str(sender.task_spec.bpmn_id)
        ground = self._field.net.grounds[way.spot.scope]
        if self._elements[own].send_back != "resume" or own not in ground.at:
            return False
        alone = way.withdrawn & ~(ground.at[own] | ground.arming[own]) == 0 and not way.restored
        return alone and not guarded(way.between - {way.spot}, self._names)

    def _named(self, places: Marking) -> str:
        holders = (self._field.net.holders[bit] for bit in bits(places))
        return "、".join(dict.fromkeys(_name(spot) for spot in holders))


def data_after(where: Whereabouts, way: Way, sender: Task | None) -> dict[str, Any]:
    """What the step sees: all that the tokens that go have known, the sender's last."""
    going = [task for bit in bits(way.withdrawn) for task in where.tasks[1 << bit]]
    data: dict[str, Any] = {}
    for task in sorted(going, key=lambda task: task.last_state_change):
        data.update(deepcopy(tokens.data_of(task)))
    return data if sender is None else {**data, **deepcopy(_without_entry(sender))}


def _without_entry(task: Task) -> dict[str, Any]:
    """The data of a task, without the entry of the round that it is."""
    entry = getattr(task.parent.task_spec, "input_item", None) if is_round(task) else None
    return {name: value for name, value in task.data.items() if entry is None or name != entry.bpmn_id}


def guarded(spots: Iterable[Spot], names: Names) -> bool:
    """Whether a control is carried out, or used, at one of them."""
    return any(spot.element.control or spot.element.topic in names.needs for spot in spots)


def field_of(version: Published, names: Names) -> Field:
    """Where the version's cases are played; worked out once."""
    field = _fields.get(version.blueprint.spec)
    if field is None:
        try:
            drawing, resolve = draw(definitions_of(read_xml(version.diagram))), resolver_of(version.called)
            net = nets_of(drawing, names, resolve)[version.process_id]
        except TooLargeError:
            # not even drawn in: nobody goes back there
            net, reach = Net(process_id=version.process_id), Reachable(whole=False)
        else:
            reach = reachable(net, _BOUNDS)
        field = _fields[version.blueprint.spec] = Field(net=net, reach=reach)
    return field


def reason(code: str, text: str, english: str, fact: str = "") -> Reason:
    """Why somebody may not."""
    return Reason(code=code, text=text, text_en=english, fact=fact)


def _name(spot: Spot) -> str:
    return spot.node.name or spot.node.id
