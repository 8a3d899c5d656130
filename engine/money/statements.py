"""Statements over a region and all below it: trial balance, income and expenditure, balance sheet, vouchers (MONEY-03).

Reads only and adds nothing up that the postings do not say. Amounts of a period lie within its first and last day,
both included. Called by the pages of the books and by the closing of a month.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, ColumnElement, SQLColumnExpression, case, cast, func, select, true
from sqlalchemy.orm import Session

from engine.money.ledger_tables import CARRIED, Account, JournalEntry, Posting
from engine.money.payment_tables import BankReceipt, PaymentBatch
from engine.values import Money, Month, reach

#: kinds whose balance stands on the debit side
_DEBIT_KINDS = ("asset", "expense")


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """One account over a period: what it stood at, what moved, what it stands at."""

    account: str
    name: str
    name_en: str
    kind: str
    #: before the first day, on the account's own side
    opening: Money
    debit: Money
    credit: Money
    #: at the end of the last day, on the account's own side
    closing: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """Every account, and the totals of both sides, which are equal as long as the books balance."""

    rows: tuple[BalanceRow, ...]
    opening_debit: Money
    opening_credit: Money
    debit: Money
    credit: Money
    closing_debit: Money
    closing_credit: Money

    @property
    def balances(self) -> bool:
        """Both sides are equal at the beginning, in the period, and at the end."""
        return (
            self.opening_debit == self.opening_credit
            and self.debit == self.credit
            and self.closing_debit == self.closing_credit
        )

    @property
    def digest(self) -> str:
        """SHA-256 over account, opening, debit, credit and closing of each account that ever moved, in fen."""
        said = "\n".join(
            f"{row.account}|{row.opening.fen}|{row.debit.fen}|{row.credit.fen}|{row.closing.fen}"
            for row in self.rows
            if row.opening.fen or row.debit.fen or row.credit.fen
        )
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FundStatement:
    """What came into the fund in the period, and what it spent; accounts without movement left out."""

    income: tuple[BalanceRow, ...]
    expense: tuple[BalanceRow, ...]
    income_total: Money
    expense_total: Money

    @property
    def surplus(self) -> Money:
        """Income less expenditure; below zero for a deficit."""
        return self.income_total - self.expense_total


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceSheet:
    """What the fund has, what it owes, and what is left, at the end of a day."""

    assets: tuple[BalanceRow, ...]
    liabilities: tuple[BalanceRow, ...]
    equity: tuple[BalanceRow, ...]
    #: income less expenditure since the books were opened, not yet carried to the fund balance
    surplus: Money
    assets_total: Money
    liabilities_total: Money
    #: fund balance and surplus
    fund_total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Income and expenditure of one month, or of one region."""

    key: str
    income: Money
    expense: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedLine:
    """One posting of a voucher."""

    line_no: int
    account: str
    name: str
    name_en: str
    debit: Money
    credit: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedEntry:
    """One journal entry (凭证) with its postings, and what it came from."""

    id: int
    key: str
    day: date
    region: str
    text: str
    case_id: int | None
    #: the batch whose receipt it books; empty for none
    batch_number: str
    #: key of who posted it
    actor: str
    created_at: datetime
    #: the voucher that this one takes back
    reverses_id: int | None
    #: the voucher that takes this one back
    reversed_by: int | None
    total: Money
    lines: tuple[BookedLine, ...]


def trial(session: Session, region: str, *, first: date, last: date) -> TrialBalance:
    """The trial balance of the region and all below it; accounts that never moved stand with zeros."""
    rows = _account_rows(session, region, first, last)
    return TrialBalance(
        rows=rows,
        opening_debit=_on_side(rows, "opening", debit=True),
        opening_credit=_on_side(rows, "opening", debit=False),
        debit=Money.total(row.debit for row in rows),
        credit=Money.total(row.credit for row in rows),
        closing_debit=_on_side(rows, "closing", debit=True),
        closing_credit=_on_side(rows, "closing", debit=False),
    )


def income_and_expenditure(session: Session, region: str, *, first: date, last: date) -> FundStatement:
    """The statement of the fund over the period (收支表); what the year's end carried away did not go out."""
    found = _account_rows(session, region, first, last, carried=False)
    rows = [row for row in found if row.debit.fen or row.credit.fen]
    income = tuple(row for row in rows if row.kind == "income")
    expense = tuple(row for row in rows if row.kind == "expense")
    return FundStatement(
        income=income,
        expense=expense,
        income_total=Money.total(moved(row) for row in income),
        expense_total=Money.total(moved(row) for row in expense),
    )


def balance_sheet(session: Session, region: str, *, day: date) -> BalanceSheet:
    """The balance sheet (资产负债表) at the end of the day; assets equal liabilities and fund."""
    rows = _account_rows(session, region, day, day)
    parts = {
        kind: tuple(row for row in rows if row.kind == kind) for kind in ("asset", "liability", "equity")
    }
    income = Money.total(row.closing for row in rows if row.kind == "income")
    expense = Money.total(row.closing for row in rows if row.kind == "expense")
    surplus = income - expense
    return BalanceSheet(
        assets=parts["asset"],
        liabilities=parts["liability"],
        equity=parts["equity"],
        surplus=surplus,
        assets_total=Money.total(row.closing for row in parts["asset"]),
        liabilities_total=Money.total(row.closing for row in parts["liability"]),
        fund_total=Money.total(row.closing for row in parts["equity"]) + surplus,
    )


def moved(row: BalanceRow) -> Money:
    """What moved in the period on the account's own side: an expense taken back lowers it."""
    change = row.debit - row.credit
    return change if row.kind in _DEBIT_KINDS else -change


def by_month(session: Session, region: str, *, months: Sequence[Month]) -> tuple[Flow, ...]:
    """Income and expenditure of each of the months, in their order."""
    month = func.to_char(JournalEntry.day, "YYYY-MM")
    found = _flows(session, region, months[0].first_day, months[-1].last_day, month)
    return tuple(found.get(str(each), _nothing(str(each))) for each in months)


def by_region(session: Session, region: str, *, first: date, last: date) -> tuple[Flow, ...]:
    """Income and expenditure of each region directly below, with all below it, and of the region itself."""
    digits = len(reach(region)) + 2
    own = func.rpad(func.left(JournalEntry.region, digits), 6, "0")
    found = _flows(session, region, first, last, own)
    return tuple(found[key] for key in sorted(found))


def vouchers(
    session: Session,
    region: str,
    *,
    first: date,
    last: date,
    account: str = "",
    before: int | None = None,
    limit: int,
) -> tuple[BookedEntry, ...]:
    """The vouchers of the period, newest first, at most so many; with ``before``, only of a smaller number."""
    query = (
        select(JournalEntry)
        .where(*_within(region, first, last))
        .order_by(JournalEntry.id.desc())
        .limit(limit)
    )
    if account:
        posted = select(Posting.entry_id).where(Posting.account == account)
        query = query.where(JournalEntry.id.in_(posted))
    if before is not None:
        query = query.where(JournalEntry.id < before)
    return _with_lines(session, session.scalars(query).all())


def voucher(session: Session, entry_id: int) -> BookedEntry | None:
    """The voucher of that number; None where there is none."""
    entry = session.get(JournalEntry, entry_id)
    return _with_lines(session, [entry])[0] if entry else None


def not_carried() -> ColumnElement[bool]:
    """Entries other than those of the year's end."""
    return ~JournalEntry.key.startswith(CARRIED)


def _account_rows(
    session: Session, region: str, first: date, last: date, *, carried: bool = True
) -> tuple[BalanceRow, ...]:
    def summed(column: SQLColumnExpression[int], *, before: bool) -> ColumnElement[int]:
        wanted = JournalEntry.day < first if before else JournalEntry.day >= first
        return cast(func.coalesce(func.sum(case((wanted, column), else_=0)), 0), BigInteger)

    debit, credit = Posting.debit_fen, Posting.credit_fen
    sums = (
        select(
            Posting.account,
            summed(debit - credit, before=True).label("opening"),
            summed(debit, before=False).label("debit"),
            summed(credit, before=False).label("credit"),
        )
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(JournalEntry.region.startswith(reach(region)), JournalEntry.day <= last)
        .where(true() if carried else not_carried())
        .group_by(Posting.account)
        .subquery()
    )
    rows = session.execute(
        select(Account, sums.c.opening, sums.c.debit, sums.c.credit)
        .outerjoin(sums, sums.c.account == Account.code)
        .order_by(Account.code)
    )
    return tuple(_row(account, *(int(fen or 0) for fen in figures)) for account, *figures in rows)


def _row(account: Account, opening: int, debit: int, credit: int) -> BalanceRow:
    sign = 1 if account.kind in _DEBIT_KINDS else -1
    return BalanceRow(
        account=account.code,
        name=account.name,
        name_en=account.name_en,
        kind=account.kind,
        opening=Money(sign * opening),
        debit=Money(debit),
        credit=Money(credit),
        closing=Money(sign * (opening + debit - credit)),
    )


def _on_side(rows: Sequence[BalanceRow], what: str, *, debit: bool) -> Money:
    """The balances of the accounts of one side; one that stands on the wrong side counts below zero."""
    return Money.total(getattr(row, what) for row in rows if (row.kind in _DEBIT_KINDS) is debit)


def _flows(
    session: Session, region: str, first: date, last: date, key: ColumnElement[str]
) -> dict[str, Flow]:
    def of_kind(kind: str, amount: ColumnElement[int]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((Account.kind == kind, amount), else_=0)), 0)

    rows = session.execute(
        select(
            key.label("flow_key"),
            of_kind("income", Posting.credit_fen - Posting.debit_fen),
            of_kind("expense", Posting.debit_fen - Posting.credit_fen),
        )
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Account, Account.code == Posting.account)
        .where(Account.kind.in_(("income", "expense")), not_carried(), *_within(region, first, last))
        .group_by("flow_key")
    )
    return {
        str(name): Flow(key=str(name), income=Money(int(income)), expense=Money(int(expense)))
        for name, income, expense in rows
    }


def _nothing(key: str) -> Flow:
    return Flow(key=key, income=Money(0), expense=Money(0))


def _within(region: str, first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return (
        JournalEntry.region.startswith(reach(region)),
        JournalEntry.day >= first,
        JournalEntry.day <= last,
    )


def _with_lines(session: Session, entries: Sequence[JournalEntry]) -> tuple[BookedEntry, ...]:
    ids = [entry.id for entry in entries]
    lines: dict[int, list[BookedLine]] = {each: [] for each in ids}
    found = session.execute(
        select(Posting, Account)
        .join(Account, Account.code == Posting.account)
        .where(Posting.entry_id.in_(ids))
        .order_by(Posting.entry_id, Posting.line_no)
    )
    for posting, account in found:
        lines[posting.entry_id].append(_line(posting, account))
    taken_back = select(JournalEntry.reverses_id, JournalEntry.id).where(JournalEntry.reverses_id.in_(ids))
    reversals = {int(of): int(by) for of, by in session.execute(taken_back) if of is not None}
    batches = _batches(session, entries)
    return tuple(
        BookedEntry(
            id=entry.id,
            key=entry.key,
            day=entry.day,
            region=entry.region,
            text=entry.text,
            case_id=entry.case_id,
            batch_number=batches.get(entry.key, ""),
            actor=entry.actor,
            created_at=entry.created_at,
            reverses_id=entry.reverses_id,
            reversed_by=reversals.get(entry.id),
            total=Money.total(line.debit for line in lines[entry.id]),
            lines=tuple(lines[entry.id]),
        )
        for entry in entries
    )


def _line(posting: Posting, account: Account) -> BookedLine:
    return BookedLine(
        line_no=posting.line_no,
        account=account.code,
        name=account.name,
        name_en=account.name_en,
        debit=Money(posting.debit_fen),
        credit=Money(posting.credit_fen),
    )


def _batches(session: Session, entries: Sequence[JournalEntry]) -> dict[str, str]:
    """Batch numbers by entry key, for entries that book a receipt."""
    digests = {entry.key.split(":")[1]: entry.key for entry in entries if entry.key.startswith("receipt:")}
    rows = session.execute(
        select(BankReceipt.digest, PaymentBatch.number)
        .join(PaymentBatch, PaymentBatch.id == BankReceipt.batch_id)
        .where(BankReceipt.digest.in_(digests))
    )
    numbers: dict[str, str] = {str(digest): str(number) for digest, number in rows}
    return {key: numbers[digest] for digest, key in digests.items() if digest in numbers}
