"""One transaction of one use-case: tried again when stale, rolled back when refused, parked when it fails.

A refusal is recorded in a transaction of its own; a failure becomes an incident with its cause and retry.
Where there is no case yet to park it at, whoever asked is told that nothing was kept, and why.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import orjson
from psycopg import errors as pg
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.cases.answers import once
from engine.cases.controls import fulfilled
from engine.cases.incidents import park, settle
from engine.cases.office import Office
from engine.cases.sight import acting_as
from engine.money.payees import PayeeBook
from engine.registers import RegisterDown
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import seen_as
from engine.tasks import CATALOGUE
from engine.tasks.desk import Desk
from engine.values import CHINA, Actor, CaseRef, Reason, Refusal, RefusedError
from engine.workflow.runner import (
    PausedError,
    StaleCaseError,
    StepFailedError,
    Stepped,
    TaskClosedError,
)
from engine.workflow.tables import WorkflowTask

T = TypeVar("T")

#: a step that always loses to others is given up after so many tries
_TRIES = 8
_BUSY = Reason(code="busy", text="此案正被多人同时办理，请稍后再试", text_en="The case is busy; try again.")
_RETRIED = (pg.DeadlockDetected, pg.SerializationFailure)
_REFUSED_BY_DATABASE = (
    pg.CheckViolation,
    pg.RestrictViolation,
    pg.UniqueViolation,
    pg.ExclusionViolation,
    pg.RaiseException,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the runner asks of the office during one step: the desk, with controls checked before money."""

    desk: Desk
    office: Office

    @property
    def now(self) -> datetime:
        """The instant of the step."""
        return self.desk.now

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.desk.actor

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """What expressions may call."""
        return self.desk.functions

    def call(self, operation: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The operation, after every control that it needs is found in the case's history."""
        needed = self.office.controls.needs(operation)
        signed = (
            fulfilled(self.desk.session, self.office.controls, self.desk.case.id, operation) if needed else {}
        )
        return CATALOGUE[operation](replace(self.desk, controls=signed), data)


def around(office: Office, session: Session, actor: Actor) -> Callable[[CaseRef], Around]:
    """Sets the desk for whichever case the step is about."""
    now = office.clock()

    def for_case(case: CaseRef) -> Around:
        desk = Desk(
            session=session,
            now=now,
            actor=actor,
            case=case,
            book=office.book,
            calendar=office.calendar,
            duties=office.duties,
            registers=office.registers,
            vault=office.vault,
            peers=office.peers,
            letters_dir=office.letters_dir,
            wording=lambda kind: office.wording(session, kind),
            waiting_duties=_waiting_duties(session, case.id),
            payee=lambda purpose, region: PayeeBook.load(office.settings.processes_dir).find(purpose, region),
            production=office.settings.production,
        )
        return Around(desk=desk, office=office)

    return for_case


def _waiting_duties(session: Session, case_id: int) -> frozenset[str]:
    open_tasks = select(WorkflowTask.duty).where(
        WorkflowTask.case_id == case_id, WorkflowTask.status == "ready"
    )
    return frozenset(session.scalars(open_tasks))


class DatabaseFaultError(Exception):
    """数据库没有接受这一步的写入。"""

    retryable = False

    def __init__(self, error: DBAPIError) -> None:
        # the message alone: the statement and its parameters may hold personal data
        diagnosis = error.orig.diag.message_primary if isinstance(error.orig, pg.Error) else None
        super().__init__(f"数据库没有接受写入：{diagnosis or type(error.orig).__name__}")


def attempt(
    office: Office,
    actor: Actor,
    work: Callable[[Session], T],
    *,
    subject: str,
    stream: str = "office",
    command: Mapping[str, Any] | None = None,
    case_id: int | None = None,
) -> T | Refusal:
    """What `work` returns, in one committed transaction; or the refusal, recorded on `stream`.

    With a `command`, a failing step is parked as an incident of the case and refused with a reason that
    says so. Without one, nobody would try it again: the refusal says that nothing was kept, and what to do.
    """
    try:
        return carry_out(office, actor, work, subject=subject, stream=stream)
    except StepFailedError as failed:
        if command is not None and case_id is not None:
            return _parked(office, failed, command, case_id)
        refusal = Refusal(reasons=(_not_kept(failed),))
        _record(office, actor, refusal, subject=subject, stream=stream)
        return refusal


def carry_out(
    office: Office, actor: Actor, work: Callable[[Session], T], *, subject: str, stream: str = "office"
) -> T | Refusal:
    """As :func:`attempt`, but a failing step is the caller's to keep: StepFailedError with its cause.

    Where the office was asked under a key, the answer is kept in the same transaction (``answers``).
    The transaction has the eyes of the actor; of the office for the system.
    """
    for turn in range(_TRIES):
        try:
            with seen_as(acting_as(office, actor)):
                return once(office.store, office.asked, work, now=office.clock())
        except StaleCaseError:
            _pause(turn)
        except DBAPIError as error:
            if not isinstance(error.orig, _RETRIED):
                return _refused_by_database(office, actor, error, subject=subject, stream=stream)
            _pause(turn)
        except PausedError as paused:
            return Refusal(reasons=(_paused(paused),))
        except (RefusedError, TaskClosedError) as no:
            return _refused(office, actor, no, subject=subject, stream=stream)
        except RegisterDown as down:
            raise StepFailedError("", down) from down
    return Refusal(reasons=(_BUSY,))


def pass_on(session: Session, stepped: Stepped, *, now: datetime) -> None:
    """Messages and signals that left a case go into the outbox with the step that sent them.

    Incidents that the step left nothing to try again of are resolved with it.
    """
    settle(session, stepped.case.id, ended=stepped.status != "running", now=now)
    for thrown in stepped.thrown:
        outbox.put(
            session,
            kind=thrown.kind,
            key=thrown.key,
            payload={"name": thrown.name, "correlation": thrown.correlation, "payload": dict(thrown.payload)},
            now=now,
            case_id=stepped.case.id,
        )


def _pause(turn: int) -> None:
    time.sleep(random.uniform(0, 0.005 * 2**turn))  # noqa: S311 - spreads rivals, guards nothing


def _refused_by_database(
    office: Office, actor: Actor, error: DBAPIError, *, subject: str, stream: str
) -> Refusal:
    """The database's own no (a trigger or constraint), as a refusal; anything else is a step that failed."""
    if error.connection_invalidated or not isinstance(error.orig, pg.Error):
        raise error
    if not isinstance(error.orig, _REFUSED_BY_DATABASE):
        raise StepFailedError("", DatabaseFaultError(error)) from error
    message = error.orig.diag.message_primary or str(error.orig)
    constraint = error.orig.diag.constraint_name or "trigger"
    reason = Reason(code=f"database_{constraint}", text=message, text_en=message, source="数据库约束")
    refusal = Refusal(reasons=(reason,))
    _record(office, actor, refusal, subject=subject, stream=stream)
    return refusal


def _refused(
    office: Office, actor: Actor, no: RefusedError | TaskClosedError, *, subject: str, stream: str
) -> Refusal:
    """The refusal; recorded, unless the actor merely came too late."""
    if isinstance(no, TaskClosedError):
        return Refusal(reasons=(_closed(office, no),))
    _record(office, actor, no.refusal, subject=subject, stream=stream)
    return no.refusal


def _record(office: Office, actor: Actor, refusal: Refusal, *, subject: str, stream: str) -> None:
    with office.store.transaction() as session:
        append(
            session,
            stream=stream,
            action=Action.ACTION_REFUSED,
            actor=actor,
            subject=subject,
            after={"reasons": [reason.plain() for reason in refusal.reasons]},
            reason=refusal.text,
            now=office.clock(),
        )


def _paused(paused: PausedError) -> Reason:
    return Reason(
        code="case_paused",
        text=f"{paused}（{paused.since.astimezone(CHINA):%Y-%m-%d}起）",
        text_en=f"Case {paused.case_key} is paused; it goes on when it is resumed.",
        fact=paused.case_key,
    )


def _closed(office: Office, closed: TaskClosedError) -> Reason:
    from engine.cases.staff import name_of

    with office.store.reading() as session:
        who, at = name_of(session, closed.by), closed.at
    by = f"，由{who}于{at:%Y-%m-%d %H:%M}办结" if who and at else ""
    return Reason(
        code="task_closed",
        text=f"“{closed.name}”已不在待办{by}",
        text_en=f"“{closed.name}” no longer waits" + (f"; completed by {who}" if who else ""),
        fact=closed.by,
    )


def _not_kept(failed: StepFailedError) -> Reason:
    """Why nothing came of it, for whoever asked: to come again later, or to turn to the office."""
    if failed.retryable:
        return Reason(
            code="try_later",
            text="所需的外部登记系统暂时没有回答，本次没有办理，也没有保存任何内容；请稍后再试，不影响您的权益",
            text_en="A register of others does not answer at the moment. Nothing was done or kept; please try again later.",
            fact=getattr(failed.cause, "register", failed.element_id),
        )
    return Reason(
        code="not_carried_out",
        text=f"此事未能办理，没有保存任何内容，原因已记录；请联系经办机构：{failed.cause}",
        text_en=f"This could not be done; nothing was kept, the cause is on record. Please contact the office: {failed.cause}",
        fact=failed.element_id,
    )


def _parked(office: Office, failed: StepFailedError, command: Mapping[str, Any], case_id: int) -> Refusal:
    # an incident is the office's, whoever's step it was
    with seen_as(None), office.store.transaction() as session:
        park(
            session, failed, command=orjson.dumps(dict(command)).decode(), case_id=case_id, now=office.clock()
        )
    return Refusal(
        reasons=(
            Reason(
                code="step_failed",
                text=f"此步未能完成，已回到办理前的状态并登记为异常：{failed.cause}"
                + ("；系统将自动重试" if failed.retryable else "；请联系流程分析岗处理"),
                text_en=f"The step failed and was rolled back; an incident was recorded: {failed.cause}",
                fact=failed.element_id,
            ),
        )
    )
