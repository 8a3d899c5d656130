"""The API of vouchers by hand and of the year's end: another system enters what a paper shows, another person books it."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema

from engine.cases import hand_entries as cases
from engine.cases.books import BooksFilter
from engine.cases.hand_entries import HandEntries
from engine.cases.office import Office
from engine.values import Actor
from web import api_schemas as schemas
from web.api_books import BooksQuery
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of

hand_room = Room("hand_entries", chinese="手工凭证与年终结转", english="vouchers by hand and the year's end")

_VOUCHER = f"/books/entries/<{NUMBER}:voucher_id>"
_YEAR = f"/books/year-ends/<{NUMBER}:year_end_id>"


class EntriesQuery(BooksQuery):
    """Which region and months, and which year's end."""

    year = schemas.Text("year", longest=4, required=False)


class NewEntry(Schema):
    """What a paper shows."""

    region = schemas.Text("region", longest=6)
    kind = schemas.Text("hand_kind", longest=24)
    day = schemas.Text("day", longest=10)
    amount = schemas.Text("amount", longest=30)
    paper = schemas.Text("paper", longest=60)
    note = schemas.Text("note", longest=200, required=False)


class NewYearEnd(Schema):
    """Which year of which region and all below it."""

    region = schemas.Text("region", longest=6)
    year = schemas.Text("year", longest=4)


@reads(
    hand_room,
    "/books/entries",
    chinese="手工凭证和年终结转",
    asks=EntriesQuery,
    answer=answer_of(HandEntries),
    who=STAFF,
)
def entries(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Vouchers by hand that wait or are of the months asked for, and how the year's end stands."""
    year = asked.pop("year")
    return cases.hand_entries(office, actor, BooksFilter(**asked), year=year)


@writes(hand_room, "/books/entries", chinese="登记手工凭证", asks=NewEntry, status=201, who=STAFF)
def enter(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Enter a voucher from its paper; another person books it."""
    return cases.enter(office, actor, **asked)


@writes(hand_room, f"{_VOUCHER}/decision", chinese="复核手工凭证", asks=schemas.Decision, who=STAFF)
def decide(office: Office, actor: Actor, asked: dict[str, Any], voucher_id: int) -> object:
    """Book a voucher that another person entered, or send it back with the reason."""
    return cases.decide(office, actor, voucher_id, **asked)


@writes(
    hand_room, f"{_VOUCHER}/reversals", chinese="申请冲销手工凭证", asks=schemas.Why, status=201, who=STAFF
)
def ask_back(office: Office, actor: Actor, asked: dict[str, Any], voucher_id: int) -> object:
    """Ask to take a booked voucher back; another person decides."""
    return cases.ask_back(office, actor, voucher_id, why=asked["why"])


@writes(hand_room, "/books/year-ends", chinese="提请年终结转", asks=NewYearEnd, status=201, who=STAFF)
def propose_year_end(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Propose to carry a year's income and expenditure to the fund's balance."""
    return cases.propose_year_end(office, actor, **asked)


@writes(hand_room, f"{_YEAR}/decision", chinese="确认年终结转", asks=schemas.Decision, who=STAFF)
def decide_year_end(office: Office, actor: Actor, asked: dict[str, Any], year_end_id: int) -> object:
    """Carry the year in every book of the region and below, or send the wish back with the reason."""
    return cases.decide_year_end(office, actor, year_end_id, **asked)
