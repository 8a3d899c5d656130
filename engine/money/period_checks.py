"""What is closed of a region's books, and what still stands against closing a month; reads only (MONEY-03).

Called by ``periods`` and by the pages of the books.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.money.ledger import accounting_day
from engine.money.ledger_tables import Account, JournalEntry, Posting
from engine.money.period_tables import PeriodClosing
from engine.money.receipts import open_differences
from engine.money.reconciliation_tables import SIDES, Reconciliation, ReconciliationDifference
from engine.money.statements import trial
from engine.values import Month, Reason, RefusedError, above, reach

SOURCE = "社会保险基金会计制度（财会〔2017〕28号）"
SIDE_NAMES = {"business": "业务", "bank": "银行", "tax": "税务", "treasury": "财政专户"}
_SIDES_EN = {"business": "business", "bank": "bank", "tax": "tax", "treasury": "treasury"}


def chain(region: str) -> tuple[str, ...]:
    """The region and every region above it: 371502 → 371502, 371500, 370000."""
    found = [region]
    while above(found[-1]) != found[-1]:
        found.append(above(found[-1]))
    return tuple(found)


def alone(session: Session) -> None:
    """Wait for every entry under way, and hold up new ones until this is decided: see the trigger on entries."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("books periods", 0))))


def closed_through(session: Session, region: str) -> Month | None:
    """The last month that is closed for entries of the region, by itself or by a region above; None for none."""
    last = session.scalar(
        select(func.max(PeriodClosing.month)).where(
            PeriodClosing.region.in_(chain(region)), PeriodClosing.status == "closed"
        )
    )
    return Month.parse(last) if last else None


def next_to_close(session: Session, region: str, *, now: datetime) -> Month:
    """The month after the last closed one, else that of the first entry; never later than the one that has passed."""
    last = Month.of(accounting_day(now)).plus(-1)
    closed = closed_through(session, region)
    if closed is not None:
        return min(last, closed.plus(1))
    first = session.scalar(
        select(func.min(JournalEntry.day)).where(JournalEntry.region.startswith(reach(region)))
    )
    return min(last, Month.of(first)) if first else last


def open_day(session: Session, *, region: str, day: date) -> date:
    """The day itself where its month is open, else the first day after the last closed month."""
    last = closed_through(session, region)
    return day if last is None else max(day, last.last_day + timedelta(days=1))


def missing(session: Session, *, region: str, month: Month, now: datetime) -> tuple[Reason, ...]:
    """Everything that still stands against closing the month; empty when it can be closed."""
    within = reach(region)
    found: list[Reason] = []
    if month >= Month.of(accounting_day(now)):
        found.append(
            period_reason("month_runs", f"{month} 还没有过完，不能结账", f"{month} is not over yet.")
        )
    books = trial(session, region, first=month.first_day, last=month.last_day)
    if not books.balances:
        found.append(period_reason("unbalanced", "试算不平衡", "The trial balance does not balance."))
    found += _refused_receipts(session, region)
    found += _unsigned(session, region, month)
    waiting = session.scalar(
        select(func.count()).where(
            ReconciliationDifference.region.startswith(within),
            ReconciliationDifference.month <= str(month),
            ReconciliationDifference.status != "settled",
        )
    )
    if waiting:
        found.append(
            period_reason(
                "differences_open",
                f"还有 {waiting} 条对账差异没有销号",
                f"{waiting} differences are not settled.",
            )
        )
    found += _uncarried(session, region, month)
    return (*found, *_earlier_open(session, region, month))


def uncarried(session: Session, region: str, year: int) -> dict[str, dict[str, int]]:
    """Debits less credits of accounts of income and expenditure at the end of the year, by region; those at nothing left out."""
    moved = func.sum(Posting.debit_fen - Posting.credit_fen)
    rows = session.execute(
        select(JournalEntry.region, Posting.account, moved)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .join(Account, Account.code == Posting.account)
        .where(
            Account.kind.in_(("income", "expense")),
            JournalEntry.region.startswith(reach(region)),
            JournalEntry.day <= date(year, 12, 31),
        )
        .group_by(JournalEntry.region, Posting.account)
        .having(moved != 0)
        .order_by(JournalEntry.region, Posting.account)
    )
    found: dict[str, dict[str, int]] = {}
    for place, account, fen in rows:
        found.setdefault(str(place), {})[str(account)] = int(fen)
    return found


def period_reason(code: str, text: str, text_en: str, fact: str = "") -> Reason:
    """A reason with the accounting rules as its source."""
    return Reason(code=code, text=text, text_en=text_en, fact=fact, source=SOURCE)


def require_nothing(reasons: tuple[Reason, ...]) -> None:
    """RefusedError with all of them, where there are any."""
    if reasons:
        raise RefusedError(*reasons)


def said_why(why: str) -> str:
    """The reason as typed; RefusedError where none is."""
    if not why.strip():
        raise RefusedError(period_reason("why_missing", "请写明理由", "Give the reason."))
    return why.strip()


def _refused_receipts(session: Session, region: str) -> Iterable[Reason]:
    """Receipts that were refused, unless a reconciliation with the bank has settled why."""
    within = reach(region)
    settled = set(
        session.scalars(
            select(ReconciliationDifference.key).where(
                ReconciliationDifference.region.in_(chain(region))
                | ReconciliationDifference.region.startswith(within),
                ReconciliationDifference.side == "bank",
                ReconciliationDifference.status == "settled",
            )
        )
    )
    return [
        period_reason(
            "receipt_refused",
            f"回盘 {each.receipt_id} 未入账，也没有在对账中说明",
            f"Receipt {each.receipt_id} was refused and nothing explains it.",
        )
        for each in open_differences(session, region_prefix=within)
        if f"receipt:{each.receipt_id}" not in settled
    ]


def _unsigned(session: Session, region: str, month: Month) -> Iterable[Reason]:
    signed = set(
        session.scalars(
            select(Reconciliation.side).where(
                Reconciliation.region.in_(chain(region)),
                Reconciliation.month == str(month),
                Reconciliation.status == "signed",
            )
        )
    )
    return [
        period_reason(
            f"unsigned_{side}",
            f"{month} 与{SIDE_NAMES[side]}的对账报告还没有两人签字",
            f"The reconciliation with the {_SIDES_EN[side]} of {month} is not signed.",
        )
        for side in SIDES
        if side not in signed
    ]


def _uncarried(session: Session, region: str, month: Month) -> Iterable[Reason]:
    """December is closed once its year's income and expenditure have gone to the fund's balance."""
    if month.month != 12 or not uncarried(session, region, month.year):
        return ()
    return (
        period_reason(
            "year_not_carried",
            f"{month.year} 年收支还没有结转到基金结余，应先办年终结转",
            f"Income and expenditure of {month.year} are not carried to the fund's balance yet.",
        ),
    )


def _earlier_open(session: Session, region: str, month: Month) -> Iterable[Reason]:
    """An earlier month that holds entries and is not closed: a month is closed after the one before."""
    last = closed_through(session, region)
    query = select(func.min(JournalEntry.day)).where(
        JournalEntry.region.startswith(reach(region)), JournalEntry.day < month.first_day
    )
    if last is not None:
        query = query.where(JournalEntry.day > last.last_day)
    earliest = session.scalar(query)
    if earliest is None:
        return ()
    return (
        period_reason(
            "earlier_open",
            f"{Month.of(earliest)} 还没有结账，应按月依次结账",
            f"{Month.of(earliest)} is still open; months are closed in turn.",
        ),
    )
