"""What will not come back of an overpayment, given up only by a rule of the policy and by two people.

Proposed by one under ``recovery.write_off_*`` or on a death without estate, judged by another. Who they are is the
caller's business. Called by ``engine.cases.recoveries``, inside its transaction.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.benefits.recovery import CLAIM_ACCOUNT, locked, note, require_status
from engine.benefits.recovery_plan import balance_of, refused
from engine.benefits.recovery_tables import SEALED_WRITE_OFF, Overpayment, WriteOff
from engine.law.policy import PolicyBook
from engine.money.ledger import Line, accounting_day, post
from engine.money.ledger_tables import JournalEntry
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money

#: 应收多领待遇核销
LOSS_ACCOUNT = "5108"
Rule = Literal["small", "death"]
RULE_NAMES = {"small": "余额很小、长期催收无果", "death": "本人死亡、无遗产可供退回"}


def propose_write_off(
    session: Session,
    overpayment_id: int,
    *,
    rule: Rule,
    evidence: str,
    died_on: date | None,
    book: PolicyBook,
    actor: Actor,
    now: datetime,
) -> WriteOff:
    """The proposal to give up what is still open, for another to judge.

    Refused where neither rule is met: a small rest that has been due for long, or a death that the register knows.
    """
    record = locked(session, overpayment_id)
    require_status(record, ("decided", "paying"), "核销")
    day = accounting_day(now)
    rest = balance_of(session, record, day).open
    if len(evidence.strip()) < 4:
        raise refused("evidence_missing", "请写明核销的依据和证据", "Say what the write-off rests on.")
    if rule == "small":
        _require_small(record, rest, book=book, day=day)
    elif died_on is None:
        raise refused("not_dead", "人口库没有本人死亡的记录，不能按死亡核销", "No death is on record.")
    pending = select(WriteOff.id).where(WriteOff.overpayment_id == record.id, WriteOff.status == "proposed")
    if session.scalar(pending) is not None:
        raise refused("write_off_pending", "已有一项核销等待审定", "A write-off waits to be judged.")
    made = WriteOff(
        overpayment_id=record.id,
        rule=rule,
        amount_fen=rest.fen,
        evidence=evidence.strip(),
        proposed_by=actor.key,
        proposed_at=now,
        status="proposed",
    )
    session.add(made)
    session.flush()
    _note_write_off(session, record, made, Action.WRITE_OFF_PROPOSED, actor=actor, now=now)
    return made


def judge_write_off(
    session: Session, write_off_id: int, *, approve: bool, why: str, actor: Actor, now: datetime
) -> WriteOff:
    """The write-off, approved and booked (Dr 5108, Cr 1131), or refused.

    Refused to who proposed it, and where something came back meanwhile: then it is proposed anew.
    """
    made = session.get_one(WriteOff, write_off_id, with_for_update=True, populate_existing=True)
    record = locked(session, made.overpayment_id)
    if made.status != "proposed":
        raise refused("write_off_judged", "该项核销已经审定", "It has been judged.")
    if made.proposed_by == actor.key:
        raise refused("different_person", "核销须由提出人以外的人审定", "Somebody else judges it.")
    if len(why.strip()) < 2:
        raise refused("why_missing", "请写明审定意见", "Say why.")
    rest = balance_of(session, record, accounting_day(now)).open
    if approve and (rest.fen != made.amount_fen or record.status not in ("decided", "paying")):
        raise refused("write_off_stale", "提出后余额已有变化，请重新提出", "The rest has changed.")
    if approve:
        entry = _book_loss(session, record, rest, actor=actor, now=now)
        made.entry_id, record.status, record.closed_at = entry.id, "written_off", now
    made.judged_by, made.judged_at, made.judged_why = actor.key, now, why.strip()
    made.status = "approved" if approve else "refused"
    session.flush()
    _note_write_off(session, record, made, Action.WRITE_OFF_JUDGED, actor=actor, now=now)
    note(session, record, Action.WRITE_OFF_JUDGED, actor=actor, now=now, reason=made.judged_why)
    return made


def _require_small(record: Overpayment, rest: Money, *, book: PolicyBook, day: date) -> None:
    most = book.at("recovery.write_off_below", record.region_code, day).money
    after = book.at("recovery.write_off_after", record.region_code, day).count
    since = accounting_day(record.decided_at) if record.decided_at else day
    if rest > most or day < since + timedelta(days=after):
        raise refused(
            "not_small",
            f"小额核销须余额不超过 {most.text} 元、决定满 {after} 天；现余 {rest.text} 元，决定于 {since}",
            "The rest is not small, or not old enough.",
        )


def _book_loss(
    session: Session, record: Overpayment, rest: Money, *, actor: Actor, now: datetime
) -> JournalEntry:
    return post(
        session,
        key=f"write-off:{record.id}",
        day=accounting_day(now),
        region=record.region_code,
        text=f"核销应收多领待遇 {record.id}",
        lines=[Line(LOSS_ACCOUNT, "debit", rest), Line(CLAIM_ACCOUNT, "credit", rest)],
        actor=actor,
        now=now,
        case_id=record.case_id,
    )


def _note_write_off(
    session: Session, record: Overpayment, made: WriteOff, action: Action, *, actor: Actor, now: datetime
) -> None:
    append(
        session,
        stream=f"case:{record.case_id}",
        action=action,
        actor=actor,
        subject=f"write_off:{made.id}",
        after={"status": made.status, "rule": made.rule, "amount": Money(made.amount_fen).text},
        reason=made.judged_why or made.evidence,
        now=now,
        voucher=SEALED_WRITE_OFF.voucher(made),
    )
