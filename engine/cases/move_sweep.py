"""Carries out what ``moves`` has started: case by case, each in a transaction of its own. Called by the sweep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from sqlalchemy import exists, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.cases.move_tables import MoveItem, MoveJob
from engine.cases.office import Office
from engine.cases.staff import actor_by_key
from engine.cases.steps import Around, around, attempt
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import SYSTEM, Actor, CaseRef, Reason, Refusal
from engine.workflow.moving import By, Carried, carry, put_back
from engine.workflow.versions import Published

_WENT_ON = Reason(
    code="went_on",
    text="此案换版后已继续办理，留在新版本",
    text_en="The case went on after its move and stays on the newer version.",
)


def move_due(office: Office, limit: int) -> int:
    """Carry on with every job under way, at most `limit` cases each; how many cases were dealt with.

    Several workers share a job: each case is locked by the one that moves it, and passed over by others.
    """
    with office.store.reading() as session:
        jobs = session.scalars(
            select(MoveJob).where(MoveJob.status.in_(["running", "undoing"])).order_by(MoveJob.id)
        ).all()
    return sum(_carry_on(office, job, limit) for job in jobs)


def _carry_on(office: Office, job: MoveJob, limit: int) -> int:
    undo = job.status == "undoing"
    actor = actor_by_key(office, (job.undone_by if undo else job.started_by) or "") or SYSTEM
    todo = ("moved", "notice") if undo else ("waiting",)
    with office.store.reading() as session:
        old, new = (
            office.runner.versions.get(session, own) for own in (job.from_version_id, job.to_version_id)
        )
        cases = session.scalars(
            select(MoveItem.case_id)
            .where(MoveItem.job_id == job.id, MoveItem.status.in_(todo))
            .order_by(MoveItem.case_id)
            .limit(limit)
        ).all()
    step = _Mover(office, actor, job.id, todo, old, new)
    done = sum(step.deal_with(case_id, step.back if undo else step.over) for case_id in cases)
    if len(cases) < limit:
        _finish(office, job.id, todo)
    return done


@dataclass(frozen=True, slots=True)
class _Mover:
    """Deals with the cases of one job."""

    office: Office
    actor: Actor
    job_id: int
    #: statuses of items that are still to be dealt with
    todo: tuple[str, ...]
    old: Published
    new: Published

    def deal_with(self, case_id: int, how: Callable[[Session, MoveItem], None]) -> bool:
        """The item dealt with in one transaction; False when somebody else has it, or the case is busy."""

        def work(session: Session) -> bool:
            # case, item and trail are one transaction: should the server itself fall, whole cases wait again
            session.connection().exec_driver_sql("SET LOCAL synchronous_commit TO off")
            item = session.scalar(
                select(MoveItem)
                .where(
                    MoveItem.job_id == self.job_id,
                    MoveItem.case_id == case_id,
                    MoveItem.status.in_(self.todo),
                )
                .with_for_update(skip_locked=True)
            )
            if item is None:
                return False
            item.at = self.office.clock()
            how(session, item)
            return True

        def whole(session: Session) -> bool:
            with beyond(session, "running cases of every region go over to another version, by the machine"):
                return work(session)

        try:
            done = attempt(
                self.office, self.actor, whole, subject=f"case:{case_id}", stream=f"case:{case_id}"
            )
        except DBAPIError:
            # the database is away, which says nothing of the case: the next sweep tries it again
            raise
        except Exception as failure:  # noqa: BLE001 - one broken case must not keep the others from moving
            self._fail(case_id, Reason(code=type(failure).__name__, text=f"换版出错：{failure}"))
            return True
        if isinstance(done, Refusal):
            if done.reasons[0].code != "busy":
                self._fail(case_id, *done.reasons)
            return done.reasons[0].code != "busy"
        return done

    def over(self, session: Session, item: MoveItem) -> None:
        """Move the case to the new version, or note why it cannot."""
        carried = carry(
            session,
            item.case_id,
            old=self.old,
            new=self.new,
            by=by_actor(self.office, session, self.actor),
        )
        outcome = carried.plan if isinstance(carried, Carried) else carried
        item.reasons = orjson.dumps([reason.plain() for reason in outcome.reasons]).decode()
        if not isinstance(carried, Carried):
            item.status = "cannot"
            return
        item.status = "moved" if outcome.verdict == "clean" else "notice"
        item.revision, item.old_state, item.old_inbox = carried.revision, carried.state, carried.inbox
        self._trail(session, carried.case, self.old, self.new)

    def back(self, session: Session, item: MoveItem) -> None:
        """Give the case its old state and version, unless it went on."""
        assert item.revision is not None and item.old_state is not None, item.case_id  # noqa: S101
        case = put_back(
            session,
            item.case_id,
            old=self.old,
            new=self.new,
            carried=(item.revision, item.old_state, item.old_inbox),
            by=by_actor(self.office, session, self.actor),
        )
        if case is None:
            item.status, item.reasons = "kept", orjson.dumps([_WENT_ON.plain()]).decode()
            return
        item.status = "undone"
        self._trail(session, case, self.new, self.old)

    def _trail(self, session: Session, case: CaseRef, source: Published, target: Published) -> None:
        append(
            session,
            stream=f"case:{case.id}",
            action=Action.CASE_MIGRATED,
            actor=self.actor,
            subject=case.subject,
            before={"version": source.number},
            after={"version": target.number, "job": self.job_id},
            now=self.office.clock(),
        )

    def _fail(self, case_id: int, *reasons: Reason) -> None:
        """Keep why; a failed way back leaves the case where it is."""
        status = "failed" if self.todo == ("waiting",) else "kept"
        with self.office.store.transaction() as session:
            session.execute(
                update(MoveItem)
                .where(
                    MoveItem.job_id == self.job_id,
                    MoveItem.case_id == case_id,
                    MoveItem.status.in_(self.todo),
                )
                .values(
                    status=status,
                    at=self.office.clock(),
                    reasons=orjson.dumps([reason.plain() for reason in reasons]).decode(),
                )
            )


def _finish(office: Office, job_id: int, todo: tuple[str, ...]) -> None:
    left = exists().where(MoveItem.job_id == job_id, MoveItem.status.in_(todo))
    states = ("running", "done") if todo == ("waiting",) else ("undoing", "undone")
    with office.store.transaction() as session:
        session.execute(
            update(MoveJob)
            .where(MoveJob.id == job_id, MoveJob.status == states[0], ~left)
            .values(status=states[1], finished_at=office.clock())
        )


def by_actor(office: Office, session: Session, actor: Actor) -> By:
    """The actor's move, now, with the desk of a case as it would have answered at any instant."""

    def at(case: CaseRef, instant: datetime | None) -> Around:
        then = replace(office, clock=lambda: instant) if instant else office
        return around(then, session, actor)(case)

    return By(actor=actor, now=office.clock(), around=at)
