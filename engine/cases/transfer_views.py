"""One transfer with both of its ends on one line: where each stands, who has it, months and money, messages.

For staff whose duty and region it is at either end, and for the person. The look is recorded. What another office
keeps is shown as its messages said it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine.cases.casefacts import reasons_of
from engine.cases.exchange_views import operates
from engine.cases.files import data_of_case, may_see
from engine.cases.office import Office
from engine.cases.rows import light_of, look, reaches, region_names, subject_labels, task_rows
from engine.cases.steps import attempt
from engine.cases.transfer_applications import application, may_see_application
from engine.cases.transfer_messages import Ends, last_told, latest, messages_of, stages_of
from engine.cases.transfer_records import (
    MessageLine,
    Side,
    TransferEnd,
    TransferMonths,
    TransferView,
)
from engine.cases.transfer_states import (
    SEEN_BY,
    STATE_NAMES,
    Mine,
    in_sight,
    no_such_transfer,
    not_seen,
    sees_transfers,
    standing,
    thresholds,
)
from engine.cases.transit import money_of
from engine.exchange.tables import ExchangeMessage
from engine.law.time_limits import deadline
from engine.store.sight import beyond
from engine.tasks.tables import RightsTransfer
from engine.values import CHINA, Actor, CaseId, Money, Refusal, RefusedError
from engine.workflow.tables import ProcessVersion, WorkflowCase, WorkflowTask

_NUMBER_MAX = 40
#: what an end waits for that has no open step, by side and state of the transfer
_WAITS: Mapping[tuple[str, str], str] = {
    ("out", "applied"): "等待联系函",
    ("out", "letter_sent"): "等待联系函送达",
    ("out", "reviewing"): "正在核算",
    ("out", "moved"): "等待付款",
    ("out", "in_transit"): "等待转入地回执",
    ("out", "arrived"): "等待转入地回执",
    ("in", "applied"): "等待受理",
    ("in", "letter_sent"): "等待转出地答复",
    ("in", "reviewing"): "等待转出地答复",
    ("in", "moved"): "已记入月数，等待费用",
    ("in", "in_transit"): "已记入月数，等待费用到账",
    ("in", "arrived"): "正在入账",
}
#: what another office does, as far as its messages and receipts say
_ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("out", "applied"): "尚未收到联系函",
    ("out", "letter_sent"): "联系函已发出，对方尚未确认收到",
    ("out", "reviewing"): "已收到联系函，正在审核",
    ("out", "moved"): "已发来转出信息表",
    ("out", "in_transit"): "告知费用已付",
    ("out", "arrived"): "告知费用已付",
    ("in", "applied"): "申请已转去，尚未发来联系函",
    ("in", "letter_sent"): "已发来联系函",
    ("in", "reviewing"): "已发来联系函",
    ("in", "moved"): "信息表已发去",
    ("in", "in_transit"): "费用已付，尚未发来回执",
    ("in", "arrived"): "已发来回执",
}
#: the message from which a limit runs, and the limit, for an end that has no open step with one of its own
_LIMITS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("out", "letter_sent"): ("contact_letter", "transfer_out"),
    ("out", "reviewing"): ("contact_letter", "transfer_out"),
    ("out", "moved"): ("transfer_info", "transfer_payment"),
    ("in", "applied"): ("transfer_application", "transfer_in"),
    ("in", "in_transit"): ("transfer_money", "transfer_money"),
}
_DONE: Mapping[str, str] = {"settled": "已办结", "refused": "已退回", "withdrawn": "已撤回"}


def transfer_view(office: Office, actor: Actor, number: str) -> TransferView | Refusal:
    """The transfer of that number, from whichever end the actor may see; refused like one that is not there."""
    if not _is_number(number):
        return Refusal(reasons=(no_such_transfer(),))

    def work(session: Session) -> TransferView:
        if not sees_transfers(session, office, actor):
            raise RefusedError(not_seen(actor))
        with beyond(
            session, "of a transfer with one end in sight: where the other stands, and what was said"
        ):
            ends = ends_of(session, office, actor, number)
            if ends is None:
                raise RefusedError(no_such_transfer())
            look(session, office, actor, f"person:{ends.any_row.person_id}", why=f"查看转迁 {number}")
            return _view(session, office, actor, ends)

    return attempt(office, actor, work, subject=f"transfer:{number}")


def receiving_case(office: Office, actor: Actor, number: str) -> CaseId | Refusal:
    """The case of the receiving end, where it is here and the actor sees the transfer; the use-cases judge the rest."""
    if not _is_number(number):
        return Refusal(reasons=(no_such_transfer(),))
    numbered = Mine.transfer_number == number
    with office.store.reading() as session:
        sees = session.scalar(select(exists().where(numbered, in_sight(session, office, actor))))
        found = select(Mine.case_id).where(numbered, Mine.side == "in")
        case_id = session.scalar(found) if sees else None
        return Refusal(reasons=(no_such_transfer(),)) if case_id is None else CaseId(case_id)


def ends_of(session: Session, office: Office, actor: Actor, number: str) -> Ends | None:
    """The transfer, where the actor may see one of its ends; None otherwise. Asked beyond their eyes: both ends tell where it stands."""
    query = standing(thresholds(office)).where(Mine.transfer_number == number)
    found = session.execute(query.where(in_sight(session, office, actor)).limit(1)).one_or_none()
    if found is None:
        return _sent_on(session, office, actor, number)
    rows = {each.side: each for each in found[:2] if each is not None}
    cases = {side: session.get_one(WorkflowCase, row.case_id) for side, row in rows.items()}
    applied_at = min(case.started_at for case in cases.values())
    return Ends(rows=rows, cases=cases, state=found.state, late=bool(found.late), applied_at=applied_at)


def _sent_on(session: Session, office: Office, actor: Actor, number: str) -> Ends | None:
    """An application that another office has: its letter has not come, and no case of ours stands for it."""
    if session.scalar(select(exists().where(Mine.transfer_number == number))):
        return None
    found = application(session, office, number)
    if found is None or not may_see_application(session, office, actor, found[0]):
        return None
    said = exists().where(
        ExchangeMessage.transfer_number == number,
        ExchangeMessage.direction == "in",
        ExchangeMessage.kind == "transfer_withdrawn",
    )
    state = "withdrawn" if session.scalar(select(said)) else "applied"
    return Ends(rows={"out": found[0]}, cases={}, state=state, late=False, applied_at=found[1])


def _is_number(text: str) -> bool:
    """Whether a transfer could have that number: nothing else is asked of the database, or written into the trail."""
    return 0 < len(text) <= _NUMBER_MAX and text.isascii() and text.isprintable()


def _view(session: Session, office: Office, actor: Actor, ends: Ends) -> TransferView:
    row, messages = ends.any_row, messages_of(session, ends)
    subject = f"person:{row.person_id}"
    names = region_names(session, {row.from_region, row.to_region})
    months = _months(session, office, ends)
    return TransferView(
        number=row.transfer_number,
        person=subject_labels(session, office, {subject})[subject],
        from_name=names[row.from_region],
        to_name=names[row.to_region],
        state=ends.state,
        state_name=STATE_NAMES[ends.state],
        late=ends.late,
        reason=next((each.reason for each in ends.rows.values() if each.reason), ""),
        asked_back="in" in ends.rows and ends.rows["in"].status == "open" and bool(ends.rows["in"].reason),
        applied_at=ends.applied_at,
        stages=stages_of(ends, messages),
        sending=_end(session, office, actor, ends, "out", messages),
        receiving=_end(session, office, actor, ends, "in", messages),
        months=months,
        money=money_of(session, ends.rows, messages, office.today),
        messages=messages,
        can=_can(session, office, actor, ends, messages),
    )


def _end(
    session: Session,
    office: Office,
    actor: Actor,
    ends: Ends,
    side: Side,
    messages: Sequence[MessageLine],
) -> TransferEnd:
    row = ends.any_row
    region = row.to_region if side == "in" else row.from_region
    name = region_names(session, {region})[region]
    if row.peer and side not in ends.rows:
        return _end_elsewhere(office, ends, side, name, messages)
    case = ends.cases.get(side)
    if case is None:
        # the other end of this database begins with the letter
        return _blank(side, name, _doing(ends, side, begun=False))
    end = _end_here(session, office, actor, ends, side, name, case)
    if end.due_on or case.status != "running" or ends.rows[side].status == "settled":
        return end
    return _with_limit(office, end, _answer_due(office, ends, side, messages))


def _end_here(
    session: Session,
    office: Office,
    actor: Actor,
    ends: Ends,
    side: Side,
    name: str,
    case: WorkflowCase,
) -> TransferEnd:
    open_tasks = session.scalars(
        select(WorkflowTask)
        .where(WorkflowTask.case_id == case.id, WorkflowTask.status == "ready")
        .order_by(WorkflowTask.created_at)
    ).all()
    process = session.scalars(select(ProcessVersion.name).where(ProcessVersion.id == case.version_id)).one()
    tasks = task_rows(session, office, [(task, case, process) for task in open_tasks])
    first, opens = (tasks[0] if tasks else None), may_see(session, office, actor, case)
    due_at = first.due_at if first else None
    paused = case.paused_at is not None and case.status == "running"
    return TransferEnd(
        side=side,
        region_name=name,
        peer_name="",
        here=True,
        doing="已挂起" if paused else "、".join(task.name for task in tasks) or _doing(ends, side),
        duty_name=first.duty_name if first else "",
        # whom a person meets at the other office is not told here, nor are colleagues of another region
        holder=first.assignee if first and _same_office(session, office, actor, case) else "",
        due_on=due_at.astimezone(CHINA).date() if due_at else None,
        light=first.light if first else "none",
        workdays_left=first.workdays_left if first else None,
        case_id=CaseId(case.id) if opens else None,
        case_key=case.case_key if opens else "",
        told=None,
    )


def _end_elsewhere(
    office: Office, ends: Ends, side: Side, name: str, messages: Sequence[MessageLine]
) -> TransferEnd:
    """What another office does, as far as its messages and receipts tell, and by when it should."""
    peer = office.peers.of_code(ends.any_row.peer)
    end = replace(
        _blank(side, name, _DONE.get(ends.state) or _ELSEWHERE[(side, ends.state)]),
        peer_name=peer.name if peer else ends.any_row.peer,
        here=False,
        told=last_told(messages),
    )
    return _with_limit(office, end, _answer_due(office, ends, side, messages))


def _with_limit(office: Office, end: TransferEnd, due_on: date | None) -> TransferEnd:
    due_at = datetime.combine(due_on, time(23, 59, 59), tzinfo=CHINA) if due_on else None
    light, left = light_of(office, due_at)
    return replace(end, due_on=due_on, light=light, workdays_left=left)


def _blank(side: Side, name: str, doing: str) -> TransferEnd:
    return TransferEnd(
        side=side, region_name=name, peer_name="", here=True, doing=doing, duty_name="", holder="",
        due_on=None, light="none", workdays_left=None, case_id=None, case_key="", told=None,
    )  # fmt: skip


def _doing(ends: Ends, side: Side, *, begun: bool = True) -> str:
    if ends.state in _DONE:
        return _DONE[ends.state] if begun else "没有开始"
    if begun and ends.rows[side].status == "settled":
        return _DONE["settled"]
    return _WAITS[(side, ends.state)]


def _answer_due(office: Office, ends: Ends, side: Side, messages: Sequence[MessageLine]) -> date | None:
    """By when the end should have done what is awaited of it, reckoned here; None where nothing is."""
    awaited = _LIMITS.get((side, ends.state))
    asked = latest(messages, awaited[0]) if awaited else None
    if awaited is None or asked is None or (ends.state == "moved" and ends.relation_only):
        return None
    row = ends.any_row
    limit = deadline(
        awaited[1],
        asked.at.astimezone(CHINA).date(),
        region=row.from_region if side == "out" else row.to_region,
        book=office.book,
        calendar=office.calendar,
    )
    return None if isinstance(limit, Refusal) else limit.day


def _same_office(session: Session, office: Office, actor: Actor, case: WorkflowCase) -> bool:
    return any(
        each.duty in SEEN_BY and case.region_code.startswith(each.scope)
        for each in reaches(session, office, actor)
    )


def _months(session: Session, office: Office, ends: Ends) -> TransferMonths:
    data = {side: data_of_case(session, office, case) for side, case in ends.cases.items()}
    reasons = tuple(reason for each in data.values() for reason in reasons_of(each))
    row = _reckoned(ends)
    return TransferMonths(
        months_paid=row.months_paid if row else None,
        months_left=row.months_left if row else None,
        fee=Money(row.fee_fen).text if row else "",
        relation_only=ends.relation_only,
        employed=any(each.employed for each in ends.rows.values()),
        reasons=reasons,
        basis="" if "out" in data else str(data.get("in", {}).get("fee_basis") or ""),
        unverified=tuple(
            dict.fromkeys(each.parameter or each.text for each in office.book.unverified_used(reasons))
        ),
    )


def _reckoned(ends: Ends) -> RightsTransfer | None:
    """The end that knows the months: the sending one once its fee is reckoned, else who was told of it."""
    for side in ("out", "in"):
        row = ends.rows.get(side)
        if row is not None and (row.months_paid or row.fee_fen or row.status in ("moved", "credited")):
            return row
    return None


def _can(
    session: Session, office: Office, actor: Actor, ends: Ends, messages: Sequence[MessageLine]
) -> frozenset[str]:
    """What a page offers; the use-cases judge anew."""
    receiving = ends.rows.get("in")
    takes_back = receiving is not None and receiving.status == "open" and not receiving.reason
    if actor.kind == "person":
        return frozenset({"withdraw"}) if takes_back else _person_can(ends)
    can = set()
    if any(line.dead for line in messages) and operates(session, office, actor):
        can.add("resend")
    if receiving is not None and takes_back and _takes_in(session, office, actor, receiving.to_region):
        can.add("withdraw")
    return frozenset(can)


def _person_can(ends: Ends) -> frozenset[str]:
    receiving = ends.rows.get("in")
    if receiving is not None and receiving.status in ("credited", "in_transit", "settled"):
        # the months count here at once, whether the money has come or not
        return frozenset({"claim"})
    return frozenset({"object"} if ends.state == "refused" else ())


def _takes_in(session: Session, office: Office, actor: Actor, region: str) -> bool:
    return any(
        each.duty == "intake" and region.startswith(each.scope) for each in reaches(session, office, actor)
    )
