"""Vouchers by hand (手工凭证): entered from a paper by one person, booked by another, taken back by two again (MONEY-03).

Only the kinds that the chart of accounts names, which move neither what the fund owes nor what it spends; the same
paper once. Duties are the caller's to check. Source: 社会保险基金会计制度（财会〔2017〕28号）.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.money.chart import Chart, HandKind
from engine.money.hand_tables import HandVoucher
from engine.money.ledger import Line, accounting_day, post, reverse
from engine.money.period_checks import closed_through, period_reason, said_why
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Reason, RefusedError


def propose(
    session: Session,
    chart: Chart,
    *,
    region: str,
    kind: str,
    day: date,
    amount: Money,
    paper: str,
    note: str,
    actor: Actor,
    now: datetime,
) -> HandVoucher:
    """The voucher as entered; RefusedError with everything that is wrong with it."""
    faults = [*_faults(chart, kind, day, amount, paper, now), *_closed(session, region, day)]
    known = session.scalars(
        select(HandVoucher).where(
            HandVoucher.region == region,
            HandVoucher.kind == kind,
            HandVoucher.paper == paper.strip(),
            HandVoucher.takes_back.is_(None),
            HandVoucher.status.in_(("proposed", "posted")),
        )
    ).first()
    if known is not None:
        faults.append(
            period_reason(
                "paper_known",
                f"这张原始凭证已登记在第 {known.id} 号（{known.day}，{Money(known.amount_fen).text} 元）",
                f"This paper stands in number {known.id} already.",
                fact=paper.strip(),
            )
        )
    if faults:
        raise RefusedError(*faults)
    made = HandVoucher(
        region=region,
        kind=kind,
        day=day,
        amount_fen=amount.fen,
        paper=paper.strip(),
        note=note.strip(),
        proposed_by=actor.key,
        proposed_at=now,
        status="proposed",
    )
    return _proposed(session, made, actor=actor, now=now)


def ask_back(session: Session, voucher_id: int, *, why: str, actor: Actor, now: datetime) -> HandVoucher:
    """The wish to take a booked voucher back, as a voucher of its own that another person books."""
    known = session.get(HandVoucher, voucher_id, with_for_update=True)
    if known is None or known.status != "posted" or known.takes_back is not None:
        raise RefusedError(_no_such("没有这张已入账的手工凭证", "No such booked voucher."))
    why = said_why(why)
    asked = session.scalar(
        select(HandVoucher.id).where(HandVoucher.takes_back == known.id, HandVoucher.status == "proposed")
    )
    if asked is not None:
        raise RefusedError(
            period_reason("back_asked", "已有人申请冲销，等他人复核", "It is asked back already.")
        )
    made = HandVoucher(
        region=known.region,
        kind=known.kind,
        day=accounting_day(now),
        amount_fen=known.amount_fen,
        paper=known.paper,
        note=why,
        takes_back=known.id,
        proposed_by=actor.key,
        proposed_at=now,
        status="proposed",
    )
    return _proposed(session, made, actor=actor, now=now)


def decide(
    session: Session, chart: Chart, voucher_id: int, *, approve: bool, why: str, actor: Actor, now: datetime
) -> HandVoucher:
    """The voucher booked, or sent back with the reason; never by who entered it."""
    voucher = session.get(HandVoucher, voucher_id, with_for_update=True)
    if voucher is None or voucher.status != "proposed":
        raise RefusedError(_no_such("没有待复核的手工凭证，可能别人刚刚办理过", "No such voucher waits."))
    if voucher.proposed_by == actor.key:
        raise RefusedError(
            period_reason("same_person", "登记的人不能自己复核入账", "It takes somebody else.", actor.name)
        )
    if not approve and not why.strip():
        raise RefusedError(period_reason("why_missing", "退回的，请写明理由", "Say why it is sent back."))
    if approve:
        _book(session, chart, voucher, actor=actor, now=now)
    else:
        voucher.status = "declined"
    voucher.decided_why, voucher.decided_by, voucher.decided_at = why.strip(), actor.key, now
    session.flush()
    action = Action.HAND_VOUCHER_POSTED if approve else Action.HAND_VOUCHER_DECLINED
    _note(session, voucher, action, actor=actor, now=now, why=voucher.decided_why)
    return voucher


def _book(session: Session, chart: Chart, voucher: HandVoucher, *, actor: Actor, now: datetime) -> None:
    kind = _kind(chart, voucher.kind)
    if kind is None:
        raise RefusedError(_unknown_kind(voucher.kind))
    if voucher.takes_back is not None:
        earlier = session.get_one(HandVoucher, voucher.takes_back, with_for_update=True)
        entry = reverse(
            session, earlier.entry_id or 0, reason=voucher.note, day=accounting_day(now), actor=actor, now=now
        )
        earlier.status = "taken_back"
    else:
        faults = _closed(session, voucher.region, voucher.day)
        if faults:
            raise RefusedError(*faults)
        amount = Money(voucher.amount_fen)
        entry = post(
            session,
            key=f"hand:{voucher.id}",
            day=voucher.day,
            region=voucher.region,
            text="，".join(part for part in (kind.name, f"凭{voucher.paper}", voucher.note) if part),
            lines=[Line(kind.debit, "debit", amount), Line(kind.credit, "credit", amount)],
            actor=actor,
            now=now,
        )
    voucher.status, voucher.entry_id = "posted", entry.id


def _faults(chart: Chart, kind: str, day: date, amount: Money, paper: str, now: datetime) -> list[Reason]:
    found = []
    if _kind(chart, kind) is None:
        found.append(_unknown_kind(kind))
    if day > accounting_day(now):
        found.append(period_reason("day_ahead", f"记账日期 {day} 还没有到", f"{day} is not here yet."))
    if amount.fen <= 0:
        found.append(period_reason("amount_wrong", "金额应大于零", "The amount is above zero."))
    if not paper.strip():
        found.append(
            period_reason(
                "paper_missing", "请填原始凭证的编号", "Give the number of the paper that shows it."
            )
        )
    return found


def _closed(session: Session, region: str, day: date) -> list[Reason]:
    last = closed_through(session, region)
    if last is None or day > last.last_day:
        return []
    return [
        period_reason(
            "month_closed", f"{region} 已结账至 {last}，不能再记 {day} 的凭证", f"Closed through {last}."
        )
    ]


def _kind(chart: Chart, kind: str) -> HandKind | None:
    return next((each for each in chart.by_hand if each.kind == kind), None)


def _unknown_kind(kind: str) -> Reason:
    return period_reason("unknown_kind", "科目表里没有这种手工凭证的业务", "No such kind of voucher.", kind)


def _no_such(text: str, text_en: str) -> Reason:
    return period_reason("no_such_voucher", text, text_en)


def _proposed(session: Session, made: HandVoucher, *, actor: Actor, now: datetime) -> HandVoucher:
    session.add(made)
    session.flush()
    _note(session, made, Action.HAND_VOUCHER_PROPOSED, actor=actor, now=now, why=made.note)
    return made


def _note(
    session: Session, voucher: HandVoucher, action: Action, *, actor: Actor, now: datetime, why: str
) -> None:
    append(
        session,
        stream=f"books:{voucher.region}",
        action=action,
        actor=actor,
        subject=f"hand_voucher:{voucher.id}",
        after={
            "kind": voucher.kind,
            "day": voucher.day.isoformat(),
            "amount": Money(voucher.amount_fen).text,
            "paper": voucher.paper,
            "takes_back": voucher.takes_back,
            "entry": voucher.entry_id,
        },
        reason=why,
        now=now,
    )
