"""The API of reduction reports: an employer's own, what was reported about a person, and the lists of the agency."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema

from engine.cases import exit_objections, reduction_lists, reductions
from engine.cases.data_changes import ask_correction
from engine.cases.office import Office
from engine.cases.reduction_views import LISTS, ReductionList, ReductionRow, ReductionView
from engine.cases.reductions import ReportAsked, report_reduction
from engine.cases.views import FieldFaults
from engine.values import Actor, ActorKind, Refusal
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of, page_of, rows_of

reduction_room = Room("reductions", chinese="减员申报", english="reduction reports")

_EMPLOYER: tuple[ActorKind, ...] = ("employer",)
_PERSON: tuple[ActorKind, ...] = ("person",)
_REPORT = f"/reductions/<{NUMBER}:report_id>"


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


class ListQuery(Schema):
    """Which list of the agency, and the mark of the page before."""

    which = schemas.choice("reduction_list", *LISTS, default="all")
    cursor = schemas.Text("cursor", longest=60, required=False)


class CursorQuery(Schema):
    """The mark of the page before."""

    cursor = schemas.Text("cursor", longest=60, required=False)


class Given(Schema):
    """The day on which the notice was handed over."""

    day = schemas.Text("notice_day", longest=10)


class EmployerAnswer(Schema):
    """What the employer says to its worker's objection."""

    agrees = schemas.verdict("agrees")
    statement = schemas.Text("statement", longest=exit_objections.TEXT_MAX)


class WorkerObjection(Schema):
    """How it was in the worker's words, and which reason it was where they name one."""

    statement = schemas.Text("statement", longest=exit_objections.TEXT_MAX)
    claimed_reason = schemas.Text("claimed_reason", longest=4, required=False)


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
    f"{_REPORT}/correction",
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


@reads(
    reduction_room,
    "/reductions",
    chinese="减员申报清单",
    asks=ListQuery,
    answer=answer_of(ReductionList),
    who=STAFF,
)
def reduction_list(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of the reports of one's regions: all, waiting, late, objected to, corrected, not confirmed."""
    return reduction_lists.reduction_list(office, actor, **asked)


@reads(reduction_room, _REPORT, chinese="查看减员申报", answer=answer_of(ReductionView))
def show(office: Office, actor: Actor, report_id: int) -> object:
    """One report with its corrections, objections and proof of delivery, as the caller may see it."""
    return reduction_lists.report_view(office, actor, report_id)


@reads(
    reduction_room,
    "/my/reduction-reports",
    chinese="本单位的减员申报",
    asks=CursorQuery,
    answer=page_of(ReductionRow),
    who=_EMPLOYER,
)
def own_reports(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of what the employer itself reported, newest first."""
    return reduction_lists.employer_reductions(office, actor, cursor=asked["cursor"])


@reads(
    reduction_room, "/my/reductions", chinese="关于我的减员申报", answer=rows_of(ReductionView), who=_PERSON
)
def mine(office: Office, actor: Actor) -> object:
    """What employers reported about me, what it means, the notice, and what I may do."""
    return reduction_lists.my_reductions(office, actor)


@writes(reduction_room, f"{_REPORT}/given", chinese="告知书已交给职工", asks=Given, who=_EMPLOYER)
def given(office: Office, actor: Actor, asked: dict[str, Any], report_id: int) -> object:
    """Say when the notice was handed to the worker; once."""
    return reductions.note_notice_given(office, actor, report_id, day=asked["day"])


@writes(reduction_room, f"{_REPORT}/answer", chinese="单位答复异议", asks=EmployerAnswer, who=_EMPLOYER)
def answer(office: Office, actor: Actor, asked: dict[str, Any], report_id: int) -> object:
    """Answer the worker's objection; the agency decides either way."""
    return exit_objections.answer_exit_objection(office, actor, report_id, **asked)


@writes(reduction_room, f"{_REPORT}/received", chinese="收到告知书", who=_PERSON)
def received(office: Office, actor: Actor, report_id: int) -> object:
    """Confirm that I have the notice; again changes nothing."""
    return reductions.receive_notice(office, actor, report_id)


@writes(
    reduction_room,
    f"{_REPORT}/objection",
    chinese="对离职原因提出异议",
    asks=WorkerObjection,
    status=201,
    who=_PERSON,
)
def objection(office: Office, actor: Actor, asked: dict[str, Any], report_id: int) -> object:
    """Object to the reason that the employer gave; a fault is said at its field."""
    return exit_objections.object_to_reason(office, actor, report_id, **asked)
