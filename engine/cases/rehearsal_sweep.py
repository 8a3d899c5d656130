"""Carries out what ``rehearsal_runs`` has been asked: case by case, each in a transaction of its own. Called by the sweep.

A sweep that is killed leaves its case to the next one; two at once never play the same case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.cases import library as shelf
from engine.cases.drafts import refuse_no_analyst
from engine.cases.library_tables import Change
from engine.cases.office import Office
from engine.cases.publishing import checked, record, submit
from engine.cases.rehearsal_runs import begin, on_the_trail, state_of
from engine.cases.rehearsal_tables import RehearsalCase, RehearsalRun
from engine.cases.rehearse import CaseReport, Rehearsed, run_test
from engine.cases.staff import actor_by_key
from engine.cases.steps import attempt
from engine.store.actions import Action
from engine.values import SYSTEM, Actor, Refusal

#: cases of one sweep, so that timers and messages never wait long for a rehearsal
_AT_ONCE = 10
#: a case that the office's own work was in the way of is played again so many times
_TRIES = 5


def rehearse_due(office: Office, limit: int) -> int:
    """Go on with every run under way, at most `limit` cases in all; how many were played or came to their end."""
    with office.store.reading() as session:
        runs = session.scalars(
            select(RehearsalRun.id)
            .where(RehearsalRun.status.in_(("waiting", "running")))
            .order_by(RehearsalRun.id)
        ).all()
    left = min(limit, _AT_ONCE)
    done = 0
    for run_id in runs:
        if done < left:
            done += _go_on(office, run_id, left - done)
    return done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """What a run plays, all read at one instant."""

    published: Mapping[str, bytes]
    drafts: Mapping[str, bytes | None]
    #: False: something else is to be played than the run was asked for
    current: bool


def _go_on(office: Office, run_id: int, limit: int) -> int:
    found = _files(office, run_id)
    played = 0
    if found.current:
        with office.store.transaction() as session:
            session.execute(
                update(RehearsalRun)
                .where(RehearsalRun.id == run_id, RehearsalRun.status == "waiting")
                .values(status="running")
            )
            numbers = session.scalars(
                select(RehearsalCase.number)
                .where(RehearsalCase.run_id == run_id, RehearsalCase.status == "waiting")
                .order_by(RehearsalCase.number)
                .limit(limit)
            ).all()
        played = sum(_play(office, run_id, number, found) for number in numbers)
    return played + _finish(office, run_id)


def _files(office: Office, run_id: int) -> _Files:
    with office.store.reading() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        run = session.get_one(RehearsalRun, run_id)
        return _Files(
            published=shelf.library_files(session),
            drafts=shelf.draft_files(session, run.change_id),
            current=_current(session, run, session.get_one(Change, run.change_id)),
        )


def _current(session: Session, run: RehearsalRun, change: Change) -> bool:
    """Whether the run still plays what stands; a change that was taken back is submitted by no run."""
    same = state_of(session, change.id) == (run.files, run.library)
    return same and change.status in (("submitting",) if run.submits else ("open", "submitted"))


def _play(office: Office, run_id: int, number: int, found: _Files) -> bool:
    """The case played and noted; False when another sweep has it, or the office's own work was in its way."""
    with office.store.transaction() as session:
        case = session.scalar(
            select(RehearsalCase)
            .where(
                RehearsalCase.run_id == run_id,
                RehearsalCase.number == number,
                RehearsalCase.status == "waiting",
            )
            .with_for_update(skip_locked=True)
        )
        if case is None:
            return False
        report = _tested(office, shelf.laid_over(found.published, found.drafts), case)
        if report.disturbed and case.tries < _TRIES:
            case.tries += 1
            return False
        case.difference = report.difference
        case.status = "passed" if report.passed else "failed"
        if not report.passed and case.file not in found.drafts and case.file in found.published:
            before = _tested(office, found.published, case)
            case.status = "failed" if before.passed else "excused"
        return True


def _tested(office: Office, files: Mapping[str, bytes], case: RehearsalCase) -> CaseReport:
    try:
        return run_test(office, files, case.file, case.name)
    except DBAPIError:
        # the database is away, which says nothing of the case: the next sweep plays it
        raise
    except Exception as failure:  # noqa: BLE001 - a case that breaks the rehearsal itself must not hold up the others
        text = f"演练出错：{type(failure).__name__}：{failure}"
        # worth another try: it may have been the worker, told to end
        stopped = Rehearsed(marks={}, data={}, problems=(text,), disturbed=True)
        return CaseReport(file=case.file, line=case.line, name=case.name, difference=text, rehearsed=stopped)


def _finish(office: Office, run_id: int) -> int:
    """Come to the end of a run that has nothing left to play; 1 if it did."""
    with office.store.reading() as session:
        run = session.get_one(RehearsalRun, run_id)
        change_id, asked_by = run.change_id, run.asked_by
    actor = actor_by_key(office, asked_by) or SYSTEM

    def work(session: Session) -> int:
        return _ended(session, office, actor, run_id, change_id)

    done = attempt(office, actor, work, subject=f"change:{change_id}", stream="diagrams")
    return _lapse(office, actor, run_id, change_id, done) if isinstance(done, Refusal) else done


def _locked(session: Session, run_id: int, change_id: int) -> tuple[Change, RehearsalRun] | None:
    """The change, then the run, as every use-case locks them; None where the run has ended."""
    change = session.get_one(Change, change_id, with_for_update=True)
    run = session.get_one(RehearsalRun, run_id, with_for_update=True)
    return (change, run) if run.status in ("waiting", "running") else None


def _ended(session: Session, office: Office, actor: Actor, run_id: int, change_id: int) -> int:
    locked = _locked(session, run_id, change_id)
    if locked is None:
        return 0
    change, run = locked
    hands_in = run.submits and change.status == "submitting"
    if not _current(session, run, change):
        _end(session, office, actor, run, "outdated")
        if hands_in:
            begin(session, office, actor, change, checked(session, office, change), submits=True)
        return 1
    of_run = exists().where(RehearsalCase.run_id == run_id)
    if session.scalar(select(of_run.where(RehearsalCase.status == "waiting"))):
        return 0
    failed = session.scalar(select(of_run.where(RehearsalCase.status == "failed")))
    _end(session, office, actor, run, "failed" if failed else "passed")
    if hands_in and failed:
        change.status = "open"
        record(session, office, actor, change, Action.LIBRARY_CHANGE_OPENED)
    elif hands_in:
        refuse_no_analyst(session, office, actor)
        submit(session, office, actor, change, checked(session, office, change))
    return 1


def _end(session: Session, office: Office, actor: Actor, run: RehearsalRun, status: str) -> None:
    run.status, run.finished_at = status, office.clock()
    session.flush()
    on_the_trail(session, office, actor, run, Action.LIBRARY_REHEARSAL_ENDED)


def _lapse(office: Office, actor: Actor, run_id: int, change_id: int, no: Refusal) -> int:
    """The change could not be submitted: it is open again, and the run says why."""
    with office.store.transaction() as session:
        locked = _locked(session, run_id, change_id)
        if locked is None or no.reasons[0].code == "busy":
            return 0
        change, run = locked
        run.why = no.text
        _end(session, office, actor, run, "failed")
        if change.status == "submitting":
            change.status = "open"
            record(session, office, actor, change, Action.LIBRARY_CHANGE_OPENED)
    return 1
