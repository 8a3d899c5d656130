"""Fund adjustment (调剂) as people do it: who is short, a proposal with poor counties first, approved by the supervisor (MONEY-06).

The accountant proposes within the regions of their post; the fund supervisor, whose post must reach giver and takers
alike, approves. Why the supervisor: docs/decisions/0008-fund-adjustment.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.book_periods import holds_one, require_one, require_region
from engine.cases.books import BooksFilter, BooksSight, amount_of, sight_of
from engine.cases.office import Office
from engine.cases.rows import actor_names, region_names
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.money import adjusting
from engine.money.adjustment import Share, held, share_out, shortfalls
from engine.money.adjustment_tables import AdjustmentLine, AdjustmentProposal
from engine.values import Actor, Money, Reason, Refusal, RefusedError, reach

PROPOSE, APPROVE = ("accountant",), ("fund_supervisor",)
STATUS_NAMES = {"proposed": "待批准", "approved": "已批准入账", "declined": "未批准"}
_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One region that is short: what it needs, and what it would get of the amount asked for."""

    region: str
    region_name: str
    need: Money
    share: Money
    #: a deeply poor county, served first
    poor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """One proposal with its people and lines."""

    proposal_id: int
    giver_name: str
    total: Money
    reason: str
    status: str
    status_name: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    decided_why: str
    lines: tuple[ShareRow, ...]
    may_decide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustments:
    """The page: the giver's fund, who is short below it, how the amount would be shared out, and earlier proposals."""

    sight: BooksSight
    held: Money
    amount: Money
    mistake: str
    rows: tuple[ShareRow, ...]
    proposals: tuple[ProposalRow, ...]
    may_propose: bool


def adjustments(
    office: Office, actor: Actor, asked: BooksFilter, *, amount: str = ""
) -> Adjustments | Refusal:
    """What the region could give to those below it; the amount is what it holds, where none is asked for."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, asked)
        if isinstance(sight, Refusal):
            return sight
        needs = _needs(session, sight.region)
        holding = held(session, sight.region)
        most = Money(max(0, min(holding.fen, Money.total(needs.values()).fen)))
        wanted = amount_of(amount) if amount else most
        mistake = "" if wanted is not None else "金额写法不对（例：10000.00）"
        shares = share_out(wanted or most, needs, first=_first(office, needs))
        names = region_names(session, needs)
        return Adjustments(
            sight=sight,
            held=holding,
            amount=wanted or most,
            mistake=mistake,
            rows=tuple(_row(each, names) for each in shares),
            proposals=_proposals(session, office, actor, sight.region),
            may_propose=holds_one(session, office, actor, PROPOSE, sight.region),
        )


def propose(office: Office, actor: Actor, *, giver: str, amount: str, reason: str) -> Done | Refusal:
    """The amount shared out anew among those that are short now, poor counties first, and proposed."""

    def work(session: Session) -> Done:
        wanted = amount_of(amount)
        if wanted is None:
            raise RefusedError(
                Reason(code="amount_wrong", text="金额写法不对（例：10000.00）", text_en="Not an amount.")
            )
        require_region(session, giver)
        require_one(session, office, actor, PROPOSE, giver)
        needs = _needs(session, giver)
        made = adjusting.propose(
            session,
            giver=giver,
            shares=share_out(wanted, needs, first=_first(office, needs)),
            reason=reason,
            actor=actor,
            now=office.clock(),
        )
        return Done(message=f"已提请调剂 {Money(made.total_fen).text} 元，等基金监督岗批准")

    return attempt(office, actor, work, subject="adjustment_proposal")


def decide(office: Office, actor: Actor, proposal_id: int, *, approve: bool, why: str) -> Done | Refusal:
    """The proposal approved and booked, or declined."""

    def work(session: Session) -> Done:
        proposal = session.get(AdjustmentProposal, proposal_id)
        if proposal is None:
            raise RefusedError(
                Reason(code="no_such_proposal", text="没有这个调剂", text_en="No such proposal.")
            )
        for region in (proposal.giver, *(line.taker for line in adjusting.lines_of(session, proposal_id))):
            require_one(session, office, actor, APPROVE, region)
        adjusting.decide(session, proposal_id, approve=approve, why=why, actor=actor, now=office.clock())
        return Done(message="调剂已批准并入账" if approve else "调剂没有批准")

    return attempt(office, actor, work, subject=f"adjustment_proposal:{proposal_id}")


def _needs(session: Session, giver: str) -> dict[str, Money]:
    """What each region below the giver is short of, the giver itself left out."""
    within = reach(giver)
    return {
        region: need
        for region, need in shortfalls(session).items()
        if region.startswith(within) and region != giver
    }


def _first(office: Office, needs: Mapping[str, Money]) -> frozenset[str]:
    """The regions that are served first, as the policy says today."""
    return frozenset(
        region for region in needs if office.book.at("adjustment.first", region, office.today).value is True
    )


def _row(share: Share, names: Mapping[str, str]) -> ShareRow:
    return ShareRow(
        region=share.region,
        region_name=names[share.region],
        need=share.need,
        share=share.share,
        poor=share.first,
    )


def _proposals(session: Session, office: Office, actor: Actor, region: str) -> tuple[ProposalRow, ...]:
    found = session.scalars(
        select(AdjustmentProposal)
        .where(AdjustmentProposal.giver.startswith(reach(region)))
        .order_by(AdjustmentProposal.id.desc())
        .limit(_SHOWN)
    ).all()
    lines = {each.id: tuple(adjusting.lines_of(session, each.id)) for each in found}
    names = region_names(
        session, {each.giver for each in found} | {line.taker for rows in lines.values() for line in rows}
    )
    people = actor_names(session, (key for each in found for key in (each.proposed_by, each.decided_by)))
    return tuple(
        ProposalRow(
            proposal_id=each.id,
            giver_name=names[each.giver],
            total=Money(each.total_fen),
            reason=each.reason,
            status=each.status,
            status_name=STATUS_NAMES[each.status],
            proposed_by=people[each.proposed_by],
            proposed_at=each.proposed_at,
            decided_by=people.get(each.decided_by or "", ""),
            decided_at=each.decided_at,
            decided_why=each.decided_why,
            lines=tuple(_line(line, names) for line in lines[each.id]),
            may_decide=each.status == "proposed"
            and each.proposed_by != actor.key
            and holds_one(session, office, actor, APPROVE, each.giver),
        )
        for each in found
    )


def _line(line: AdjustmentLine, names: Mapping[str, str]) -> ShareRow:
    return ShareRow(
        region=line.taker,
        region_name=names[line.taker],
        need=Money(line.need_fen),
        share=Money(line.share_fen),
        poor=line.poor,
    )
