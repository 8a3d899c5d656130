"""Rehearsing a change in the background: what was asked for, how far it is, and whether a change has passed.

A run plays the analysts' tests on exactly the files of the change, laid over exactly what is published; anything
else is another run. No change is submitted or published without one that passed; the database says so too
(``change_needs_rehearsal``). Carried out by ``rehearsal_sweep``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases import library as shelf
from engine.cases.drafts import as_analyst, held
from engine.cases.library_checks import CheckReport
from engine.cases.library_tables import Change
from engine.cases.office import Office
from engine.cases.publishing import checked, record, refusal_of, submit
from engine.cases.rehearsal_tables import RehearsalCase, RehearsalRun
from engine.cases.rehearse import tests_of
from engine.cases.studio_reading import may_look
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal, RefusedError

RunStatus = Literal["waiting", "running", "passed", "failed", "outdated"]
CaseStatus = Literal["waiting", "passed", "failed", "excused"]

RUN_STATUS_NAMES = MappingProxyType(
    {
        "waiting": "等待演练",
        "running": "正在演练",
        "passed": "演练通过",
        "failed": "演练未通过",
        "outdated": "已失效（文件已变动）",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCase:
    """One of the analysts' cases in a run."""

    file: str
    line: int
    name: str
    #: the first difference in a sentence; empty for a case that passed
    difference: str
    status: CaseStatus

    @property
    def passed(self) -> bool:
        """Whether it keeps nothing from being published; an excused case fails on the published files too."""
        return self.status in ("passed", "excused")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """How a rehearsal of a change stands."""

    run_id: int
    change_id: int
    status: RunStatus
    status_name: str
    #: cases played
    done: int
    total: int
    #: the cases played so far, in order
    reports: tuple[RunCase, ...]
    started_at: datetime
    finished_at: datetime | None
    #: whether the change is submitted once it has passed
    submits: bool
    #: why the change was not submitted though its cases passed; empty for none
    why: str = ""


def start_run(office: Office, actor: Actor, change_id: int) -> RunView | Refusal:
    """The analysts' tests are to be played on the change as it stands; the run under way where it plays just that.

    Refused for a change that is at its end, and for files with errors.
    """

    def work(session: Session) -> RunView:
        change = held(session, change_id, "open", "submitting", "submitted")
        run = begin(session, office, actor, change, checked(session, office, change), submits=False)
        return _view(session, run)

    return as_analyst(office, actor, work, subject=f"change:{change_id}")


def run_view(office: Office, actor: Actor, change_id: int) -> RunView | Refusal | None:
    """The latest run of the change; None where there was none."""
    with office.store.reading() as session:
        no = may_look(session, office, actor)
        if no is not None:
            return no
        run = latest_run(session, change_id)
        return None if run is None else _view(session, run)


def begin(
    session: Session, office: Office, actor: Actor, change: Change, report: CheckReport, *, submits: bool
) -> RehearsalRun:
    """A run of the locked change as it stands, or the one under way where it plays just that.

    One without any case has passed at once. A run of other files that is still under way is outdated.
    """
    files, library = state_of(session, change.id)
    now = office.clock()
    run = under_way(session, change.id)
    if run is not None and (run.files, run.library) == (files, library):
        run.submits = run.submits or submits
        return run
    if run is not None:
        run.status, run.finished_at = "outdated", now
        session.flush()
    laid_over = shelf.files_of(session, change.id)
    cases = tests_of(laid_over, _concerned(report, laid_over))
    run = RehearsalRun(
        change_id=change.id,
        files=files,
        library=library,
        status="waiting",
        submits=submits,
        total=len(cases),
        asked_by=actor.key,
        started_at=now,
    )
    session.add(run)
    session.flush()
    session.add_all(
        RehearsalCase(run_id=run.id, number=number, file=file, line=script.line, name=script.name)
        for number, (file, script) in enumerate(cases, 1)
    )
    on_the_trail(session, office, actor, run, Action.LIBRARY_REHEARSAL_STARTED)
    if not cases:
        run.status, run.finished_at = "passed", now
    session.flush()
    return run


def hand_in(session: Session, office: Office, actor: Actor, change: Change) -> None:
    """The locked, open change is submitted where its tests have passed, and else as soon as they have."""
    report = checked(session, office, change)
    run = latest_of_state(session, change.id)
    if run is None or run.status in ("failed", "outdated"):
        run = begin(session, office, actor, change, report, submits=True)
    if run.status == "passed":
        submit(session, office, actor, change, report)
    else:
        run.submits, change.status, change.report = True, "submitting", report.json
        record(session, office, actor, change, Action.LIBRARY_CHANGE_HANDED_IN)


def not_yet_rehearsed(session: Session, office: Office, actor: Actor, change: Change) -> Refusal | None:
    """Why the locked, submitted change may not be published yet; None where its tests passed over what is published.

    They are played again where they were not; RefusedError where they failed.
    """
    run = latest_of_state(session, change.id)
    if change.kind == "rollback" or (run is not None and run.status == "passed"):
        return None
    if run is not None and run.status == "failed":
        raise RefusedError(*failures(session, run))
    run = begin(session, office, actor, change, checked(session, office, change), submits=False)
    if run.status == "passed":
        return None
    return Refusal(
        reasons=(
            refusal_of(
                "rehearsing",
                f"提交之后流程库又有新发布，正在现行版本上重新演练{run.total}个案例，全部通过后再发布",
                f"Something was published since; {run.total} cases are being rehearsed again. Publish once they pass.",
            ),
        )
    )


def state_of(session: Session, change_id: int) -> tuple[str, str]:
    """What a run of the change plays now: digests of its files, and of what is published."""
    row = session.execute(select(shelf.change_digest(change_id), shelf.library_digest())).one()
    return row[0], row[1]


def under_way(session: Session, change_id: int) -> RehearsalRun | None:
    """The run that is being played, locked."""
    return session.scalar(
        select(RehearsalRun)
        .where(RehearsalRun.change_id == change_id, RehearsalRun.status.in_(("waiting", "running")))
        .with_for_update()
    )


def latest_run(session: Session, change_id: int) -> RehearsalRun | None:
    """The run that was asked for last."""
    query = select(RehearsalRun).where(RehearsalRun.change_id == change_id)
    return session.scalar(query.order_by(RehearsalRun.id.desc()).limit(1))


def latest_of_state(session: Session, change_id: int) -> RehearsalRun | None:
    """The last run of exactly the files of the change over exactly what is published now."""
    files, library = state_of(session, change_id)
    query = select(RehearsalRun).where(
        RehearsalRun.change_id == change_id, RehearsalRun.files == files, RehearsalRun.library == library
    )
    return session.scalar(query.order_by(RehearsalRun.id.desc()).limit(1))


def failures(session: Session, run: RehearsalRun) -> tuple[Reason, ...]:
    """A reason for each case that fails because of the change."""
    query = select(RehearsalCase).where(RehearsalCase.run_id == run.id, RehearsalCase.status == "failed")
    return tuple(
        refusal_of(
            "rehearsal_failed",
            f"{case.file}:{case.line}：{case.name}：{case.difference}",
            f"The case “{case.name}” fails.",
            fact=case.file,
        )
        for case in session.scalars(query.order_by(RehearsalCase.number))
    )


def on_the_trail(session: Session, office: Office, actor: Actor, run: RehearsalRun, action: Action) -> None:
    """The run on the trail of the diagrams."""
    append(
        session,
        stream="diagrams",
        action=action,
        actor=actor,
        subject=f"change:{run.change_id}",
        after={
            "run": run.id,
            "status": run.status,
            "total": run.total,
            "files": run.files,
            "library": run.library,
        },
        reason=run.why,
        now=office.clock(),
    )


def _concerned(report: CheckReport, files: Mapping[str, bytes]) -> frozenset[str]:
    """The diagrams whose tests the change may make fail; a letter may be sent by any of them."""
    if any(shelf.kind_of(each.name) == "letter" for each in report.files):
        return frozenset(shelf.diagrams(files))
    return frozenset(f"{shelf.key_of(each.name)}.bpmn" for each in report.files if "/" not in each.name)


def _view(session: Session, run: RehearsalRun) -> RunView:
    cases = session.scalars(
        select(RehearsalCase)
        .where(RehearsalCase.run_id == run.id, RehearsalCase.status != "waiting")
        .order_by(RehearsalCase.number)
    ).all()
    return RunView(
        run_id=run.id,
        change_id=run.change_id,
        status=cast(RunStatus, run.status),
        status_name=RUN_STATUS_NAMES[run.status],
        done=len(cases),
        total=run.total,
        reports=tuple(
            RunCase(
                file=case.file,
                line=case.line,
                name=case.name,
                difference=case.difference,
                status=cast(CaseStatus, case.status),
            )
            for case in cases
        ),
        started_at=run.started_at,
        finished_at=run.finished_at,
        submits=run.submits,
        why=run.why,
    )
