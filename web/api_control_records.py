"""The API of internal control's records: changes of stored data by two people, fund incidents with their deadlines."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from engine.cases import data_changes, fund_incidents
from engine.cases.data_changes import ChangeDesk
from engine.cases.fund_incidents import FOUND_BY, IncidentView, IncidentWritten, Said
from engine.cases.office import Office
from engine.values import Actor, Money
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of, rows_of
from web.api_words import said

record_room = Room("control_records", chinese="数据修改与要情", english="data changes and fund incidents")

_CHANGE = f"/control/changes/<{NUMBER}:change_id>"
_INCIDENT = f"/control/incidents/<{NUMBER}:incident_id>"


def _amount() -> fields.String:
    return fields.String(
        load_default="0",
        validate=validate.Regexp(r"[0-9]{1,12}(\.[0-9]{1,2})?\Z"),
        metadata={"description": said("amount"), "example": "12000.00"},
    )


class ChangeQuery(Schema):
    """In which state."""

    status = schemas.Text("change_status", longest=10, required=False)


class NewDataChange(Schema):
    """Which field of whose record gets which value, why, and which paper shows it."""

    field = schemas.Text("changed_field", longest=40)
    number = schemas.Text("changed_number", longest=40)
    value = schemas.Text("changed_value", longest=200, required=False)
    reason = schemas.Text("reason", longest=500)
    evidence = schemas.Text("evidence", longest=200)
    recheck = schemas.Text("found_in_recheck", longest=20, required=False)


class NewIncident(Schema):
    """What is written down of a fund incident."""

    region = schemas.Text("region", longest=6)
    found_on = schemas.day("found_on")
    found_by = schemas.choice("found_by", *FOUND_BY)
    title = schemas.Text("title", longest=100)
    account = schemas.Text("incident_account", longest=2000)
    contact = schemas.Text("contact", longest=60)
    amount = _amount()
    filed = schemas.yes("filed")
    grave = schemas.yes("grave")


class LaterReport(Schema):
    """What is known now."""

    text = schemas.Text("report_text", longest=2000)
    amount = _amount()
    filed = schemas.yes("filed")
    closes = schemas.yes("closes")


@reads(
    record_room,
    "/control/changes",
    chinese="数据修改",
    asks=ChangeQuery,
    answer=answer_of(ChangeDesk),
    who=STAFF,
)
def changes(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """The changes of stored data that were asked for and decided, and the fields that may be changed."""
    return data_changes.change_desk(office, actor, status=asked["status"])


@writes(record_room, "/control/changes", chinese="申请数据修改", asks=NewDataChange, status=201, who=STAFF)
def ask(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Ask for a change of stored data; somebody else decides."""
    return data_changes.ask_change(office, actor, **asked)


@writes(record_room, f"{_CHANGE}/decision", chinese="审批数据修改", asks=schemas.Decision, who=STAFF)
def decide(office: Office, actor: Actor, asked: dict[str, Any], change_id: int) -> object:
    """Carry the change out, or do not agree; by somebody else than who asked, a leader for a key field."""
    return data_changes.decide_change(office, actor, change_id, agree=asked["approve"], why=asked["why"])


@writes(record_room, f"{_CHANGE}/withdrawal", chinese="撤回数据修改", who=STAFF)
def withdraw(office: Office, actor: Actor, change_id: int) -> object:
    """Take one's own request back that nobody has decided."""
    return data_changes.withdraw_change(office, actor, change_id)


@reads(record_room, "/control/incidents", chinese="基金要情", answer=rows_of(IncidentView), who=STAFF)
def incidents(office: Office, actor: Actor) -> object:
    """The fund incidents of one's region, what is still to be reported first."""
    return fund_incidents.fund_incidents(office, actor)


@writes(
    record_room,
    "/control/incidents",
    chinese="记录要情",
    asks=NewIncident,
    done=IncidentWritten,
    status=201,
    who=STAFF,
)
def write(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Write an incident down; it is graded, and has its day by the working calendar."""
    amount = Money.yuan(asked.pop("amount"))
    return fund_incidents.write_incident(office, actor, Said(**asked, amount=amount))


@reads(record_room, _INCIDENT, chinese="查看要情", answer=answer_of(IncidentView), who=STAFF)
def incident(office: Office, actor: Actor, incident_id: int) -> object:
    """One incident and everything that followed."""
    return fund_incidents.fund_incident(office, actor, incident_id)


@writes(record_room, f"{_INCIDENT}/signature", chinese="签发要情", who=STAFF)
def sign(office: Office, actor: Actor, incident_id: int) -> object:
    """Sign the first report, and with that send it upwards; by a leader who did not write it."""
    return fund_incidents.sign_incident(office, actor, incident_id)


@writes(record_room, f"{_INCIDENT}/reports", chinese="续报要情", asks=LaterReport, status=201, who=STAFF)
def follow_up(office: Office, actor: Actor, asked: dict[str, Any], incident_id: int) -> object:
    """Add a later report; the last one closes."""
    amount = Money.yuan(asked.pop("amount"))
    return fund_incidents.follow_up(office, actor, incident_id, **asked, amount=amount)
