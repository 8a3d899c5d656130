"""What differs between two files of a diagram, by meaning: told in words, and marked on the picture.

Elements are paired by their id. Layout, order of attributes, white space and namespace prefixes mean
nothing; a shape that was only pushed about is *moved*. One thing that looks like layout does count: a gateway
asks its conditions from the topmost target down. Pure; called by the studio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from engine.workflow.drawing import Drawing, DrawnNode, Flow, Scope, draw
from engine.workflow.facts import elements_of, properties_of, timer_text
from engine.workflow.reader import definitions_of, read_xml
from engine.workflow.vocabulary import KIND_NAMES, Element, MultiInstance, Names, local_name, tag

Mark = Literal["added", "removed", "changed", "relabelled", "moved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A step, event, gateway, flow, lane or process that only one of the files has."""

    id: str
    #: in Chinese, e.g. ``人工任务``
    kind: str
    #: its label; empty for none
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact of an element that differs."""

    #: id of the element
    element: str
    #: its label in the newer file; its id where it has none
    name: str
    #: the fact, in Chinese, e.g. ``表单``
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All differences; empty everywhere for files that mean the same and look the same."""

    added: tuple[Part, ...]
    removed: tuple[Part, ...]
    changed: tuple[Change, ...]
    #: ids of elements whose place on the picture is all that differs
    moved: tuple[str, ...]
    #: labels and explanations, which no case depends on
    relabelled: tuple[Change, ...]

    @property
    def same(self) -> bool:
        """Whether nothing differs, not even the picture."""
        return not (self.added or self.removed or self.changed or self.moved or self.relabelled)

    @property
    def marks(self) -> Mapping[str, Mark]:
        """How to mark each element on the picture, by id; the weightiest where several would fit."""
        found: dict[str, Mark] = dict.fromkeys(self.moved, "moved")
        found |= {change.element: "relabelled" for change in self.relabelled}
        found |= {change.element: "changed" for change in self.changed}
        found |= {part.id: "added" for part in self.added}
        return found | {part.id: "removed" for part in self.removed}


def compare(old: bytes, new: bytes) -> Comparison:
    """What differs from the old file to the new; ReadError for a file that is not BPMN 2.0."""
    before, after = _File(old), _File(new)
    changes = [
        Change(element=own, name=after.parts[own].name or own, what=what, before=was, after=now)
        for own in after.facts
        if own in before.facts
        for what, was, now in differing(before.facts[own], after.facts[own])
    ]
    changes += _reordered(before, after)
    gone = [part for own, part in before.parts.items() if own not in after.parts]
    fresh = [part for own, part in after.parts.items() if own not in before.parts]
    told = {change.element for change in changes} | {part.id for part in (*gone, *fresh)}
    return Comparison(
        added=tuple(fresh),
        removed=tuple(gone),
        changed=tuple(change for change in changes if change.what not in _LABELS),
        relabelled=tuple(change for change in changes if change.what in _LABELS),
        moved=tuple(
            own
            for own, place in after.places.items()
            if own not in told and own in before.places and before.places[own] != place
        ),
    )


#: facts that tell people something and the engine nothing
_LABELS = frozenset({"名称", "说明", "英文名称"})

_YES_NO = {True: "是", False: "否"}
_EVENT_NAMES = {
    "message": "消息", "timer": "定时", "signal": "信号", "error": "错误", "escalation": "升级",
    "terminate": "终止", "conditional": "条件", "link": "链接", "cancel": "取消", "compensate": "补偿",
}  # fmt: skip


def _round_text(rounds: MultiInstance | None) -> str:
    if rounds is None:
        return ""
    how = "逐个" if rounds.sequential else "同时"
    over = f"按“{rounds.collection}”" if rounds.collection else f"{rounds.cardinality}次"
    entry = f"，每项为“{rounds.entry}”" if rounds.entry else ""
    return f"{how}，{over}{entry}" + (f"，直到 {rounds.until}" if rounds.until else "")


def _pairs_text(pairs: Mapping[str, str]) -> str:
    return "；".join(f"{name}={value}" for name, value in sorted(pairs.items()))


#: each fact of an element: its name for people, and its text
_FACTS: tuple[tuple[str, Callable[[Element], str]], ...] = (
    ("名称", lambda e: e.name),
    ("类型", lambda e: KIND_NAMES.get(e.kind, e.kind)),
    ("所在流程", lambda e: e.scope),
    ("泳道（岗位）", lambda e: e.lane),
    ("指定岗位", lambda e: e.duty or ""),
    ("表单", lambda e: e.form),
    ("办理期限", lambda e: e.due),
    ("控制环节", lambda e: e.control),
    ("须由不同的人办理", lambda e: "、".join(e.different_person_from)),
    ("调用的操作", lambda e: e.topic),
    ("操作参数", lambda e: _pairs_text(e.parameters)),
    ("决策表", lambda e: e.decision),
    ("结果变量", lambda e: e.result_variable),
    ("结果形式", lambda e: e.map_result),
    ("事件", lambda e: _EVENT_NAMES.get(e.event, e.event)),
    ("消息或信号", lambda e: e.message),
    ("对应编号", lambda e: e.correlate),
    ("随带数据", lambda e: "、".join(e.carries)),
    ("提供的数据", lambda e: "、".join(e.provides)),
    ("附着于", lambda e: e.attached_to),
    ("终止所附任务", lambda e: _YES_NO[e.interrupting] if e.attached_to else ""),
    ("多实例", lambda e: _round_text(e.multi_instance)),
    ("调用的流程", lambda e: e.called),
    ("说明", lambda e: e.documentation),
    ("英文名称", lambda e: e.properties.get("english", "")),
)
#: properties that are facts above
_TOLD = frozenset({"english", "control", "different_person_from", "correlate", "carries", "provides"})


class _File:
    """One file: its parts, the facts of each, and where each stands on the picture."""

    def __init__(self, data: bytes) -> None:
        self.drawing: Drawing = draw(definitions_of(read_xml(data)))
        self.parts: dict[str, Part] = {}
        self.facts: dict[str, dict[str, str]] = {}
        self.places = dict(_places(self.drawing.root))
        for process in self.drawing.processes:
            self._add_process(process)
        for lane in self.drawing.root.iter(tag("lane")):
            self._add(_part(str(lane.get("id") or ""), "泳道", _flat(lane.get("name"))))
        for pool in self.drawing.root.iter(tag("participant")):
            self._add(
                _part(str(pool.get("id") or ""), "泳池", _flat(pool.get("name"))),
                {"所含流程": str(pool.get("processRef") or "").split(":")[-1]},
            )

    def _add_process(self, process: Scope) -> None:
        executable = process.xml.get("isExecutable") != "false"
        self._add(
            _part(process.id, KIND_NAMES["process"], process.name),
            {
                "可执行": _YES_NO[executable],
                "说明": _flat(process.xml.findtext(tag("documentation"))),
                **{f"属性 {name}": _flat(value) for name, value in properties_of(process.xml).items()},
            },
        )
        elements = elements_of(self.drawing, process.id, Names.any())
        for node in self.drawing.nodes(process.id):
            element = elements[node.id]
            self._add(_part(node.id, KIND_NAMES.get(node.kind, node.kind), node.name), _facts(element, node))
        for scope in self.drawing.within(process.id):
            for flow in scope.flows:
                self._add(_part(flow.id, KIND_NAMES["sequenceFlow"], flow.name), _flow_facts(flow))

    def _add(self, part: Part, facts: Mapping[str, str] | None = None) -> None:
        if part.id:
            self.parts[part.id] = part
            self.facts[part.id] = {"名称": part.name, **(facts or {})}

    def asked(self, gateway: DrawnNode) -> list[str]:
        """The flows of a gateway in the order in which their conditions are asked."""
        flows = [flow for flow in gateway.outgoing if flow.id != gateway.xml.get("default")]
        return [flow.id for flow in sorted(flows, key=lambda flow: self._height(flow.target))]

    def gateways(self) -> Iterator[DrawnNode]:
        """The gateways that take the first flow whose condition holds."""
        for process in self.drawing.processes:
            for node in self.drawing.nodes(process.id):
                if node.kind == "exclusiveGateway":
                    yield node

    def _height(self, own: str) -> float:
        place = self.places.get(own, ())
        return place[1] if len(place) > 1 else 0.0


def _part(own: str, kind: str, name: str) -> Part:
    return Part(id=own, kind=kind, name=name)


def _facts(element: Element, node: DrawnNode) -> dict[str, str]:
    found = {what: _flat(tell(element)) for what, tell in _FACTS}
    timers = [timer_text(part) for part in node.definitions if local_name(part) == "timerEventDefinition"]
    found["时间"] = "；".join(f"{_TIMER_NAMES.get(kind, kind)} {_flat(text)}" for kind, text in timers)
    found["默认去向"] = str(node.xml.get("default") or "")
    found["脚本"] = (node.xml.findtext(tag("script")) or "").strip()
    loop = node.xml.find(tag("standardLoopCharacteristics"))
    if loop is not None:
        condition = _flat(loop.findtext(tag("loopCondition")))
        found["循环"] = f"{condition}，最多{loop.get('loopMaximum') or '不限'}次"
    for name, value in element.properties.items():
        if name not in _TOLD:
            found[f"属性 {name}"] = _flat(value)
    return found


_TIMER_NAMES = {"timeDate": "到", "timeDuration": "经过", "timeCycle": "每隔"}


def _flow_facts(flow: Flow) -> dict[str, str]:
    return {
        "起点": flow.source,
        "终点": flow.target,
        "条件": _flat(flow.condition),
        "条件语言": flow.language,
    }


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Each fact that differs, with both texts; ``无`` for an empty one."""
    for what in dict.fromkeys((*before, *after)):
        was, now = before.get(what, ""), after.get(what, "")
        if was != now:
            yield what, was or "无", now or "无"


def _reordered(before: _File, after: _File) -> list[Change]:
    """Gateways that ask the conditions which both files have in another order."""
    old = {gateway.id: before.asked(gateway) for gateway in before.gateways()}
    changes = []
    for gateway in after.gateways():
        now = after.asked(gateway)
        shared = set(now) & set(old.get(gateway.id, ()))
        was, now = ([flow for flow in flows if flow in shared] for flows in (old.get(gateway.id, []), now))
        if was != now:
            changes.append(
                Change(
                    element=gateway.id,
                    name=gateway.name or gateway.id,
                    what="条件判断顺序",
                    before=" → ".join(was),
                    after=" → ".join(now),
                )
            )
    return changes


def _places(root: etree._Element) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Bounds of each shape and way points of each edge, by the element that they stand for."""
    for node in root.iter():
        own = str(node.get("bpmnElement") or "") if isinstance(node.tag, str) else ""
        local = etree.QName(node).localname if own else ""
        if local in ("BPMNShape", "BPMNEdge"):
            wanted = ("x", "y", "width", "height") if local == "BPMNShape" else ("x", "y")
            points = [child for child in node if isinstance(child.tag, str) and child.get("x") is not None]
            yield own, tuple(_number(point.get(name)) for point in points for name in wanted)


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())
