"""Reconciliation: the books against the business and against the bank, at least monthly (MONEY-05).

Reads only; every difference is a value with a stable key, so that the caller opens one task per
difference however often it looks. The bank's statement comes as text (``docs/bank-file.md``). The tax office and
the treasury say one figure per region: the contributions of the month, the balance of the fiscal account.
Not here: keeping what was found, and who settles it (``reconciling``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.money.bank_statement import Statement
from engine.money.ledger_tables import JournalEntry, PaymentPurpose, Posting
from engine.money.pairing import Movement, Pair, Pairing, pair
from engine.money.payment_tables import BankReceipt, PaymentBatch, PaymentOrder
from engine.money.receipts import BANK_ACCOUNT, open_differences
from engine.money.statements import not_carried
from engine.values import Money, Month, reach

CONTRIBUTION_INCOME, FISCAL_ACCOUNT = "4001", "1002"
#: a released batch that the bank has not answered for so long is a difference
ANSWER_WITHIN = timedelta(days=3)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One side compared with the books: what agrees, what is proposed, what differs, and the figures at the end."""

    agreed: int
    proposed: tuple[Pair, ...]
    differences: tuple[BookDifference, ...]
    booked: Money
    found: Money


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
    return compare_bank(session, month=month, statement=statement, days=None, now=now).differences


def compare_bank(
    session: Session, *, month: Month, statement: Statement, days: int | None, now: datetime
) -> Comparison:
    """The bank's statement against the books; what stands under another reference on a near day is only proposed.

    With ``days`` None nothing is proposed.
    """
    within = reach(statement.region)
    place = f"{statement.region}:{month}"
    found = pair(
        _booked_movements(session, within, month),
        _said_movements(statement),
        days=-1 if days is None else days,
    )
    return Comparison(
        agreed=len(found.agreed),
        proposed=found.proposed,
        differences=(
            *_movements_apart(found, place),
            *_balances_apart(session, statement, within, month, place),
            *_refused_receipts(session, within),
            *_unanswered(session, within, now),
        ),
        booked=_balance(session, BANK_ACCOUNT, within, month.last_day),
        found=statement.closing,
    )


def compare_business(session: Session, *, region: str) -> Comparison:
    """What the books owe against the orders that are open, as they stand now."""
    within = reach(region)
    payables = session.scalars(select(PaymentPurpose.payable).distinct()).all()
    differences = reconcile_business(session, region=region)
    booked = Money.total(-_balance(session, payable, within, None) for payable in payables)
    apart = Money.total(each.booked - each.found for each in differences)
    return Comparison(
        agreed=len(payables) - len(differences),
        proposed=(),
        differences=differences,
        booked=booked,
        found=booked - apart,
    )


def compare_tax(session: Session, *, region: str, month: Month, said: Mapping[str, Money]) -> Comparison:
    """What the tax office says it collected, by region, against the contribution income of the month."""
    booked = _by_region(
        session, CONTRIBUTION_INCOME, reach(region), first=month.first_day, last=month.last_day
    )
    return _figures_apart(
        {code: -amount for code, amount in booked.items()},
        said,
        key=f"tax:{month}",
        what=f"{month} 失业保险费征缴",
        what_en=f"Contributions of {month}",
    )


def compare_treasury(session: Session, *, region: str, month: Month, said: Mapping[str, Money]) -> Comparison:
    """What the treasury says the fiscal account holds at the end of the month, by region, against the books."""
    booked = _by_region(session, FISCAL_ACCOUNT, reach(region), first=None, last=month.last_day)
    return _figures_apart(
        booked,
        said,
        key=f"treasury:{month}",
        what=f"{month} 月末财政专户",
        what_en=f"Fiscal account at the end of {month}",
    )


def movement_difference(
    place: str, reference: str, ours: Movement | None, theirs: Movement | None
) -> BookDifference:
    """The difference over one reference; ``place`` is ``371500:2025-11``; None for a side that lacks it."""
    mine, said = ours.amount if ours else Money(0), theirs.amount if theirs else Money(0)
    if theirs is None:
        text, text_en = f"{reference} 已入账 {mine.text} 元，对账单上没有", "Booked, not on the statement."
    elif ours is None:
        text, text_en = f"{reference} 对账单上有 {said.text} 元，账上没有", "On the statement, not booked."
    else:
        text, text_en = f"{reference} 账上 {mine.text} 元，对账单 {said.text} 元", "The amounts differ."
    return BookDifference(
        key=f"bank:{place}:{reference}", text=text, text_en=text_en, booked=mine, found=said
    )


def _movements_apart(found: Pairing, place: str) -> Iterator[BookDifference]:
    rows = [
        *((each.ours.reference, each.ours, each.theirs) for each in found.apart),
        *((each.reference, each, None) for each in found.only_ours),
        *((each.reference, None, each) for each in found.only_theirs),
    ]
    for reference, ours, theirs in sorted(rows, key=lambda row: row[0]):
        yield movement_difference(place, reference, ours, theirs)


def _figures_apart(
    booked: Mapping[str, Money], said: Mapping[str, Money], *, key: str, what: str, what_en: str
) -> Comparison:
    differences = []
    for code in sorted({*booked, *said}):
        ours, theirs = booked.get(code, Money(0)), said.get(code, Money(0))
        if ours != theirs:
            differences.append(
                BookDifference(
                    key=f"{key}:{code}",
                    text=f"{code} {what}：账上 {ours.text} 元，对方 {theirs.text} 元",
                    text_en=f"{code} {what_en}: {ours.text} booked, {theirs.text} said.",
                    booked=ours,
                    found=theirs,
                )
            )
    return Comparison(
        agreed=len({*booked, *said}) - len(differences),
        proposed=(),
        differences=tuple(differences),
        booked=Money.total(booked.values()),
        found=Money.total(said.values()),
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


def _booked_movements(session: Session, within: str, month: Month) -> tuple[Movement, ...]:
    """What moved on the bank account, by reference; a batch's receipts add up under its number."""
    receipt_of = "receipt:" + BankReceipt.digest + ":" + JournalEntry.region
    reference = func.coalesce(PaymentBatch.number, JournalEntry.key)
    moved = func.sum(Posting.debit_fen - Posting.credit_fen)
    rows = session.execute(
        select(reference, func.min(JournalEntry.day), moved)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .outerjoin(BankReceipt, JournalEntry.key == receipt_of)
        .outerjoin(PaymentBatch, PaymentBatch.id == BankReceipt.batch_id)
        .where(Posting.account == BANK_ACCOUNT, JournalEntry.region.startswith(within))
        .where(JournalEntry.day >= month.first_day, JournalEntry.day <= month.last_day)
        .group_by(reference)
        .having(moved != 0)
    )
    return tuple(
        Movement(reference=str(name), day=first, amount=Money(int(fen))) for name, first, fen in rows
    )


def _said_movements(statement: Statement) -> tuple[Movement, ...]:
    """What the bank says, by reference; what came and went back under one reference is nothing."""
    days: dict[str, date] = {}
    fen: dict[str, int] = defaultdict(int)
    for line in statement.lines:
        days[line.reference] = min(line.day, days.get(line.reference, line.day))
        fen[line.reference] += line.amount.fen
    return tuple(
        Movement(reference=name, day=days[name], amount=Money(total)) for name, total in fen.items() if total
    )


def _by_region(
    session: Session, account: str, within: str, *, first: date | None, last: date
) -> dict[str, Money]:
    """Debits less credits of the account by region, regions with nothing left out; without what the year's end carried."""
    moved = func.sum(Posting.debit_fen - Posting.credit_fen)
    query = (
        select(JournalEntry.region, moved)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .where(Posting.account == account, JournalEntry.region.startswith(within), JournalEntry.day <= last)
        .where(not_carried())
        .group_by(JournalEntry.region)
        .having(moved != 0)
    )
    if first is not None:
        query = query.where(JournalEntry.day >= first)
    return {str(region): Money(int(fen)) for region, fen in session.execute(query)}


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
