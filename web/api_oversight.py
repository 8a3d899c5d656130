"""The API of oversight: leads that somebody may have to stop drawing, and suspicion lists of ministry and province."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from engine.cases import hits, suspicion_lists
from engine.cases.hits import CHANNELS, HitFilter, HitList
from engine.cases.office import Office
from engine.cases.suspicion_lists import ListHead, ListTaken, ListView
from engine.values import Actor
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, file_out, reads, writes
from web.api_records import answer_of, rows_of
from web.api_words import said

oversight = Room("oversight", chinese="停发线索与疑点名单", english="leads and suspicion lists")

_LIST = f"/suspicion-lists/<{NUMBER}:list_id>"


class HitQuery(Schema):
    """Which leads, and the mark of the page before."""

    ground = schemas.Text("ground", longest=6, required=False)
    status = schemas.Text("status", longest=10, required=False)
    region = schemas.Text("region", longest=6, required=False)
    cursor = schemas.Text("cursor", longest=20, required=False)


class Lead(Schema):
    """What somebody told of a person who is paid."""

    id_number = schemas.Text("id_number", longest=18)
    ground = schemas.choice("ground", *(each.code for each in hits.OFFERED))
    event_day = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"description": said("event_day"), "example": "2025-11-02"},
    )
    channel = schemas.choice("channel", *CHANNELS)
    told = schemas.Text("told")


class CursorQuery(Schema):
    """The mark of the page before."""

    cursor = schemas.Text("cursor", longest=20, required=False)


class AnswerQuery(Schema):
    """Whether an answer is wanted before the last line is answered."""

    so_far = schemas.yes("so_far")


class NewList(schemas.File):
    """A suspicion list and what is said of it."""

    sender = schemas.choice("sender", *suspicion_lists.SENDERS)
    number = schemas.Text("number", longest=60)
    answer_due = schemas.day("answer_due")


@reads(oversight, "/hits", chinese="停发线索清单", asks=HitQuery, answer=answer_of(HitList), who=STAFF)
def hit_list(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of the leads in one's reach, with the counts per ground."""
    wanted = HitFilter(ground=asked["ground"], status=asked["status"], region=asked["region"])
    return hits.hits(office, actor, wanted, cursor=asked["cursor"])


@writes(oversight, "/hits", chinese="登记停发线索", asks=Lead, status=201, who=STAFF)
def report(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Record a lead; payment is held and its case begins."""
    return hits.report_hit(
        office,
        actor,
        id_number=asked["id_number"],
        ground=asked["ground"],
        event_day=asked["event_day"],
        channel=asked["channel"],
        detail=asked["told"],
    )


@reads(oversight, "/suspicion-lists", chinese="疑点名单", answer=rows_of(ListHead), who=STAFF)
def lists(office: Office, actor: Actor) -> object:
    """The suspicion lists of one's region, what is due first."""
    return suspicion_lists.lists(office, actor)


@writes(
    oversight,
    "/suspicion-lists",
    chinese="收入疑点名单",
    uploads=NewList,
    done=ListTaken,
    status=201,
    who=STAFF,
)
def take(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Take a list in, whole or not at all."""
    return suspicion_lists.take_list(
        office,
        actor,
        schemas.content_of(asked["file"]),
        sender=asked["sender"],
        number=asked["number"],
        answer_due=asked["answer_due"],
    )


@reads(oversight, _LIST, chinese="查看疑点名单", asks=CursorQuery, answer=answer_of(ListView), who=STAFF)
def show(office: Office, actor: Actor, asked: dict[str, Any], list_id: int) -> object:
    """One list with a page of its lines."""
    return suspicion_lists.list_view(office, actor, list_id, cursor=asked["cursor"])


@reads(oversight, f"{_LIST}/answer", chinese="疑点名单反馈表", asks=AnswerQuery, answer=None, who=STAFF)
def answer(office: Office, actor: Actor, asked: dict[str, Any], list_id: int) -> object:
    """The answer to the sender as a workbook, one finding for each line."""
    return file_out(
        suspicion_lists.answer_file(office, actor, list_id, partial=asked["so_far"]), "answer.xlsx"
    )
