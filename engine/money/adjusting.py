"""A fund adjustment on its way: proposed by one person with its shares, approved by another, booked with the approval (MONEY-06).

Never more than the giver holds, and never more than a region is short of on the day of the approval. Duties are the
caller's to check. Source: 渝人社发〔2019〕169号 三（六）.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.money.adjustment import SOURCE, Share, adjust_fund, held, shortfalls
from engine.money.adjustment_tables import AdjustmentLine, AdjustmentProposal
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Reason, RefusedError


def propose(
    session: Session, *, giver: str, shares: Sequence[Share], reason: str, actor: Actor, now: datetime
) -> AdjustmentProposal:
    """The proposal with its lines, regions that would get nothing left out; RefusedError for what cannot be."""
    given = [each for each in shares if each.share.fen > 0 and each.region != giver]
    total = Money.total(each.share for each in given)
    if not given:
        raise RefusedError(
            _reason("nothing_to_share", "没有地区需要调剂，或金额为零", "Nothing is to be shared out.")
        )
    if not reason.strip():
        raise RefusedError(_reason("why_missing", "请写明调剂事由", "Give the reason."))
    _require_held(session, giver, total)
    made = AdjustmentProposal(
        giver=giver,
        total_fen=total.fen,
        reason=reason.strip(),
        proposed_by=actor.key,
        proposed_at=now,
        status="proposed",
    )
    session.add(made)
    session.flush()
    for each in given:
        session.add(
            AdjustmentLine(
                proposal_id=made.id,
                taker=each.region,
                need_fen=each.need.fen,
                share_fen=each.share.fen,
                poor=each.first,
            )
        )
    session.flush()
    shared = {each.region: each.share.text for each in given}
    _note(session, made, Action.ADJUSTMENT_PROPOSED, actor=actor, now=now, shared=shared, why=made.reason)
    return made


def decide(
    session: Session, proposal_id: int, *, approve: bool, why: str, actor: Actor, now: datetime
) -> AdjustmentProposal:
    """The proposal approved and booked in every region's books, or declined; never by who proposed it."""
    proposal = session.get(AdjustmentProposal, proposal_id, with_for_update=True)
    if proposal is None or proposal.status != "proposed":
        raise RefusedError(
            _reason("no_such_proposal", "没有待批准的调剂，可能别人刚刚办理过", "No such proposal waits.")
        )
    if proposal.proposed_by == actor.key:
        raise RefusedError(
            _reason("same_person", "提请调剂的人不能自己批准", "It takes somebody else to approve.")
        )
    if not approve and not why.strip():
        raise RefusedError(_reason("why_missing", "不批准的，请写明理由", "Say why it is declined."))
    lines = lines_of(session, proposal_id)
    if approve:
        _book(session, proposal, lines, actor=actor, now=now)
    proposal.status, proposal.decided_why = "approved" if approve else "declined", why.strip()
    proposal.decided_by, proposal.decided_at = actor.key, now
    session.flush()
    action = Action.ADJUSTMENT_APPROVED if approve else Action.ADJUSTMENT_DECLINED
    shared = {line.taker: Money(line.share_fen).text for line in lines}
    _note(session, proposal, action, actor=actor, now=now, shared=shared, why=proposal.decided_why)
    return proposal


def lines_of(session: Session, proposal_id: int) -> Sequence[AdjustmentLine]:
    """The lines of the proposal, deeply poor counties first, then by region."""
    return session.scalars(
        select(AdjustmentLine)
        .where(AdjustmentLine.proposal_id == proposal_id)
        .order_by(AdjustmentLine.poor.desc(), AdjustmentLine.taker)
    ).all()


def _book(
    session: Session,
    proposal: AdjustmentProposal,
    lines: Sequence[AdjustmentLine],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    short = shortfalls(session)
    for line in lines:
        share, need = Money(line.share_fen), short.get(line.taker, Money(0))
        if share > need:
            raise RefusedError(
                _reason(
                    "need_changed",
                    f"{line.taker} 现在只缺 {need.text} 元，少于提请的 {share.text} 元，请重新提请",
                    "The need has shrunk since; propose anew.",
                )
            )
        adjust_fund(
            session,
            key=f"{proposal.id}:{line.taker}",
            giver=proposal.giver,
            taker=line.taker,
            amount=share,
            reason=proposal.reason,
            actor=actor,
            now=now,
        )


def _require_held(session: Session, giver: str, total: Money) -> None:
    holding = held(session, giver)
    if total > holding:
        raise RefusedError(
            _reason(
                "fund_too_small",
                f"{giver} 财政专户只有 {holding.text} 元，不能调出 {total.text} 元",
                "The giver's fund is too small.",
            )
        )


def _reason(code: str, text: str, text_en: str) -> Reason:
    return Reason(code=code, text=text, text_en=text_en, source=SOURCE)


def _note(
    session: Session,
    proposal: AdjustmentProposal,
    action: Action,
    *,
    actor: Actor,
    now: datetime,
    shared: dict[str, str],
    why: str,
) -> None:
    append(
        session,
        stream=f"books:{proposal.giver}",
        action=action,
        actor=actor,
        subject=f"adjustment_proposal:{proposal.id}",
        after={"giver": proposal.giver, "total": Money(proposal.total_fen).text, "shares": dict(shared)},
        reason=why,
        now=now,
    )
