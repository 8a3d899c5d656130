"""One refund: what was found and why, how far it is, what was published and said, what the money was used for. Reads only.

Staff see it by region and duty of money; the employer sees its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.refund_lists import refund_rows
from engine.cases.refund_records import (
    STAGES,
    NoticeOf,
    ObjectionRow,
    RefundRow,
    RefundStage,
    RefundView,
    UseRow,
)
from engine.cases.refund_sight import in_sight, no_such
from engine.cases.rows import visible
from engine.cases.staff import name_of
from engine.duties import check_may
from engine.refunds.campaign_tables import (
    LOOK_RESULTS,
    USES,
    NoticeObjection,
    RefundNoticeLine,
    RefundNoticeList,
    RetentionRefund,
)
from engine.values import Actor, Money, Reason, Refusal
from engine.workflow.tables import WorkflowCase, WorkflowTask

R = RetentionRefund
#: of an employer's own list
_YEARS_SHOWN = 30
_STOPPED = (*STAGES["lapsed"], *STAGES["declined"])

#: status → how many stretches of its road lie behind a refund
_DONE: Mapping[str, int] = {
    "screened": 0, "pushed": 1, "objected": 1, "confirmed": 2, "noticed": 2, "ordered": 3, "prepay_ordered": 3,
    "paid": 4, "prepaid": 4, "committed": 5, "topping_up": 5, "recovering": 6, "settled": 6, "recovered": 6,
}  # fmt: skip


def refund_view(office: Office, actor: Actor, refund_id: int) -> RefundView | Refusal:
    """The refund with everything that the actor may see of it."""
    with office.store.reading() as session:
        rows = refund_rows(session, (R.id == refund_id, in_sight(session, office, actor)), size=1)
        if not rows:
            return no_such(
                "refund",
                "没有这笔返还，或不在您的岗位与地区范围内",
                "No such refund within your duty and region.",
            )
        return _view(session, office, actor, rows[0], session.get_one(R, refund_id))


def employer_refunds(office: Office, actor: Actor) -> tuple[RefundView, ...]:
    """The employer's own refunds, newest first; nothing for anybody else."""
    if actor.kind != "employer":
        return ()
    with office.store.reading() as session:
        rows = refund_rows(session, (in_sight(session, office, actor),), size=_YEARS_SHOWN)
        return tuple(
            _view(session, office, actor, row, session.get_one(R, row.refund_id))
            for row in sorted(rows, key=lambda row: row.year, reverse=True)
        )


def _view(
    session: Session, office: Office, actor: Actor, row: RefundRow, refund: RetentionRefund
) -> RefundView:
    look = LOOK_RESULTS.get(refund.look_result, ("", ""))
    staff = actor.kind == "staff"
    paid = refund.status in STAGES["paid"]
    return RefundView(
        refund=row,
        reasons=_reasons(refund),
        account_masked=refund.account_masked,
        settlement_case_id=refund.settlement_case_id,
        stages=tuple(_stages(refund, row)),
        notices=_notices(session, refund, office.today),
        objections=_objections(session, refund) if staff else (),
        uses=_uses(refund),
        uses_told_on=refund.uses_told_on,
        looked_on=refund.looked_on if staff else None,
        looked_by=name_of(session, refund.looked_by) if staff and refund.looked_by else "",
        look_result=refund.look_result if staff else "",
        look_name=look[0] if staff else "",
        look_name_en=look[1] if staff else "",
        look_note=refund.look_note if staff else "",
        tasks=_tasks(session, office, actor, refund),
        may_tell_uses=actor.kind == "employer" and paid and refund.looked_on is None,
        may_look=staff and paid and refund.looked_on is None and _controls(session, office, actor, refund),
    )


def _controls(session: Session, office: Office, actor: Actor, refund: RetentionRefund) -> bool:
    return check_may(session, office.duties, actor, "control", refund.city, office.today) is None


def _reasons(refund: RetentionRefund) -> tuple[Reason, ...]:
    kept = orjson.loads(refund.screening or "{}")
    return tuple(Reason(**each) for each in kept.get("reasons", ()))


def _uses(refund: RetentionRefund) -> tuple[UseRow, ...]:
    told = orjson.loads(refund.uses or "{}")
    return tuple(
        UseRow(use=use, name=USES[use][0], name_en=USES[use][1], amount=Money(int(told[use])).text)
        for use in USES
        if use in told
    )


def _notices(session: Session, refund: RetentionRefund, today: date) -> tuple[NoticeOf, ...]:
    found = session.execute(
        select(RefundNoticeLine, RefundNoticeList)
        .join(RefundNoticeList, RefundNoticeList.id == RefundNoticeLine.list_id)
        .where(RefundNoticeLine.refund_id == refund.id)
        .order_by(RefundNoticeLine.id.desc())
    ).all()
    return tuple(
        NoticeOf(
            line_id=line.id,
            published_on=notice.published_on,
            until=notice.until,
            amount=Money(line.amount_fen).text,
            is_open=place == 0 and refund.status == "noticed" and notice.until >= today,
        )
        for place, (line, notice) in enumerate(found)
    )


def _objections(session: Session, refund: RetentionRefund) -> tuple[ObjectionRow, ...]:
    found = session.scalars(
        select(NoticeObjection).where(NoticeObjection.refund_id == refund.id).order_by(NoticeObjection.id)
    )
    return tuple(
        ObjectionRow(
            objection_id=each.id,
            said=each.said,
            taken_at=each.taken_at,
            status=each.status,
            answer=each.answer,
            decided_at=each.decided_at,
        )
        for each in found
    )


def _tasks(
    session: Session, office: Office, actor: Actor, refund: RetentionRefund
) -> tuple[tuple[str, str], ...]:
    cases = [number for number in (refund.case_id, refund.settlement_case_id) if number is not None]
    found = session.execute(
        select(WorkflowTask.id, WorkflowTask.name)
        .join(WorkflowCase, WorkflowCase.id == WorkflowTask.case_id)
        .where(
            WorkflowTask.case_id.in_(cases),
            WorkflowTask.status == "ready",
            visible(session, office, actor),
        )
        .order_by(WorkflowTask.id)
    )
    return tuple((number, name) for number, name in found)


def _stages(refund: RetentionRefund, row: RefundRow) -> Iterator[RefundStage]:
    """The stretches of the road in order. Where it stands now counts, not what was done before it was sent back."""
    road = tuple(_road(refund, row))
    stopped = refund.status in _STOPPED
    done = sum(1 for each in road if each[3]) if stopped else _DONE[refund.status]
    for place, (code, name, name_en, day, until, amount) in enumerate(road):
        state = "done" if place < done else "skipped" if stopped else "current" if place == done else "future"
        if code == "committed" and state == "done" and refund.committed_on is None:
            state = "skipped"
        yield RefundStage(
            code=code,
            name=name,
            name_en=name_en,
            state=state,
            day=day if state == "done" else None,
            until=until,
            amount=amount if state in ("done", "current") else "",
        )


def _road(
    refund: RetentionRefund, row: RefundRow
) -> Iterator[tuple[str, str, str, date | None, date | None, str]]:
    yield "pushed", "推送", "Told", refund.pushed_on, None, row.amount
    yield "confirmed", "单位确认", "Confirmed", refund.confirmed_on, refund.confirm_until, ""
    yield "noticed", "公示", "Published", refund.noticed_on, refund.notice_until, ""
    if refund.mode == "disburse":
        yield "paid", "拨付", "Paid", refund.paid_on, None, row.amount
        return
    yield "prepaid", "预拨", "Prepaid", refund.prepaid_on, None, row.prepaid if refund.prepaid_fen else ""
    yield "committed", "承诺", "Committed", refund.committed_on, refund.commitment_until, ""
    yield "settled", "清算", "Settled", refund.settled_on, None, row.settled
