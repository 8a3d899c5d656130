"""The expression language of diagrams, decisions and forms: conditions, sums and dates, never programs.

An expression is read once into a tree (``grammar``) and evaluated by walking it: nothing is handed to
Python's own ``eval``. There are no attributes, loops, definitions or imports, and only the functions that
the caller names. Every evaluation has a budget of steps and sizes. Used by ``script``, ``decisions``,
``forms`` and ``checks``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine.workflow import grammar
from engine.workflow.evaluation import BUILT_IN, MAX_STEPS, Function, Run
from engine.workflow.syntax import Call, ExpressionError, Literal, Name, Node, negated, walk
from engine.workflow.vocabulary import VOTES

__all__ = [
    "BUILT_IN",
    "Assignment",
    "Expression",
    "ExpressionError",
    "Script",
    "compile_expression",
    "compile_script",
    "votes_of",
]

MAX_TREE_DEPTH = 120
MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Expression:
    """One compiled expression; equal text gives the same object."""

    text: str
    tree: Node
    #: names of case data that it reads
    names: frozenset[str]
    #: functions that it calls
    calls: frozenset[str]

    def evaluate(self, data: Mapping[str, object], functions: Mapping[str, Function] | None = None) -> object:
        """The value: null, boolean, int, float, text, list or dict; days and instants come as ISO text.

        Decimal fractions are exact inside and come out as int when whole, else float. Raises ExpressionError
        for a missing name, a wrong kind of value, or a spent budget. Never changes ``data``.
        """
        return Run(data, functions or {}).result(self.tree)

    def excludes(self, other: Expression) -> bool:
        """True if exactly one of the two holds whatever the data."""
        return negated(self.tree) == other.tree or negated(other.tree) == self.tree


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line ``name = expression`` of a script task."""

    name: str
    expression: Expression
    line: int


@dataclass(frozen=True, slots=True)
class Script:
    """The lines of a script task, in order."""

    assignments: tuple[Assignment, ...]

    @property
    def names(self) -> frozenset[str]:
        """Names that must be there before the script runs."""
        needed: set[str] = set()
        made: set[str] = set()
        for assignment in self.assignments:
            needed |= assignment.expression.names - made
            made.add(assignment.name)
        return frozenset(needed)

    @property
    def calls(self) -> frozenset[str]:
        """Functions that any line calls."""
        return frozenset[str]().union(*(a.expression.calls for a in self.assignments))

    @property
    def provides(self) -> frozenset[str]:
        """Names that the script sets."""
        return frozenset(a.name for a in self.assignments)

    def execute(
        self,
        data: Mapping[str, object],
        functions: Mapping[str, Function] | None = None,
        *,
        steps: int = MAX_STEPS,
    ) -> dict[str, object]:
        """The names set, with their values; all or none. Raises ExpressionError. Never changes ``data``."""
        known, made = dict(data), dict[str, object]()
        run = Run(known, functions or {}, steps=steps)
        for assignment in self.assignments:
            if assignment.name in (functions or ()):
                raise ExpressionError(f"不能覆盖函数 {assignment.name}", line=assignment.line)
            made[assignment.name] = known[assignment.name] = run.result(assignment.expression.tree)
        return made


def compile_expression(text: str, functions: Collection[str] | None = None) -> Expression:
    """The expression written in the text, with or without ``${…}``, ``#{…}`` or a leading ``=``.

    With ``functions`` given, calling any other name than these and the built-in ones is refused.
    Raises ExpressionError with line and column within the text.
    """
    expression = _compiled(text)
    _known_only(expression.tree, functions)
    return expression


def compile_script(text: str, functions: Collection[str] | None = None) -> Script:
    """The script written in the text: lines ``name = expression``, ``#`` starts a remark. Raises ExpressionError."""
    script = _compiled_script(text)
    for assignment in script.assignments:
        _known_only(assignment.expression.tree, functions)
        if assignment.name in (functions or ()):
            raise ExpressionError(f"不能覆盖函数 {assignment.name}", line=assignment.line)
    return script


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Expression:
    inner = _unwrapped(text)
    if not inner.strip():
        raise ExpressionError("表达式是空的")
    parser = grammar.Parser(inner)
    tree = parser.expression()
    if parser.next.kind != "end":
        raise parser.next.at.error(f"多余的内容“{parser.next.text}”")
    return _expression(text, tree)


@lru_cache(maxsize=64)
def _compiled_script(text: str) -> Script:
    parser = grammar.Parser(text, lines=True)
    lines: list[Assignment] = []
    while not _end_of_script(parser):
        name = parser.take()
        if name.kind != "word":
            raise name.at.error("每一行只能写 名称 = 表达式")
        if parser.next.text in ("+=", "-=", "*=", "/="):
            raise parser.next.at.error(f"请写成 {name.text} = {name.text} {parser.next.text[0]} …")
        parser.expect("=", "每一行只能写 名称 = 表达式")
        if name.text in BUILT_IN or name.text in ("true", "false", "null", "True", "False", "None"):
            raise name.at.error(f"不能覆盖 {name.text}")
        lines.append(Assignment(name.text, _expression(text, parser.expression()), name.at.line))
        if len(lines) > MAX_LINES:
            raise name.at.error(f"脚本过长（最多{MAX_LINES}行）")
        if parser.next.kind != "end" and not parser.skip("\n", ";"):
            raise parser.next.at.error(f"多余的内容“{parser.next.text}”")
    return Script(tuple(lines))


def _end_of_script(parser: grammar.Parser) -> bool:
    while parser.skip("\n", ";"):
        pass
    return parser.next.kind == "end"


def _unwrapped(text: str) -> str:
    """The text without its wrapper; the wrapper's place is kept as spaces so that columns stay right."""
    bare = text.strip()
    offset = len(text) - len(text.lstrip())
    if bare[:2] in ("${", "#{"):
        if not bare.endswith("}") or "${" in bare[2:] or "#{" in bare[2:]:
            raise ExpressionError("整个表达式只能用一对 ${…}，不能与其他文字混写", column=offset + 1)
        return text[:offset] + "  " + bare[2:-1]
    if bare.startswith("=") and not bare.startswith("=="):
        return text[:offset] + " " + bare[1:]
    return text


def _expression(text: str, tree: Node) -> Expression:
    names: set[str] = set()
    calls: set[str] = set()
    for part, depth in walk(tree):
        if depth > MAX_TREE_DEPTH:
            raise part.at.error("表达式过于复杂，请拆成几步")
        if isinstance(part, Name):
            names.add(part.id)
        elif isinstance(part, Call):
            calls.add(part.function)
    return Expression(text, tree, frozenset(names), frozenset(calls))


def _known_only(tree: Node, functions: Collection[str] | None) -> None:
    if functions is None:
        return
    for part, _ in walk(tree):
        if isinstance(part, Call) and part.function not in functions and part.function not in BUILT_IN:
            raise part.at.error(
                f"没有函数 {part.function}；可用：{'、'.join(sorted({*functions, *BUILT_IN}))}"
            )


def votes_of(condition: str) -> frozenset[tuple[str, object]]:
    """(field, value) of every count of votes in a completion condition. Raises ExpressionError."""
    found = set()
    for node, _ in walk(compile_expression(condition).tree):
        if isinstance(node, Call) and node.function == VOTES and len(node.arguments) == 2:
            field, value = node.arguments
            if isinstance(field, Literal) and isinstance(field.value, str) and isinstance(value, Literal):
                found.add((field.value, value.value))
    return frozenset(found)
