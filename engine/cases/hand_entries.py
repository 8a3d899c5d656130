"""Vouchers by hand and the year's end as people do them: who may enter, who books, what the page shows (MONEY-03).

An accountant enters; another accountant or internal control books it, sends it back, or takes it back again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.cases.book_periods import holds_one, require_one, require_region
from engine.cases.books import BooksFilter, BooksSight, amount_of, sight_of
from engine.cases.inbox_choices import Choice
from engine.cases.office import Office
from engine.cases.rows import actor_names, region_names
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.money import hand_vouchers, year_end
from engine.money.hand_tables import HandVoucher, YearEnd
from engine.values import Actor, Money, Reason, Refusal, RefusedError, reach

ENTER, BOOK = ("accountant",), ("accountant", "control")
STATUS_NAMES = {
    "proposed": "待复核", "posted": "已入账", "declined": "已退回", "taken_back": "已冲销", "carried": "已结转",
}  # fmt: skip
SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRow:
    """One voucher by hand with its people, and what the reader may try."""

    voucher_id: int
    region: str
    region_name: str
    kind_name: str
    day: date
    amount: Money
    #: number of the paper that shows it
    paper: str
    note: str
    #: the voucher that this one takes back
    takes_back: int | None
    status: str
    status_name: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    decided_why: str
    entry_id: int | None
    #: decide, back: what to offer; the use-case decides
    may: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearEndRow:
    """One carrying of a year with its people."""

    year_end_id: int
    region_name: str
    year: int
    status: str
    status_name: str
    #: what went to the fund's balance, and in how many books
    surplus: Money | None
    books: int | None
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    decided_why: str
    may: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandEntries:
    """The page: what waits, what was entered in the months, and how the year's end stands."""

    sight: BooksSight
    kinds: tuple[Choice, ...]
    #: what waits first, then the newest
    rows: tuple[HandRow, ...]
    more: bool
    years: tuple[YearEndRow, ...]
    #: the year that would be carried, and what stands against it
    year: int
    missing: tuple[Reason, ...]
    may_enter: bool


def hand_entries(
    office: Office, actor: Actor, asked: BooksFilter, *, year: str = ""
) -> HandEntries | Refusal:
    """Vouchers of the region and below that wait or are of the months asked for, and the year's end."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, asked)
        if isinstance(sight, Refusal):
            return sight
        within = HandVoucher.region.startswith(reach(sight.region))
        in_months = HandVoucher.day.between(sight.first.first_day, sight.last.last_day)
        found = session.scalars(
            select(HandVoucher)
            .where(within, or_(HandVoucher.status == "proposed", in_months))
            .order_by((HandVoucher.status == "proposed").desc(), HandVoucher.id.desc())
            .limit(SHOWN + 1)
        ).all()
        wanted = _year(year) or office.today.year - 1
        return HandEntries(
            sight=sight,
            kinds=tuple(Choice(value=each.kind, name=each.name) for each in office.chart.by_hand),
            rows=_rows(session, office, actor, found[:SHOWN]),
            more=len(found) > SHOWN,
            years=_years(session, office, actor, sight.region),
            year=wanted,
            missing=year_end.missing(session, region=sight.region, year=wanted, now=office.clock()),
            may_enter=holds_one(session, office, actor, ENTER, sight.region),
        )


def enter(
    office: Office, actor: Actor, *, region: str, kind: str, day: str, amount: str, paper: str, note: str
) -> Done | Refusal:
    """The voucher entered from its paper; it is in no book until another person has looked at it."""

    def work(session: Session) -> Done:
        require_region(session, region)
        require_one(session, office, actor, ENTER, region)
        on, sum_ = _day(day), amount_of(amount)
        if on is None or sum_ is None:
            raise RefusedError(*_unreadable(on, sum_))
        made = hand_vouchers.propose(
            session,
            office.chart,
            region=region,
            kind=kind,
            day=on,
            amount=sum_,
            paper=paper,
            note=note,
            actor=actor,
            now=office.clock(),
        )
        return Done(message=f"第 {made.id} 号手工凭证已登记，等他人复核入账")

    return attempt(office, actor, work, subject="hand_voucher")


def ask_back(office: Office, actor: Actor, voucher_id: int, *, why: str) -> Done | Refusal:
    """A booked voucher asked back; another person takes it back."""

    def act(session: Session) -> Done:
        made = hand_vouchers.ask_back(session, voucher_id, why=why, actor=actor, now=office.clock())
        return Done(message=f"已申请冲销第 {voucher_id} 号（第 {made.id} 号），等他人复核")

    return _on_voucher(office, actor, voucher_id, ENTER, act)


def decide(office: Office, actor: Actor, voucher_id: int, *, approve: bool, why: str) -> Done | Refusal:
    """The voucher booked, or sent back with the reason."""

    def act(session: Session) -> Done:
        found = hand_vouchers.decide(
            session, office.chart, voucher_id, approve=approve, why=why, actor=actor, now=office.clock()
        )
        return Done(message=f"已入账，凭证号 {found.entry_id}" if approve else "已退回")

    return _on_voucher(office, actor, voucher_id, BOOK, act)


def propose_year_end(office: Office, actor: Actor, *, region: str, year: str) -> Done | Refusal:
    """The year's end proposed for the region and all below it."""

    def work(session: Session) -> Done:
        require_region(session, region)
        require_one(session, office, actor, ENTER, region)
        wanted = _year(year)
        if wanted is None:
            raise RefusedError(
                Reason(code="year_wrong", text="年份写法不对（例：2025）", text_en="Not a year.", fact=year)
            )
        year_end.propose(session, region=region, year=wanted, actor=actor, now=office.clock())
        return Done(message=f"{region} {wanted} 年终结转已提请，等他人确认")

    return attempt(office, actor, work, subject="year_end")


def decide_year_end(
    office: Office, actor: Actor, year_end_id: int, *, approve: bool, why: str
) -> Done | Refusal:
    """The year carried to the fund's balance, or sent back with the reason."""

    def work(session: Session) -> Done:
        wish = session.get(YearEnd, year_end_id)
        if wish is None:
            raise RefusedError(
                Reason(code="no_such_carry", text="没有这个年终结转", text_en="No such carrying.")
            )
        require_one(session, office, actor, BOOK, wish.region)
        found = year_end.decide(
            session, office.chart, year_end_id, approve=approve, why=why, actor=actor, now=office.clock()
        )
        if not approve:
            return Done(message="年终结转已退回")
        surplus = Money(found.surplus_fen or 0)
        return Done(message=f"{found.year} 年结余 {surplus.text} 元已结转，共 {found.books} 本账")

    return attempt(office, actor, work, subject=f"year_end:{year_end_id}")


def _on_voucher(
    office: Office, actor: Actor, voucher_id: int, duties: Sequence[str], act: Callable[[Session], Done]
) -> Done | Refusal:
    def work(session: Session) -> Done:
        voucher = session.get(HandVoucher, voucher_id)
        if voucher is None:
            raise RefusedError(
                Reason(code="no_such_voucher", text="没有这张手工凭证", text_en="No such voucher.")
            )
        require_one(session, office, actor, duties, voucher.region)
        return act(session)

    return attempt(office, actor, work, subject=f"hand_voucher:{voucher_id}")


def _rows(
    session: Session, office: Office, actor: Actor, found: Sequence[HandVoucher]
) -> tuple[HandRow, ...]:
    people = actor_names(session, (key for each in found for key in (each.proposed_by, each.decided_by)))
    names = region_names(session, (each.region for each in found))
    kinds = {each.kind: each.name for each in office.chart.by_hand}
    asked = {each.takes_back for each in found if each.status == "proposed"}
    return tuple(
        HandRow(
            voucher_id=each.id,
            region=each.region,
            region_name=names[each.region],
            kind_name=kinds.get(each.kind, each.kind),
            day=each.day,
            amount=Money(each.amount_fen),
            paper=each.paper,
            note=each.note,
            takes_back=each.takes_back,
            status=each.status,
            status_name=STATUS_NAMES[each.status],
            proposed_by=people[each.proposed_by],
            proposed_at=each.proposed_at,
            decided_by=people.get(each.decided_by or "", ""),
            decided_at=each.decided_at,
            decided_why=each.decided_why,
            entry_id=each.entry_id,
            may=_may(session, office, actor, each, asked_back=each.id in asked),
        )
        for each in found
    )


def _may(
    session: Session, office: Office, actor: Actor, voucher: HandVoucher, *, asked_back: bool
) -> frozenset[str]:
    offers = {
        "decide": (voucher.status == "proposed" and voucher.proposed_by != actor.key, BOOK),
        "back": (voucher.status == "posted" and voucher.takes_back is None and not asked_back, ENTER),
    }
    return frozenset(
        name
        for name, (fits, duties) in offers.items()
        if fits and holds_one(session, office, actor, duties, voucher.region)
    )


def _years(session: Session, office: Office, actor: Actor, region: str) -> tuple[YearEndRow, ...]:
    found = session.scalars(
        select(YearEnd)
        .where(YearEnd.region.startswith(reach(region)))
        .order_by(YearEnd.id.desc())
        .limit(SHOWN)
    ).all()
    people = actor_names(session, (key for each in found for key in (each.proposed_by, each.decided_by)))
    names = region_names(session, (each.region for each in found))
    return tuple(
        YearEndRow(
            year_end_id=each.id,
            region_name=names[each.region],
            year=each.year,
            status=each.status,
            status_name=STATUS_NAMES[each.status],
            surplus=None if each.surplus_fen is None else Money(each.surplus_fen),
            books=each.books,
            proposed_by=people[each.proposed_by],
            proposed_at=each.proposed_at,
            decided_by=people.get(each.decided_by or "", ""),
            decided_at=each.decided_at,
            decided_why=each.decided_why,
            may=frozenset(
                {"decide"}
                if each.status == "proposed"
                and each.proposed_by != actor.key
                and holds_one(session, office, actor, BOOK, each.region)
                else ()
            ),
        )
        for each in found
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def _year(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 2000 <= int(text[:6]) < 2100 else None


def _unreadable(day: date | None, amount: Money | None) -> list[Reason]:
    found = []
    if day is None:
        found.append(Reason(code="day_wrong", text="日期写法不对（例：2025-11-03）", text_en="Not a day."))
    if amount is None:
        found.append(
            Reason(code="amount_wrong", text="金额写法不对（例：10000.00）", text_en="Not an amount.")
        )
    return found
