"""The API of reduction reports: an employer's own programs report who left, and ask for corrections."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema

from engine.cases.data_changes import ask_correction
from engine.cases.office import Office
from engine.cases.reductions import ReportAsked, report_reduction
from engine.cases.views import FieldFaults
from engine.values import Actor, ActorKind, Refusal
from web import api_schemas as schemas
from web.api_doors import NUMBER, Room, writes

reduction_room = Room("reductions", chinese="减员申报", english="reduction reports")

_EMPLOYER: tuple[ActorKind, ...] = ("employer",)


class NewReduction(Schema):
    """Who left, when and why."""

    id_number = schemas.Text("id_number", longest=18)
    worker_name = schemas.Text("worker_name", longest=60)
    exit_day = schemas.Text("exit_day", longest=10)
    exit_reason = schemas.Text("exit_reason", longest=4)
    notice_given_on = schemas.Text("notice_given_on", longest=10, required=False)


class Correction(Schema):
    """What is wrong in a report, what is right, why, and which record shows it."""

    field = schemas.choice("corrected_field", "reason", "exit_day")
    value = schemas.Text("corrected_value", longest=10)
    why = schemas.Text("why", longest=1000)
    evidence = schemas.Text("evidence", longest=200)


@writes(reduction_room, "/reductions", chinese="申报减员", asks=NewReduction, status=201, who=_EMPLOYER)
def report(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Report one worker of the employer; each fault of what was sent is a reason of the refusal."""
    told = ReportAsked(
        id_number=asked["id_number"],
        name=asked["worker_name"],
        exit_day=asked["exit_day"],
        reason=asked["exit_reason"],
        notice_given_on=asked["notice_given_on"],
    )
    made = report_reduction(office, actor, told, channel="api")
    return Refusal(reasons=tuple(made.faults.values())) if isinstance(made, FieldFaults) else made


@writes(
    reduction_room,
    f"/reductions/<{NUMBER}:report_id>/correction",
    chinese="申请更正减员申报",
    asks=Correction,
    who=_EMPLOYER,
)
def correct(office: Office, actor: Actor, asked: dict[str, Any], report_id: int) -> object:
    """Ask for a correction of an own report; somebody of the agency decides."""
    return ask_correction(
        office,
        actor,
        report_id,
        field=f"reduction_{asked['field']}",
        value=asked["value"],
        reason=asked["why"],
        evidence=asked["evidence"],
    )
