"""Moving running cases to another version in the background, with a way back; ``move_trial`` tries it first.

An analyst asks; the sweep carries out, each case in a transaction of its own. A killed worker leaves whole
cases behind it, moved or waiting, and the next sweep goes on with those that wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import orjson
from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from engine.cases.move_tables import MoveItem, MoveJob
from engine.cases.move_trial import PAGE, MoveRow, both_versions, next_after, open_on, require_analyst
from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.sight import beyond
from engine.values import Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.tables import ProcessVersion, WorkflowCase
from engine.workflow.versions import Published

JobStatus = Literal["running", "done", "undoing", "undone"]

JOB_STATUS_NAMES: dict[str, str] = {
    "running": "换版中",
    "done": "换版完成",
    "undoing": "撤回中",
    "undone": "已撤回",
}
ITEM_STATUS_NAMES: dict[str, str] = {
    "waiting": "等待",
    "moved": "已换版",
    "notice": "已换版，有须知",
    "cannot": "不能换版",
    "failed": "换版出错",
    "stopped": "未换版，作业已撤回",
    "undone": "已退回原版本",
    "kept": "已继续办理，留在新版本",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveProgress:
    """How far a job has come."""

    job_id: int
    process_id: str
    from_number: int
    to_number: int
    status: JobStatus
    status_name: str
    total: int
    #: cases by status of their item
    counts: dict[str, int]
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    #: whoever took it back, when and why; empty for a job that stands
    undone_by: str
    undone_at: datetime | None
    undone_why: str
    rows: tuple[MoveRow, ...] = ()
    #: ask from here on to see the next page of rows; 0 on the last
    next_after: int = 0

    @property
    def left(self) -> int:
        """Cases that the job has not come to."""
        if self.status == "undoing":
            return self.counts.get("moved", 0) + self.counts.get("notice", 0)
        return self.counts.get("waiting", 0)


def start_move(
    office: Office, actor: Actor, *, from_version_id: int, to_version_id: int
) -> MoveProgress | Refusal:
    """The job for every case now open on the version; the sweep carries it out."""

    def work(session: Session) -> MoveProgress:
        old, new = both_versions(session, office, actor, from_version_id, to_version_id)
        _refuse_second(session, old)
        job = MoveJob(
            process_id=old.process_id,
            from_version_id=old.id,
            to_version_id=new.id,
            total=0,
            started_by=actor.key,
            started_at=office.clock(),
        )
        session.add(job)
        session.flush()
        open_cases = select(
            literal(job.id), WorkflowCase.id, literal("waiting"), literal("[]"), literal("[]")
        )
        with beyond(session, "every case of a version moves, wherever it runs; shown are numbers of cases"):
            session.execute(
                insert(MoveItem).from_select(
                    ["job_id", "case_id", "status", "reasons", "old_inbox"], open_cases.where(open_on(old.id))
                )
            )
            items = select(func.count()).where(MoveItem.job_id == job.id)
            job.total = session.execute(items).scalar_one()
        if job.total == 0:
            raise RefusedError(
                Reason(
                    code="no_open_case", text="这一版没有在办案件", text_en="No open case is on this version."
                )
            )
        facts = {"from": old.number, "to": new.number, "cases": job.total}
        _record(session, office, actor, job, Action.MOVE_STARTED, facts)
        return _progress(session, job)

    return attempt(office, actor, work, subject=f"version:{from_version_id}", stream="diagrams")


def move_progress(
    office: Office, actor: Actor, job_id: int, *, status: str = "", after: int = 0
) -> MoveProgress | Refusal:
    """How far the job has come, with a page of its cases, all or those of one status."""

    def work(session: Session) -> MoveProgress:
        require_analyst(session, office, actor)
        job = _job(session, job_id)
        query = (
            select(MoveItem, WorkflowCase.case_key)
            .join(WorkflowCase, WorkflowCase.id == MoveItem.case_id)
            .where(MoveItem.job_id == job_id, MoveItem.case_id > after)
        )
        if status:
            query = query.where(MoveItem.status == status)
        found = session.execute(query.order_by(MoveItem.case_id).limit(PAGE + 1)).all()
        rows = [_item_row(item, key) for item, key in found]
        return replace(_progress(session, job), rows=tuple(rows[:PAGE]), next_after=next_after(rows))

    return attempt(office, actor, work, subject=f"move:{job_id}", stream="diagrams")


def move_jobs(office: Office, actor: Actor, *, process_id: str) -> tuple[MoveProgress, ...] | Refusal:
    """The jobs of the process, newest first."""

    def work(session: Session) -> tuple[MoveProgress, ...]:
        require_analyst(session, office, actor)
        query = select(MoveJob).where(MoveJob.process_id == process_id).order_by(MoveJob.id.desc())
        return tuple(_progress(session, job) for job in session.scalars(query.limit(PAGE)))

    return attempt(office, actor, work, subject=f"process:{process_id}", stream="diagrams")


def undo_move(office: Office, actor: Actor, job_id: int, *, why: str) -> MoveProgress | Refusal:
    """The job turned round: the sweep gives each case its old state and version, unless it went on since.

    Cases that still waited for the job stay where they are.
    """

    def work(session: Session) -> MoveProgress:
        require_analyst(session, office, actor)
        job = _job(session, job_id, lock=True)
        if job.status not in ("running", "done"):
            text = f"此作业{JOB_STATUS_NAMES[job.status]}"
            raise RefusedError(Reason(code="already_undone", text=text, text_en="It is taken back already."))
        if not why.strip():
            raise RefusedError(Reason(code="why_missing", text="请填写撤回理由", text_en="Say why."))
        with beyond(session, "every case of the job, wherever it runs"):
            session.execute(
                update(MoveItem)
                .where(MoveItem.job_id == job_id, MoveItem.status == "waiting")
                .values(status="stopped", at=office.clock())
            )
        job.status, job.undone_by, job.undone_at = "undoing", actor.key, office.clock()
        job.undone_why = why.strip()
        _record(session, office, actor, job, Action.MOVE_TAKEN_BACK, {}, why=job.undone_why)
        return _progress(session, job)

    return attempt(office, actor, work, subject=f"move:{job_id}", stream="diagrams")


def _refuse_second(session: Session, old: Published) -> None:
    # two at once: the later one waits for the row of the version and then finds the job of the first
    session.execute(select(ProcessVersion.id).where(ProcessVersion.id == old.id).with_for_update())
    under_way = session.scalar(
        select(MoveJob.id).where(
            MoveJob.from_version_id == old.id, MoveJob.status.in_(["running", "undoing"])
        )
    )
    if under_way is not None:
        text = f"第{old.number}版已有换版作业（{under_way}）在进行"
        raise RefusedError(Reason(code="move_under_way", text=text, text_en="A move is under way."))


def _job(session: Session, job_id: int, *, lock: bool = False) -> MoveJob:
    job = session.get(MoveJob, job_id, with_for_update=lock)
    if job is None:
        raise RefusedError(Reason(code="no_such_move", text="没有这个换版作业", text_en="No such move."))
    return job


def _progress(session: Session, job: MoveJob) -> MoveProgress:
    with beyond(session, "how many cases a job has dealt with, wherever they run"):
        counts = session.execute(
            select(MoveItem.status, func.count()).where(MoveItem.job_id == job.id).group_by(MoveItem.status)
        ).all()
    versions = session.execute(
        select(ProcessVersion.id, ProcessVersion.number).where(
            ProcessVersion.id.in_([job.from_version_id, job.to_version_id])
        )
    )
    numbers = {row.id: row.number for row in versions}
    return MoveProgress(
        job_id=job.id,
        process_id=job.process_id,
        from_number=numbers[job.from_version_id],
        to_number=numbers[job.to_version_id],
        status=job.status,  # type: ignore[arg-type]
        status_name=JOB_STATUS_NAMES[job.status],
        total=job.total,
        counts={row[0]: row[1] for row in counts},
        started_by=name_of(session, job.started_by),
        started_at=job.started_at,
        finished_at=job.finished_at,
        undone_by=name_of(session, job.undone_by) if job.undone_by else "",
        undone_at=job.undone_at,
        undone_why=job.undone_why,
    )


def _item_row(item: MoveItem, case_key: str) -> MoveRow:
    reasons = tuple(Reason(**reason) for reason in orjson.loads(item.reasons))
    return MoveRow(
        case_id=CaseId(item.case_id), case_key=case_key, outcome=item.status, reasons=reasons, at=item.at
    )


def _record(
    session: Session,
    office: Office,
    actor: Actor,
    job: MoveJob,
    action: Action,
    facts: Mapping[str, object],
    *,
    why: str = "",
) -> None:
    append(
        session,
        stream="diagrams",
        action=action,
        actor=actor,
        subject=f"move:{job.id}",
        after={"process": job.process_id, **facts},
        reason=why,
        now=office.clock(),
    )
