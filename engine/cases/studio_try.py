"""Trying a drawing out: samples to begin with, a script played as far as it goes, and a played case kept as a test.

Of a change, or of what is published. For analysts; nothing remains but the tests file that somebody saves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from engine.cases import library as shelf
from engine.cases.files import may_see
from engine.cases.library_checks import CheckReport
from engine.cases.office import Office
from engine.cases.publishing import refusal_of
from engine.cases.rehearse import Rehearsed, rehearse
from engine.cases.replay import MOST_CASES, latest_ended
from engine.cases.stage import UnreadableDraftError, draft_of
from engine.cases.studio import file_of, save_file, view_change
from engine.cases.studio_desk import first_content
from engine.cases.studio_views import ChangeView
from engine.cases.tried import Seen
from engine.registers.cast import EMPLOYERS, PEOPLE
from engine.store.declaration import DeclarationError
from engine.values import CHINA, Actor, Reason, Refusal
from engine.workflow.rehearsal import Do, Expected, Message, Rehearsal, ScriptStep, read_tests
from engine.workflow.rehearsal_text import with_case
from engine.workflow.tables import WorkflowCase

_NOT_ANALYST = Refusal(
    reasons=(refusal_of("not_analyst", "只有流程分析岗可以试办", "Only analysts try drawings out."),)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A process that can be tried."""

    process_id: str
    name: str
    #: its diagram
    file: str
    #: element → what it is called
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A case of a tests file."""

    file: str
    script: Rehearsal


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A person or employer of the cast whom a case can be about."""

    #: person or employer
    kind: str
    key: str
    name: str
    story: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryShelf:
    """What can be tried: the files as they would be with the change, their processes, and samples."""

    #: None: what is published
    change: ChangeView | None
    files: Mapping[str, bytes]
    #: by id, as the files have them
    processes: Mapping[str, Drawn]
    samples: tuple[Sample, ...]
    players: tuple[Player, ...]
    #: why a tests file gives no samples, with file and line
    wrong: tuple[str, ...]

    def of(self, process_id: str) -> tuple[Sample, ...]:
        """The samples of that process."""
        return tuple(each for each in self.samples if each.script.process == process_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A script played, and what was seen on its stage."""

    rehearsed: Rehearsed
    seen: Seen


def try_shelf(office: Office, actor: Actor, change_id: int | None = None) -> TryShelf | Refusal:
    """What the analyst may try of the change, or of what is published; refused where a file cannot be read."""
    if "analyst" not in actor.duties:
        return _NOT_ANALYST
    change = None if change_id is None else view_change(office, actor, change_id)
    if isinstance(change, Refusal):
        return change
    with office.store.reading() as session:
        files = shelf.library_files(session) if change_id is None else shelf.files_of(session, change_id)
    try:
        draft = draft_of(office.runner.versions.names, files)
    except UnreadableDraftError as wrong:
        return Refusal(reasons=(Reason(code="unreadable", text=str(wrong)),))
    processes = {
        key: Drawn(
            process_id=key,
            name=each.name or key,
            file=draft.files[key],
            names={element.id: element.name for element in each.blueprint.elements.values()},
        )
        for key, each in sorted(draft.processes.items(), key=lambda found: draft.files[found[0]])
    }
    samples, wrong_files = _samples(files, processes.values())
    return TryShelf(
        change=change,
        files=files,
        processes=processes,
        samples=samples,
        players=_players(),
        wrong=wrong_files,
    )


def try_out(office: Office, actor: Actor, files: Mapping[str, bytes], script: Rehearsal) -> Tried | Refusal:
    """The script played on the files, with everything that its stage shows; rolled back."""
    seen = Seen()
    rehearsed = rehearse(office, actor, files, script, look=seen.look)
    return rehearsed if isinstance(rehearsed, Refusal) else Tried(rehearsed=rehearsed, seen=seen)


def keep_case(
    office: Office, actor: Actor, change_id: int, script: Rehearsal, *, name: str
) -> Sample | Refusal:
    """The script, played once more, at the end of its diagram's tests file in the change, with path and outcome.

    The rest of the file stays as it was. Refused where the script cannot be played to its end, where the name is
    taken, and where the file cannot be read.
    """
    found = try_shelf(office, actor, change_id)
    if isinstance(found, Refusal):
        return found
    tried = try_out(office, actor, found.files, script)
    if isinstance(tried, Refusal):
        return tried
    drawn = found.processes.get(script.process)
    if tried.rehearsed.problems or drawn is None:
        why = tried.rehearsed.problems[0] if drawn else f"没有流程“{script.process}”"
        return _no("not_playable", f"走不到底的案例不能存为测试：{why}", "A case that gets stuck is no test.")
    case = replace(
        script,
        name=name.strip(),
        steps=_as_met(script.steps, tried.rehearsed),
        expect=_outcome(tried.rehearsed),
    )
    file = f"{shelf.key_of(drawn.file)}.tests.yaml"
    saved = _append(office, actor, change_id, file, case)
    return saved if isinstance(saved, Refusal) else Sample(file=file, script=case)


def ended_cases(office: Office, process_id: str, *, until: datetime) -> int:
    """How many cases of the process had ended by then, at most as many as one replay takes."""
    return len(latest_ended(office, process_id, MOST_CASES, until=until))


def open_files(office: Office, actor: Actor, case_ids: Iterable[int]) -> frozenset[int]:
    """Those of the cases whose file is open to the analyst; most are not, who draws processes decides no case."""
    with office.store.reading() as session:
        found = session.scalars(select(WorkflowCase).where(WorkflowCase.id.in_(list(case_ids))))
        return frozenset(case.id for case in found if may_see(session, office, actor, case))


def _append(
    office: Office, actor: Actor, change_id: int, file: str, case: Rehearsal
) -> CheckReport | Refusal:
    if not case.name:
        return _no("no_name", "请给案例起一个名称", "Give the case a name.")
    before = file_of(office, actor, file, change_id=change_id)
    if isinstance(before, Refusal):
        content, seen = first_content(file, "") or b"", None
    else:
        content, seen = before.content, before.digest
    try:
        after = with_case(content, case, file=file)
    except (DeclarationError, UnicodeDecodeError) as wrong:
        return _no("tests_file", f"没有存：{wrong}", "The tests file does not take the case.")
    return save_file(office, actor, change_id, file, after, seen=seen)


def _as_met(steps: Sequence[ScriptStep], found: Rehearsed) -> tuple[ScriptStep, ...]:
    """The steps; one that was refused is one that must be refused."""
    refused = {met.line: met.codes[0] for met in found.refusals if met.codes}
    return tuple(
        replace(step, refused=refused[step.line])
        if isinstance(step, Do | Message) and step.line in refused
        else step
        for step in steps
    )


def _outcome(found: Rehearsed) -> Expected:
    return Expected(
        ended_in=tuple(dict.fromkeys(filter(None, found.ends))),
        path=found.path,
        open=tuple(sorted(task.element for task in found.open)),
        letters=found.letters,
        due={
            task.element: task.due_at.astimezone(CHINA).date().isoformat()
            for task in found.open
            if task.due_at
        },
    )


def _samples(
    files: Mapping[str, bytes], processes: Iterable[Drawn]
) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """The cases of all tests files, each with its process written out; and why a file has none."""
    found: list[Sample] = []
    wrong: list[str] = []
    first: dict[str, str] = {}
    for drawn in processes:
        first.setdefault(f"{shelf.key_of(drawn.file)}.tests.yaml", drawn.process_id)
    for name in sorted(files):
        if shelf.kind_of(name) != "tests":
            continue
        try:
            cases = read_tests(files[name], file=name)
        except DeclarationError as mistake:
            wrong.append(str(mistake))
            continue
        found += [
            Sample(file=name, script=replace(each, process=each.process or first.get(name, "")))
            for each in cases
        ]
    return tuple(found), tuple(wrong)


def _players() -> tuple[Player, ...]:
    return tuple(
        Player(kind=kind, key=each.key, name=each.name, story=each.story)
        for kind, cast in (("person", PEOPLE), ("employer", EMPLOYERS))
        for each in cast.values()
    )


def _no(code: str, text: str, text_en: str) -> Refusal:
    return Refusal(reasons=(refusal_of(code, text, text_en),))
