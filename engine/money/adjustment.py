"""Fund adjustment (调剂): moving money towards regions that are short, deeply poor counties first (MONEY-06).

``share_out`` is pure and only proposes; ``adjust_fund`` books what people then decided, in both
regions' books at once. Source: 渝人社发〔2019〕169号 六. Who may decide is the caller's business.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from engine.money.ledger import Line, accounting_day, post
from engine.money.ledger_tables import JournalEntry, Posting
from engine.money.orders import refused
from engine.values import Actor, Money

FISCAL_ACCOUNT, RECEIVED, GIVEN = "1002", "4102", "5105"
#: what a region can pay with, and what it already owes
_MEANS, _DEBTS = ("1001", "1002"), ("2101", "2102", "2103")
SOURCE = "渝人社发〔2019〕169号 六"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one region needs and what it would get."""

    region: str
    need: Money
    share: Money
    #: a deeply poor county, served first
    first: bool


def shortfalls(session: Session) -> dict[str, Money]:
    """By how much each region's means fall short of what it owes today; only regions that are short."""
    means = func.sum(
        case(
            (Posting.account.in_((*_MEANS, *_DEBTS)), Posting.debit_fen - Posting.credit_fen),
            else_=0,
        )
    )
    rows = session.execute(
        select(JournalEntry.region, means)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .group_by(JournalEntry.region)
        .order_by(JournalEntry.region)
    )
    return {region: Money(-int(fen)) for region, fen in rows if fen < 0}


def share_out(available: Money, needs: Mapping[str, Money], *, first: Collection[str]) -> tuple[Share, ...]:
    """A proposal: the regions served first in full as far as it goes, then the others.

    Within a group that cannot be served in full, in proportion to need, rounded down to the fen; the
    fen left over go to the largest needs. Never more than a need, never more in all than available.
    """
    left = max(0, available.fen)
    shares: dict[str, int] = {}
    for group in (
        sorted(region for region in needs if region in first),
        sorted(region for region in needs if region not in first),
    ):
        given = _in_proportion(left, {region: max(0, needs[region].fen) for region in group})
        left -= sum(given.values())
        shares.update(given)
    return tuple(
        Share(region=region, need=needs[region], share=Money(fen), first=region in first)
        for region, fen in shares.items()
    )


def adjust_fund(
    session: Session,
    *,
    key: str,
    giver: str,
    taker: str,
    amount: Money,
    reason: str,
    actor: Actor,
    now: datetime,
) -> tuple[JournalEntry, JournalEntry]:
    """The entries in the giver's and the taker's books; the same key books once.

    Refused between a region and itself, and for more than the giver's fiscal account holds.
    """
    if giver == taker:
        raise refused(
            "same_region", "调出与调入地区相同", "Giver and taker are the same region.", source=SOURCE
        )
    # one giver's money is given away by one transaction at a time
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"adjust {giver}", 0))))
    known = session.scalar(select(JournalEntry.id).where(JournalEntry.key == f"adjustment:{key}:given"))
    holding = held(session, giver)
    if known is None and amount > holding:
        raise refused(
            "fund_too_small",
            f"{giver} 财政专户只有 {holding.text} 元，不能调出 {amount.text} 元",
            "The giver's fund is too small.",
            source=SOURCE,
        )
    sides = (
        ("given", giver, [Line(GIVEN, "debit", amount), Line(FISCAL_ACCOUNT, "credit", amount)]),
        ("received", taker, [Line(FISCAL_ACCOUNT, "debit", amount), Line(RECEIVED, "credit", amount)]),
    )
    given, received = (
        post(
            session,
            key=f"adjustment:{key}:{side}",
            day=accounting_day(now),
            region=region,
            text=f"调剂 {giver}→{taker}：{reason}",
            lines=lines,
            actor=actor,
            now=now,
        )
        for side, region, lines in sides
    )
    return given, received


def held(session: Session, region: str) -> Money:
    """What the region's own fiscal account holds now, in its books."""
    fen = session.scalar(
        select(func.coalesce(func.sum(Posting.debit_fen - Posting.credit_fen), 0))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.account == FISCAL_ACCOUNT, JournalEntry.region == region)
    )
    return Money(int(fen or 0))


def _in_proportion(available: int, needs: Mapping[str, int]) -> dict[str, int]:
    total = sum(needs.values())
    if total <= available:
        return dict(needs)
    given = {region: available * need // total for region, need in needs.items()}
    left = available - sum(given.values())
    # a region rounded down has room for one fen more, and no more fen are left than there are such regions
    rounded_down = [region for region, need in needs.items() if available * need % total]
    for region in sorted(rounded_down, key=lambda region: (-needs[region], region))[:left]:
        given[region] += 1
    return given
