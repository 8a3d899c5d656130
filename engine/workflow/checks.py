"""Judges files before they may be published: diagrams, decision tables and forms.

Whatever the file, the answer is a list of problems, each with an element or a line and a sentence to act on;
never an exception. Called by publishing, the studio and ``changling check``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.workflow.decision_checks import judge_table
from engine.workflow.decisions import DecisionError, read_decisions
from engine.workflow.drawing import draw
from engine.workflow.facts import elements_of
from engine.workflow.forms import FormError, read_form
from engine.workflow.guide_checks import judge_guide
from engine.workflow.play import judge_play
from engine.workflow.problems import Findings, Problem
from engine.workflow.reader import MAX_NODES, ReadError, Resolver, definitions_of, read_processes, read_xml
from engine.workflow.shape import is_executable, judge_shape
from engine.workflow.vocabulary import Names
from engine.workflow.wording import judge_words
from engine.workflow.wording_expressions import judge_expressions
from engine.workflow.wording_texts import judge_form, judge_letter, judge_tree

__all__ = ["Problem", "check_decision", "check_file", "check_form", "check_letter", "check_path"]

_DIAGRAMS = (".bpmn", ".bpmn20.xml", ".xml")


def check_file(
    data: bytes, names: Names, filename: str = "", *, resolve: Resolver | None = None
) -> list[Problem]:
    """The problems of a diagram, in the order of the file; empty when there is nothing to say.

    ``resolve`` gives the files of called processes that are not in this one.
    """
    findings = Findings(open=names.open)
    return _answered(findings, filename, lambda: _judge(data, names, resolve, findings))


def check_decision(data: bytes, filename: str = "", *, names: Names | None = None) -> list[Problem]:
    """The problems of a decision file; empty when there is nothing to say. With ``names`` its wording too."""
    findings = Findings(open=False)
    return _answered(findings, filename, lambda: _judge_decisions(data, names or Names(), findings))


def check_form(data: bytes, filename: str = "", *, names: Names | None = None) -> list[Problem]:
    """The problems of a form file; empty when it can be used. With ``names`` its wording too."""
    findings = Findings(open=False)
    return _answered(findings, filename, lambda: _judge_form(data, names or Names(), findings))


def check_letter(text: str, names: Names) -> list[Problem]:
    """What a letter's template asks for that nobody may be asked; empty when it asks nothing of the kind."""
    findings = Findings(open=False)
    return _answered(findings, "", lambda: judge_letter(text, names, findings))


def check_path(path: Path, names: Names) -> dict[str, object]:
    """The JSON object that ``changling check`` prints for one file: file, ok, problems."""
    findings = Findings(open=names.open)
    try:
        data = path.read_bytes()
    except OSError as wrong:
        why = "没有这个文件" if isinstance(wrong, FileNotFoundError) else f"读不了：{wrong.strerror}"
        findings.at("error", "no_file", "", 1, why)
        problems = findings.problems
    else:
        problems = _of_kind(path, data, names)
    errors = any(problem.severity == "error" for problem in problems)
    return {"file": str(path), "ok": not errors, "problems": [problem.plain() for problem in problems]}


def _answered(findings: Findings, filename: str, judge: Callable[[], object]) -> list[Problem]:
    """The findings of a judgement, whatever happens in it."""
    try:
        judge()
    except ReadError as wrong:
        findings.at("error", "unreadable", wrong.element, wrong.line, wrong.message)
    except DecisionError as wrong:
        findings.at("error", "bad_decision", wrong.element, wrong.line, wrong.message)
    except FormError as wrong:
        findings.at("error", "bad_form", wrong.element, wrong.line, wrong.message)
    except Exception as wrong:  # noqa: BLE001 — whatever a stranger's file does, its author gets an answer
        what = f"{filename or '文件'}里有检查器没有料到的内容（{type(wrong).__name__}），不能发布，请把文件交给维护人员"
        findings.at("error", "unexpected", "", 1, what)
    return _in_order(findings.problems)


def _of_kind(path: Path, data: bytes, names: Names) -> list[Problem]:
    name = path.name.lower()
    if name.endswith(".dmn"):
        return check_decision(data, path.name, names=names)
    if name.endswith((".form", ".json")):
        return check_form(data, path.name, names=names)
    if name.endswith(_DIAGRAMS):
        return check_file(data, names, path.name)
    message = "不认识的文件种类，可用：.bpmn、.bpmn20.xml、.xml、.dmn、.form"
    return [Problem(severity="error", code="unknown_kind", element="", line=1, message=message)]


def _judge_decisions(data: bytes, names: Names, findings: Findings) -> None:
    decisions = read_decisions(data)
    judge_tree(read_xml(data).root, names, findings)
    for decision in decisions.values():
        judge_table(decision, findings)


def _judge_form(data: bytes, names: Names, findings: Findings) -> None:
    judge_form(read_form(data), data.decode("utf-8-sig"), names, findings)


def _judge(data: bytes, names: Names, resolve: Resolver | None, findings: Findings) -> None:
    drawing = draw(definitions_of(read_xml(data)))
    judge_shape(drawing, findings)
    if any(problem.code in ("duplicate_id", "no_id") for problem in findings.problems):
        return
    judge_tree(drawing.root, names, findings)
    executable = [process for process in drawing.processes if is_executable(process)]
    called: set[str] = set()
    for process in executable:
        elements = elements_of(drawing, process.id, names)
        if len(elements) > MAX_NODES:
            findings.error(
                "too_large", process, f"有{len(elements)}个元素，最多{MAX_NODES}个，请拆成几个流程"
            )
            continue
        judge_words(drawing, elements, names, findings)
        judge_expressions(drawing, process.id, elements, names, findings)
        judge_guide(process, elements, names, findings)
        called |= {element.called for element in elements.values() if element.called}
    out_of_reach = called - drawing.scopes.keys() if resolve is None else set()
    if executable and not findings.has_errors and not out_of_reach:
        # last, with the very code that will run it: nothing passes that the engine could not take
        read_processes(data, names=names, resolve=resolve)
    if executable and not findings.has_errors:
        judge_play(drawing, names, findings, resolve)


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(
        set(problems), key=lambda problem: (problem.line, problem.severity, problem.element, problem.code)
    )
