"""The API of trials of figures: what a changed figure would cost and whom it would touch, before it is published."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from engine.cases import trials as cases
from engine.cases.office import Office
from engine.cases.trial_sheets import export_trial
from engine.cases.trial_views import TrialFilter, TrialRow, TrialView
from engine.cases.trials import TrialBase
from engine.law.trial import TRIABLE
from engine.values import Actor
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, file_out, reads, writes
from web.api_records import answer_of, page_of, rows_of
from web.api_refunds import YearOfRefund
from web.api_words import said

trial_room = Room("trials", chinese="规定试算", english="trials of figures")

_TRIAL = f"/refund-trials/<{NUMBER}:trial_id>"


class NewTrial(YearOfRefund):
    """Which figures are tried, against which screening, for which year."""

    run_id = schemas.number("run_id")
    name = schemas.Text("trial_name", longest=cases.NAME_MAX, required=False)
    region = schemas.Text("region", longest=6, required=False)
    figures = fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(TRIABLE))),
        values=fields.String(validate=validate.Length(max=60)),
        required=True,
        metadata={"description": said("typed_figures"), "example": {"refund.ratio.sme": "60"}},
    )


class TouchedQuery(Schema):
    """Which employers of a trial, and the mark of the page before."""

    effect = schemas.Text("effect", longest=10, required=False)
    condition = schemas.Text("condition", longest=12, required=False)
    region = schemas.Text("region", longest=6, required=False)
    size = schemas.Text("size", longest=6, required=False)
    industry = schemas.Text("industry", longest=1, required=False)


class TouchedPage(TouchedQuery):
    """The same, and the mark of the page before."""

    cursor = schemas.Text("cursor", longest=60, required=False)


@reads(trial_room, "/refund-trials", chinese="试算清单", answer=rows_of(TrialView), who=STAFF)
def trials(office: Office, actor: Actor) -> object:
    """The latest trials within one's region."""
    return cases.trials(office, actor)


@reads(trial_room, "/refund-trials/bases", chinese="可对照的筛查", answer=rows_of(TrialBase), who=STAFF)
def bases(office: Office, actor: Actor) -> object:
    """The finished screenings that a trial can be held against."""
    return cases.trial_bases(office, actor)


@writes(
    trial_room, "/refund-trials", chinese="发起试算", asks=NewTrial, done=TrialView, status=201, who=STAFF
)
def propose(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Try the figures, or come to the trial that was made of them before."""
    typed = asked.pop("figures")
    return cases.propose_trial(office, actor, typed=typed, **asked)


@reads(trial_room, _TRIAL, chinese="查看试算", answer=answer_of(TrialView), who=STAFF)
def trial(office: Office, actor: Actor, trial_id: int) -> object:
    """One trial: how far it is, and what it comes to."""
    return cases.trial_view(office, actor, trial_id)


@reads(
    trial_room,
    f"{_TRIAL}/employers",
    chinese="试算涉及的单位",
    asks=TouchedPage,
    answer=page_of(TrialRow),
    who=STAFF,
)
def employers(office: Office, actor: Actor, asked: dict[str, Any], trial_id: int) -> object:
    """For whom something would change, before and after, largest first."""
    cursor = asked.pop("cursor")
    return cases.trial_changes(office, actor, trial_id, TrialFilter(**asked), cursor=cursor)


@reads(trial_room, f"{_TRIAL}/workbook", chinese="试算导出", asks=TouchedQuery, answer=None, who=STAFF)
def workbook(office: Office, actor: Actor, asked: dict[str, Any], trial_id: int) -> object:
    """The same list as a workbook."""
    return file_out(export_trial(office, actor, trial_id, TrialFilter(**asked)), "trial.xlsx")
