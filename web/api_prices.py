"""The API of price indices: entering one, a file of them, and the second person's word."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from io import BytesIO
from typing import Any

from marshmallow import Schema

from engine.cases import price_indices as cases
from engine.cases.office import Office
from engine.cases.price_entries import Entered
from engine.cases.price_indices import PriceRoom
from engine.values import Actor
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, file_out, reads, writes
from web.api_records import answer_of

price_room = Room("prices", chinese="价格指数", english="price indices")

_INDEX = f"/prices/<{NUMBER}:index_id>"


class NewIndex(Schema):
    """The index of a month as it was published: rises in per cent, the allowance in yuan; empty for unpublished."""

    region = schemas.Text("region", longest=6, required=False)
    month = schemas.Text("month", longest=7)
    cpi = schemas.Text("cpi", longest=10, required=False)
    food = schemas.Text("food", longest=10, required=False)
    low_income = schemas.Text("low_income", longest=10, required=False)
    living_allowance = schemas.Text("living_allowance", longest=20, required=False)
    published_on = schemas.Text("published_on", longest=10)
    source = schemas.Text("price_source", longest=200)


class IndexFile(schemas.File):
    """A file of indices, and where they were published."""

    source = schemas.Text("price_source", longest=200)


@reads(price_room, "/prices", chinese="价格指数", answer=answer_of(PriceRoom), who=STAFF)
def index(office: Office, actor: Actor) -> object:
    """The indices that count in one's region, with the triggers of today and what was paid by each."""
    return cases.price_room(office, actor)


@writes(price_room, "/prices", chinese="录入价格指数", asks=NewIndex, status=201, who=STAFF)
def enter(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Enter the index of a month; it waits for a second person. Each field that cannot be meant is a reason."""
    typed = {**asked, "region": asked["region"] or actor.region}
    return cases.enter_index(office, actor, Entered(**typed))


@writes(price_room, "/prices/file", chinese="收入价格指数文件", uploads=IndexFile, status=201, who=STAFF)
def take(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Take a file of indices in, whole or not at all; a refusal names every faulty line."""
    file = schemas.content_of(asked["file"])
    return cases.take_index_file(office, actor, file, source=asked["source"])


@reads(price_room, "/prices/template", chinese="价格指数模板", answer=None, who=STAFF)
def template(_office: Office, _actor: Actor) -> object:
    """An empty file of indices."""
    return file_out(BytesIO(cases.index_template()), "prices.csv")


@writes(price_room, f"{_INDEX}/confirmation", chinese="采用价格指数", who=STAFF)
def confirm(office: Office, actor: Actor, index_id: int) -> object:
    """Confirm an index that somebody else entered; month runs go by it from now on."""
    return cases.confirm_index(office, actor, index_id)


@writes(price_room, f"{_INDEX}/rejection", chinese="不采用价格指数", asks=schemas.Why, who=STAFF)
def reject(office: Office, actor: Actor, asked: dict[str, Any], index_id: int) -> object:
    """Lay an index aside, with the reason."""
    return cases.reject_index(office, actor, index_id, why=asked["why"])


@writes(price_room, f"{_INDEX}/withdrawal", chinese="撤回价格指数", asks=schemas.Why, who=STAFF)
def withdraw(office: Office, actor: Actor, asked: dict[str, Any], index_id: int) -> object:
    """Take a wrong index back that no run has gone by, with the reason."""
    return cases.withdraw_index(office, actor, index_id, why=asked["why"])
