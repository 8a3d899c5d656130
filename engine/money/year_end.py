"""The year's end (年终结转): income and expenditure of every book go to the fund's balance, by two people (MONEY-03).

Booked on the last day of the year, before December is closed; statements of income and expenditure leave these entries
out, or the year would look as if nothing had moved. What is booked after it into the same year is carried by doing it
once more. Duties are the caller's to check. Source: 社会保险基金会计制度（财会〔2017〕28号）.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.money.chart import Chart
from engine.money.hand_tables import YearEnd
from engine.money.ledger import Line, accounting_day, post
from engine.money.ledger_tables import CARRIED, JournalEntry
from engine.money.period_checks import alone, closed_through, period_reason, require_nothing, uncarried
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Money, Month, Reason, RefusedError, reach

#: debits less credits by account, of one region's own book
Book = Mapping[str, int]


def missing(session: Session, *, region: str, year: int, now: datetime) -> tuple[Reason, ...]:
    """Everything that stands against carrying the year; empty when it can be carried."""
    last = date(year, 12, 31)
    found = []
    if last >= accounting_day(now):
        found.append(period_reason("year_runs", f"{year} 年还没有过完", f"{year} is not over yet."))
    closed = closed_through(session, region)
    december = Month(year, 12)
    if closed is not None and closed >= december:
        found.append(
            period_reason("year_closed", f"{december} 已结账，不能再结转", f"{december} is closed already.")
        )
    first = session.scalar(
        select(func.min(JournalEntry.day)).where(JournalEntry.region.startswith(reach(region)))
    )
    if first is not None and first < december.first_day and (closed is None or closed < december.plus(-1)):
        found.append(
            period_reason(
                "earlier_open",
                f"{december.plus(-1)} 还没有结账，应先按月结账到 11 月",
                f"{december.plus(-1)} is still open.",
            )
        )
    if not uncarried(session, region, year):
        found.append(
            period_reason("nothing_to_carry", f"{year} 年没有待结转的收支", "Nothing is left to be carried.")
        )
    return tuple(found)


def propose(session: Session, *, region: str, year: int, actor: Actor, now: datetime) -> YearEnd:
    """The wish to carry the year; RefusedError with everything that stands against it."""
    alone(session)
    waiting = session.scalar(
        select(YearEnd.id).where(YearEnd.region == region, YearEnd.year == year, YearEnd.status == "proposed")
    )
    if waiting is not None:
        raise RefusedError(
            period_reason("carry_waits", "已有人提请结转，等他人确认", "It is proposed already.")
        )
    require_nothing(missing(session, region=region, year=year, now=now))
    made = YearEnd(region=region, year=year, proposed_by=actor.key, proposed_at=now, status="proposed")
    session.add(made)
    session.flush()
    _note(session, made, Action.YEAR_END_PROPOSED, actor=actor, now=now)
    return made


def decide(
    session: Session, chart: Chart, year_end_id: int, *, approve: bool, why: str, actor: Actor, now: datetime
) -> YearEnd:
    """The year carried in every book of the region and below, or the wish sent back; never by who proposed it."""
    alone(session)
    wish = session.get(YearEnd, year_end_id, with_for_update=True)
    if wish is None or wish.status != "proposed":
        raise RefusedError(period_reason("no_such_carry", "没有待确认的年终结转", "No such carrying waits."))
    if wish.proposed_by == actor.key:
        raise RefusedError(
            period_reason("same_person", "提请结转的人不能自己确认", "It takes somebody else.", actor.name)
        )
    if not approve and not why.strip():
        raise RefusedError(period_reason("why_missing", "退回的，请写明理由", "Say why it is sent back."))
    if approve:
        require_nothing(missing(session, region=wish.region, year=wish.year, now=now))
        _carry(session, chart, wish, actor=actor, now=now)
    wish.status, wish.decided_why = "carried" if approve else "declined", why.strip()
    wish.decided_by, wish.decided_at = actor.key, now
    session.flush()
    action = Action.YEAR_END_CARRIED if approve else Action.YEAR_END_DECLINED
    _note(session, wish, action, actor=actor, now=now, why=wish.decided_why)
    return wish


def _carry(session: Session, chart: Chart, wish: YearEnd, *, actor: Actor, now: datetime) -> None:
    surplus = 0
    books = uncarried(session, wish.region, wish.year)
    for region, book in books.items():
        post(
            session,
            key=f"{CARRIED}{wish.id}:{region}",
            day=date(wish.year, 12, 31),
            region=region,
            text=f"{wish.year} 年收支结转基金结余",
            lines=_lines(book, chart.carried_to),
            actor=actor,
            now=now,
        )
        surplus -= sum(book.values())
    wish.surplus_fen, wish.books = surplus, len(books)


def _lines(book: Book, carried_to: str) -> list[Line]:
    """Each account brought to nothing, the rest on the fund's balance."""
    lines = [
        Line(account, "credit" if fen > 0 else "debit", Money(abs(fen))) for account, fen in book.items()
    ]
    rest = sum(book.values())
    if rest:
        lines.append(Line(carried_to, "debit" if rest > 0 else "credit", Money(abs(rest))))
    return lines


def _note(
    session: Session, wish: YearEnd, action: Action, *, actor: Actor, now: datetime, why: str = ""
) -> None:
    append(
        session,
        stream=f"books:{wish.region}",
        action=action,
        actor=actor,
        subject=f"year_end:{wish.id}",
        after={
            "year": wish.year,
            "surplus": None if wish.surplus_fen is None else Money(wish.surplus_fen).text,
            "books": wish.books,
        },
        reason=why,
        now=now,
    )
