"""Public notices of refunds: one list for each city and day, what is said against its lines, and when it is over (REFUND-05).

Nobody is paid while an objection is open. Called by operations and use-cases, inside their transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.people import Employer
from engine.refunds.campaign_tables import (
    NoticeObjection,
    RefundNoticeLine,
    RefundNoticeList,
    RetentionRefund,
)
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault
from engine.values import CHINA, Actor, Money

_LAST_SECOND = time(23, 59, 59)


def publish(
    session: Session,
    refund: RetentionRefund,
    employer: Employer,
    *,
    day: date,
    until: date,
    actor: Actor,
    now: datetime,
) -> RefundNoticeLine:
    """The refund on the list of its city of that day, with the amount that stands; open for objections until its end."""
    values = {"region": refund.city, "year": refund.year, "published_on": day, "until": until}
    session.execute(insert(RefundNoticeList).values(values).on_conflict_do_nothing())
    notice = session.scalars(
        select(RefundNoticeList).where(
            RefundNoticeList.region == refund.city,
            RefundNoticeList.year == refund.year,
            RefundNoticeList.published_on == day,
        )
    ).one()
    line = RefundNoticeLine(
        list_id=notice.id,
        refund_id=refund.id,
        employer_name=employer.name,
        credit_code=employer.credit_code,
        amount_fen=refund.amount_fen,
    )
    session.add(line)
    refund.status, refund.noticed_on, refund.notice_until = "noticed", day, notice.until
    session.flush()
    append(
        session,
        stream=f"case:{refund.case_id}",
        action=Action.REFUND_NOTICED,
        actor=actor,
        subject=f"retention_refund:{refund.id}",
        after={"amount": Money(refund.amount_fen).text, "until": notice.until.isoformat()},
        now=now,
    )
    return line


def is_over(until: date, now: datetime) -> bool:
    """Whether a notice has ended: its last day counts to its last second, in China."""
    return now >= datetime.combine(until, _LAST_SECOND, tzinfo=CHINA)


def newest_line(session: Session, refund_id: int) -> RefundNoticeLine | None:
    """The refund as it was published last."""
    lines = select(RefundNoticeLine).where(RefundNoticeLine.refund_id == refund_id)
    return session.scalars(lines.order_by(RefundNoticeLine.id.desc()).limit(1)).first()


def take(
    session: Session,
    vault: Vault,
    refund: RetentionRefund,
    line: RefundNoticeLine,
    *,
    who: str,
    said: str,
    address_index: bytes,
    actor: Actor,
    now: datetime,
) -> NoticeObjection:
    """The objection, kept as it was said; who said it is encrypted, empty where nobody wanted to be known."""
    objection = NoticeObjection(
        refund_id=refund.id,
        line_id=line.id,
        who=vault.encrypt(who, bound_to=bound_to(line.id)) if who else None,
        contactable=bool(who),
        address_index=address_index,
        said=said,
        taken_at=now,
        status="open",
    )
    session.add(objection)
    session.flush()
    append(
        session,
        stream=f"case:{refund.case_id}",
        action=Action.NOTICE_OBJECTED,
        actor=actor,
        subject=f"notice_objection:{objection.id}",
        after={"anonymous": not who},
        now=now,
    )
    return objection


def bound_to(line_id: int) -> str:
    """The place to which the name of whoever objects is bound."""
    return f"notice_objection.who:{line_id}"


def open_objections(session: Session, refund_id: int) -> Sequence[NoticeObjection]:
    """What was said against the refund and nobody has decided yet, in the order in which it came."""
    found = select(NoticeObjection).where(
        NoticeObjection.refund_id == refund_id, NoticeObjection.status == "open"
    )
    return session.scalars(found.order_by(NoticeObjection.id)).all()


def settle(
    session: Session, refund: RetentionRefund, *, upheld: bool, answer: str, actor: Actor, now: datetime
) -> int:
    """How many open objections were decided, all alike, with the answer; the reviewer decides."""
    waiting = open_objections(session, refund.id)
    for objection in waiting:
        objection.status = "upheld" if upheld else "dismissed"
        objection.answer, objection.decided_by, objection.decided_at = answer, actor.key, now
        append(
            session,
            stream=f"case:{refund.case_id}",
            action=Action.NOTICE_OBJECTION_DECIDED,
            actor=actor,
            subject=f"notice_objection:{objection.id}",
            after={"status": objection.status},
            reason=answer,
            now=now,
        )
    session.flush()
    return len(waiting)
