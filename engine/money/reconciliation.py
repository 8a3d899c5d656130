"""Reconciliation: the books against the business and against the bank, at least monthly (MONEY-05).

Reads only; every difference is a value with a stable key, so that the caller opens one task per
difference however often it looks. The bank's statement comes as text (``docs/bank-file.md``).
Not here: the comparison with the tax office's collections, whose money never passes these books.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.money.bank_rows import (
    REGION,
    VERSION,
    BankFileError,
    closed,
    fields,
    filled,
    iso_day,
    matching,
    opened,
    require_equal,
    require_kind,
    require_trailer,
    signed_whole,
    signed_yuan,
    values_of,
    whole,
)
from engine.money.ledger_tables import JournalEntry, PaymentPurpose, Posting
from engine.money.payment_tables import BankReceipt, PaymentBatch, PaymentOrder
from engine.money.receipts import BANK_ACCOUNT, open_differences
from engine.values import Money, Month, reach

STATEMENT_MAGIC = "CHANGLING-STATEMENT"
#: a released batch that the bank has not answered for so long is a difference
ANSWER_WITHIN = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One movement on the bank account."""

    day: date
    #: the batch number, or the key of the journal entry that asked for the movement
    reference: str
    #: above zero for money in, below for money out
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the bank says of one account over some days, both included."""

    region: str
    first_day: date
    last_day: date
    opening: Money
    closing: Money
    lines: tuple[StatementLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookDifference:
    """One thing on which two sides do not agree."""

    #: stable while the difference stands, e.g. ``bank:371500:2025-11:PB-1``
    key: str
    text: str
    text_en: str
    #: what our side says
    booked: Money
    #: what the other side says
    found: Money


def read_statement(file: bytes) -> Statement:
    """The statement; BankFileError with the line for whatever is not as documented or does not add up."""
    rows = opened(file)
    magic, version, region, first, last, opening, closing, count = values_of(rows[0], 8, 1)
    require_kind(magic, version, STATEMENT_MAGIC)
    lines = tuple(_movement(row, at) for at, row in enumerate(rows[1:-1], start=2))
    statement = Statement(
        region=matching(REGION, region, "地区代码", 1),
        first_day=iso_day(first, 1),
        last_day=iso_day(last, 1),
        opening=Money(signed_whole(opening, "期初余额", 1)),
        closing=Money(signed_whole(closing, "期末余额", 1)),
        lines=lines,
    )
    moved = Money.total(line.amount for line in lines)
    require_equal("笔数", whole(count, "笔数", 1), len(lines), 1)
    require_equal("期末余额（分）", statement.closing.fen, (statement.opening + moved).fen, 1)
    for at, line in enumerate(lines, start=2):
        if not statement.first_day <= line.day <= statement.last_day:
            raise BankFileError(
                f"日期 {line.day} 不在 {statement.first_day} 至 {statement.last_day} 之内", line=at
            )
    require_trailer(rows, len(lines), moved)
    return statement


def write_statement(statement: Statement) -> bytes:
    """The statement as a file; for a bank's adapter that speaks another format, and for trials."""
    head = fields(
        1,
        STATEMENT_MAGIC,
        VERSION,
        statement.region,
        statement.first_day.isoformat(),
        statement.last_day.isoformat(),
        str(statement.opening.fen),
        str(statement.closing.fen),
        str(len(statement.lines)),
    )
    body = [
        fields(at, line.day.isoformat(), line.reference, line.amount.text)
        for at, line in enumerate(statement.lines, start=2)
    ]
    return closed([head, *body], len(statement.lines), Money.total(line.amount for line in statement.lines))


def reconcile_business(session: Session, *, region: str) -> tuple[BookDifference, ...]:
    """Where the payable accounts do not stand at exactly what is ordered and neither paid nor cancelled."""
    within = reach(region)
    rows = session.execute(
        select(PaymentPurpose.payable, func.sum(PaymentOrder.amount_fen))
        .join(PaymentOrder, PaymentOrder.purpose == PaymentPurpose.purpose)
        .where(PaymentOrder.status.not_in(("paid", "cancelled")), PaymentOrder.region.startswith(within))
        .group_by(PaymentPurpose.payable)
    )
    owed = {payable: int(fen) for payable, fen in rows}
    payables = session.scalars(
        select(PaymentPurpose.payable).distinct().order_by(PaymentPurpose.payable)
    ).all()
    found = []
    for payable in payables:
        booked, ordered = -_balance(session, payable, within, None), Money(owed.get(payable, 0))
        if booked != ordered:
            found.append(
                BookDifference(
                    key=f"business:{region}:{payable}",
                    text=f"科目 {payable} 账面应付 {booked.text} 元，未付支付单合计 {ordered.text} 元",
                    text_en=f"Account {payable}: {booked.text} on the books, {ordered.text} in open orders.",
                    booked=booked,
                    found=ordered,
                )
            )
    return tuple(found)


def reconcile_bank(
    session: Session, *, month: Month, statement: Statement, now: datetime
) -> tuple[BookDifference, ...]:
    """Where the bank account in the books and the bank's statement of the month do not agree.

    By reference (batch number, else entry key), then the balance at the end; then receipts that were
    refused and batches that the bank left unanswered. Covers the statement's region and all below it.
    """
    within = reach(statement.region)
    booked = _booked_movements(session, within, month)
    said: dict[str, int] = defaultdict(int)
    for line in statement.lines:
        said[line.reference] += line.amount.fen
    place = f"{statement.region}:{month}"
    return (
        *_movements_apart(booked, said, place),
        *_balances_apart(session, statement, within, month, place),
        *_refused_receipts(session, within),
        *_unanswered(session, within, now),
    )


def _movements_apart(
    booked: Mapping[str, int], said: Mapping[str, int], place: str
) -> Iterator[BookDifference]:
    for reference in sorted({*booked, *said}):
        ours, theirs = Money(booked.get(reference, 0)), Money(said.get(reference, 0))
        if ours == theirs:
            continue
        if reference not in said:
            text, text_en = (
                f"{reference} 已入账 {ours.text} 元，对账单上没有",
                "Booked, not on the statement.",
            )
        elif reference not in booked:
            text, text_en = (
                f"{reference} 对账单上有 {theirs.text} 元，账上没有",
                "On the statement, not booked.",
            )
        else:
            text = f"{reference} 账上 {ours.text} 元，对账单 {theirs.text} 元"
            text_en = "The amounts differ."
        yield BookDifference(
            key=f"bank:{place}:{reference}", text=text, text_en=text_en, booked=ours, found=theirs
        )


def _balances_apart(
    session: Session, statement: Statement, within: str, month: Month, place: str
) -> Iterator[BookDifference]:
    ours = _balance(session, BANK_ACCOUNT, within, month.last_day)
    if ours != statement.closing:
        yield BookDifference(
            key=f"closing:{place}",
            text=f"科目 {BANK_ACCOUNT} 月末账面 {ours.text} 元，银行期末 {statement.closing.text} 元",
            text_en="The closing balances differ.",
            booked=ours,
            found=statement.closing,
        )


def _refused_receipts(session: Session, within: str) -> Iterator[BookDifference]:
    for refused in open_differences(session, region_prefix=within):
        first = refused.differences[0]
        yield BookDifference(
            key=f"receipt:{refused.receipt_id}",
            text=f"回盘 {refused.receipt_id} 未入账：第 {first.line} 行，{first.text}",
            text_en=f"Receipt {refused.receipt_id} was refused.",
            booked=Money(0),
            found=Money(0),
        )


def _unanswered(session: Session, within: str, now: datetime) -> Iterator[BookDifference]:
    waiting = (
        select(PaymentBatch)
        .where(PaymentBatch.status == "released", PaymentBatch.region.startswith(within))
        .where(PaymentBatch.released_at < now - ANSWER_WITHIN)
        .order_by(PaymentBatch.id)
    )
    for batch in session.scalars(waiting):
        yield BookDifference(
            key=f"unanswered:{batch.number}",
            text=f"批次 {batch.number} 放款后超过 {ANSWER_WITHIN.days} 天没有全部回盘",
            text_en=f"Batch {batch.number} is not fully answered.",
            booked=Money(batch.total_fen),
            found=Money(0),
        )


def _booked_movements(session: Session, within: str, month: Month) -> dict[str, int]:
    """Signed fen on the bank account by reference; a batch's receipts add up under its number."""
    receipt_of = "receipt:" + BankReceipt.digest + ":" + JournalEntry.region
    reference = func.coalesce(PaymentBatch.number, JournalEntry.key)
    rows = session.execute(
        select(reference, func.sum(Posting.debit_fen - Posting.credit_fen))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .outerjoin(BankReceipt, JournalEntry.key == receipt_of)
        .outerjoin(PaymentBatch, PaymentBatch.id == BankReceipt.batch_id)
        .where(Posting.account == BANK_ACCOUNT, JournalEntry.region.startswith(within))
        .where(JournalEntry.day >= month.first_day, JournalEntry.day <= month.last_day)
        .group_by(reference)
    )
    return {str(name): int(fen) for name, fen in rows}


def _balance(session: Session, account: str, within: str, day: date | None) -> Money:
    """Debits less credits over the regions, to the end of the day; over all days for None."""
    query = (
        select(func.coalesce(func.sum(Posting.debit_fen - Posting.credit_fen), 0))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.account == account, JournalEntry.region.startswith(within))
    )
    if day is not None:
        query = query.where(JournalEntry.day <= day)
    return Money(int(session.scalar(query) or 0))


def _movement(row: str, at: int) -> StatementLine:
    day, reference, amount = values_of(row, 3, at)
    return StatementLine(
        day=iso_day(day, at), reference=filled(reference, "摘要号", at), amount=signed_yuan(amount, at)
    )
