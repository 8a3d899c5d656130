"""The API of the books: statements, vouchers, months closed and opened again, fund adjustment."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, validate

from engine.cases import adjustments as adjusting
from engine.cases import book_periods, book_sheets
from engine.cases import books as cases
from engine.cases.adjustments import Adjustments
from engine.cases.book_periods import Periods
from engine.cases.books import (
    BalanceSheet,
    BooksFilter,
    BooksSight,
    FundStatement,
    Overview,
    TrialBalance,
    VoucherPage,
    VoucherRow,
)
from engine.cases.office import Office
from engine.values import Actor, Refusal
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, file_out, reads, writes
from web.api_records import answer_of
from web.api_words import said

book_room = Room("books", chinese="账簿、结账与调剂", english="the books, closing of months, fund adjustment")

_CLOSING = f"/books/periods/<{NUMBER}:closing_id>"
#: numbers of vouchers
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The trial balance, and where the reader stands."""

    sight: BooksSight
    trial: TrialBalance


@dataclass(frozen=True, slots=True, kw_only=True)
class Fund:
    """Income and expenditure of the fund, and where the reader stands."""

    sight: BooksSight
    fund: FundStatement


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The balance sheet, and where the reader stands."""

    sight: BooksSight
    sheet: BalanceSheet


class BooksQuery(Schema):
    """Which region and months."""

    region = schemas.Text("region", longest=6, required=False)
    first = schemas.Text("first", longest=7, required=False)
    last = schemas.Text("last", longest=7, required=False)


class VoucherQuery(BooksQuery):
    """Which vouchers, and from which number the page goes on."""

    account = schemas.Text("account", longest=20, required=False)
    before = fields.Integer(
        load_default=None,
        validate=validate.Range(min=1, max=_LARGEST),
        metadata={"description": said("voucher_before"), "example": 1200},
    )


class TableQuery(BooksQuery):
    """Which statement of which region and months."""

    account = schemas.Text("account", longest=20, required=False)
    table = schemas.choice("table", *book_sheets.TABLES)


class PeriodQuery(Schema):
    """Which region, and which month is asked about."""

    region = schemas.Text("region", longest=6, required=False)
    month = schemas.Text("month", longest=7, required=False)


class ClosedMonth(Schema):
    """Which month of which region."""

    region = schemas.Text("region", longest=6)
    month = schemas.Text("month", longest=7)


class AdjustmentQuery(Schema):
    """Which region gives, and how much."""

    region = schemas.Text("region", longest=6, required=False)
    amount = schemas.Text("amount", longest=30, required=False)


class NewAdjustment(Schema):
    """Which region gives how much, and why."""

    region = schemas.Text("region", longest=6)
    amount = schemas.Text("amount", longest=30)
    why = schemas.Text("why", longest=500)


@reads(book_room, "/books", chinese="账簿总览", asks=BooksQuery, answer=answer_of(Overview), who=STAFF)
def overview(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Income and expenditure month by month and by region, and the fund as it stands."""
    return cases.overview(office, actor, BooksFilter(**asked))


@reads(book_room, "/books/trial", chinese="试算平衡表", asks=BooksQuery, answer=answer_of(Trial), who=STAFF)
def trial(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """The trial balance of the period."""
    found = cases.trial_balance(office, actor, BooksFilter(**asked))
    return found if isinstance(found, Refusal) else Trial(sight=found[0], trial=found[1])


@reads(book_room, "/books/fund", chinese="收支表", asks=BooksQuery, answer=answer_of(Fund), who=STAFF)
def fund(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Income and expenditure of the fund in the period."""
    found = cases.fund_statement(office, actor, BooksFilter(**asked))
    return found if isinstance(found, Refusal) else Fund(sight=found[0], fund=found[1])


@reads(book_room, "/books/balance", chinese="资产负债表", asks=BooksQuery, answer=answer_of(Sheet), who=STAFF)
def balance(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """The balance sheet at the end of the last month."""
    found = cases.balance_sheet(office, actor, BooksFilter(**asked))
    return found if isinstance(found, Refusal) else Sheet(sight=found[0], sheet=found[1])


@reads(
    book_room,
    "/books/vouchers",
    chinese="记账凭证",
    asks=VoucherQuery,
    answer=answer_of(VoucherPage),
    who=STAFF,
)
def vouchers(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of the journal, newest first; of one account where it is asked for."""
    before = asked.pop("before")
    return cases.vouchers(office, actor, BooksFilter(**asked), before=before)


@reads(
    book_room,
    f"/books/vouchers/<{NUMBER}:entry_id>",
    chinese="查看凭证",
    answer=answer_of(VoucherRow),
    who=STAFF,
)
def voucher(office: Office, actor: Actor, entry_id: int) -> object:
    """One voucher with its postings, and the case or batch that it came from."""
    return cases.voucher(office, actor, entry_id)


@reads(book_room, "/books/workbook", chinese="账表导出", asks=TableQuery, answer=None, who=STAFF)
def workbook(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """One of the statements as a workbook; each taken out is on record."""
    table = asked.pop("table")
    return file_out(book_sheets.export(office, actor, BooksFilter(**asked), table), f"books-{table}.xlsx")


@reads(book_room, "/books/periods", chinese="账期", asks=PeriodQuery, answer=answer_of(Periods), who=STAFF)
def periods(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """The months of a region's books, and what stands against closing the asked or next one."""
    return book_periods.months(office, actor, BooksFilter(region=asked["region"]), month=asked["month"])


@writes(book_room, "/books/periods", chinese="提请结账", asks=ClosedMonth, status=201, who=STAFF)
def propose_close(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Propose a month for closing; refused with everything that is missing."""
    return book_periods.propose_close(office, actor, **asked)


@writes(book_room, f"{_CLOSING}/confirmation", chinese="确认结账", who=STAFF)
def confirm_close(office: Office, actor: Actor, closing_id: int) -> object:
    """Close the month; by another person than proposed it."""
    return book_periods.confirm_close(office, actor, closing_id)


@writes(book_room, f"{_CLOSING}/rejection", chinese="退回结账", asks=schemas.Why, who=STAFF)
def decline_close(office: Office, actor: Actor, asked: dict[str, Any], closing_id: int) -> object:
    """Send the proposal back, with the reason."""
    return book_periods.decline_close(office, actor, closing_id, why=asked["why"])


@writes(book_room, f"{_CLOSING}/reopenings", chinese="申请重新开账", asks=schemas.Why, status=201, who=STAFF)
def ask_reopening(office: Office, actor: Actor, asked: dict[str, Any], closing_id: int) -> object:
    """Ask to open a closed month again, with the reason."""
    return book_periods.ask_reopening(office, actor, closing_id, reason=asked["why"])


@writes(
    book_room,
    f"/books/reopenings/<{NUMBER}:reopening_id>/decision",
    chinese="决定重新开账",
    asks=schemas.Decision,
    who=STAFF,
)
def decide_reopening(office: Office, actor: Actor, asked: dict[str, Any], reopening_id: int) -> object:
    """Grant or decline the wish to open a month again; by neither who asked nor who closed."""
    return book_periods.decide_reopening(office, actor, reopening_id, **asked)


@reads(
    book_room,
    "/books/adjustments",
    chinese="基金调剂",
    asks=AdjustmentQuery,
    answer=answer_of(Adjustments),
    who=STAFF,
)
def adjustments(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Who is short below a region, how an amount would be shared out, and the proposals."""
    return adjusting.adjustments(office, actor, BooksFilter(region=asked["region"]), amount=asked["amount"])


@writes(book_room, "/books/adjustments", chinese="提请调剂", asks=NewAdjustment, status=201, who=STAFF)
def propose_adjustment(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Propose to share an amount out among those that are short, poor counties first."""
    return adjusting.propose(
        office, actor, giver=asked["region"], amount=asked["amount"], reason=asked["why"]
    )


@writes(
    book_room,
    f"/books/adjustments/<{NUMBER}:proposal_id>/decision",
    chinese="审批调剂",
    asks=schemas.Decision,
    who=STAFF,
)
def decide_adjustment(office: Office, actor: Actor, asked: dict[str, Any], proposal_id: int) -> object:
    """Approve the proposal, which books it, or decline it; by a fund supervisor who did not propose it."""
    return adjusting.decide(office, actor, proposal_id, **asked)
