"""What a decision table leaves open, answers twice, or can never answer; each with an example.

Exact, not sampled: a cell only compares with constants, so each column falls into finitely many stretches (each
constant, what lies between, what lies beyond, any other text) on which no cell changes its mind. One value
stands for each stretch. Whole numbers are taken where all constants are whole. Tables with cells of another
kind, or too large to go through, get a warning that says so. Called by ``checks`` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations, pairwise

from engine.workflow.decisions import Decision, Rule
from engine.workflow.expressions import Expression, ExpressionError, compile_expression
from engine.workflow.problems import Findings
from engine.workflow.unary_tests import DATE, VALUE, Test

#: cells of a column, and of a table, that are tried with a value, and sets of rules that are told apart, before a table is given up
_MAX_TRIED = 60_000
_MAX_TRIED_IN_ALL = 150_000
_MAX_SETS = 5_000
#: rules in all those sets together, and stretches that are tried on them
_MAX_IN_SETS = 1_000_000
_MAX_STEPS = 100_000
#: problems of one kind that are listed
_SHOWN = 10
#: how ``unary_tests`` writes a comparison and an interval
_COMPARED = re.compile(rf"{VALUE} (?P<sign>[<>=!]+) \((?P<operand>.+)\)", re.DOTALL)
_BETWEEN = re.compile(rf"{VALUE} >=? \((?P<low>.+)\) and {VALUE} <=? \((?P<high>.+)\)", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class _GivenUp(Exception):
    """The table cannot be gone through; the message says why."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Values of a column that no cell tells apart, with one that stands for them."""

    value: object
    label: str
    #: beyond what the column names: below the least, above the greatest, any other text
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    """One tested expression; columns that test the same one are one."""

    label: str
    stretches: tuple[_Stretch, ...]
    #: for each stretch the rules whose cells hold, bit 0 for the first rule
    holding: tuple[int, ...]


@dataclass(slots=True)
class _Search:
    """Goes through the table column by column, keeping apart only the sets of rules still possible."""

    columns: Sequence[_Column]
    inner_only: bool
    #: set of rules that all hold → an example
    found: dict[int, tuple[_Stretch, ...]] = field(default_factory=dict)
    _seen: set[tuple[int, int]] = field(default_factory=set)

    def run(self, every: int) -> dict[int, tuple[_Stretch, ...]]:
        """Every set of rules that some combination of inputs makes hold at once, with that combination."""
        waiting: list[tuple[int, tuple[_Stretch, ...]]] = [(every, ())]
        steps = 0
        while waiting:
            alive, path = waiting.pop()
            if len(path) == len(self.columns):
                self.found.setdefault(alive, path)
                continue
            steps += len(self.columns[len(path)].stretches)
            for left, stretch in self._steps(self.columns[len(path)], alive):
                if (len(path), left) not in self._seen:
                    self._seen.add((len(path), left))
                    waiting.append((left, (*path, stretch)))
            sets = len(self._seen)
            if sets > _MAX_SETS or sets * every.bit_length() > _MAX_IN_SETS or steps > _MAX_STEPS:
                raise _GivenUp("条件组合太多")
        return self.found

    def _steps(self, column: _Column, alive: int) -> Iterator[tuple[int, _Stretch]]:
        for stretch, holding in zip(column.stretches, column.holding, strict=True):
            if not (self.inner_only and stretch.beyond):
                yield alive & holding, stretch


def judge_table(decision: Decision, findings: Findings) -> None:
    """Note gaps, overlaps, contradictions and rows that never apply, as the table's hit policy has it."""
    if not decision.rules:
        return
    try:
        columns = _columns(decision)
        every = (1 << len(decision.rules)) - 1
        inner = _Search(columns, inner_only=True).run(every)
        found = _Search(columns, inner_only=False).run(every)
    except _GivenUp as why:
        message = f"决策表“{decision.name}”没有逐一核对有无遗漏和重叠：{why}"
        findings.at("warning", "table_not_checked", decision.id, decision.line, message)
        return
    if decision.hit_policy != "COLLECT" and any(column.default is None for column in decision.outputs):
        _gaps(decision, columns, inner, found, findings)
    if decision.hit_policy in ("UNIQUE", "ANY"):
        _overlaps(decision, columns, found, findings)
    _never(decision, found, findings)


def _gaps(
    decision: Decision,
    columns: Sequence[_Column],
    inner: Mapping[int, tuple[_Stretch, ...]],
    found: Mapping[int, tuple[_Stretch, ...]],
    findings: Findings,
) -> None:
    """Inputs that no row covers: an error between named values, a warning beyond them."""
    if 0 in inner:
        message = (
            f"决策表“{decision.name}”有遗漏：{_told(columns, inner[0])} 时没有一行符合，请补一行或写默认答案"
        )
        findings.at("error", "table_gap", decision.id, decision.line, message)
    elif 0 in found:
        message = (
            f"决策表“{decision.name}”没有写明其余情形：{_told(columns, found[0])} 时没有一行符合，"
            "会使案件停下；请补一行或写默认答案"
        )
        findings.at("warning", "table_gap", decision.id, decision.line, message)


def _overlaps(
    decision: Decision,
    columns: Sequence[_Column],
    found: Mapping[int, tuple[_Stretch, ...]],
    findings: Findings,
) -> None:
    told: set[tuple[int, int]] = set()
    for together, example in found.items():
        for first, then in combinations(_differing(decision, together), 2):
            pair = (first.number, then.number)
            if len(told) >= _SHOWN:
                return
            if pair in told:
                continue
            told.add(pair)
            fault = "而命中策略是 UNIQUE" if decision.hit_policy == "UNIQUE" else "而答案不同，命中策略是 ANY"
            message = (
                f"决策表“{decision.name}”第{pair[0]}行和第{pair[1]}行在 {_told(columns, example)} 时"
                f"同时符合，{fault}"
            )
            findings.at("error", "table_overlap", decision.id, then.line, message)


def _never(decision: Decision, found: Mapping[int, tuple[_Stretch, ...]], findings: Findings) -> None:
    """Rows that no input reaches; under FIRST also those that an earlier row always takes."""
    answering = 0
    for together in found:
        answering |= together & -together if decision.hit_policy == "FIRST" else together
    for rule in decision.rules:
        if not answering & (1 << (rule.number - 1)):
            first = decision.hit_policy == "FIRST"
            why = "前面的行已经包括了它，或它的条件互相矛盾" if first else "它的条件互相矛盾"
            message = f"决策表“{decision.name}”第{rule.number}行永远用不上：{why}"
            findings.at("warning", "rule_never", rule.id or decision.id, rule.line, message)


def _columns(decision: Decision) -> list[_Column]:
    grouped: dict[str, list[int]] = {}
    for position, column in enumerate(decision.inputs):
        grouped.setdefault(column.expression.text, []).append(position)
    found, tried = [], 0
    for positions in grouped.values():
        label = decision.inputs[positions[0]].label
        cells = [[rule.tests[position] for position in positions] for rule in decision.rules]
        stretches = _stretches(label, [test for row in cells for test in row])
        tries = len(stretches) * len({test.text for row in cells for test in row})
        tried += tries
        if tries > _MAX_TRIED or tried > _MAX_TRIED_IN_ALL:
            raise _GivenUp(f"“{label}”一列的值太多")
        found.append(_Column(label, stretches, tuple(_holding(cells, each.value) for each in stretches)))
    return found


def _holding(cells: Sequence[Sequence[Test]], value: object) -> int:
    tried: dict[str, bool] = {}
    holding = 0
    for position, row in enumerate(cells):
        for test in row:
            if test.text not in tried:
                tried[test.text] = _holds(test, value)
        if all(tried[test.text] for test in row):
            holding |= 1 << position
    return holding


def _holds(test: Test, value: object) -> bool:
    try:
        return test.holds(value, {}, DATE)
    except ExpressionError as wrong:
        raise _GivenUp(f"条件“{test.text}”不能与 {value!r} 比较") from wrong


def _stretches(label: str, tests: Iterable[Test]) -> tuple[_Stretch, ...]:
    """The stretches of a column, those that it names first."""
    constants, ordered = _constants(tests)
    plain = [each for each in constants if each is not None]
    nothing = (_Stretch(None, "空"),) if len(plain) < len(constants) else ()
    if not plain:
        return (*nothing, _Stretch("", "任意值", beyond=True))
    if all(isinstance(each, bool) for each in plain):
        return (*nothing, _Stretch(True, "是"), _Stretch(False, "否"))
    numbers = [each for each in plain if isinstance(each, int | float) and not isinstance(each, bool)]
    if len(numbers) == len(plain):
        return (*nothing, *_numbers(numbers))
    texts = [each for each in plain if isinstance(each, str)]
    if len(texts) < len(plain):
        raise _GivenUp(f"“{label}”一列里混有不同类型的值")
    if all(_DAY.fullmatch(each) for each in texts):
        return (*nothing, *_days(texts))
    if ordered:
        raise _GivenUp(f"“{label}”一列比较文字的大小")
    return (*nothing, *_words(texts))


def _constants(tests: Iterable[Test]) -> tuple[list[object], bool]:
    """What the cells compare with, and whether any asks for more than equality."""
    constants: list[object] = []
    ordered = False
    for test in {test.text: test for test in tests}.values():
        for expression in test.values:
            value = _constant(expression, test)
            constants.extend(value if isinstance(value, list) else [value])
        for expression in test.conditions:
            ordered = ordered or not _is_equation(expression)
            constants.extend(_operands(expression, test))
    return constants, ordered


def _words(texts: Iterable[str]) -> Iterator[_Stretch]:
    named = sorted(set(texts))
    for text in named:
        yield _Stretch(text, f"“{text}”" if text else "（空文字）")
    yield _Stretch("|".join(named) + "|", "其他值", beyond=True)


def _numbers(values: Iterable[int | float]) -> Iterator[_Stretch]:
    named = sorted(set(values))
    whole = all(isinstance(each, int) or each.is_integer() for each in named)
    between: list[int | float] = [
        (low + 1 if whole else (low + high) / 2)
        for low, high in pairwise(named)
        if not whole or high - low > 1
    ]
    for value in sorted({*named, *between}):
        yield _Stretch(value, f"{value:g}" if isinstance(value, float) else str(value))
    yield _Stretch(named[0] - 1, f"小于{named[0]}", beyond=True)
    yield _Stretch(named[-1] + 1, f"大于{named[-1]}", beyond=True)


def _days(texts: Iterable[str]) -> Iterator[_Stretch]:
    try:
        named = sorted({date.fromisoformat(text) for text in texts})
    except ValueError as wrong:
        raise _GivenUp("有不存在的日期") from wrong
    one = timedelta(days=1)
    between = [low + one for low, high in pairwise(named) if high - low > one]
    for day in sorted({*named, *between}):
        yield _Stretch(day.isoformat(), day.isoformat())
    yield _Stretch((named[0] - one).isoformat(), f"早于{named[0]}", beyond=True)
    yield _Stretch((named[-1] + one).isoformat(), f"晚于{named[-1]}", beyond=True)


def _is_equation(expression: Expression) -> bool:
    compared = _COMPARED.fullmatch(expression.text)
    return compared is not None and compared["sign"] in ("==", "=", "!=")


def _operands(expression: Expression, test: Test) -> list[object]:
    """The constants that a condition compares with."""
    between = _BETWEEN.fullmatch(expression.text)
    compared = _COMPARED.fullmatch(expression.text)
    texts = [between["low"], between["high"]] if between else [compared["operand"]] if compared else []
    if not texts:
        raise _GivenUp(f"条件“{test.text}”不是与固定值比较")
    try:
        return [_constant(compile_expression(text), test) for text in texts]
    except ExpressionError as wrong:
        raise _GivenUp(f"条件“{test.text}”不是与固定值比较") from wrong


def _constant(expression: Expression, test: Test) -> object:
    if expression.names or expression.calls - DATE.keys():
        raise _GivenUp(f"条件“{test.text}”要到办理时才有值")
    try:
        return expression.evaluate({}, DATE)
    except ExpressionError as wrong:
        raise _GivenUp(f"条件“{test.text}”算不出来") from wrong


def _differing(decision: Decision, together: int) -> list[Rule]:
    """The rules that must not hold at once: all of them, under ANY one for each answer as it is written."""
    rules = _rules_in(decision, together)
    if decision.hit_policy != "ANY":
        return rules
    first: dict[tuple[str, ...], Rule] = {}
    for rule in rules:
        first.setdefault(tuple(answer.text for answer in rule.answers), rule)
    return list(first.values())


def _rules_in(decision: Decision, together: int) -> list[Rule]:
    return [rule for rule in decision.rules if together & (1 << (rule.number - 1))]


def _told(columns: Sequence[_Column], example: Sequence[_Stretch]) -> str:
    told = [
        f"{column.label}＝{stretch.label}"
        for column, stretch in zip(columns, example, strict=True)
        if len(column.stretches) > 1
    ]
    return "、".join(told) or "任何输入"
