"""What is wrong with a file: problems, and the list that the rules write them to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Literal

from engine.workflow.drawing import DrawnNode, Flow, Scope
from engine.workflow.vocabulary import KIND_NAMES, Element

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to change, or to think about."""

    #: a file with an error may not be published
    severity: Severity
    #: stable snake_case word, e.g. ``condition_ignored``
    code: str
    #: id of the element; empty where there is none
    element: str
    #: in the file, from 1
    line: int
    #: the sentence for people, Chinese
    message: str
    #: elements and flows that lead to it, in the order in which they are passed; empty where no way is needed
    path: tuple[str, ...] = ()

    def plain(self) -> dict[str, str | int | list[str]]:
        """The problem as a JSON object; with the path only where there is one."""
        plain = asdict(self)
        path = list(plain.pop("path"))
        return {**plain, "path": path} if path else plain


@dataclass(slots=True, kw_only=True)
class Findings:
    """Collects problems while a file is judged."""

    #: a file from elsewhere: what nobody knows is a warning
    open: bool
    problems: list[Problem] = field(default_factory=list)

    def error(
        self, code: str, where: DrawnNode | Flow | Scope | Element, message: str, *, line: int = 0
    ) -> None:
        """Note what must be changed before the file may be published."""
        self._add("error", code, where, message, line)

    def warning(
        self, code: str, where: DrawnNode | Flow | Scope | Element, message: str, *, line: int = 0
    ) -> None:
        """Note what should be looked at."""
        self._add("warning", code, where, message, line)

    def unknown(self, code: str, where: DrawnNode | Flow | Scope | Element, message: str) -> None:
        """Note a name that the office does not know: an error, but a warning for files from elsewhere."""
        self._add("warning" if self.open else "error", code, where, message, 0)

    def at(self, severity: Severity, code: str, element: str, line: int, message: str) -> None:
        """Note something that belongs to no drawn element."""
        self.problems.append(
            Problem(severity=severity, code=code, element=element, line=max(line, 1), message=message)
        )

    @property
    def has_errors(self) -> bool:
        """True if the file may not be published."""
        return any(problem.severity == "error" for problem in self.problems)

    def _add(
        self,
        severity: Severity,
        code: str,
        where: DrawnNode | Flow | Scope | Element,
        message: str,
        line: int,
    ) -> None:
        self.at(severity, code, where.id, line or where.line, f"{called(where)}：{message}")


def called(where: DrawnNode | Flow | Scope | Element) -> str:
    """The element as people know it: kind and name, or its id where it has no name."""
    kind = "sequenceFlow" if isinstance(where, Flow) else where.kind
    return f"{KIND_NAMES.get(kind, kind)}“{where.name or where.id or '（无编号）'}”"
