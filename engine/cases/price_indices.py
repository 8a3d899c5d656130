"""Published price indices as people keep them: entered by a data steward, confirmed by another, read by month runs (REFUND-06).

Seen by whoever answers for money or matching in the region. Nothing is paid here: the month run pays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.price_entries import COLUMNS, Entered, read_entered, read_file
from engine.cases.rosters import SEEN_BY, read_or_refuse, require_origin
from engine.cases.sight import MONEY_DUTIES
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.disbursement import prices
from engine.disbursement.price_tables import PublishedIndex
from engine.disbursement.prices import index_of
from engine.duties import check_may, covers
from engine.law.policy import PolicyGap
from engine.law.prices import Prices, subsidy_of
from engine.law.time_limits import deadline
from engine.people import region_name
from engine.values import Actor, Money, Month, Reason, Refusal, RefusedError, reach

_KEEPER = "data_steward"
_SEEN_BY = MONEY_DUTIES | SEEN_BY | {"provincial"}
STATUS_NAMES = {"entered": "待复核", "confirmed": "已采用", "rejected": "未采用", "withdrawn": "已撤回"}
#: months shown
_SHOWN = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexView:
    """One month's index, what the law makes of it, and what was paid by it."""

    index_id: int
    month: str
    region: str
    region_name: str
    #: rises in per cent, one or two decimals
    cpi: str
    food: str
    low_income: str
    living_allowance: str
    published_on: date
    source: str
    status: str
    status_name: str
    #: yuan a payee; ``0.00`` below the trigger; empty where no rule is in force
    amount: str
    reasons: tuple[Reason, ...]
    #: last day to pay, so many working days from publication; None below the trigger or without a calendar
    pay_by: date | None
    #: people who were ordered it, and the sum
    paid_count: int
    paid: str
    entered_by: str
    entered_at: datetime
    confirmed_by: str
    why: str
    #: what this actor may do: ``confirm``, ``reject``, ``withdraw``
    can: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """A month on the drawn line: rises of the index in force there, in per cent."""

    month: str
    cpi: float
    food: float
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRoom:
    """The indices of a region, newest month first, with the triggers of today."""

    region: str
    region_name: str
    rows: tuple[IndexView, ...]
    #: oldest first; only months that have an index
    points: tuple[PricePoint, ...]
    #: per cent; None without a rule
    cpi_trigger: float | None
    food_trigger: float | None
    may_enter: bool


def price_room(office: Office, actor: Actor) -> PriceRoom | Refusal:
    """The indices that count in the actor's region, and those of its parts."""
    if not actor.duties & _SEEN_BY:
        return Refusal(
            reasons=(
                Reason(
                    code="not_price_duty",
                    text="您的岗位不能查看价格指数",
                    text_en="Your duty does not see price indices.",
                    fact=actor.name or actor.key,
                ),
            )
        )
    where = actor.region or office.settings.region
    with office.store.reading() as session:
        query = (
            select(PublishedIndex)
            .where(
                or_(
                    PublishedIndex.region.startswith(reach(where)),
                    PublishedIndex.region.in_((f"{where[:4]}00", f"{where[:2]}0000")),
                )
            )
            .order_by(PublishedIndex.month.desc(), PublishedIndex.region, PublishedIndex.id.desc())
            .limit(200)
        )
        rows = session.scalars(query).all()
        return PriceRoom(
            region=where,
            region_name=region_name(session, where),
            rows=tuple(_view(session, office, actor, row) for row in rows),
            points=_points(office, rows, where),
            cpi_trigger=_trigger(office, "price.cpi_trigger", where),
            food_trigger=_trigger(office, "price.food_trigger", where),
            may_enter=_KEEPER in actor.duties,
        )


def enter_index(office: Office, actor: Actor, entered: Entered) -> Done | Refusal:
    """The index of a month, waiting for a second person; refused with everything that cannot be meant."""

    def work(session: Session) -> Done:
        _require_keeper(session, office, actor, entered.region)
        require_origin(session, entered.region, entered.source)
        index = read_entered(entered, office.today)
        prices.enter(session, index, actor=actor, now=office.clock())
        return Done(message=f"{index.month} 价格指数已录入，须由另一人复核后采用")

    return attempt(office, actor, work, subject=f"office:{entered.region}", stream="prices")


def take_index_file(office: Office, actor: Actor, file: bytes, *, source: str) -> Done | Refusal:
    """Every index of the file, each waiting for a second person; refused whole, with every faulty line."""

    def work(session: Session) -> Done:
        lines = read_or_refuse(lambda: read_file(file, source=source, today=office.today))
        for index in lines:
            _require_keeper(session, office, actor, index.region)
            require_origin(session, index.region, source)
            prices.enter(session, index, actor=actor, now=office.clock())
        return Done(message=f"已录入 {len(lines)} 条价格指数，须由另一人复核后采用")

    return attempt(office, actor, work, subject=f"office:{actor.region}", stream="prices")


def index_template() -> bytes:
    """An empty file of indices with its head, for a spreadsheet."""
    return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()


def confirm_index(office: Office, actor: Actor, index_id: int) -> Done | Refusal:
    """The index counts for month runs that begin from now on; refused for whoever entered it (四眼)."""

    def act(session: Session) -> Done:
        row = prices.confirm(session, index_id, actor=actor, now=office.clock())
        return Done(message=f"{row.month} 价格指数已采用：以后发起的按月发放据此核发，每人每月一次")

    return _decide(office, actor, index_id, act)


def reject_index(office: Office, actor: Actor, index_id: int, *, why: str) -> Done | Refusal:
    """The index is laid aside with the reason."""

    def act(session: Session) -> Done:
        row = prices.reject(session, index_id, why=_said(why), actor=actor, now=office.clock())
        return Done(message=f"{row.month} 价格指数未采用")

    return _decide(office, actor, index_id, act)


def withdraw_index(office: Office, actor: Actor, index_id: int, *, why: str) -> Done | Refusal:
    """A confirmed index that is wrong, taken back; refused once a month run has gone by it."""

    def act(session: Session) -> Done:
        row = prices.withdraw(session, index_id, why=_said(why), actor=actor, now=office.clock())
        return Done(message=f"{row.month} 价格指数已撤回，请重新录入并由另一人复核")

    return _decide(office, actor, index_id, act)


def _decide(office: Office, actor: Actor, index_id: int, act: Callable[[Session], Done]) -> Done | Refusal:
    def work(session: Session) -> Done:
        row = session.get(PublishedIndex, index_id)
        _require_keeper(session, office, actor, row.region if row else office.settings.region)
        return act(session)

    return attempt(office, actor, work, subject=f"price_index:{index_id}", stream="prices")


def _require_keeper(session: Session, office: Office, actor: Actor, region: str) -> None:
    no = check_may(session, office.duties, actor, _KEEPER, region, office.today)
    if no is not None:
        raise RefusedError(*no.reasons)


def _said(why: str) -> str:
    if not why.strip():
        raise RefusedError(Reason(code="why_missing", text="请填写理由", text_en="Say why."))
    return why.strip()


def _view(session: Session, office: Office, actor: Actor, row: PublishedIndex) -> IndexView:
    amount, reasons = subsidy_of(index_of(row), region=row.region, book=office.book)
    paid = prices.subsidised(session, region=row.region, month=row.month)
    return IndexView(
        index_id=row.id,
        month=row.month,
        region=row.region,
        region_name=region_name(session, row.region),
        cpi=_percent(row.cpi_rise),
        food=_percent(row.food_rise),
        low_income=_percent(row.low_income_rise),
        living_allowance=Money(row.living_allowance_fen).text,
        published_on=row.published_on,
        source=row.source,
        status=row.status,
        status_name=STATUS_NAMES[row.status],
        amount=amount.text if amount is not None else "",
        reasons=reasons,
        pay_by=_pay_by(office, row) if amount is not None and amount.fen else None,
        paid_count=paid.count,
        paid=paid.amount.text,
        entered_by=name_of(session, row.entered_by),
        entered_at=row.entered_at,
        confirmed_by=name_of(session, row.confirmed_by) if row.confirmed_by else "",
        why=row.why,
        can=_can(session, actor, row),
    )


def _can(session: Session, actor: Actor, row: PublishedIndex) -> frozenset[str]:
    if _KEEPER not in actor.duties or not covers(actor.region, row.region):
        return frozenset()
    if row.status == "entered":
        return frozenset({"reject"} if row.entered_by == actor.key else {"confirm", "reject"})
    if row.status == "confirmed" and not prices.was_read(session, row):
        return frozenset({"withdraw"})
    return frozenset()


def _pay_by(office: Office, row: PublishedIndex) -> date | None:
    limit = deadline(
        "price_subsidy", row.published_on, region=row.region, book=office.book, calendar=office.calendar
    )
    return None if isinstance(limit, Refusal) else limit.day


def _points(office: Office, rows: Sequence[PublishedIndex], where: str) -> tuple[PricePoint, ...]:
    """The latest months whose index counts in the region itself, oldest first."""
    known = Prices.of(index_of(row) for row in rows if row.status == "confirmed")
    months = sorted({Month.parse(row.month) for row in rows if row.status == "confirmed"})[-_SHOWN:]
    found = [(month, known.at(where, month)) for month in months]
    return tuple(
        PricePoint(
            month=str(month),
            cpi=float(index.cpi * 100),
            food=float(index.food * 100),
            reached=bool((subsidy_of(index, region=where, book=office.book)[0] or Money(0)).fen),
        )
        for month, index in found
        if index is not None
    )


def _trigger(office: Office, key: str, region: str) -> float | None:
    try:
        return float(office.book.at(key, region, office.today).decimal * 100)
    except PolicyGap:
        return None


def _percent(parts: int) -> str:
    """Ten-thousandths in per cent, with one decimal or two."""
    shown = f"{Decimal(parts) / 100:.2f}"
    return shown[:-1] if shown.endswith("0") else shown
