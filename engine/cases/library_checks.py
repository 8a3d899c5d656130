"""Checks of a set of files as a whole: each file by its kind, every diagram that a changed form or decision touches,
and what only the set can show, such as one process drawn in two files.

Whatever the files, the answer is a report. Called by the studio and by setting up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

import orjson

from engine.cases.guide_checks import guide_problems
from engine.cases.library import decisions_in, diagrams, drawn_in, key_of, kind_of, made_of
from engine.store.declaration import DeclarationError
from engine.tasks.letters import unknown_facts
from engine.workflow.checks import check_decision, check_file, check_form, check_letter
from engine.workflow.form_parts import FormError
from engine.workflow.forms import read_form
from engine.workflow.import_notes import Note, import_report
from engine.workflow.problems import Problem
from engine.workflow.reader import Resolver
from engine.workflow.rehearsal import read_tests
from engine.workflow.versions import References, resolver_of
from engine.workflow.vocabulary import Names
from engine.workflow.wording_expressions import given_by


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What is to be said of one file."""

    name: str
    problems: tuple[Problem, ...]
    #: False: the change does not hold it, but touches it
    changed: bool = True
    #: what of a diagram is not read here; it stays in the file
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What is to be said of a change; it may be published only where ``ok``."""

    files: tuple[FileReport, ...]
    #: ids of the processes that get a new version
    processes: tuple[str, ...]

    @property
    def errors(self) -> tuple[tuple[str, Problem], ...]:
        """What must be mended before publishing, with the file that it stands in."""
        return tuple(
            (each.name, problem)
            for each in self.files
            for problem in each.problems
            if problem.severity == "error"
        )

    @property
    def ok(self) -> bool:
        """Whether nothing must be mended."""
        return not self.errors

    def plain(self) -> dict[str, object]:
        """The report as a JSON object."""
        return {
            "ok": self.ok,
            "processes": list(self.processes),
            "files": [
                {
                    "name": each.name,
                    "changed": each.changed,
                    "problems": [problem.plain() for problem in each.problems],
                    "notes": [asdict(note) for note in each.notes],
                }
                for each in self.files
            ],
        }

    @property
    def json(self) -> str:
        """The report as JSON text."""
        return orjson.dumps(self.plain()).decode()


def report_from(text: str) -> CheckReport | None:
    """The report kept as JSON text; None for none."""
    if not text:
        return None
    found = orjson.loads(text)
    return CheckReport(
        processes=tuple(found["processes"]),
        files=tuple(
            FileReport(
                name=each["name"],
                changed=each["changed"],
                problems=tuple(
                    Problem(**{**problem, "path": tuple(problem.get("path", ()))})
                    for problem in each["problems"]
                ),
                notes=tuple(
                    Note(**{**note, "elements": tuple(note["elements"])}) for note in each.get("notes", ())
                ),
            )
            for each in found["files"]
        ),
    )


def check_files(files: Mapping[str, bytes], changed: Iterable[str], names: Names) -> CheckReport:
    """The report on the changed files, and on the diagrams among ``files`` that name one of them."""
    changed = frozenset(changed)
    known = names_with(names, files)
    drawn = {name: found for name in diagrams(files) if (found := drawn_in(files[name]))}
    touched = [
        name
        for name in drawn.keys() | changed & {*diagrams(files)}
        if name in changed
        # what nobody has any more was taken away by this very change
        or _gone(drawn[name], known)
        or not changed.isdisjoint(made_of(files, name))
    ]
    reports = [
        _report(name, files, drawn, known, changed=name in changed)
        for name in sorted({*changed, *touched})
        if name in files
    ]
    processes = [own for name in sorted(touched) if name in drawn for own in drawn[name].processes]
    return CheckReport(files=tuple(reports), processes=tuple(processes))


def names_with(names: Names, files: Mapping[str, bytes]) -> Names:
    """The office's names with the forms, decisions and processes of these files in place of those it opened with."""
    drawn = {name: found for name in diagrams(files) if (found := drawn_in(files[name]))}
    known = replace(
        names,
        processes=frozenset(own for found in drawn.values() for own in found.processes),
        forms={key_of(name): _keys_of(content) for name, content in files.items() if kind_of(name) == "form"},
        decisions={
            own: decision.provides
            for name, content in files.items()
            if kind_of(name) == "decision"
            for own, decision in decisions_in(content).items()
        },
    )
    called = {call.called for found in drawn.values() for call in found.calls}
    where = {own: files[name] for name, found in drawn.items() for own in found.processes if own in called}
    # once for every process that one may stand behind another
    for _ in where:
        known = replace(known, gives={own: given_by(content, own, known) for own, content in where.items()})
    return known


def _gone(named: References, known: Names) -> bool:
    """Whether the diagram names a form, decision or process that there is not."""
    called = {call.called for call in named.calls}
    return bool(
        named.forms - known.forms.keys()
        or named.decisions - known.decisions.keys()
        or called - known.processes
    )


def _report(
    name: str,
    files: Mapping[str, bytes],
    drawn: Mapping[str, References],
    names: Names,
    *,
    changed: bool,
) -> FileReport:
    circles = _circles(name, drawn)
    # what calls itself is not played: it has no end
    resolve = None if circles else resolver_of({each: files[each] for each in drawn})
    problems = [*circles, *_of_kind(name, files[name], names, resolve), *_twice(name, files, drawn)]
    problems += guide_problems(name, files, names) if name in drawn else ()
    notes = import_report(files[name]) if name in drawn else ()
    return FileReport(
        name=name, problems=(*problems, *_unread(notes, problems)), changed=changed, notes=notes
    )


def _unread(notes: Iterable[Note], problems: Iterable[Problem]) -> Iterator[Problem]:
    """An error for what another tool's file means otherwise, where no error says so already."""
    said = {problem.element for problem in problems if problem.severity == "error"}
    for note in notes:
        if note.changes and said.isdisjoint(note.elements):
            own = note.elements[0] if note.elements else ""
            yield Problem(
                severity="error", code="foreign_behaviour", element=own, line=note.line, message=note.message
            )


def _circles(name: str, drawn: Mapping[str, References]) -> list[Problem]:
    """The steps of the file that call a process which calls, itself or through others, theirs."""
    calls: dict[str, set[str]] = {}
    for found in drawn.values():
        for call in found.calls:
            calls.setdefault(call.process, set()).add(call.called)
    return [
        Problem(
            severity="error",
            code="call_circle",
            element=call.element,
            line=call.line,
            message=f"“{call.element}”调用的流程“{call.called}”又（直接或经由别的流程）调用“{call.process}”，不能循环调用",
        )
        for call in (drawn[name].calls if name in drawn else ())
        if call.process in _reached(call.called, calls)
    ]


def _reached(start: str, calls: Mapping[str, set[str]]) -> set[str]:
    found, wanted = set[str](), [start]
    while wanted:
        own = wanted.pop()
        if own not in found:
            found.add(own)
            wanted += calls.get(own, ())
    return found


def _of_kind(name: str, content: bytes, names: Names, resolve: Resolver | None) -> list[Problem]:
    kind = kind_of(name)
    if kind == "diagram":
        return check_file(content, names, name, resolve=resolve)
    problems = check_form(content, name, names=names) if kind == "form" else []
    if kind == "decision":
        problems = check_decision(content, name, names=names)
    if kind == "tests":
        problems = _tests(name, content)
    if kind == "letter":
        problems = _letter(name, content, names)
    return [*problems, *_not_utf8(content)]


def _tests(name: str, content: bytes) -> list[Problem]:
    """Why an analyst's tests cannot be read; whether they pass is for the rehearsal."""
    try:
        read_tests(content, file=name)
    except DeclarationError as wrong:
        return [
            Problem(
                severity="error", code="bad_tests", element="", line=max(wrong.line, 1), message=str(wrong)
            )
        ]
    return []


def _letter(name: str, content: bytes, names: Names) -> list[Problem]:
    """What the check of letters says of the template, and what it reads that no step gives."""
    text = content.decode("utf-8-sig", "replace")
    known = names.letters.get(key_of(name))
    if known is None:
        message = f"没有环节会发出文书“{key_of(name)}”，可改的有：{'、'.join(sorted(names.letters))}"
        return [Problem(severity="error", code="unknown_letter", element="", line=1, message=message)]
    unknown = [
        Problem(
            severity="error",
            code="unknown_fact",
            element="",
            line=line,
            message=f"没有“{fact}”这项内容，可用：{'、'.join(sorted(known))}",
        )
        for line, fact in unknown_facts(text, known)
    ]
    return [*check_letter(text, names), *unknown]


def _not_utf8(content: bytes) -> list[Problem]:
    """A version keeps forms and decisions as text; a diagram is kept byte for byte."""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        message = f"第{line}行起不是 UTF-8 文字，请把文件存为 UTF-8"
        return [Problem(severity="error", code="not_utf8", element="", line=line, message=message)]
    return []


def _twice(name: str, files: Mapping[str, bytes], drawn: Mapping[str, References]) -> list[Problem]:
    """Processes and decisions of this file that another file has too: nobody could say which one is meant."""
    problems = []
    for other, found in drawn.items():
        if other != name and name in drawn:
            for own in sorted({*found.processes} & {*drawn[name].processes}):
                problems.append(_double(own, f"流程“{own}”在 {other} 里也有，一个流程只能画在一个文件里"))
    if kind_of(name) == "decision":
        mine = decisions_in(files[name]).keys()
        for other, content in sorted(files.items()):
            if other != name and kind_of(other) == "decision":
                for own in sorted(mine & decisions_in(content).keys()):
                    problems.append(_double(own, f"决策“{own}”在 {other} 里也有，一个决策只能写在一个文件里"))
    return problems


def _double(own: str, message: str) -> Problem:
    return Problem(severity="error", code="twice", element=own, line=1, message=message)


def _keys_of(content: bytes) -> frozenset[str]:
    """The fields of the form; none where it cannot be read, which the check of the form itself says."""
    try:
        return frozenset(field.key for field in read_form(content).fields)
    except FormError:
        return frozenset()
