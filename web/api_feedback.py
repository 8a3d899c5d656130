"""The API of ratings and complaints: one's own, and those that staff handle."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from engine.cases import complaint_lists, complaints, rating_figures, rating_lists, service_ratings
from engine.cases.complaint_lists import ComplaintFile, ComplaintList
from engine.cases.complaints import Complained, ComplaintView, Told
from engine.cases.office import Office
from engine.cases.rating_figures import RatingFigures, RatingFilter
from engine.cases.rating_lists import BadRating, BadRatings
from engine.cases.service_ratings import REASONS, Given, MyRatings
from engine.cases.views import FieldFaults
from engine.values import Actor, ActorKind, Refusal
from web import api_schemas as schemas
from web.api_doors import EVERYBODY, NUMBER, STAFF, Room, file_out, reads, writes
from web.api_records import answer_of, rows_of
from web.api_words import said

feedback = Room("feedback", chinese="好差评与投诉", english="ratings and complaints")

_PUBLIC: tuple[ActorKind, ...] = ("person", "employer")
_COMPLAINT = f"/complaints/<{NUMBER}:complaint_id>"


class FiguresQuery(Schema):
    """Which months, matter, region and channel."""

    first = schemas.Text("first", longest=7, required=False)
    last = schemas.Text("last", longest=7, required=False)
    matter = schemas.Text("matter", longest=64, required=False)
    region = schemas.Text("region", longest=6, required=False)
    channel = schemas.Text("channel", longest=8, required=False)


class TableQuery(FiguresQuery):
    """Which table of them."""

    table = schemas.choice("table", *rating_figures.TABLES)


class StatusQuery(Schema):
    """In which state, and the mark of the page before."""

    status = schemas.Text("status", longest=12, required=False)
    cursor = schemas.Text("cursor", longest=20, required=False)


class NewRating(Schema):
    """A grade, and why."""

    score = fields.Integer(
        required=True,
        validate=validate.Range(min=1, max=5),
        metadata={"description": said("score"), "example": 4},
    )
    grounds = fields.List(
        fields.String(validate=validate.OneOf(tuple(REASONS)), metadata={"example": "slow"}),
        load_default=list,
        metadata={"description": said("grounds"), "example": ["slow"]},
    )
    said = schemas.Text("said", longest=service_ratings.WORDS_MAX, required=False)


class NewComplaint(Schema):
    """What is complained about; a name and a channel only where a clerk enters it."""

    kind = schemas.choice("kind", *complaints.KIND_NAMES)
    text = schemas.Text("text", longest=complaints.TEXT_MAX)
    about_staff = schemas.Text("about_staff", required=False)
    of_case = schemas.Text("of_case", longest=40, required=False)
    region = schemas.Text("region", longest=6, required=False)
    name = schemas.Text("name", longest=60, required=False)
    reach = schemas.Text("reach", longest=120, required=False)
    channel = schemas.choice("channel", *complaints.CHANNEL_NAMES, default="web")


@reads(feedback, "/ratings/figures", chinese="评价统计", asks=FiguresQuery, answer=answer_of(RatingFigures), who=STAFF)  # fmt: skip
def figures(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """How people rate the service, and how bad ratings are made good."""
    return rating_figures.rating_figures(office, actor, RatingFilter(**asked))


@reads(feedback, "/ratings/workbook", chinese="评价统计表", asks=TableQuery, answer=None, who=STAFF)
def workbook(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """One of the tables as a workbook."""
    table = asked.pop("table")
    return file_out(rating_figures.export(office, actor, RatingFilter(**asked), table), "ratings.xlsx")


@reads(
    feedback, "/ratings/bad", chinese="差评清单", asks=StatusQuery, answer=answer_of(BadRatings), who=STAFF
)
def bad_ratings(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of the bad ratings in one's reach, without those of one's own work."""
    return rating_lists.bad_ratings(office, actor, status=asked["status"], cursor=asked["cursor"])


@reads(
    feedback, f"/ratings/bad/<{NUMBER}:rating_id>", chinese="查看差评", answer=answer_of(BadRating), who=STAFF
)
def bad_rating(office: Office, actor: Actor, rating_id: int) -> object:
    """One bad rating; the look is recorded."""
    return rating_lists.bad_rating(office, actor, rating_id)


@reads(feedback, "/my/ratings", chinese="我的评价", answer=answer_of(MyRatings), who=_PUBLIC)
def my_ratings(office: Office, actor: Actor) -> object:
    """What waits for my rating, and what I rated."""
    return service_ratings.my_ratings(office, actor)


@writes(
    feedback, f"/my/ratings/<{NUMBER}:invitation_id>", chinese="评价", asks=NewRating, status=201, who=_PUBLIC
)
def rate(office: Office, actor: Actor, asked: dict[str, Any], invitation_id: int) -> object:
    """Rate a matter of mine, once."""
    given = Given(score=asked["score"], grounds=tuple(asked["grounds"]), words=asked["said"])
    return service_ratings.rate_own(office, actor, invitation_id, given)


@reads(
    feedback, "/complaints", chinese="投诉清单", asks=StatusQuery, answer=answer_of(ComplaintList), who=STAFF
)
def complaint_list(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of the complaints in one's reach, without those that concern oneself."""
    return complaint_lists.complaint_list(office, actor, status=asked["status"], cursor=asked["cursor"])


@writes(
    feedback, "/complaints", chinese="投诉", asks=NewComplaint, done=Complained, status=201, who=EVERYBODY
)
def complain(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Complain, or enter a complaint at the counter."""
    where = {"region": asked.pop("region"), "of_case": asked.pop("of_case")}
    made = complaints.complain(office, actor, Told(**asked), **where)
    return Refusal(reasons=tuple(made.faults.values())) if isinstance(made, FieldFaults) else made


@reads(feedback, _COMPLAINT, chinese="查看投诉", answer=answer_of(ComplaintFile), who=STAFF)
def complaint(office: Office, actor: Actor, complaint_id: int) -> object:
    """One complaint with who made it; the look is recorded."""
    return complaint_lists.complaint_file(office, actor, complaint_id)


@reads(feedback, "/my/complaints", chinese="我的投诉", answer=rows_of(ComplaintView), who=_PUBLIC)
def my_complaints(office: Office, actor: Actor) -> object:
    """My complaints and their answers."""
    return complaints.my_complaints(office, actor)


@writes(feedback, f"/my{_COMPLAINT}/objection", chinese="对答复提出异议", asks=schemas.Why, who=_PUBLIC)
def object_to(office: Office, actor: Actor, asked: dict[str, Any], complaint_id: int) -> object:
    """Object to the answer, once; a superior reviews it."""
    return complaints.object_to_answer(office, actor, complaint_id, why=asked["why"])
