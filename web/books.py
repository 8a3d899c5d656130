"""The books: overview, statements, vouchers, each also as a workbook; months closed and opened again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.cases import book_periods, book_sheets
from engine.cases import books as cases
from engine.cases.books import BooksFilter, Overview
from engine.cases.views import Done
from engine.values import Money, Refusal
from web.charts import Bars, bars
from web.errors import refused, status_of
from web.inbox_bulk import workbook
from web.session import actor, office, only_for

pages = Blueprint("books", __name__, url_prefix="/books")

_LONGEST = 60
#: fen in ten thousand and in a hundred million yuan, the units of pictures
_WAN, _YI = 1_000_000, 10_000_000_000


@pages.get("")
@only_for("staff")
def show() -> ResponseReturnValue:
    """Income and expenditure month by month and by region, and the fund as it stands."""
    wanted = asked()
    found = cases.overview(office(), actor(), wanted)
    if isinstance(found, Refusal):
        return refused(found)
    return _page("books.html", wanted, found=found, sight=found.sight, **_chart(found))


@pages.get("/trial")
@only_for("staff")
def trial() -> ResponseReturnValue:
    """The trial balance."""
    wanted = asked()
    found = cases.trial_balance(office(), actor(), wanted)
    if isinstance(found, Refusal):
        return refused(found)
    return _page("books_trial.html", wanted, sight=found[0], trial=found[1])


@pages.get("/fund")
@only_for("staff")
def fund() -> ResponseReturnValue:
    """Income and expenditure of the fund."""
    wanted = asked()
    found = cases.fund_statement(office(), actor(), wanted)
    if isinstance(found, Refusal):
        return refused(found)
    return _page("books_fund.html", wanted, sight=found[0], fund=found[1], moved=cases.moved)


@pages.get("/balance")
@only_for("staff")
def balance() -> ResponseReturnValue:
    """The balance sheet."""
    wanted = asked()
    found = cases.balance_sheet(office(), actor(), wanted)
    if isinstance(found, Refusal):
        return refused(found)
    closing = attrgetter("closing")
    return _page("books_balance.html", wanted, sight=found[0], sheet=found[1], closing=closing)


@pages.get("/vouchers")
@only_for("staff")
def vouchers() -> ResponseReturnValue:
    """The journal, newest first."""
    wanted = asked()
    before = int(_text("before")) if re.fullmatch(r"\d{1,18}", _text("before")) else None
    found = cases.vouchers(office(), actor(), wanted, before=before)
    if isinstance(found, Refusal):
        return refused(found)
    return _page("books_vouchers.html", wanted, sight=found.sight, page=found)


@pages.get("/vouchers/<int:entry_id>")
@only_for("staff")
def voucher(entry_id: int) -> ResponseReturnValue:
    """One voucher, with the case or batch that it came from."""
    found = cases.voucher(office(), actor(), entry_id)
    return refused(found) if isinstance(found, Refusal) else render_template("voucher.html", row=found)


@pages.get("/export.xlsx")
@only_for("staff")
def export() -> ResponseReturnValue:
    """One of the statements as a workbook."""
    table = _text("table")
    file = book_sheets.export(office(), actor(), asked(), table)
    return workbook(file, f"books-{table}-{office().today.isoformat()}.xlsx")


@pages.get("/periods")
@only_for("staff")
def periods() -> ResponseReturnValue:
    """The months of the books, and what stands against closing the next one."""
    return _periods()


@pages.post("/periods")
@only_for("staff")
def propose() -> ResponseReturnValue:
    """Propose a month for closing."""
    region, month = field("region"), field("month")
    return _after(book_periods.propose_close(office(), actor(), region=region, month=month))


@pages.post("/periods/<int:closing_id>")
@only_for("staff")
def decide(closing_id: int) -> ResponseReturnValue:
    """Confirm a proposal, send it back, or ask to open a closed month again."""
    acts: dict[str, Callable[[], Done | Refusal]] = {
        "confirm": lambda: book_periods.confirm_close(office(), actor(), closing_id),
        "decline": lambda: book_periods.decline_close(office(), actor(), closing_id, why=field("why")),
        "ask": lambda: book_periods.ask_reopening(office(), actor(), closing_id, reason=field("why")),
    }
    act = acts.get(field("act"))
    return _after(act()) if act else redirect("/books/periods", code=303)


@pages.post("/reopenings/<int:reopening_id>")
@only_for("staff")
def decide_reopening(reopening_id: int) -> ResponseReturnValue:
    """Grant or decline the wish to open a month again."""
    return _after(
        book_periods.decide_reopening(
            office(), actor(), reopening_id, approve=field("act") == "approve", why=field("why")
        )
    )


def asked() -> BooksFilter:
    """What the address asks for."""
    return BooksFilter(**{key: _text(key) for key in BooksFilter.__dataclass_fields__})


def address_of(wanted: BooksFilter, *, page: str = "books.show", **changed: str) -> str:
    """A page with these filters; ``changed`` ones replace, empty ones go."""
    parts = {**wanted.query(), **changed}
    query = urlencode({key: value for key, value in parts.items() if value})
    return f"{url_for(page)}?{query}" if query else url_for(page)


def _page(template: str, wanted: BooksFilter, **values: object) -> str:
    return render_template(
        template, wanted=wanted, address=lambda **changed: address_of(wanted, **changed), **values
    )


def _periods(refusal: Refusal | None = None) -> ResponseReturnValue:
    wanted = asked()
    month = _text("month") or field("month")
    if field("region"):
        wanted = BooksFilter(region=field("region"))
    found = book_periods.months(office(), actor(), wanted, month=month)
    if isinstance(found, Refusal):
        return refused(refusal or found)
    page = _page("books_periods.html", wanted, found=found, sight=found.sight, refusal=refusal)
    return page, status_of(refusal) if refusal else 200


def _after(outcome: Done | Refusal) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return _periods(outcome)
    flash(outcome.message, "success")
    return redirect(address_of(BooksFilter(region=field("region")), page="books.periods"), code=303)


def picture(rows: Sequence[tuple[str, Money, Money]], title: str) -> dict[str, object]:
    """Pairs of bars in the unit that keeps their figures short, as ``chart`` and ``unit`` of a page."""
    highest = max((abs(amount.fen) for _word, *amounts in rows for amount in amounts), default=0)
    size, unit = (_YI, _("亿元")) if highest >= 10_000 * _WAN else (_WAN, _("万元"))
    drawn = [
        Bars(word=word, figures=(max(0, first.fen) / size, max(0, second.fen) / size))
        for word, first, second in rows
    ]
    decimals = 0 if highest >= 100 * size else 1
    return {"chart": bars(drawn, title=title, decimals=decimals), "unit": unit}


def _chart(found: Overview) -> dict[str, object]:
    rows = [(flow.key[2:], flow.income, flow.expense) for flow in found.months]
    return picture(rows, _("每月收入和支出，数字见下表"))


def _text(key: str) -> str:
    found = request.args.get(key, "").strip()
    return found if found.isprintable() and len(found) <= _LONGEST else ""


def field(key: str) -> str:
    """What was typed into that field of the form."""
    return request.form.get(key, "").strip().replace("\x00", "")[:2000]
