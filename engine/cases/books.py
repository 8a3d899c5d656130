"""The books as people read them: statements of a region and all below it, vouchers, and each of them to Excel (MONEY-03).

For finance, control and supervision, within the regions of their posts. Nothing here writes but the note of an export.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.cases.inbox_choices import Choice
from engine.cases.office import Office
from engine.cases.rows import actor_names, reaches, region_names
from engine.duties import covers
from engine.money import period_checks, periods, statements
from engine.money.ledger_tables import Account
from engine.money.statements import BalanceSheet, BookedEntry, Flow, FundStatement, TrialBalance, moved
from engine.people import Region
from engine.values import Actor, Money, Month, Reason, Refusal, reach

__all__ = ["BalanceSheet", "FundStatement", "TrialBalance", "moved"]

#: duties that read the books
READERS = frozenset({"accountant", "cashier", "control", "fund_supervisor", "provincial"})
#: how many months the picture shows, and how many a statement may span
MONTHS_SHOWN, MONTHS_MAX = 12, 120
PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksFilter:
    """What is asked for, as the address says it; nothing in it is trusted."""

    region: str = ""
    #: months, ``2025-11``
    first: str = ""
    last: str = ""
    account: str = ""

    def query(self) -> Mapping[str, str]:
        """The parts of an address that say the same."""
        parts = {"region": self.region, "first": self.first, "last": self.last, "account": self.account}
        return {key: value for key, value in parts.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenedRow:
    """A month of the statement that was closed and opened again."""

    month: str
    region_name: str
    reason: str
    asked_by: str
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksSight:
    """Where the reader stands: region and months in force, what may be chosen, and what must be said on the page."""

    region: str
    region_name: str
    regions: tuple[Choice, ...]
    first: Month
    last: Month
    mistakes: tuple[str, ...]
    #: the last month that is closed; None for none
    closed_through: Month | None
    reopened: tuple[ReopenedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Income and expenditure month by month and by region, and the fund as it stands."""

    sight: BooksSight
    fund: FundStatement
    sheet: BalanceSheet
    months: tuple[Flow, ...]
    #: by region below; the name by code
    regions: tuple[Flow, ...]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherRow:
    """A voucher with the names of region and person."""

    voucher: BookedEntry
    region_name: str
    actor_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherPage:
    """One page of vouchers, newest first."""

    sight: BooksSight
    rows: tuple[VoucherRow, ...]
    accounts: tuple[Choice, ...]
    account: str
    #: number from which the next page goes on; None at the end
    before: int | None


def overview(office: Office, actor: Actor, asked: BooksFilter) -> Overview | Refusal:
    """The first page of the books."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, asked)
        if isinstance(sight, Refusal):
            return sight
        first, last = sight.first.first_day, sight.last.last_day
        months = [sight.last.plus(-back) for back in reversed(range(MONTHS_SHOWN))]
        regions = statements.by_region(session, sight.region, first=first, last=last)
        return Overview(
            sight=sight,
            fund=statements.income_and_expenditure(session, sight.region, first=first, last=last),
            sheet=statements.balance_sheet(session, sight.region, day=last),
            months=statements.by_month(session, sight.region, months=months),
            regions=regions,
            names=region_names(session, (flow.key for flow in regions)),
        )


def trial_balance(
    office: Office, actor: Actor, asked: BooksFilter
) -> tuple[BooksSight, TrialBalance] | Refusal:
    """The trial balance (试算平衡表) of the period."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, asked)
        if isinstance(sight, Refusal):
            return sight
        first, last = sight.first.first_day, sight.last.last_day
        return sight, statements.trial(session, sight.region, first=first, last=last)


def fund_statement(
    office: Office, actor: Actor, asked: BooksFilter
) -> tuple[BooksSight, FundStatement] | Refusal:
    """Income and expenditure of the fund (收支表) in the period."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, asked)
        if isinstance(sight, Refusal):
            return sight
        first, last = sight.first.first_day, sight.last.last_day
        return sight, statements.income_and_expenditure(session, sight.region, first=first, last=last)


def balance_sheet(
    office: Office, actor: Actor, asked: BooksFilter
) -> tuple[BooksSight, BalanceSheet] | Refusal:
    """The balance sheet (资产负债表) at the end of the last month."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, asked)
        if isinstance(sight, Refusal):
            return sight
        return sight, statements.balance_sheet(session, sight.region, day=sight.last.last_day)


def vouchers(
    office: Office, actor: Actor, asked: BooksFilter, *, before: int | None = None, size: int = PAGE
) -> VoucherPage | Refusal:
    """The journal (凭证) of the period, newest first; of one account where it is asked for."""
    with office.store.reading() as session:
        sight = sight_of(session, office, actor, asked)
        if isinstance(sight, Refusal):
            return sight
        known = session.execute(select(Account.code, Account.name).order_by(Account.code)).all()
        accounts = tuple(Choice(value=code, name=f"{code} {name}") for code, name in known)
        account = asked.account if asked.account in {code for code, _ in known} else ""
        found = statements.vouchers(
            session,
            sight.region,
            first=sight.first.first_day,
            last=sight.last.last_day,
            account=account,
            before=before,
            limit=size + 1,
        )
        return VoucherPage(
            sight=sight,
            rows=_rows(session, found[:size]),
            accounts=accounts,
            account=account,
            before=found[size - 1].id if len(found) > size else None,
        )


def voucher(office: Office, actor: Actor, entry_id: int) -> VoucherRow | Refusal:
    """One voucher with its postings; refused outside the actor's regions as if there were none."""
    with office.store.reading() as session:
        scopes = scopes_of(session, office, actor)
        if isinstance(scopes, Refusal):
            return scopes
        found = statements.voucher(session, entry_id)
        if found is None or not found.region.startswith(scopes):
            return Refusal(
                reasons=(
                    Reason(
                        code="no_such_voucher",
                        text="没有这张凭证，或不在您的地区",
                        text_en="No such voucher in your regions.",
                    ),
                )
            )
        return _rows(session, (found,))[0]


def scopes_of(session: Session, office: Office, actor: Actor) -> tuple[str, ...] | Refusal:
    """What the codes begin with of the regions whose books the actor reads."""
    posts = reaches(session, office, actor)
    scopes = tuple(sorted({post.scope for post in posts if post.duty in READERS}))
    if scopes:
        return scopes
    return Refusal(
        reasons=(
            Reason(
                code="no_books",
                text="账簿只供财务、内控稽核和监督岗位查看",
                text_en="The books are for finance, control and supervision.",
                source="鲁人社函〔2020〕10号（八）",
                fact=actor.name or actor.key,
            ),
        )
    )


def sight_of(session: Session, office: Office, actor: Actor, asked: BooksFilter) -> BooksSight | Refusal:
    """What the actor sees of what is asked; a region out of reach, or no month, gives the nearest that can be."""
    scopes = scopes_of(session, office, actor)
    if isinstance(scopes, Refusal):
        return scopes
    mistakes: list[str] = []
    within = or_(*(Region.code.startswith(scope) for scope in scopes))
    rows = session.execute(select(Region.code, Region.name).where(within).order_by(Region.code)).all()
    names = {str(code): str(name) for code, name in rows}
    widest = f"{min(scopes, key=lambda scope: (len(scope), scope)):0<6}"
    region = widest
    if asked.region in names:
        region = asked.region
    elif asked.region:
        mistakes.append("该地区不在您的岗位范围内，已改为您的地区")
    first, last = _months(office, asked, mistakes)
    return BooksSight(
        region=region,
        region_name=names.get(region, region),
        regions=tuple(
            Choice(value=code, name=name, depth=len(reach(code)) // 2) for code, name in names.items()
        ),
        first=first,
        last=last,
        mistakes=tuple(mistakes),
        closed_through=period_checks.closed_through(session, region),
        reopened=_reopened(session, region, first, last),
    )


def reads(office: Office, session: Session, actor: Actor, region: str) -> Refusal | None:
    """Why the actor does not read the books of the region; None when they do."""
    scopes = scopes_of(session, office, actor)
    if isinstance(scopes, Refusal):
        return scopes
    if any(covers(f"{scope:0<6}", region) for scope in scopes):
        return None
    return Refusal(
        reasons=(
            Reason(
                code="other_region", text="该地区不在您的岗位范围内", text_en="Not your region.", fact=region
            ),
        )
    )


def month_of(text: str) -> Month | None:
    """The month written as ``2025-11``, from 2000 on; None for any other text."""
    try:
        month = Month.parse(text.strip())
    except ValueError:
        return None
    return month if 2000 <= month.year < 2100 else None


def amount_of(text: str) -> Money | None:
    """The amount above zero as somebody typed it, separators allowed; None for any other text."""
    try:
        amount = Money.yuan(text.strip().replace(",", "").replace("，", ""))
    except ValueError:
        return None
    return amount if 0 < amount.fen <= 10**15 else None


def _months(office: Office, asked: BooksFilter, mistakes: list[str]) -> tuple[Month, Month]:
    this = Month.of(office.today)
    last = month_of(asked.last) if asked.last else this
    first = month_of(asked.first) if asked.first else last
    if last is None or first is None:
        mistakes.append("月份写法不对（例：2025-11），已改为本月")
        return this, this
    if first > last:
        mistakes.append("起始月晚于截止月，已改为同一个月")
        first = last
    if first.until(last) >= MONTHS_MAX:
        mistakes.append(f"一次最多查看{MONTHS_MAX}个月")
        first = last.plus(1 - MONTHS_MAX)
    return first, last


def _reopened(session: Session, region: str, first: Month, last: Month) -> tuple[ReopenedRow, ...]:
    found = periods.reopenings(session, region=region, first=first, last=last)
    people = actor_names(session, {key for each in found for key in (each.asked_by, each.decided_by)})
    names = region_names(session, (each.region for each in found))
    return tuple(
        ReopenedRow(
            month=each.month,
            region_name=names[each.region],
            reason=each.reason,
            asked_by=people[each.asked_by],
            decided_by=people[each.decided_by],
        )
        for each in found
    )


def _rows(session: Session, found: Iterable[BookedEntry]) -> tuple[VoucherRow, ...]:
    found = tuple(found)
    people = actor_names(session, (each.actor for each in found))
    names = region_names(session, (each.region for each in found))
    return tuple(
        VoucherRow(voucher=each, region_name=names[each.region], actor_name=people[each.actor])
        for each in found
    )
