"""Published price indices: entered by one person, confirmed by another, and what a month run reads of them (REFUND-06).

An index is news, not law: it is a dated fact with its source, and once a run has read it, it is not changed. Called by
use-cases, inside their transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.disbursement.price_tables import SEALED_INDEX, PublishedIndex
from engine.disbursement.tables import MonthRate
from engine.law.prices import PriceIndex, Prices
from engine.money.payments import PaymentOrder
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Month, Reason, RefusedError, reach

SOURCE = "社会救助和保障标准与物价上涨挂钩联动机制（2016年）"
#: rises are kept as whole ten-thousandths
_PARTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subsidised:
    """What was ordered as price subsidy for a month."""

    count: int
    amount: Money


def published(session: Session, *, by: date) -> Prices:
    """The indices that are confirmed and were published by that day: what a run of the day goes by."""
    rows = session.scalars(
        select(PublishedIndex).where(PublishedIndex.status == "confirmed", PublishedIndex.published_on <= by)
    )
    return Prices.of(index_of(row) for row in rows)


def index_of(row: PublishedIndex) -> PriceIndex:
    """The index as the law knows it."""
    return PriceIndex(
        region=row.region,
        month=Month.parse(row.month),
        cpi=Decimal(row.cpi_rise) / _PARTS,
        food=Decimal(row.food_rise) / _PARTS,
        low_income=Decimal(row.low_income_rise) / _PARTS,
        living_allowance=Money(row.living_allowance_fen),
        published_on=row.published_on,
        source=row.source,
    )


def enter(session: Session, index: PriceIndex, *, actor: Actor, now: datetime) -> PublishedIndex:
    """The index, waiting for a second person.

    Refused where the month has a confirmed one: what is paid by it is not reckoned anew. Refused where one waits.
    """
    same = select(PublishedIndex).where(
        PublishedIndex.region == index.region, PublishedIndex.month == str(index.month)
    )
    if session.scalar(same.where(PublishedIndex.status == "confirmed")) is not None:
        raise RefusedError(_corrected(index.month))
    if session.scalar(same.where(PublishedIndex.status == "entered")) is not None:
        raise RefusedError(
            Reason(
                code="index_waits",
                text=f"{index.month} 已有一条待复核的指数，请先复核或退回",
                text_en=f"An index of {index.month} waits to be confirmed already.",
            )
        )
    row = PublishedIndex(
        region=index.region,
        month=str(index.month),
        cpi_rise=int(index.cpi * _PARTS),
        food_rise=int(index.food * _PARTS),
        low_income_rise=int(index.low_income * _PARTS),
        living_allowance_fen=index.living_allowance.fen,
        published_on=index.published_on,
        source=index.source,
        status="entered",
        entered_by=actor.key,
        entered_at=now,
    )
    session.add(row)
    session.flush()
    _note(session, row, Action.PRICE_INDEX_ENTERED, actor=actor, now=now, vouched=True)
    return row


def confirm(session: Session, index_id: int, *, actor: Actor, now: datetime) -> PublishedIndex:
    """The index counts from now on: month runs that begin later pay by it.

    Refused for whoever entered it, and where the month was paid in that region by a wider region's index already.
    """
    row = _held(session, index_id, "entered")
    if row.entered_by == actor.key:
        raise RefusedError(
            Reason(
                code="four_eyes",
                text="录入人不能复核自己录入的指数，须由另一人复核",
                text_en="Whoever entered the index cannot confirm it.",
                source="鲁人社函〔2020〕10号（八）：岗位相互监督",
            )
        )
    if _wider_was_paid(session, row):
        raise RefusedError(_corrected(Month.parse(row.month)))
    row.status, row.confirmed_by, row.confirmed_at = "confirmed", actor.key, now
    session.flush()
    _note(session, row, Action.PRICE_INDEX_CONFIRMED, actor=actor, now=now)
    return row


def reject(session: Session, index_id: int, *, why: str, actor: Actor, now: datetime) -> PublishedIndex:
    """The index, not confirmed, with the reason; by whoever entered it, too."""
    row = _held(session, index_id, "entered")
    row.status, row.why = "rejected", why
    session.flush()
    _note(session, row, Action.PRICE_INDEX_REJECTED, actor=actor, now=now)
    return row


def withdraw(session: Session, index_id: int, *, why: str, actor: Actor, now: datetime) -> PublishedIndex:
    """A confirmed index taken back, because it is wrong; refused once a month run has read it."""
    row = _held(session, index_id, "confirmed")
    if was_read(session, row):
        raise RefusedError(_corrected(Month.parse(row.month)))
    row.status, row.why = "withdrawn", why
    session.flush()
    _note(session, row, Action.PRICE_INDEX_WITHDRAWN, actor=actor, now=now)
    return row


def was_read(session: Session, row: PublishedIndex) -> bool:
    """Whether a month run has gone by it."""
    read = select(MonthRate.run_id).where(
        MonthRate.month == row.month,
        MonthRate.region.startswith(reach(row.region)),
        MonthRate.subsidy_fen.is_not(None),
    )
    return session.scalar(read.limit(1)) is not None


def subsidised(session: Session, *, region: str, month: str) -> Subsidised:
    """What was ordered as price subsidy of the month in the region and all below it."""
    count, fen = session.execute(
        select(func.count(), func.coalesce(func.sum(PaymentOrder.amount_fen), 0)).where(
            PaymentOrder.purpose == "subsidy",
            PaymentOrder.month == month,
            PaymentOrder.region.startswith(reach(region)),
            PaymentOrder.status != "cancelled",
        )
    ).one()
    return Subsidised(count=int(count), amount=Money(int(fen)))


def _wider_was_paid(session: Session, row: PublishedIndex) -> bool:
    wider = select(PublishedIndex.id).where(
        PublishedIndex.region.in_((f"{row.region[:4]}00", f"{row.region[:2]}0000")),
        PublishedIndex.region != row.region,
        PublishedIndex.month == row.month,
        PublishedIndex.status == "confirmed",
    )
    return (
        session.scalar(wider.limit(1)) is not None
        and subsidised(session, region=row.region, month=row.month).count > 0
    )


def _held(session: Session, index_id: int, status: str) -> PublishedIndex:
    row = session.get(PublishedIndex, index_id, with_for_update=True, populate_existing=True)
    if row is None or row.status != status:
        raise RefusedError(
            Reason(
                code="no_such_index",
                text="没有这条指数，或已由他人处理",
                text_en="There is no such index, or somebody has dealt with it.",
            )
        )
    return row


def _corrected(month: Month) -> Reason:
    return Reason(
        code="index_in_use",
        text=f"{month} 的指数已经采用，不能更改：按更正后的指数补发或退回，本系统不自动办理，"
        "请报上级按数据变更和追回程序逐笔处理",
        text_en=f"The index of {month} is in use. Back-pay after a corrected index is not done here: "
        "it goes through data changes and recoveries, payee by payee.",
        source=SOURCE,
    )


def _note(
    session: Session,
    row: PublishedIndex,
    action: Action,
    *,
    actor: Actor,
    now: datetime,
    vouched: bool = False,
) -> None:
    append(
        session,
        stream="prices",
        action=action,
        actor=actor,
        subject=f"price_index:{row.id}",
        after={
            "region": row.region,
            "month": row.month,
            "cpi_rise": row.cpi_rise,
            "food_rise": row.food_rise,
            "low_income_rise": row.low_income_rise,
            "living_allowance": Money(row.living_allowance_fen).text,
            "status": row.status,
        },
        reason=row.why,
        now=now,
        voucher=SEALED_INDEX.voucher(row) if vouched else None,
    )
