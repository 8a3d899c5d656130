"""Hits: leads that a grant may have to stop, and how each is settled (CTRL-02). The tables are ``hit_tables``.

A lead is no decision (社会保险经办条例 art. 26): while it is open the payments of its grant are held, and it
ends confirmed or cleared, by people and with a reason. Who may settle is the caller's business.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.benefits.grants import MONTHLY
from engine.benefits.tables import BenefitGrant
from engine.money import payments
from engine.money.payments import PaymentBatch, PaymentLine, PaymentOrder
from engine.oversight.hit_tables import MatchHit
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, RefusedError, reach

#: why an order is held while a hit is open
IN_DOUBT = "比对命中待核实"

Verdict = Literal["confirmed", "cleared"]
STATUS_NAMES = {"open": "待核实", "confirmed": "属实", "cleared": "排除"}


def report_hit(
    session: Session,
    grant: BenefitGrant,
    *,
    origin: Literal["list", "report"],
    ground: str,
    event_day: date | None,
    detail: str,
    actor: Actor,
    now: datetime,
) -> MatchHit:
    """The hit that somebody told us of, from outside any matching; the same one told again is the same hit."""
    made = session.scalar(
        insert(MatchHit)
        .values(
            origin=origin,
            grant_id=grant.id,
            person_id=grant.person_id,
            region_code=grant.region_code,
            ground=ground,
            event_day=event_day,
            detail=detail,
            found_at=now,
        )
        .on_conflict_do_nothing(constraint="uq_match_hit_evidence")
        .returning(MatchHit.id)
    )
    same = select(MatchHit).where(
        MatchHit.grant_id == grant.id,
        MatchHit.ground == ground,
        MatchHit.event_day.is_not_distinct_from(event_day),
        MatchHit.detail == detail,
    )
    hit = session.scalars(same).one()
    if made is not None:
        _note(session, hit, Action.HIT_FOUND, reason=detail, actor=actor, now=now)
    return hit


def settle_hit(
    session: Session, hit_id: int, *, status: Verdict, why: str, actor: Actor, now: datetime
) -> MatchHit:
    """The hit, confirmed or cleared; settled the same way again it stays as it is, the other way it is refused."""
    hit = session.get_one(MatchHit, hit_id, with_for_update=True, populate_existing=True)
    if hit.status == status:
        return hit
    if hit.status != "open":
        raise RefusedError(
            Reason(
                code="hit_settled",
                text=f"该命中已认定为“{STATUS_NAMES[hit.status]}”，不能改为“{STATUS_NAMES[status]}”",
                text_en=f"The hit is {hit.status} already.",
                source="社会保险经办条例第二十六条",
            )
        )
    if not why.strip():
        raise RefusedError(
            Reason(
                code="why_missing",
                text="请写明认定理由",
                text_en="Say why.",
                source="鲁人社函〔2020〕10号（七）",
            )
        )
    hit.status, hit.settled_by, hit.settled_at, hit.settled_why = status, actor.key, now, why.strip()
    session.flush()
    if status == "cleared" and not open_hits(session, hit.grant_id):
        _free_orders(session, hit, actor=actor, now=now)
    _note(session, hit, Action.HIT_SETTLED, reason=why.strip(), actor=actor, now=now)
    return hit


def open_hits(session: Session, grant_id: int) -> tuple[MatchHit, ...]:
    """What is still open against the grant, oldest first."""
    query = select(MatchHit).where(MatchHit.grant_id == grant_id, MatchHit.status == "open")
    return tuple(session.scalars(query.order_by(MatchHit.id)))


def hold_in_doubt(session: Session, *, region: str, actor: Actor, now: datetime) -> int:
    """How many waiting orders of the region were held because a hit is open: they enter no batch until it is settled."""
    waiting = session.scalars(
        select(PaymentOrder.id)
        .where(PaymentOrder.status == "ordered", PaymentOrder.region.startswith(reach(region)))
        .where(_in_doubt())
        .order_by(PaymentOrder.id)
    ).all()
    for order_id in waiting:
        payments.hold(session, order_id=order_id, reason=IN_DOUBT, actor=actor, now=now)
    return len(waiting)


def payees_in_doubt(session: Session, batch_number: str) -> tuple[str, ...]:
    """Who in the batch has an open hit, by name; a batch with any of them may not be released."""
    names = session.scalars(
        select(PaymentOrder.payee_name)
        .join(PaymentLine, PaymentLine.order_id == PaymentOrder.id)
        .join(PaymentBatch, PaymentBatch.id == PaymentLine.batch_id)
        .where(PaymentBatch.number == batch_number, PaymentLine.status == "waiting")
        .where(_in_doubt())
        .order_by(PaymentLine.line_no)
    )
    return tuple(names)


def _in_doubt() -> ColumnElement[bool]:
    """A monthly order of a person against whose grant a hit is open."""
    hit = select(MatchHit.id).where(MatchHit.person_id == PaymentOrder.payee_id, MatchHit.status == "open")
    return and_(PaymentOrder.payee_kind == "person", PaymentOrder.purpose.in_(MONTHLY), hit.exists())


def _free_orders(session: Session, hit: MatchHit, *, actor: Actor, now: datetime) -> None:
    held = session.scalars(
        select(PaymentOrder.id).where(
            PaymentOrder.payee_kind == "person",
            PaymentOrder.payee_id == hit.person_id,
            PaymentOrder.status == "held",
            PaymentOrder.status_reason == IN_DOUBT,
        )
    ).all()
    for order_id in held:
        payments.free(session, order_id=order_id, reason=hit.settled_why, actor=actor, now=now)


def _note(
    session: Session, hit: MatchHit, action: Action, *, reason: str, actor: Actor, now: datetime
) -> None:
    append(
        session,
        stream=f"hits:{hit.region_code}",
        action=action,
        actor=actor,
        subject=f"match_hit:{hit.id}",
        after={
            "grant_id": hit.grant_id,
            "ground": hit.ground,
            "event_day": str(hit.event_day) if hit.event_day else None,
            "status": hit.status,
        },
        reason=reason,
        now=now,
    )
