"""Rules about expressions: all of them compile, and read only data that something provides.

Compiled with the very function that runs them, so that an analyst sees at the desk what the case would meet.
Called by ``checks`` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

from engine.workflow.drawing import Drawing, DrawnNode, Flow, draw
from engine.workflow.expressions import (
    BUILT_IN,
    Expression,
    ExpressionError,
    Script,
    compile_expression,
    compile_script,
)
from engine.workflow.facts import bare, elements_of, multi_instance_of
from engine.workflow.problems import Findings
from engine.workflow.reader import definitions_of, read_xml
from engine.workflow.script import TimerError, cycle_of, due_instant, timer_expression
from engine.workflow.vocabulary import (
    PEOPLE_TASKS,
    ROUND_COUNTS,
    VOTES,
    Element,
    Names,
    line_of,
    local_name,
    tag,
)

_SCRIPT_LANGUAGES = re.compile(r"groovy|javascript|ecmascript|python|ruby|java\b|xpath", re.IGNORECASE)
_LIMIT = re.compile(r"""\blimit\(\s*["']([^"']*)["']""")
#: a duration of whole days or weeks
_CALENDAR_DAYS = re.compile(r"P\d+[DW]")
#: what a script that reads nothing may take to be worked out
_STEPS_OF_CONSTANTS = 500
_ANY_INSTANT = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Written:
    """A text in a diagram that is an expression, a script or a timer."""

    where: DrawnNode | Flow
    what: str
    text: str
    #: value, condition, vote, timer or script
    kind: str
    line: int


def judge_expressions(
    drawing: Drawing, process_id: str, elements: Mapping[str, Element], names: Names, findings: Findings
) -> None:
    """Judge every expression of a process."""
    for flow in (flow for scope in drawing.within(process_id) for flow in scope.flows):
        if flow.condition and _SCRIPT_LANGUAGES.search(flow.language):
            findings.error(
                "foreign_script",
                flow,
                f"不能运行 {flow.language} 写的条件；请写成 ${{…}} 表达式，去掉 language",
            )
    provided = _provided(drawing, process_id, elements, names)
    for written in _written(drawing, process_id, elements):
        more = {VOTES} if written.kind == "vote" else set()
        compiled = _compiled(written, None if names.open else names.functions | more, findings)
        if compiled is None or names.open:
            continue
        _limits(written, compiled, names, findings)
        for name in sorted(compiled.names - provided - _local(drawing, written)):
            message = f"{written.what}用到的数据项“{name}”，没有表单、操作、决策或开始数据提供它"
            findings.warning("unknown_data", written.where, message, line=written.line)
    _names_of_messages(elements, findings)
    if not names.open:
        _needs(drawing, process_id, elements, names, provided, findings)


def _limits(written: _Written, compiled: Expression | Script, names: Names, findings: Findings) -> None:
    """A time limit that nobody knows, and one that the working calendar does not count."""
    if names.limits is None:
        return
    for name in _LIMIT.findall(written.text) if "limit" in compiled.calls else ():
        if name not in names.limits:
            meant = get_close_matches(name, names.limits, n=1, cutoff=0.6)
            hint = f"，是不是“{meant[0]}”？" if meant else ""
            message = f"{written.what}：政策里没有时限“{name}”（time-limits.yaml）{hint}"
            findings.error("unknown_limit", written.where, message, line=written.line)
    if written.kind == "timer" and _CALENDAR_DAYS.fullmatch(timer_expression(written.text).strip("\"' ")):
        where = written.where
        if isinstance(where, DrawnNode) and (where.kind in PEOPLE_TASKS or where.attached_to):
            message = (
                f"{written.what}“{written.text}”按日历日算，节假日也算在内；法定时限多按工作日，"
                '请写 ${after_workdays(天数)} 或 ${limit("时限名")}'
            )
            findings.warning("calendar_days", where, message, line=written.line)


def _compiled(
    written: _Written, functions: frozenset[str] | None, findings: Findings
) -> Expression | Script | None:
    try:
        if written.kind == "script":
            script = compile_script(written.text, functions)
            for assignment in script.assignments:
                _constant(assignment.expression)
            if not script.names and not script.calls - BUILT_IN.keys():
                # what reads nothing and doubles line by line would only be stopped when a case comes there
                script.execute({}, steps=_STEPS_OF_CONSTANTS)
            return script
        source = timer_expression(written.text) if written.kind == "timer" else written.text
        expression = compile_expression(source, functions)
        if written.kind == "timer":
            _literal_time(expression)
        _constant(expression)
    except ExpressionError as wrong:
        line = written.line + wrong.line - 1
        message = f"{written.what}第{wrong.line}行第{wrong.column}列：{wrong.message}"
        findings.error("bad_expression", written.where, message, line=line)
        return None
    except TimerError as wrong:
        findings.error("bad_time", written.where, f"{written.what}：{wrong}", line=written.line)
        return None
    return expression


def _constant(expression: Expression) -> None:
    """Refuse, by working it out, what reads nothing and yet has no value."""
    if not expression.names and not expression.calls - BUILT_IN.keys():
        expression.evaluate({})


def _literal_time(expression: Expression) -> None:
    """Refuse a written time that is none; one that must be worked out is left to the case."""
    if expression.names or expression.calls:
        return
    value = expression.evaluate({})
    if isinstance(value, str) and value.startswith("R"):
        cycle_of(value, _ANY_INSTANT)
    else:
        due_instant(value, _ANY_INSTANT)


def _written(drawing: Drawing, process_id: str, elements: Mapping[str, Element]) -> Iterator[_Written]:
    for scope in drawing.within(process_id):
        for flow in scope.flows:
            if flow.condition and not _SCRIPT_LANGUAGES.search(flow.language):
                yield _Written(flow, "条件", flow.condition, "condition", flow.line)
        for node in scope.nodes.values():
            yield from _of_element(node, elements[node.id])
            yield from _of_rounds(node)


def _of_element(node: DrawnNode, element: Element) -> Iterator[_Written]:
    if element.due:
        yield _Written(node, "办理期限（dueDate）", element.due, "timer", node.line)
    if element.correlate:
        yield _Written(node, "配对依据（correlate）", element.correlate, "value", node.line)
    for name, text in element.parameters.items():
        if text[:2] in ("${", "#{"):
            yield _Written(node, f"输入参数“{name}”", text, "value", node.line)
    if element.timer:
        yield _Written(node, "时间", element.timer, "timer", node.line)
    script = node.xml.find(tag("script"))
    if element.kind == "scriptTask" and script is not None and (script.text or "").strip():
        text, line = str(script.text), line_of(script)
        if element.result_variable:
            text = f"{element.result_variable} = {bare(text)}"
        yield _Written(node, "脚本", text, "script", line)


def _of_rounds(node: DrawnNode) -> Iterator[_Written]:
    several = multi_instance_of(node.xml)
    if several is not None:
        for what, text, kind in (
            ("多实例的列表", several.collection, "value"),
            ("多实例的次数", several.cardinality, "value"),
            ("多实例的完成条件", several.until, "vote"),
        ):
            if text:
                yield _Written(node, what, text, kind, node.line)
    for loop in (child for child in node.xml if local_name(child) == "standardLoopCharacteristics"):
        condition = loop.find(tag("loopCondition"))
        if condition is not None and (condition.text or "").strip():
            yield _Written(node, "循环条件", str(condition.text), "value", node.line)


def given_by(data: bytes, process_id: str, names: Names) -> frozenset[str]:
    """Every name of case data that anything in that process of the file can set. Raises ReadError."""
    drawing = draw(definitions_of(read_xml(data)))
    return _provided(drawing, process_id, elements_of(drawing, process_id, names), names)


def _provided(
    drawing: Drawing, process_id: str, elements: Mapping[str, Element], names: Names
) -> frozenset[str]:
    """Every name of case data that anything in the process, or in the processes that it calls, can set."""
    found: set[str] = set(names.always) | names.starts.get(process_id, frozenset())
    carried = _carried(drawing)
    for node in drawing.nodes(process_id):
        element = elements[node.id]
        found |= names.forms.get(element.form, frozenset())
        found |= {*element.provides, *filter(None, [element.vote])}
        if element.topic in names.operations:
            found |= names.operations[element.topic].provides
        if element.decision:
            found |= (
                {element.result_variable}
                if element.result_variable
                else names.decisions.get(element.decision, set())
            )
        if element.message:
            found |= carried.get(element.message, set())
        found |= _set_by_script(node, element)
        if element.called in drawing.scopes and element.called != process_id:
            found |= names.starts.get(element.called, frozenset())
        found |= names.gives.get(element.called, frozenset())
    return frozenset(found)


def _carried(drawing: Drawing) -> dict[str, set[str]]:
    """Message → names that its senders in this file put into it."""
    found: dict[str, set[str]] = {}
    for process in drawing.processes:
        for element in elements_of(drawing, process.id, Names()).values():
            if element.event == "message" and element.carries:
                found.setdefault(element.message, set()).update(element.carries)
    return found


def _set_by_script(node: DrawnNode, element: Element) -> frozenset[str]:
    script = node.xml.find(tag("script"))
    if element.kind != "scriptTask" or script is None:
        return frozenset()
    if element.result_variable:
        return frozenset({element.result_variable})
    try:
        return compile_script(str(script.text or "")).provides
    except ExpressionError:
        return frozenset()


def _local(drawing: Drawing, written: _Written) -> frozenset[str]:
    """Entries of the rounds that the text stands in."""
    found = {"loopCounter"} | (ROUND_COUNTS if written.kind == "vote" else set())
    scope = drawing.scopes[written.where.scope]
    node: DrawnNode | None = written.where if isinstance(written.where, DrawnNode) else None
    while True:
        several = multi_instance_of(node.xml) if node is not None else None
        if several is not None and several.entry:
            found.add(several.entry)
        if not scope.parent:
            return frozenset(found)
        node = drawing.scopes[scope.parent].nodes.get(scope.id)
        scope = drawing.scopes[scope.parent]


def _names_of_messages(elements: Mapping[str, Element], findings: Findings) -> None:
    for element in elements.values():
        wrong = [
            name
            for name in (*element.carries, *element.provides)
            if not name.isidentifier() or name[0] == "_"
        ]
        if wrong:
            findings.error("bad_name", element, f"“{'、'.join(wrong)}”不能作数据项名称")
        several = element.multi_instance
        if several is None:
            continue
        if bool(several.collection) is bool(several.cardinality):
            findings.error(
                "rounds", element, "多实例要写明列表（collection）或次数（loopCardinality），二者取一"
            )
        for name in filter(None, (several.collection, several.entry)):
            if not name.isidentifier():
                findings.error("rounds", element, f"多实例的列表和每项名称要是数据项名称，“{name}”不是")


def _needs(
    drawing: Drawing,
    process_id: str,
    elements: Mapping[str, Element],
    names: Names,
    provided: frozenset[str],
    findings: Findings,
) -> None:
    """Warn of operations whose data nobody provides; only where it is known what a case starts with."""
    starts_known = process_id in names.starts or any(
        element.kind == "startEvent" and (element.provides or element.event == "message")
        for element in elements.values()
    )
    if not starts_known:
        return
    for node in drawing.nodes(process_id):
        element = elements[node.id]
        operation = names.operations.get(element.topic)
        missing = operation.needs - provided - set(element.parameters) if operation else frozenset()
        if missing:
            findings.warning(
                "missing_need",
                node,
                f"操作“{element.topic}”要用的数据项没有来源：{'、'.join(sorted(missing))}",
            )
