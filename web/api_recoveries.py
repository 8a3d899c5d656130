"""The API of recoveries of overpaid benefit, and of the register of dishonesty."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from engine.cases import dishonesty, recovery_lists
from engine.cases import recoveries as cases
from engine.cases.dishonesty import ListingRow
from engine.cases.office import Office
from engine.cases.recovery_lists import RecoveryList, RecoveryView
from engine.values import Actor, Money
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, reads, writes
from web.api_records import answer_of, rows_of
from web.api_words import said

recovery_room = Room(
    "recoveries", chinese="追回与失信登记", english="recoveries and the register of dishonesty"
)

_RECOVERY = f"/recoveries/<{NUMBER}:overpayment_id>"


def _above_zero(amount: str) -> None:
    if not amount.strip("0."):
        raise ValidationError("须大于零 / must be above zero")


class NewRecovery(Schema):
    """Of which stopped grant."""

    grant_id = schemas.number("grant_id")


class Repayment(Schema):
    """Money that the bank has: day, yuan, and the bank's own reference."""

    day = schemas.day("day")
    amount = fields.String(
        required=True,
        validate=[validate.Regexp(r"[0-9]{1,11}(\.[0-9]{1,2})?\Z"), _above_zero],
        metadata={"description": said("amount"), "example": "1638.00"},
    )
    reference = schemas.Text("reference", longest=60)


class WriteOffAsked(Schema):
    """Under which rule a rest is given up, and what shows it."""

    rule = schemas.choice("write_off_rule", *recovery_lists.WRITE_OFF_RULES)
    evidence = schemas.Text("evidence", longest=200)


@reads(recovery_room, "/recoveries", chinese="追回清单", answer=answer_of(RecoveryList), who=STAFF)
def recoveries(office: Office, actor: Actor) -> object:
    """The recoveries of one's region, with the open sums by age."""
    return recovery_lists.recoveries(office, actor)


@writes(recovery_room, "/recoveries", chinese="发起追回", asks=NewRecovery, status=201, who=STAFF)
def start(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Open a recovery by hand, of a grant that was stopped."""
    return cases.start_recovery(office, actor, grant_id=asked["grant_id"])


@reads(recovery_room, _RECOVERY, chinese="查看追回", answer=answer_of(RecoveryView), who=STAFF)
def recovery(office: Office, actor: Actor, overpayment_id: int) -> object:
    """One recovery: months, plan, repayments, write-offs; the look is recorded."""
    return recovery_lists.recovery_view(office, actor, overpayment_id)


@writes(recovery_room, f"{_RECOVERY}/repayments", chinese="登记退款", asks=Repayment, status=201, who=STAFF)
def repay(office: Office, actor: Actor, asked: dict[str, Any], overpayment_id: int) -> object:
    """Record money that the bank has, under the bank's own reference; the same reference books once."""
    return cases.record_repayment(
        office,
        actor,
        overpayment_id,
        day=asked["day"],
        amount=Money.yuan(asked["amount"]),
        reference=asked["reference"],
    )


@writes(
    recovery_room, f"{_RECOVERY}/write-offs", chinese="提出核销", asks=WriteOffAsked, status=201, who=STAFF
)
def propose(office: Office, actor: Actor, asked: dict[str, Any], overpayment_id: int) -> object:
    """Propose to give up the rest, under a rule of the policy; somebody else judges it."""
    return cases.propose_write_off(office, actor, overpayment_id, **asked)


@writes(
    recovery_room,
    f"{_RECOVERY}/write-offs/<{NUMBER}:write_off_id>/decision",
    chinese="审定核销",
    asks=schemas.Decision,
    who=STAFF,
)
def judge(
    office: Office, actor: Actor, asked: dict[str, Any], overpayment_id: int, write_off_id: int
) -> object:
    """Approve the proposal, which books it, or refuse it; by an approver who did not make it."""
    return cases.judge_write_off(office, actor, overpayment_id, write_off_id=write_off_id, **asked)


@reads(recovery_room, "/dishonesty", chinese="失信登记", answer=rows_of(ListingRow), who=STAFF)
def register(office: Office, actor: Actor) -> object:
    """The register of dishonesty of one's region, entries in force first."""
    return dishonesty.register(office, actor)


@writes(
    recovery_room,
    f"/dishonesty/<{NUMBER}:listing_id>/removal",
    chinese="移出失信登记",
    asks=schemas.Why,
    who=STAFF,
)
def remove(office: Office, actor: Actor, asked: dict[str, Any], listing_id: int) -> object:
    """Remove an entry with the reason; it stays on record."""
    return dishonesty.remove_listing(office, actor, listing_id, why=asked["why"])
