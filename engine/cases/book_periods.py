"""Closing a month of the books, and opening it again: who may do which step, each on record (MONEY-03).

The accountant proposes; another of finance or control confirms. A wish to open it again comes from finance or control
and is approved by control or the fund supervisor; who closed has no hand in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.cases.books import BooksFilter, BooksSight, month_of, sight_of
from engine.cases.office import Office
from engine.cases.rows import actor_names, region_names
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.money import period_checks, periods
from engine.money.period_tables import PeriodClosing, PeriodReopening
from engine.people import Region
from engine.values import Actor, Month, Reason, Refusal, RefusedError, reach

PROPOSE = ("accountant",)
CONFIRM = ("accountant", "cashier", "control")
ASK = ("accountant", "cashier", "control")
APPROVE = ("control", "fund_supervisor")
STATUS_NAMES = {
    "proposed": "待确认", "closed": "已结账", "declined": "已退回", "reopened": "已重新开账", "open": "未结账",
}  # fmt: skip
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingRow:
    """One closing with its people, and what the reader may do with it."""

    closing_id: int
    region: str
    region_name: str
    month: str
    status: str
    status_name: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str
    #: SHA-256 of the trial balance as closed
    digest: str
    #: the wish to open it again, latest first; each a sentence
    reopening_id: int | None
    reopening: str
    #: confirm, ask, decide: what the reader may try; the use-case decides
    may: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The months of a region's books, and what stands against closing the next one."""

    sight: BooksSight
    rows: tuple[ClosingRow, ...]
    #: the month that would be closed
    month: Month
    missing: tuple[Reason, ...]
    may_propose: bool


def months(office: Office, actor: Actor, asked: BooksFilter, *, month: str = "") -> Periods | Refusal:
    """The closings that concern the region, newest first, and what the asked month still needs."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, asked)
        if isinstance(sight, Refusal):
            return sight
        closings = session.scalars(
            select(PeriodClosing)
            .where(
                or_(
                    PeriodClosing.region.in_(period_checks.chain(sight.region)),
                    PeriodClosing.region.startswith(reach(sight.region)),
                )
            )
            .order_by(PeriodClosing.month.desc(), PeriodClosing.id.desc())
            .limit(_SHOWN)
        ).all()
        wanted = month_of(month) or period_checks.next_to_close(session, sight.region, now=office.clock())
        return Periods(
            sight=sight,
            rows=_rows(session, office, actor, closings),
            month=wanted,
            missing=period_checks.missing(session, region=sight.region, month=wanted, now=office.clock()),
            may_propose=holds_one(session, office, actor, PROPOSE, sight.region),
        )


def propose_close(office: Office, actor: Actor, *, region: str, month: str) -> Done | Refusal:
    """The month proposed for closing; refused with everything that is missing."""
    wanted = month_of(month)
    if wanted is None:
        return Refusal(
            reasons=(Reason(code="month_wrong", text="月份写法不对（例：2025-11）", text_en="Not a month."),)
        )

    def work(session: Session) -> Done:
        require_region(session, region)
        require_one(session, office, actor, PROPOSE, region)
        periods.propose_close(session, region=region, month=wanted, actor=actor, now=office.clock())
        return Done(message=f"{region} {wanted} 已提请结账，等他人确认")

    return attempt(office, actor, work, subject=f"period:{region}:{wanted}", stream=f"books:{_code(region)}")


def confirm_close(office: Office, actor: Actor, closing_id: int) -> Done | Refusal:
    """The month closed; by another person than proposed it."""

    def act(session: Session) -> Done:
        closing = periods.confirm_close(session, closing_id, actor=actor, now=office.clock())
        return Done(message=f"{closing.region} {closing.month} 已结账")

    return _on_closing(office, actor, closing_id, CONFIRM, act)


def decline_close(office: Office, actor: Actor, closing_id: int, *, why: str) -> Done | Refusal:
    """The proposal sent back, with its reason."""

    def act(session: Session) -> Done:
        closing = periods.decline_close(session, closing_id, why=why, actor=actor, now=office.clock())
        return Done(message=f"{closing.region} {closing.month} 的结账已退回")

    return _on_closing(office, actor, closing_id, CONFIRM, act)


def ask_reopening(office: Office, actor: Actor, closing_id: int, *, reason: str) -> Done | Refusal:
    """The wish to open a closed month again."""

    def act(session: Session) -> Done:
        periods.ask_reopening(session, closing_id, reason=reason, actor=actor, now=office.clock())
        return Done(message="已申请重新开账，等他人批准")

    return _on_closing(office, actor, closing_id, ASK, act)


def decide_reopening(
    office: Office, actor: Actor, reopening_id: int, *, approve: bool, why: str
) -> Done | Refusal:
    """The wish granted or declined; by neither who asked nor who closed."""
    with office.store.reading() as session:
        wish = session.get(PeriodReopening, reopening_id)
        closing_id = wish.closing_id if wish else 0

    def act(session: Session) -> Done:
        closing = periods.decide_reopening(
            session, reopening_id, approve=approve, why=why, actor=actor, now=office.clock()
        )
        word = "已重新开账" if approve else "没有批准重新开账"
        return Done(message=f"{closing.region} {closing.month} {word}")

    return _on_closing(office, actor, closing_id, APPROVE, act)


def _on_closing(
    office: Office, actor: Actor, closing_id: int, duties: Sequence[str], act: Callable[[Session], Done]
) -> Done | Refusal:
    def work(session: Session) -> Done:
        closing = session.get(PeriodClosing, closing_id)
        if closing is None:
            raise RefusedError(
                Reason(code="no_such_closing", text="没有这个账期", text_en="No such closing.")
            )
        require_one(session, office, actor, duties, closing.region)
        return act(session)

    return attempt(office, actor, work, subject=f"period_closing:{closing_id}")


def _rows(
    session: Session, office: Office, actor: Actor, closings: Sequence[PeriodClosing]
) -> tuple[ClosingRow, ...]:
    ids = [closing.id for closing in closings]
    wishes = session.scalars(
        select(PeriodReopening).where(PeriodReopening.closing_id.in_(ids)).order_by(PeriodReopening.id)
    ).all()
    latest = {wish.closing_id: wish for wish in wishes}
    hands = [key for each in closings for key in (each.proposed_by, each.decided_by)]
    hands += [key for each in wishes for key in (each.asked_by, each.decided_by)]
    people = actor_names(session, hands)
    names = region_names(session, (each.region for each in closings))
    return tuple(
        ClosingRow(
            closing_id=each.id,
            region=each.region,
            region_name=names[each.region],
            month=each.month,
            status=each.status,
            status_name=STATUS_NAMES[each.status],
            proposed_by=people[each.proposed_by],
            proposed_at=each.proposed_at,
            decided_by=people.get(each.decided_by or "", ""),
            decided_at=each.decided_at,
            reason=each.reason,
            digest=each.digest,
            reopening_id=_waiting(latest.get(each.id)),
            reopening=_wish_text(latest.get(each.id), people),
            may=_may_do(session, office, actor, each, latest.get(each.id)),
        )
        for each in closings
    )


def _waiting(wish: PeriodReopening | None) -> int | None:
    return wish.id if wish is not None and wish.status == "asked" else None


def _wish_text(wish: PeriodReopening | None, people: dict[str, str]) -> str:
    if wish is None:
        return ""
    asked = f"{people[wish.asked_by]}申请重新开账：{wish.reason}"
    if wish.status == "asked":
        return asked
    word = "批准" if wish.status == "approved" else f"未批准：{wish.decided_why}"
    return f"{asked}；{people[wish.decided_by or '']}{word}"


def _may_do(
    session: Session, office: Office, actor: Actor, closing: PeriodClosing, wish: PeriodReopening | None
) -> frozenset[str]:
    """What to offer: the duty fits and the person is not one of those before."""
    asked = _waiting(wish) is not None
    offers = {
        "confirm": (closing.status == "proposed", CONFIRM, (closing.proposed_by,)),
        "ask": (closing.status == "closed" and not asked, ASK, (closing.decided_by,)),
        "decide": (asked, APPROVE, (closing.decided_by, wish.asked_by if wish else "")),
    }
    return frozenset(
        name
        for name, (fits, duties, before) in offers.items()
        if fits and actor.key not in before and holds_one(session, office, actor, duties, closing.region)
    )


def holds_one(session: Session, office: Office, actor: Actor, duties: Sequence[str], region: str) -> bool:
    """Whether the actor holds one of the duties in the region today."""
    return any(
        check_may(session, office.duties, actor, duty, region, office.today) is None for duty in duties
    )


def require_one(session: Session, office: Office, actor: Actor, duties: Sequence[str], region: str) -> None:
    """RefusedError of the first duty unless the actor holds one of them there."""
    found = [check_may(session, office.duties, actor, duty, region, office.today) for duty in duties]
    refusals = [each for each in found if each is not None]
    if len(refusals) == len(found):
        raise RefusedError(*refusals[0].reasons)


def require_region(session: Session, region: str) -> None:
    """RefusedError where there is no such region."""
    if session.get(Region, region) is None:
        raise RefusedError(
            Reason(code="unknown_region", text="没有这个地区", text_en="No such region.", fact=region)
        )


def _code(region: str) -> str:
    """The region for the name of a stream; whatever is no code is kept out of it."""
    return region if len(region) == 6 and region.isdigit() else "000000"
