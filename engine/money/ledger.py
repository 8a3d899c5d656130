"""The ledger: every fen as a double entry that can never be changed, only reversed (MONEY-03).

At every commit PostgreSQL itself checks that
each entry has at least two postings and that its debits equal its credits; the audit trail vouches for
each entry with its postings on the stream ``ledger:<region>``. Called by payments and operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.money.chart import AccountLine, Chart, PurposeLine
from engine.money.ledger_tables import (
    SEALED_ACCOUNT,
    SEALED_ENTRY,
    SEALED_PURPOSE,
    Account,
    JournalEntry,
    PaymentPurpose,
    Posting,
)
from engine.money.once import insert_once
from engine.store.actions import Action
from engine.store.audit import SealedTable, append
from engine.store.db import Base
from engine.values import CHINA, Actor, Money, Reason, RefusedError

Side = Literal["debit", "credit"]


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry to be posted; the amount is above zero."""

    account: str
    side: Side
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """One account in a trial balance: turnover on both sides since the books were opened."""

    account: str
    name: str
    kind: str
    debit: Money
    credit: Money


class LedgerError(Exception):
    """记账请求有错：科目不存在、借贷不平，或同一凭证号先后内容不同。请核对调用方，不要重试。"""

    retryable = False


def accounting_day(now: datetime) -> date:
    """The day on which something done at the instant is booked."""
    return now.astimezone(CHINA).date()


def sync_accounts(session: Session, chart: Chart, *, actor: Actor, now: datetime) -> int:
    """How many accounts and purposes of the chart were new; LedgerError if one differs from the books."""
    added = 0
    for line in chart.accounts:
        if _is_known(session.get(Account, line.code), line, ("name", "name_en", "kind")):
            continue
        account = Account(code=line.code, name=line.name, name_en=line.name_en, kind=line.kind)
        added += _set_up(session, account, SEALED_ACCOUNT, line.code, actor=actor, now=now)
    for use in chart.purposes:
        if _is_known(
            session.get(PaymentPurpose, use.purpose), use, ("name", "name_en", "expense", "payable")
        ):
            continue
        purpose = PaymentPurpose(
            purpose=use.purpose, name=use.name, name_en=use.name_en, expense=use.expense, payable=use.payable
        )
        added += _set_up(session, purpose, SEALED_PURPOSE, use.purpose, actor=actor, now=now)
    return added


def post(
    session: Session,
    *,
    key: str,
    day: date,
    region: str,
    text: str,
    lines: Sequence[Line],
    actor: Actor,
    now: datetime,
    case_id: int | None = None,
) -> JournalEntry:
    """The entry of that key, posted now or before.

    LedgerError if it does not balance, names an unknown account, or the key stands for other content.
    """
    _require_balanced(session, lines)
    wanted = JournalEntry(
        key=key,
        day=day,
        region=region,
        text=text,
        case_id=case_id,
        actor=actor.key,
        created_at=now,
        line_count=len(lines),
    )
    return _write(session, wanted, lines, action=Action.ENTRY_POSTED, actor=actor)


def reverse(
    session: Session, entry_id: int, *, reason: str, day: date, actor: Actor, now: datetime
) -> JournalEntry:
    """The mirror entry of the given one; made once, and the same for every further call.

    Refuses to reverse a reversal: post the right entry anew instead.
    """
    entry = session.get_one(JournalEntry, entry_id)
    if entry.reverses_id is not None:
        raise RefusedError(
            Reason(
                code="reversal_of_reversal",
                text=f"凭证 {entry_id} 本身就是冲销凭证，不能再冲销，请重新入账",
                text_en="A reversal cannot be reversed; post the right entry anew.",
            )
        )
    made = session.scalars(select(JournalEntry).where(JournalEntry.reverses_id == entry_id)).one_or_none()
    if made is not None:
        return made
    mirrored = [
        Line(p.account, "credit" if p.debit_fen else "debit", Money(p.debit_fen or p.credit_fen))
        for p in _postings(session, entry_id)
    ]
    wanted = JournalEntry(
        key=f"reversal:{entry.key}",
        day=day,
        region=entry.region,
        text=f"冲销凭证 {entry_id}：{reason}",
        case_id=entry.case_id,
        actor=actor.key,
        created_at=now,
        reverses_id=entry_id,
        line_count=len(mirrored),
    )
    return _write(session, wanted, mirrored, action=Action.ENTRY_REVERSED, actor=actor, reason=reason)


def balance(session: Session, account: str, region: str, day: date) -> Money:
    """The balance of an account in a region at the end of the day.

    On the account's own side: debits less credits for assets and expenses, credits less debits for others.
    """
    kind = session.get_one(Account, account).kind
    debit, credit = session.execute(
        select(func.coalesce(func.sum(Posting.debit_fen), 0), func.coalesce(func.sum(Posting.credit_fen), 0))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.account == account, JournalEntry.region == region, JournalEntry.day <= day)
    ).one()
    surplus = Money(int(debit) - int(credit))
    return surplus if kind in ("asset", "expense") else -surplus


def trial_balance(
    session: Session, *, region: str | None = None, day: date | None = None
) -> tuple[TrialRow, ...]:
    """Debit and credit turnover of every account, to the end of the day; the two columns add up alike."""
    booked = select(Posting.account, Posting.debit_fen, Posting.credit_fen).join(
        JournalEntry, JournalEntry.id == Posting.entry_id
    )
    if region is not None:
        booked = booked.where(JournalEntry.region == region)
    if day is not None:
        booked = booked.where(JournalEntry.day <= day)
    part = booked.subquery()
    rows = session.execute(
        select(
            Account.code,
            Account.name,
            Account.kind,
            func.coalesce(func.sum(part.c.debit_fen), 0),
            func.coalesce(func.sum(part.c.credit_fen), 0),
        )
        .outerjoin(part, part.c.account == Account.code)
        .group_by(Account.code)
        .order_by(Account.code)
    )
    return tuple(
        TrialRow(account=code, name=name, kind=kind, debit=Money(int(debit)), credit=Money(int(credit)))
        for code, name, kind, debit, credit in rows
    )


def _write(
    session: Session,
    wanted: JournalEntry,
    lines: Sequence[Line],
    *,
    action: Action,
    actor: Actor,
    reason: str = "",
) -> JournalEntry:
    made = insert_once(session, wanted)
    if made is None:
        known = session.scalars(select(JournalEntry).where(JournalEntry.key == wanted.key)).one()
        _require_same(session, known, wanted, lines)
        return known
    wanted = made
    postings = [
        Posting(
            entry_id=wanted.id,
            line_no=number,
            account=line.account,
            debit_fen=line.amount.fen if line.side == "debit" else 0,
            credit_fen=line.amount.fen if line.side == "credit" else 0,
        )
        for number, line in enumerate(lines, start=1)
    ]
    session.add_all(postings)
    session.flush()
    append(
        session,
        stream=f"ledger:{wanted.region}",
        action=action,
        actor=actor,
        subject=f"journal_entry:{wanted.id}",
        after={"key": wanted.key, "text": wanted.text},
        reason=reason,
        now=wanted.created_at,
        voucher=SEALED_ENTRY.voucher(wanted, postings),
    )
    return wanted


def _postings(session: Session, entry_id: int) -> Sequence[Posting]:
    return session.scalars(
        select(Posting).where(Posting.entry_id == entry_id).order_by(Posting.line_no)
    ).all()


def _require_balanced(session: Session, lines: Sequence[Line]) -> None:
    """Say no in plain words before the database would say it at commit."""
    if len(lines) < 2:
        raise LedgerError("一张凭证至少要有两笔分录")
    for number, line in enumerate(lines, start=1):
        if line.amount.fen <= 0:
            raise LedgerError(f"第 {number} 笔分录金额须大于零：{line.amount.text}")
        if line.account not in _known_accounts(session, line.account):
            raise LedgerError(f"第 {number} 笔分录：没有科目 {line.account}")
    debit = Money.total(line.amount for line in lines if line.side == "debit")
    credit = Money.total(line.amount for line in lines if line.side == "credit")
    if debit != credit:
        raise LedgerError(f"借贷不平：借方 {debit.text}，贷方 {credit.text}")


def _known_accounts(session: Session, wanted: str) -> set[str]:
    """The account codes, read once per session: accounts are only ever added."""
    known: set[str] = session.info.setdefault("money.accounts", set())
    if wanted not in known:
        known.update(session.scalars(select(Account.code)))
    return known


def _require_same(session: Session, known: JournalEntry, wanted: JournalEntry, lines: Sequence[Line]) -> None:
    for name in ("day", "region", "text", "case_id", "reverses_id"):
        if getattr(known, name) != getattr(wanted, name):
            raise LedgerError(
                f"凭证号 {known.key} 已入账，{name} 为 {getattr(known, name)}，不是 {getattr(wanted, name)}"
            )
    booked = [(p.account, p.debit_fen, p.credit_fen) for p in _postings(session, known.id)]
    asked = [
        (line.account, *((line.amount.fen, 0) if line.side == "debit" else (0, line.amount.fen)))
        for line in lines
    ]
    if booked != asked:
        raise LedgerError(f"凭证号 {known.key} 已入账，分录与这次的不同")


def _is_known(known: Base | None, line: AccountLine | PurposeLine, columns: tuple[str, ...]) -> bool:
    if known is None:
        return False
    for column in columns:
        if getattr(known, column) != getattr(line, column):
            raise LedgerError(
                f"科目表与账簿不同：{line} 的 {column} 在账簿里是 {getattr(known, column)}；"
                "已启用的科目不能改，请新增科目"
            )
    return True


def _set_up(
    session: Session, row: Base, sealed: SealedTable, key: str, *, actor: Actor, now: datetime
) -> int:
    session.add(row)
    session.flush()
    voucher = sealed.voucher(row)
    append(
        session,
        stream="ledger",
        action=Action.ACCOUNT_SET_UP,
        actor=actor,
        subject=f"{sealed.table}:{key}",
        after=voucher.content,
        now=now,
        voucher=voucher,
    )
    return 1
