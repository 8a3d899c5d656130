"""Moving running cases to another version: try it on all of them, then do it in the background, with a way back.

An analyst asks; the sweep carries out, each case in a transaction of its own. A killed worker leaves whole
cases behind it, moved or waiting, and the next sweep goes on with those that wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import orjson
from sqlalchemy import ColumnElement, and_, func, insert, literal, select, update
from sqlalchemy.orm import Session, undefer

from engine.cases.move_sweep import by_actor
from engine.cases.move_tables import MoveItem, MoveJob
from engine.cases.office import Office
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.duties import check_may
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import SYSTEM, Actor, CaseId, Reason, Refusal, RefusedError
from engine.workflow.migration import Verdict
from engine.workflow.moving import tried
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
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """One case of a dry run or of a job."""

    case_id: CaseId
    case_key: str
    #: of a dry run: clean, notice, cannot; of a job: the item's status
    outcome: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveReport:
    """What a move of all open cases would do; nothing was changed."""

    process_id: str
    from_number: int
    to_number: int
    clean: int
    notice: int
    cannot: int
    #: how many cases each reason concerns, by its sentence, most frequent first
    reasons: tuple[tuple[str, int], ...]
    rows: tuple[MoveRow, ...]
    #: hand it back to see the next page; empty on the last
    next_cursor: str = ""


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
    rows: tuple[MoveRow, ...] = ()
    next_cursor: str = ""

    @property
    def left(self) -> int:
        """Cases that the job has not come to."""
        if self.status == "undoing":
            return self.counts.get("moved", 0) + self.counts.get("notice", 0)
        return self.counts.get("waiting", 0)


def dry_run(
    office: Office,
    actor: Actor,
    *,
    from_version_id: int,
    to_version_id: int,
    verdict: Verdict | None = None,
    cursor: str = "",
) -> MoveReport | Refusal:
    """What the move would do to every open case, with a page of the cases, all or those of one verdict."""

    def work(session: Session) -> MoveReport:
        old, new = _versions(session, office, actor, from_version_id, to_version_id)
        counts: Counter[Verdict] = Counter()
        sentences: Counter[str] = Counter()
        rows: list[MoveRow] = []
        for row in _judged(session, office, old, new):
            counts[row.outcome] += 1  # type: ignore[index]
            sentences.update(reason.text for reason in row.reasons)
            wanted = verdict in (None, row.outcome) and row.case_id > int(cursor or 0)
            if wanted and len(rows) <= _PAGE:
                rows.append(row)
        return MoveReport(
            process_id=old.process_id,
            from_number=old.number,
            to_number=new.number,
            clean=counts["clean"],
            notice=counts["notice"],
            cannot=counts["cannot"],
            reasons=tuple(sentences.most_common()),
            rows=tuple(rows[:_PAGE]),
            next_cursor=_next(rows),
        )

    return attempt(office, actor, work, subject=f"version:{from_version_id}", stream="diagrams")


def start_move(
    office: Office, actor: Actor, *, from_version_id: int, to_version_id: int
) -> MoveProgress | Refusal:
    """The job for every case now open on the version; the sweep carries it out."""

    def work(session: Session) -> MoveProgress:
        old, new = _versions(session, office, actor, from_version_id, to_version_id)
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
        session.execute(
            insert(MoveItem).from_select(
                ["job_id", "case_id", "status", "reasons", "old_inbox"], open_cases.where(_open_on(old.id))
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
        _record(session, office, actor, job, {"from": old.number, "to": new.number, "cases": job.total})
        return _progress(session, job)

    return attempt(office, actor, work, subject=f"version:{from_version_id}", stream="diagrams")


def move_progress(
    office: Office, actor: Actor, job_id: int, *, status: str = "", cursor: str = ""
) -> MoveProgress | Refusal:
    """How far the job has come, with a page of its cases, all or those of one status."""

    def work(session: Session) -> MoveProgress:
        _require_analyst(session, office, actor)
        job = _job(session, job_id)
        query = (
            select(MoveItem, WorkflowCase.case_key)
            .join(WorkflowCase, WorkflowCase.id == MoveItem.case_id)
            .where(MoveItem.job_id == job_id, MoveItem.case_id > int(cursor or 0))
        )
        if status:
            query = query.where(MoveItem.status == status)
        found = session.execute(query.order_by(MoveItem.case_id).limit(_PAGE + 1)).all()
        rows = [_item_row(item, key) for item, key in found]
        return replace(_progress(session, job), rows=tuple(rows[:_PAGE]), next_cursor=_next(rows))

    return attempt(office, actor, work, subject=f"move:{job_id}", stream="diagrams")


def move_jobs(office: Office, actor: Actor, *, process_id: str) -> tuple[MoveProgress, ...] | Refusal:
    """The jobs of the process, newest first."""

    def work(session: Session) -> tuple[MoveProgress, ...]:
        _require_analyst(session, office, actor)
        query = select(MoveJob).where(MoveJob.process_id == process_id).order_by(MoveJob.id.desc())
        return tuple(_progress(session, job) for job in session.scalars(query.limit(_PAGE)))

    return attempt(office, actor, work, subject=f"process:{process_id}", stream="diagrams")


def undo_move(office: Office, actor: Actor, job_id: int, *, why: str) -> MoveProgress | Refusal:
    """The job turned round: the sweep gives each case its old state and version, unless it went on since.

    Cases that still waited for the job stay where they are.
    """

    def work(session: Session) -> MoveProgress:
        _require_analyst(session, office, actor)
        job = _job(session, job_id, lock=True)
        if job.status not in ("running", "done"):
            text = f"此作业{JOB_STATUS_NAMES[job.status]}"
            raise RefusedError(Reason(code="already_undone", text=text, text_en="It is taken back already."))
        if not why.strip():
            raise RefusedError(Reason(code="why_missing", text="请填写撤回理由", text_en="Say why."))
        session.execute(
            update(MoveItem)
            .where(MoveItem.job_id == job_id, MoveItem.status == "waiting")
            .values(status="stopped", at=office.clock())
        )
        job.status, job.undone_by, job.undone_at = "undoing", actor.key, office.clock()
        job.undone_why = why.strip()
        _record(session, office, actor, job, {"undo": job_id}, why=job.undone_why)
        return _progress(session, job)

    return attempt(office, actor, work, subject=f"move:{job_id}", stream="diagrams")


def _judged(session: Session, office: Office, old: Published, new: Published) -> Iterator[MoveRow]:
    query = select(WorkflowCase).options(undefer(WorkflowCase.state)).where(_open_on(old.id))
    cases = session.scalars(query.order_by(WorkflowCase.id), execution_options={"yield_per": 500})
    by = by_actor(office, session, SYSTEM)
    for case in cases:
        found = tried(case, old=old, new=new, by=by)
        yield MoveRow(
            case_id=CaseId(case.id), case_key=case.case_key, outcome=found.verdict, reasons=found.reasons
        )
        session.expunge(case)


def _versions(
    session: Session, office: Office, actor: Actor, from_version_id: int, to_version_id: int
) -> tuple[Published, Published]:
    """Both versions, once it is clear that the actor may and that they belong together."""
    _require_analyst(session, office, actor)
    for version_id in (from_version_id, to_version_id):
        if session.get(ProcessVersion, version_id) is None:
            text = f"没有发布过编号为{version_id}的版本"
            raise RefusedError(Reason(code="no_such_version", text=text, text_en="No such version."))
    old, new = (office.runner.versions.get(session, own) for own in (from_version_id, to_version_id))
    if old.id == new.id or old.process_id != new.process_id:
        text = "换版须在同一流程的两个版本之间"
        raise RefusedError(
            Reason(code="other_process", text=text, text_en="Two versions of one process, please.")
        )
    return old, new


def _require_analyst(session: Session, office: Office, actor: Actor) -> None:
    no = check_may(session, office.duties, actor, "analyst", office.settings.region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)


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


def _open_on(version_id: int) -> ColumnElement[bool]:
    return and_(WorkflowCase.version_id == version_id, WorkflowCase.status == "running")


def _job(session: Session, job_id: int, *, lock: bool = False) -> MoveJob:
    job = session.get(MoveJob, job_id, with_for_update=lock)
    if job is None:
        raise RefusedError(Reason(code="no_such_move", text="没有这个换版作业", text_en="No such move."))
    return job


def _progress(session: Session, job: MoveJob) -> MoveProgress:
    counts = session.execute(
        select(MoveItem.status, func.count()).where(MoveItem.job_id == job.id).group_by(MoveItem.status)
    )
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
    )


def _item_row(item: MoveItem, case_key: str) -> MoveRow:
    reasons = tuple(Reason(**reason) for reason in orjson.loads(item.reasons))
    return MoveRow(case_id=CaseId(item.case_id), case_key=case_key, outcome=item.status, reasons=reasons)


def _next(rows: Sequence[MoveRow]) -> str:
    return str(rows[_PAGE - 1].case_id) if len(rows) > _PAGE else ""


def _record(
    session: Session, office: Office, actor: Actor, job: MoveJob, what: Mapping[str, object], *, why: str = ""
) -> None:
    append(
        session,
        stream="diagrams",
        action=Action.CASE_MIGRATED,
        actor=actor,
        subject=f"move:{job.id}",
        after={"process": job.process_id, **what},
        reason=why,
        now=office.clock(),
    )
