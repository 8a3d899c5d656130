"""Rehearsing diagrams: a script, an analyst's tests, or old cases, played through and rolled back.

The runner, the operations, the controls, the duties and the forms are the real ones; only the transaction, the
clock and the subject are the rehearsal's own. Nothing is sent and nothing remains. Called by the studio and
``changling rehearse``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

from sqlalchemy.exc import DBAPIError

from engine.cases.office import Office
from engine.cases.openers import StuckError
from engine.cases.play import Play
from engine.cases.players import Crew, PlayerError, Subject, enter, is_free, subject_of
from engine.cases.rehearsed import Met, OpenTask, Step
from engine.cases.stage import (
    Draft,
    StageStore,
    UnreadableDraftError,
    UnsoundRehearsalError,
    draft_of,
    in_the_way,
    stage,
)
from engine.registers.memory import registers_of
from engine.store.declaration import DeclarationError
from engine.values import CHINA, SYSTEM, Actor, Reason, Refusal
from engine.workflow.rehearsal import Expected, Rehearsal, first_difference, read_tests
from engine.workflow.runner import StepFailedError
from engine.workflow.versions import NoSuchProcessError

Mark = Literal["done", "current"]

_OPENS_AT = time(9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of a rehearsal."""

    #: everything that happened, in order
    steps: tuple[Step, ...] = ()
    #: element → where the tokens have been and stand
    marks: Mapping[str, Mark]
    open: tuple[OpenTask, ...] = ()
    #: the end of each case, the one that the script is about first; empty for one that runs
    ends: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    refusals: tuple[Met, ...] = ()
    #: why it could not go on; empty when the script was played to its end
    problems: tuple[str, ...] = ()
    data: Mapping[str, object]
    #: the office's own work was in the way: it is worth playing again
    disturbed: bool = False

    @property
    def ended_in(self) -> str:
        """The end that the case reached; empty while it runs."""
        return self.ends[0] if self.ends else ""

    @property
    def path(self) -> tuple[str, ...]:
        """The elements that were passed, in order."""
        return tuple(step.element for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """How one of an analyst's cases went."""

    file: str
    line: int
    name: str
    #: the first difference in a sentence; empty: passed
    difference: str
    rehearsed: Rehearsed | None = None

    @property
    def passed(self) -> bool:
        """Whether all came as expected."""
        return not self.difference

    @property
    def disturbed(self) -> bool:
        """Whether it is worth playing again: the office's own work was in the way."""
        return self.rehearsed is not None and self.rehearsed.disturbed

    @property
    def text(self) -> str:
        """The report in one line."""
        if self.passed:
            return f"✓ {self.name}"
        where = "" if self.difference.startswith(self.file) else f"{self.file}:{self.line}: "
        return f"✗ {where}{self.name}：{self.difference}" if self.name else f"✗ {where}{self.difference}"


def rehearse(
    office: Office,
    actor: Actor,
    files: Mapping[str, bytes],
    script: Rehearsal,
    *,
    look: Callable[[Play], object] | None = None,
) -> Rehearsed | Refusal:
    """The script played on the files, for an analyst to look at; problems are told in the result.

    `look` sees the stage once the script has been played, before all of it is rolled back.

    `files` are a library's: ``claim.bpmn``, ``forms/x.form``, ``decisions/y.dmn``. A process that is not among
    them is the published one. Refused for whoever is no analyst, and for files that cannot be read.
    """
    if actor != SYSTEM and "analyst" not in actor.duties:
        return Refusal(
            reasons=(
                Reason(code="not_analyst", text="只有流程分析岗可以演练流程", text_en="Analysts rehearse."),
            )
        )
    try:
        draft = draft_of(office.runner.versions.names, files)
    except UnreadableDraftError as wrong:
        return Refusal(reasons=(Reason(code="unreadable", text=str(wrong)),))
    return _played(office, draft, script, process=script.process or _first_process(draft), look=look)


def files_beside(path: Path) -> dict[str, bytes]:
    """The library of the folder that the tests file (or diagram) stands in, as it is on disk."""
    folder = path.resolve().parent
    patterns = ("*.bpmn", "forms/*.form", "decisions/*.dmn", "letters/*.md", "*.tests.yaml")
    return {
        found.relative_to(folder).as_posix(): found.read_bytes()
        for pattern in patterns
        for found in sorted(folder.glob(pattern))
    }


def run_tests(office: Office, files: Mapping[str, bytes], *, only: str = "") -> tuple[CaseReport, ...]:
    """Each case of every ``….tests.yaml`` among the files (or of `only` that file or diagram), and how it went.

    A file that cannot be read is one failed report that names the line.
    """
    reports: list[CaseReport] = []
    for name in sorted(files):
        if name.endswith(".tests.yaml") and only in ("", name, f"{_stem(name)}.bpmn"):
            reports += _run_file(office, files, name)
    return tuple(reports)


def tests_of(files: Mapping[str, bytes], diagrams: Collection[str]) -> tuple[tuple[str, Rehearsal], ...]:
    """The cases of the tests files beside those diagrams, each with its file. Raises DeclarationError."""
    return tuple(
        (name, script)
        for name in sorted(files)
        if name.endswith(".tests.yaml") and f"{_stem(name)}.bpmn" in diagrams
        for script in _scripts(files[name], name)
    )


def run_test(office: Office, files: Mapping[str, bytes], file: str, name: str) -> CaseReport:
    """How the one case of that name in that file goes."""
    try:
        script = next(each for each in _scripts(files[file], file) if each.name == name)
        draft = draft_of(office.runner.versions.names, files)
    except DeclarationError as wrong:
        return CaseReport(file=file, line=wrong.line, name="", difference=str(wrong))
    except UnreadableDraftError as wrong:
        return CaseReport(file=file, line=1, name=name, difference=str(wrong))
    return _report(office, draft, file, script)


#: read once, though a rehearsal in the background asks for one case at a time
_scripts = lru_cache(maxsize=32)(lambda content, file: read_tests(content, file=file))


def _run_file(office: Office, files: Mapping[str, bytes], name: str) -> list[CaseReport]:
    try:
        scripts = _scripts(files[name], name)
        draft = draft_of(office.runner.versions.names, files)
    except DeclarationError as wrong:
        return [CaseReport(file=name, line=wrong.line, name="", difference=str(wrong))]
    except UnreadableDraftError as wrong:
        return [CaseReport(file=name, line=1, name="", difference=str(wrong))]
    return [_report(office, draft, name, script) for script in scripts]


def _report(office: Office, draft: Draft, file: str, script: Rehearsal) -> CaseReport:
    beside = f"{_stem(file)}.bpmn"
    first = next((each for each, origin in draft.files.items() if origin == beside), "")
    process = script.process or first
    if not process:
        difference = f"没有与 {file} 同名的流程图，请在案例中写明 process"
        return CaseReport(file=file, line=script.line, name=script.name, difference=difference)
    rehearsed = _played(office, draft, script, process=process)
    return CaseReport(
        file=file,
        line=script.line,
        name=script.name,
        difference=difference_of(script.expect, rehearsed),
        rehearsed=rehearsed,
    )


def _played(
    office: Office,
    draft: Draft,
    script: Rehearsal,
    *,
    process: str,
    look: Callable[[Play], object] | None = None,
) -> Rehearsed:
    """The script from start to end on a stage of its own."""
    at = datetime.combine(script.day, _OPENS_AT, tzinfo=CHINA).astimezone(UTC)
    try:
        subject = _free_subject(office, script)
        with stage(office, draft, registers=registers_of(subject.province), at=at) as played:
            play = Play(office=played, subject=enter(played, subject), crew=Crew(played))
            problem = _perform(play, script, process)
            if look is not None:
                look(play)
            return _outcome(play, problem)
    except PlayerError as wrong:
        return Rehearsed(marks={}, data={}, problems=(f"第{script.line}行：{wrong}",))
    except UnsoundRehearsalError as wrong:
        return Rehearsed(marks={}, data={}, problems=(str(wrong),))
    except DBAPIError as wrong:
        # the message alone: the statement and its parameters may hold personal data
        text = str(wrong.orig).splitlines()[0]
        return Rehearsed(
            marks={}, data={}, problems=(f"数据库没有接受演练：{text}",), disturbed=in_the_way(wrong)
        )


def _free_subject(office: Office, script: Rehearsal) -> Subject:
    """The subject under a number that nobody has; made up anew for as long as somebody does."""
    while True:
        subject = subject_of(
            person=script.person, employer=script.employer, facts=script.facts, day=script.day
        )
        if is_free(office, subject):
            return subject


def _perform(play: Play, script: Rehearsal, process: str) -> str:
    """Play it; the problem that stopped it, empty for none."""
    try:
        play.start(process, script.data, line=script.line)
        for step in script.steps:
            play.step(step)
    except (StuckError, StepFailedError, NoSuchProcessError) as stopped:
        return str(stopped)
    return ""


def _outcome(play: Play, problem: str) -> Rehearsed:
    marks: dict[str, Mark] = {step.element: "done" for step in play.steps}
    marks.update(dict.fromkeys(play.waiting(), "current"))
    return Rehearsed(
        steps=tuple(play.steps),
        marks=marks,
        open=play.open_tasks(),
        ends=play.ends(),
        letters=play.letters(),
        refusals=tuple(play.met),
        problems=(problem,) if problem else (),
        data=play.data(),
        disturbed=cast(StageStore, play.office.store).disturbed,
    )


def difference_of(expect: Expected, found: Rehearsed) -> str:
    """The first thing that did not come as expected, in a sentence; empty when all did."""
    checks = (_refusal, _end, _way, _waits, _content, _written)
    return next((text for check in checks if (text := check(expect, found))), "")


def _refusal(expect: Expected, found: Rehearsed) -> str:
    codes = [code for met in found.refusals for code in met.codes]
    for met in found.refusals:
        if not met.foreseen and expect.refused not in met.codes:
            return f"第{met.line}行：“{met.element}”被拒绝：{met.text}"
    if found.problems:
        return found.problems[0]
    if expect.refused and expect.refused not in codes:
        return f"应当有一步因 {expect.refused} 被拒绝，实际{'拒绝原因是 ' + '、'.join(codes) if codes else '没有被拒绝'}"
    return ""


def _end(expect: Expected, found: Rehearsed) -> str:
    missing = next((end for end in expect.ended_in if end not in found.ends), "")
    if not missing:
        return ""
    reached = "、".join(filter(None, found.ends))
    standing = "停在 " + ("、".join(task.element for task in found.open) or "等待")
    return f"应当结束于 {missing}，实际{f'结束于 {reached}' if reached else standing}"


def _way(expect: Expected, found: Rehearsed) -> str:
    lost = first_difference(expect.path, found.path)
    if lost:
        return f"路径应当依次经过 {lost}，实际路径是 {' → '.join(found.path)}"
    missed = next((each for each in expect.visited if each not in found.path), "")
    if missed:
        return f"应当经过 {missed}，实际没有"
    strayed = next((each for each in expect.not_visited if each in found.path), "")
    return f"不应经过 {strayed}，实际经过了" if strayed else ""


def _waits(expect: Expected, found: Rehearsed) -> str:
    open_now = sorted(task.element for task in found.open)
    if expect.open is not None and sorted(expect.open) != open_now:
        return f"此时待办应当是 {'、'.join(sorted(expect.open)) or '没有'}，实际是 {'、'.join(open_now) or '没有'}"
    for element, day in expect.due.items():
        task = next((task for task in found.open if task.element == element), None)
        due = f"{task.due_at.astimezone(CHINA).date()}" if task and task.due_at else "没有"
        if due != str(day):
            return f"环节 {element} 的期限应当是 {day}，实际是 {due}"
    return ""


def _content(expect: Expected, found: Rehearsed) -> str:
    for name, value in expect.data.items():
        if name not in found.data:
            return f"数据 {name} 应当是 {_words(value)}，实际没有"
        if _words(found.data[name]) != _words(value):
            return f"数据 {name} 应当是 {_words(value)}，实际是 {_words(found.data[name])}"
    return ""


def _written(expect: Expected, found: Rehearsed) -> str:
    lost = first_difference(expect.letters, found.letters)
    return f"应当发出文书 {lost}，实际发出 {'、'.join(found.letters) or '没有'}" if lost else ""


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _stem(name: str) -> str:
    return name.removesuffix(".tests.yaml")


def _first_process(draft: Draft) -> str:
    return next(iter(draft.processes), "")
