"""The API of monthly reconciliation: the four sides of a month, statements taken in, pairs confirmed, reports signed."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from flask_smorest.fields import Upload
from marshmallow import Schema

from engine.cases import reconciliation_views as views
from engine.cases import reconciling as cases
from engine.cases.books import BooksFilter
from engine.cases.office import Office
from engine.cases.reconciliation_views import ReconciledMonth, Report
from engine.values import Actor
from web import api_schemas as schemas
from web.api_books import PeriodQuery
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of
from web.api_words import said

reconciling_room = Room("reconciling", chinese="每月对账", english="monthly reconciliation")

_REPORT = f"/books/reconciliations/<{NUMBER}:reconciliation_id>"


class Statement(Schema):
    """Which side of which month, and the other side's statement; the business needs none."""

    region = schemas.Text("region", longest=6)
    month = schemas.Text("month", longest=7)
    side = schemas.choice("statement_side", *cases.COMPARED_WITH)
    file = Upload(load_default=None, metadata={"description": said("file")})


class SameOrNot(Schema):
    """Whether two items are the same."""

    same = schemas.verdict("same_item")


@reads(
    reconciling_room,
    "/books/reconciliations",
    chinese="一个月的对账",
    asks=PeriodQuery,
    answer=answer_of(ReconciledMonth),
    who=STAFF,
)
def month_view(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A region's month: each side with its pairs, differences and signatures; last month where none is asked for."""
    return views.month_view(office, actor, BooksFilter(region=asked["region"]), asked["month"])


@writes(
    reconciling_room,
    "/books/reconciliations",
    chinese="收入对账单",
    uploads=Statement,
    status=201,
    who=STAFF,
)
def reconcile(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Take a statement in and compare it with the books; every new difference becomes a task."""
    file = asked.pop("file")
    name = getattr(file, "filename", "") or ""
    return cases.reconcile(office, actor, file=schemas.content_of(file), name=name, **asked)


@reads(reconciling_room, _REPORT, chinese="对账报告", answer=answer_of(Report), who=STAFF)
def report(office: Office, actor: Actor, reconciliation_id: int) -> object:
    """The report of one side with its differences and both signatures."""
    return views.report(office, actor, reconciliation_id)


@writes(reconciling_room, f"{_REPORT}/signature", chinese="签字", who=STAFF)
def sign(office: Office, actor: Actor, reconciliation_id: int) -> object:
    """Sign the report: first an accountant, then another person of control or finance."""
    return cases.sign(office, actor, reconciliation_id)


@writes(
    reconciling_room,
    f"/books/pairs/<{NUMBER}:pair_id>/decision",
    chinese="确认配对",
    asks=SameOrNot,
    who=STAFF,
)
def decide(office: Office, actor: Actor, asked: dict[str, Any], pair_id: int) -> object:
    """Say whether two items are the same; where not, each of them is a difference."""
    return cases.decide(office, actor, pair_id, same=asked["same"])
