"""Ending the case of a transfer before its time: what the other office is told, and when it is too late.

Rights that have moved stay moved. Called by ``pausing`` and ``delivery``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.store import outbox
from engine.tasks.moved_rights import GONE
from engine.tasks.tables import RightsTransfer
from engine.values import Reason
from engine.workflow.tables import WorkflowCase

#: processes whose case is one end of a transfer, by side
SIDES = {"transfer_in": "in", "transfer_out": "out"}


def too_late_to_end(session: Session, case: WorkflowCase) -> tuple[Reason, ...]:
    """Why the case of a transfer cannot be ended any more: its months have moved, or a withdrawal is under way."""
    transfer = _of(session, case)
    if transfer is None or (transfer.status == "open" and not transfer.reason):
        return ()
    if transfer.status == "open":
        return (
            Reason(
                code="withdrawal_asked",
                text="已经提出撤回，正在等待转出地答复",
                text_en="The withdrawal was asked for; the sending office has not answered yet.",
            ),
        )
    return (
        Reason(
            code="rights_moved",
            text="信息表已经发出，权益已转移或转移已有结果，不能终止",
            text_en="The information has been sent; what has moved cannot be taken back.",
            fact=transfer.transfer_number,
        ),
    )


def refuse_to_other_office(session: Session, case: WorkflowCase, *, why: str, now: datetime) -> None:
    """The receiving office is told that the sending one ended its case, with the reason."""
    transfer = _of(session, case)
    if transfer is None or transfer.side != "out":
        return
    number = transfer.transfer_number
    transfer.status, transfer.reason = "refused", why
    payload = {"transfer_number": number, "refusal_reason": why}
    content = {"name": "transfer_refused", "correlation": number, "payload": payload}
    key = f"{case.case_key}/terminated/transfer_refused"
    outbox.put(session, kind="message", key=key, payload=content, now=now, case_id=case.id)


def overtaken(session: Session, name: str, number: str) -> str:
    """Why a message need not be heard any more; empty where it must.

    A letter that comes twice has its case. A withdrawal that comes after the answer is answered by it: the receiving
    office hears that one.
    """
    if name not in ("contact_letter", "transfer_withdrawn"):
        return ""
    status = session.scalar(
        select(RightsTransfer.status).where(
            RightsTransfer.transfer_number == number, RightsTransfer.side == "out"
        )
    )
    if name == "contact_letter":
        return "此函已有办件" if status else ""
    if status in GONE:
        return "信息表已经发出，撤回没有成立"
    return "已经答复" if status in ("refused", "withdrawn") else ""


def _of(session: Session, case: WorkflowCase) -> RightsTransfer | None:
    side = SIDES.get(case.process_id)
    query = select(RightsTransfer).where(RightsTransfer.case_id == case.id, RightsTransfer.side == side)
    return session.scalars(query).one_or_none() if side else None
