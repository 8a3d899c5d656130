"""The API of internal control: risk rules, screenings, flags, samples, and who looked at whose file."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from engine.cases import looks, risk_room, samples
from engine.cases.looks import Lookers, LooksOf
from engine.cases.office import Office
from engine.cases.risk_views import (
    LEVEL_NAMES,
    Faults,
    FlagRow,
    RuleBook,
    RuleKept,
    RuleView,
    Tried,
    WrittenRule,
)
from engine.cases.samples import DrawPage, SampleDesk
from engine.values import Actor
from engine.workflow.forms import FormErrors
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of, rows_of
from web.api_words import said
from web.language import chosen

control_room = Room("control", chinese="内控稽核", english="internal control")

_RULE = f"/control/rules/<{NUMBER}:rule_id>"


class NewRule(Schema):
    """A rule as somebody writes it; what is wrong with it is said by field."""

    rule = schemas.Text("rule", longest=40)
    name = schemas.Text("rule_title", longest=60)
    english = schemas.Text("rule_english", longest=120)
    level = schemas.choice("level", *LEVEL_NAMES)
    condition = schemas.Text("rule_condition", longest=1000)
    says = schemas.Text("says", longest=300)
    source = schemas.Text("source", longest=200)


class ScreenedMonth(Schema):
    """Which month is about to be paid; the next one where none is named."""

    month = schemas.Text("month", longest=7, required=False)


class FlagQuery(Schema):
    """Which flags, and the number of the last one on the page before."""

    status = schemas.Text("flag_status", longest=10, required=False, default="open")
    rule = schemas.Text("rule", longest=40, required=False)
    after = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0, max=2**63 - 1),
        metadata={"description": said("flag_after"), "example": 120},
    )


class NewDraw(Schema):
    """From what is drawn, in which month."""

    what = schemas.Text("drawn_from", longest=60)
    month = schemas.Text("month", longest=7)


class DrawQuery(Schema):
    """Whether the seed is to draw once more, to compare."""

    again = schemas.yes("drawn_again")


class MonthQuery(Schema):
    """Which month; this one where none is named."""

    month = schemas.Text("month", longest=7, required=False)


@reads(control_room, "/control/rules", chinese="风险规则", answer=answer_of(RuleBook), who=STAFF)
def rules(office: Office, actor: Actor) -> object:
    """Every rule with its versions, the facts and figures that rules may name, and the last screening."""
    return risk_room.rule_book(office, actor)


@writes(
    control_room, "/control/rules", chinese="起草规则", asks=NewRule, done=RuleKept, status=201, who=STAFF
)
def write(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Keep the rule as a draft."""
    return _by_field(risk_room.write_rule(office, actor, WrittenRule(**asked, verified=False)))


@writes(control_room, "/control/rules/trial", chinese="试算规则", asks=NewRule, done=Tried, who=STAFF)
def try_rule(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """What the rule would flag over everybody ever paid here; nothing is kept."""
    return _by_field(risk_room.try_rule(office, actor, WrittenRule(**asked, verified=False)))


@reads(control_room, _RULE, chinese="查看规则", answer=answer_of(RuleView), who=STAFF)
def rule(office: Office, actor: Actor, rule_id: int) -> object:
    """One version of a rule."""
    return risk_room.rule_view(office, actor, rule_id)


@writes(control_room, f"{_RULE}/trial", chinese="试算草稿", done=Tried, who=STAFF)
def try_version(office: Office, actor: Actor, rule_id: int) -> object:
    """Try a draft for the record, so that somebody else can put it in force."""
    return risk_room.try_version(office, actor, rule_id)


@writes(control_room, f"{_RULE}/approval", chinese="规则生效", who=STAFF)
def approve(office: Office, actor: Actor, rule_id: int) -> object:
    """Put the version in force; by somebody else than who wrote it."""
    return risk_room.approve_rule(office, actor, rule_id)


@writes(control_room, f"{_RULE}/retirement", chinese="规则停用", asks=schemas.Why, who=STAFF)
def retire(office: Office, actor: Actor, asked: dict[str, Any], rule_id: int) -> object:
    """Put the version out of force, with the reason."""
    return risk_room.retire_rule(office, actor, rule_id, why=asked["why"])


@writes(control_room, "/control/screenings", chinese="风险筛查", asks=ScreenedMonth, who=STAFF)
def screen(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Put every live rule to everybody who is paid in one's region."""
    return risk_room.screen(office, actor, month=asked["month"])


@reads(control_room, "/control/flags", chinese="疑点", asks=FlagQuery, answer=rows_of(FlagRow), who=STAFF)
def flags(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of fifty flags of one's region, newest first."""
    return risk_room.flags(office, actor, **asked)


@writes(control_room, f"/control/flags/<{NUMBER}:flag_id>/recheck", chinese="疑点复查", who=STAFF)
def recheck(office: Office, actor: Actor, flag_id: int) -> object:
    """Re-check a flag in a case of its own; the same flag has one."""
    return samples.recheck_flag(office, actor, flag_id)


@reads(control_room, "/control/samples", chinese="抽检", answer=answer_of(SampleDesk), who=STAFF)
def sample_list(office: Office, actor: Actor) -> object:
    """The draws of one's region and how far they are re-checked, and what can be drawn from."""
    return samples.sample_desk(office, actor)


@writes(control_room, "/control/samples", chinese="抽取样本", asks=NewDraw, status=201, who=STAFF)
def draw(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Draw from a month; the seed stands on record, and each item is re-checked in a case."""
    return samples.draw_sample(office, actor, **asked)


@reads(
    control_room,
    f"/control/samples/<{NUMBER}:draw_id>",
    chinese="查看抽检",
    asks=DrawQuery,
    answer=answer_of(DrawPage),
    who=STAFF,
)
def sample(office: Office, actor: Actor, asked: dict[str, Any], draw_id: int) -> object:
    """One draw with its items, and on demand the same draw again from its seed."""
    return samples.draw_page(office, actor, draw_id, again=asked["again"])


@reads(
    control_room, "/control/looks", chinese="查阅记录", asks=MonthQuery, answer=answer_of(Lookers), who=STAFF
)
def look_list(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Who looked at whose file how often in a month; this look is recorded, too."""
    return looks.lookers(office, actor, month=asked["month"])


@reads(
    control_room,
    f"/control/looks/<{NUMBER}:staff_id>",
    chinese="一人的查阅记录",
    asks=MonthQuery,
    answer=answer_of(LooksOf),
    who=STAFF,
)
def look_rows(office: Office, actor: Actor, asked: dict[str, Any], staff_id: int) -> object:
    """Whose files one member of staff looked at in a month and why; this look is recorded, too."""
    return looks.looks_of(office, actor, staff_id, month=asked["month"])


def _by_field(outcome: object) -> object:
    """What is wrong with a rule, at its fields and in the caller's language; anything else as it is."""
    if not isinstance(outcome, Faults):
        return outcome
    which = 0 if chosen() == "zh" else 1
    return FormErrors({name: both[which] for name, both in outcome.by_field.items()})
