"""The cases of a suspicion list: one for each line, opened by the sweep (CTRL-03)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.cases.office import Office
from engine.cases.start import next_case, start_case
from engine.cases.steps import carry_out
from engine.oversight.list_tables import SuspicionLine, SuspicionList
from engine.values import SYSTEM, CaseId
from engine.workflow.runner import StepFailedError
from engine.workflow.tables import ProcessVersion, WorkflowCase

_PROCESS = "suspicion"


def open_line_cases(office: Office, limit: int = 100) -> int:
    """How many lines got their case now; swept. A line whose case was ended without an answer gets another."""
    with office.store.reading() as session:
        if session.scalar(select(exists().where(ProcessVersion.process_id == _PROCESS))) is not True:
            return 0
        waiting = session.scalars(
            select(SuspicionLine.id).where(_wants_case()).order_by(SuspicionLine.id).limit(limit)
        ).all()
    return sum(_opened(office, line_id) for line_id in waiting)


def start_line_case(session: Session, office: Office, line: SuspicionLine) -> CaseId:
    """The case in which the line is looked into; the caller has locked the line.

    Its subject is the office: whoever is suspected does not read it among their own cases.
    """
    taken = session.get_one(SuspicionList, line.list_id)
    case = next_case(session, office, _PROCESS, region=taken.region, subject=f"office:{taken.region}")
    data = {
        "line_id": line.id,
        "list_number": taken.number,
        "line_no": line.line_no,
        "claim_text": f"{line.person_label}：{line.claim_text}",
        "whereabouts": _whereabouts(session, line),
        "answer_due": taken.answer_due.isoformat(),
    }
    start_case(office, session, SYSTEM, case, data)
    line.case_id = case.id
    session.flush()
    return case.id


def _opened(office: Office, line_id: int) -> bool:
    def work(session: Session) -> bool:
        line = session.scalars(
            select(SuspicionLine)
            .where(SuspicionLine.id == line_id, _wants_case())
            .with_for_update(of=SuspicionLine, skip_locked=True)
        ).one_or_none()
        if line is None:
            return False
        start_line_case(session, office, line)
        return True

    try:
        return carry_out(office, SYSTEM, work, subject=f"suspicion_line:{line_id}", stream="office") is True
    except StepFailedError:
        # the line still wants its case: the next sweep tries again
        return False


def _wants_case() -> ColumnElement[bool]:
    ended = exists().where(WorkflowCase.id == SuspicionLine.case_id, WorkflowCase.status != "running")
    return SuspicionLine.answered_at.is_(None) & or_(SuspicionLine.case_id.is_(None), ended)


def _whereabouts(session: Session, line: SuspicionLine) -> str:
    if line.person_id is None:
        return "本系统没有此人"
    grant = session.get(BenefitGrant, line.grant_id) if line.grant_id else None
    if grant is None:
        return "本系统有此人，没有在本地领取过失业保险待遇"
    states = {"active": "正在领取", "stopped": f"已停发（{grant.ended_on}）", "used_up": "已领完"}
    return f"{states[grant.status]}，起领月份{grant.first_month}，已发至{grant.paid_through or '—'}"
