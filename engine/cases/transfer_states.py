"""Where a transfer of rights stands, once in SQL for lists and pages; whose transfers somebody may see; its words.

Both ends in this database are two rows of ``rights_transfer``; of an end that another office keeps, its messages
speak. Reads only. Called by ``transfer_lists`` and ``transfer_views``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from engine.cases.office import Office
from engine.cases.rows import reaches
from engine.exchange.tables import ExchangeMessage
from engine.law.calendar import CalendarGap
from engine.law.policy import PolicyGap
from engine.store.outbox import OutboxMessage
from engine.tasks.tables import RightsTransfer
from engine.values import CHINA, Actor, Reason
from engine.workflow.tables import WorkflowCase, WorkflowTask

#: the road of a transfer (policy §5), and what may end it beside the road
ROAD: Mapping[str, str] = {
    "applied": "申请", "letter_sent": "联系函已发", "reviewing": "转出审核", "moved": "已转出",
    "in_transit": "费用在途", "arrived": "费用到账", "settled": "办结",
}  # fmt: skip
BESIDE: Mapping[str, str] = {"refused": "退回", "withdrawn": "已撤回"}
STATE_NAMES: Mapping[str, str] = {**ROAD, **BESIDE}
SIDE_NAMES: Mapping[str, str] = {"in": "转入地", "out": "转出地"}
#: duties that have to do with transfers; everybody else sees none
SEEN_BY = frozenset(
    {"intake", "review", "approve", "accountant", "cashier", "control", "fund_supervisor", "provincial"}
)

#: the end that is looked at, and the other one where it is in this database
Mine = RightsTransfer
Other = aliased(RightsTransfer, name="other_end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Days before which something that is still awaited is late; None where no figure or calendar is on file."""

    now: datetime
    #: an answer to the contact letter
    answer: date | None
    #: the money that was announced
    money: date | None


def in_sight(
    session: Session, office: Office, actor: Actor, end: type[RightsTransfer] = Mine
) -> ColumnElement[bool]:
    """The ends that the actor may see: one's own, or of the regions of one's duties; none by default."""
    if actor.kind == "person":
        return end.person_id == actor.id
    scopes = {each.scope for each in reaches(session, office, actor) if each.duty in SEEN_BY}
    if not scopes:
        return false()
    region = case((end.side == "in", end.to_region), else_=end.from_region)
    return or_(*(region.startswith(scope) for scope in sorted(scopes)))


def sees_transfers(session: Session, office: Office, actor: Actor) -> bool:
    """Whether the actor has to do with transfers at all."""
    return actor.kind == "person" or any(each.duty in SEEN_BY for each in reaches(session, office, actor))


def not_seen(actor: Actor) -> Reason:
    """Why somebody sees no transfers."""
    return Reason(
        code="no_transfers",
        text="您的岗位不办理关系转迁",
        text_en="Your duties have nothing to do with transfers of rights.",
        source="社会保险经办条例第四十九条（保密）",
        fact=actor.name or actor.key,
    )


def no_such_transfer() -> Reason:
    """The same answer for a transfer that is not there and for one that is somebody else's."""
    return Reason(
        code="no_such_transfer",
        text="没有这件转迁，或不在您的岗位与地区范围内",
        text_en="No such transfer within your duty and region.",
    )


def standing(at: Thresholds) -> Select[RightsTransfer, RightsTransfer, str, bool]:
    """Every end with the other one, the state of the transfer, and whether something of it is late."""
    query = select(Mine, Other, state().label("state"), late(at).label("late"))
    return query.outerjoin(Other, other_end())


def other_end() -> ColumnElement[bool]:
    """What joins the two ends of one transfer."""
    return and_(Other.transfer_number == Mine.transfer_number, Other.side != Mine.side)


def state() -> ColumnElement[str]:
    """The state of the transfer, a key of ``STATE_NAMES``, as both ends together know it."""
    statuses = (Mine.status, func.coalesce(Other.status, ""))

    def either(*wanted: str) -> ColumnElement[bool]:
        return or_(*(each.in_(wanted) for each in statuses))

    # the receiving end says when all is done; where another office keeps it, the own end has heard it
    last_word = case((Mine.side == "out", func.coalesce(Other.status, Mine.status)), else_=Mine.status)
    arrived = or_(Mine.arrived_on.is_not(None), Other.arrived_on.is_not(None))
    return case(
        (either("refused"), "refused"),
        (either("withdrawn"), "withdrawn"),
        (last_word == "settled", "settled"),
        (arrived, "arrived"),
        (either("in_transit"), "in_transit"),
        (either("moved", "credited"), "moved"),
        (_letter_received(), "reviewing"),
        (_letter_sent(), "letter_sent"),
        else_="applied",
    )


def late(at: Thresholds) -> ColumnElement[bool]:
    """An open step past its limit, an answer or money that is awaited for too long."""
    overdue = (
        exists()
        .where(WorkflowTask.case_id.in_((Mine.case_id, func.coalesce(Other.case_id, 0))))
        .where(WorkflowTask.status == "ready", WorkflowTask.due_at < at.now)
        .where(WorkflowCase.id == WorkflowTask.case_id, WorkflowCase.paused_at.is_(None))
    )
    conditions: list[ColumnElement[bool]] = [overdue]
    if at.answer is not None:
        conditions.append(and_(Mine.side == "in", Mine.status == "open", _letter_before(at.answer)))
    if at.money is not None:
        conditions.append(
            and_(
                or_(Mine.status == "in_transit", func.coalesce(Other.status, "") == "in_transit"),
                Mine.arrived_on.is_(None),
                Other.arrived_on.is_(None),
                func.coalesce(Mine.paid_on, Other.paid_on) < at.money,
            )
        )
    return or_(*conditions)


def thresholds(office: Office) -> Thresholds:
    """What is late today, by the limits of the policy and the working calendar."""
    return Thresholds(
        now=office.clock(),
        answer=_begun_before(office, "transfer_out"),
        money=_begun_before(office, "transfer_money"),
    )


def midnight(day: date) -> datetime:
    """The first instant of the day in China."""
    return datetime.combine(day, time(), tzinfo=CHINA)


def _begun_before(office: Office, limit: str) -> date | None:
    """The earliest day on which the limit could begin and still not have run out today."""
    try:
        days = office.book.at(f"time_limit.{limit}", office.settings.region, office.today).count
        day = office.today
        while office.calendar.between(day, office.today) < days:
            day -= timedelta(days=1)
    except (PolicyGap, CalendarGap):
        return None
    return day


def _letter_sent() -> ColumnElement[bool]:
    here = exists().where(*_letter_here())
    there = exists().where(*_letter_there())
    return or_(here, there)


def _letter_received() -> ColumnElement[bool]:
    """The sending end has a case; or it is elsewhere, and has acknowledged the letter."""
    acknowledged = exists().where(*_letter_there(), ExchangeMessage.acked_at.is_not(None))
    both_here = and_(Mine.peer == "", or_(Mine.side == "out", Other.id.is_not(None)))
    came = and_(Mine.side == "out", exists().where(*_letter_there(), ExchangeMessage.heard_at.is_not(None)))
    return or_(both_here, acknowledged, came)


def _letter_before(day: date) -> ColumnElement[bool]:
    here = exists().where(*_letter_here(), OutboxMessage.created_at < midnight(day))
    there = exists().where(*_letter_there(), ExchangeMessage.created_at < midnight(day))
    return or_(here, there)


def _letter_here() -> tuple[ColumnElement[bool], ...]:
    """The letter from the receiving end, where both are in this database."""
    return (
        OutboxMessage.case_id.in_((Mine.case_id, func.coalesce(Other.case_id, 0))),
        OutboxMessage.kind == "message",
        OutboxMessage.key.endswith("/contact_letter"),
    )


def _letter_there() -> tuple[ColumnElement[bool], ...]:
    """The letter that goes to another office or came from it."""
    return (
        ExchangeMessage.transfer_number == Mine.transfer_number,
        ExchangeMessage.kind == "contact_letter",
    )
