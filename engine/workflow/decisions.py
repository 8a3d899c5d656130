"""Decision tables in DMN 1.1 to 1.5: read once, decided over case data.

The unary tests are a subset of S-FEEL; a cell's expressions are those of ``expressions``. Whatever else DMN
knows (requirements between decisions, boxed expressions, the other hit policies) is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from engine.workflow.expressions import Expression, ExpressionError, compile_expression
from engine.workflow.signs import strange_letter
from engine.workflow.unary_tests import DATE, Test, compile_tests
from engine.workflow.xml_file import ReadError, read_xml

#: namespaces of DMN's versions that write decision tables alike
NAMESPACES = (
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
)
HIT_POLICIES = ("UNIQUE", "FIRST", "ANY", "COLLECT")
AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")
#: of one table, and signs in the cells of one file
MAX_COLUMNS, MAX_RULES, MAX_SIGNS = 60, 2_000, 100_000
_UNSUPPORTED = frozenset(
    {"literalExpression", "invocation", "context", "relation", "functionDefinition", "list", "conditional"}
    | {"informationRequirement", "knowledgeRequirement", "businessKnowledgeModel", "decisionService"}
)

Functions = Mapping[str, Callable[..., Any]]


class DecisionError(Exception):
    """A decision cannot be read or made; the message names table, row and column."""

    retryable = False

    def __init__(self, message: str, *, element: str = "", line: int = 1) -> None:
        self.message = message
        self.element = element
        self.line = line
        where = f"决策“{element}”" if element else "决策"
        super().__init__(f"{where}（第{line}行）：{message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A column that is tested."""

    label: str
    expression: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A column that is answered."""

    name: str
    label: str
    #: the answer where no row matches; None for no default
    default: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row."""

    #: from 1, as people count
    number: int
    id: str
    line: int
    tests: tuple[Test, ...]
    answers: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision table."""

    id: str
    name: str
    line: int
    hit_policy: str
    #: SUM, MIN, MAX or COUNT; empty to collect the answers themselves
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]

    @property
    def needs(self) -> frozenset[str]:
        """Names of case data that the inputs read."""
        return frozenset[str]().union(*(column.expression.names for column in self.inputs))

    @property
    def provides(self) -> frozenset[str]:
        """Names of case data that it sets."""
        return frozenset(column.name for column in self.outputs)

    def decide(self, data: Mapping[str, object], functions: Functions | None = None) -> dict[str, object]:
        """The answers by output name; a list of each for COLLECT, or its sum, least, greatest or number.

        Raises DecisionError where no row matches and no default is given, where UNIQUE or ANY is broken,
        or where a cell cannot be worked out.
        """
        known = {**(functions or {}), **DATE}
        values = [
            self._value(column.expression, data, known, f"输入“{column.label}”") for column in self.inputs
        ]
        hits = [rule for rule in self.rules if self._matches(rule, values, data, known)]
        if self.hit_policy == "COLLECT":
            return self._collected([self._answers(rule, data, known) for rule in hits])
        if not hits:
            return self._default(values, data, known)
        if self.hit_policy == "UNIQUE" and len(hits) > 1:
            raise self._error(f"第{_numbers(hits)}行同时符合，而命中策略是 UNIQUE", hits[1].line)
        first = self._answers(hits[0], data, known)
        if self.hit_policy == "ANY" and any(self._answers(rule, data, known) != first for rule in hits[1:]):
            raise self._error(f"第{_numbers(hits)}行同时符合而答案不同，命中策略是 ANY", hits[1].line)
        return first

    def _matches(
        self, rule: Rule, values: list[object], data: Mapping[str, object], known: Functions
    ) -> bool:
        try:
            return all(test.holds(value, data, known) for test, value in zip(rule.tests, values, strict=True))
        except ExpressionError as wrong:
            raise self._error(f"第{rule.number}行的条件算不出来：{wrong.message}", rule.line) from wrong

    def _answers(self, rule: Rule, data: Mapping[str, object], known: Functions) -> dict[str, object]:
        return {
            column.name: self._value(answer, data, known, f"第{rule.number}行的“{column.label}”")
            for column, answer in zip(self.outputs, rule.answers, strict=True)
        }

    def _collected(self, answers: list[dict[str, object]]) -> dict[str, object]:
        columns = {column.name: [answer[column.name] for answer in answers] for column in self.outputs}
        if not self.aggregation:
            return dict(columns)
        (name, values), *_ = columns.items()
        if self.aggregation == "COUNT":
            return {name: len(values)}
        if not values:
            return {name: 0 if self.aggregation == "SUM" else None}
        try:
            return {
                name: compile_expression(f"{self.aggregation.lower()}(answers)").evaluate({"answers": values})
            }
        except ExpressionError as wrong:
            raise self._error(f"“{name}”不能做 {self.aggregation}：{wrong.message}", self.line) from wrong

    def _default(
        self, values: list[object], data: Mapping[str, object], known: Functions
    ) -> dict[str, object]:
        if any(column.default is None for column in self.outputs):
            found = "，".join(
                f"{column.label}={value!r}" for column, value in zip(self.inputs, values, strict=True)
            )
            raise self._error(f"没有一行符合（{found}），也没有默认答案", self.line)
        return {
            column.name: self._value(column.default, data, known, f"“{column.label}”的默认答案")
            for column in self.outputs
            if column.default is not None
        }

    def _value(
        self, expression: Expression, data: Mapping[str, object], known: Functions, what: str
    ) -> object:
        try:
            return expression.evaluate(data, known)
        except ExpressionError as wrong:
            raise self._error(f"{what}算不出来：{wrong.message}", self.line) from wrong

    def _error(self, message: str, line: int) -> DecisionError:
        return DecisionError(message, element=self.id, line=line)


def read_decisions(data: bytes) -> dict[str, Decision]:
    """The decisions of the file, by id. Raises DecisionError, or ReadError where it is not sound XML."""
    found = _read(data)
    if isinstance(found, Exception):
        raise found.with_traceback(None)
    return dict(found)


@lru_cache(maxsize=16)
def _read(data: bytes) -> Mapping[str, Decision] | DecisionError | ReadError:
    """One check of a library asks for the same few files again and again, faulty ones too."""
    try:
        return _decisions(read_xml(data).root)
    except (DecisionError, ReadError) as wrong:
        return wrong


def _decisions(root: etree._Element) -> dict[str, Decision]:
    namespace, local = _split(root)
    if local != "definitions" or namespace not in NAMESPACES:
        raise DecisionError("不是 DMN 文件：最外层要是 DMN 1.1 到 1.5 的 definitions", line=_line(root))
    _refuse_long(root)
    found: dict[str, Decision] = {}
    for node in root:
        if _split(node)[1] in _UNSUPPORTED:
            raise DecisionError(
                f"不支持 {_split(node)[1]}", element=str(node.get("id") or ""), line=_line(node)
            )
        if _split(node) == (namespace, "decision"):
            decision = _decision(node)
            if decision.id in found:
                raise DecisionError("编号重复", element=decision.id, line=_line(node))
            found[decision.id] = decision
    if not found:
        raise DecisionError("文件里没有决策表", line=_line(root))
    return found


def _refuse_long(root: etree._Element) -> None:
    signs = 0
    for node in root.iter():
        if _split(node)[1] in ("inputExpression", "inputEntry", "outputEntry", "defaultOutputEntry"):
            signs += len(_text(node))
            if signs > MAX_SIGNS:
                raise DecisionError(f"单元格合计超过{MAX_SIGNS}字，请拆成几个文件", line=_line(node))


def _decision(node: etree._Element) -> Decision:
    own = str(node.get("id") or "")
    for child in node.iter():
        if _split(child)[1] in _UNSUPPORTED:
            raise DecisionError(f"不支持 {_split(child)[1]}，只支持决策表", element=own, line=_line(child))
    table = next(iter(_children(node, "decisionTable")), None)
    if table is None or not own:
        raise DecisionError("缺少编号或决策表", element=own, line=_line(node))
    policy = str(table.get("hitPolicy") or "UNIQUE").upper()
    aggregation = str(table.get("aggregation") or "").upper()
    outputs = tuple(_output(own, column) for column in _children(table, "output"))
    _check_policy(own, table, policy, aggregation, len(outputs))
    inputs = tuple(_input(own, column) for column in _children(table, "input"))
    _check_size(own, table, len(inputs) + len(outputs))
    rows = enumerate(_children(table, "rule"), start=1)
    rules = tuple(_rule(own, row, number, len(inputs), len(outputs)) for number, row in rows)
    return Decision(
        id=own,
        name=str(node.get("name") or own),
        line=_line(node),
        hit_policy=policy,
        aggregation=aggregation,
        inputs=inputs,
        outputs=outputs,
        rules=rules,
    )


def _check_policy(own: str, table: etree._Element, policy: str, aggregation: str, outputs: int) -> None:
    if policy not in HIT_POLICIES:
        raise DecisionError(
            f"不支持命中策略 {policy}，可用：{'、'.join(HIT_POLICIES)}", element=own, line=_line(table)
        )
    if aggregation and (policy != "COLLECT" or aggregation not in AGGREGATIONS or outputs != 1):
        reason = f"汇总 {aggregation} 只能用于 COLLECT 且只有一个输出，可用：{'、'.join(AGGREGATIONS)}"
        raise DecisionError(reason, element=own, line=_line(table))
    if not outputs:
        raise DecisionError("决策表没有输出列", element=own, line=_line(table))


def _check_size(own: str, table: etree._Element, columns: int) -> None:
    rules = _children(table, "rule")
    if columns > MAX_COLUMNS or len(rules) > MAX_RULES:
        line = _line(rules[MAX_RULES]) if len(rules) > MAX_RULES else _line(table)
        raise DecisionError(f"决策表过大（最多{MAX_COLUMNS}列、{MAX_RULES}行）", element=own, line=line)


def _input(own: str, column: etree._Element) -> Input:
    expression = next(iter(_children(column, "inputExpression")), None)
    text = "" if expression is None else _text(expression)
    label = str(column.get("label") or text or column.get("id") or "")
    return Input(label=label, expression=_compiled(own, column, text, f"输入“{label}”"))


def _output(own: str, column: etree._Element) -> Output:
    name = str(column.get("name") or "").strip()
    if not name.isidentifier() or name.startswith("_"):
        raise DecisionError(f"输出列的名称“{name}”不能作数据项名称", element=own, line=_line(column))
    if strange := strange_letter(name):
        raise DecisionError(
            f"输出列的名称“{name}”里的 {strange} 不是英文字母或汉字，只是形似",
            element=own,
            line=_line(column),
        )
    label = str(column.get("label") or name)
    default = next(iter(_children(column, "defaultOutputEntry")), None)
    compiled = None if default is None else _compiled(own, column, _text(default), f"“{label}”的默认答案")
    return Output(name=name, label=label, default=compiled)


def _rule(own: str, row: etree._Element, number: int, inputs: int, outputs: int) -> Rule:
    tested, answered = _children(row, "inputEntry"), _children(row, "outputEntry")
    if len(tested) != inputs or len(answered) != outputs:
        raise DecisionError(f"第{number}行的格数与列数不符", element=own, line=_line(row))
    tests = []
    for entry in tested:
        try:
            tests.append(compile_tests(_text(entry)))
        except ExpressionError as wrong:
            message = f"第{number}行的条件“{_text(entry)}”：{wrong.message}"
            raise DecisionError(message, element=own, line=_line(entry)) from wrong
    answers = tuple(
        _compiled(own, entry, _text(entry) or "null", f"第{number}行的答案") for entry in answered
    )
    return Rule(
        number=number, id=str(row.get("id") or ""), line=_line(row), tests=tuple(tests), answers=answers
    )


def _compiled(own: str, node: etree._Element, text: str, what: str) -> Expression:
    try:
        return compile_expression(text)
    except ExpressionError as wrong:
        raise DecisionError(f"{what}“{text}”：{wrong.message}", element=own, line=_line(node)) from wrong


def _numbers(rules: list[Rule]) -> str:
    return "、".join(str(rule.number) for rule in rules)


def _children(node: etree._Element, local: str) -> list[etree._Element]:
    return [child for child in node if _split(child)[1] == local]


def _text(node: etree._Element) -> str:
    return "".join(str(part) for part in node.itertext()).strip()


def _split(node: etree._Element) -> tuple[str, str]:
    name: Any = node.tag
    namespace, _, local = (
        str(name).removeprefix("{").rpartition("}") if isinstance(name, str) else ("", "", "")
    )
    return namespace, local


def _line(node: etree._Element) -> int:
    line: Any = node.sourceline
    return int(line or 1)
