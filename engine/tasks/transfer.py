"""Operations of ``transfer_in`` in ``processes/transfer.bpmn``: the receiving office, in drawn order.

The sending office's are in ``transfer_out``. Neither knows whether the other one has a database of its own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.benefits.tables import BenefitGrant
from engine.law.transfer import pool_of, transfer_place
from engine.people import Person, id_number_of
from engine.store.actions import Action
from engine.store.audit import append
from engine.tasks.catalogue import granted, operation
from engine.tasks.desk import Desk
from engine.tasks.letters import send_letter
from engine.tasks.moved_rights import hold, rights_at
from engine.tasks.tables import RightsTransfer
from engine.tasks.transfer_record import in_words, record_of
from engine.values import above


@operation(
    "check_transfer",
    title="核对转入条件",
    provides=("transfer_possible", "transfer_note", "transfer_reasons", "employed"),
)
def check_transfer(
    desk: Desk, *, person_id: int, from_region: str, to_region: str, transfer_number: str
) -> dict[str, Any]:
    """Whether the rights may move here, and whether the person works here, with the reasons (人社厅发〔2021〕85号).

    Not while benefit is paid, not inside one pool, not to a third place, and not twice: the fee would be paid twice.
    """
    sender = desk.peers.of_region(from_region)
    person = desk.session.get_one(Person, person_id)
    id_number = id_number_of(desk.vault, person)
    history = desk.registers.contributions.history(id_number)
    known = desk.registers.population.person(id_number)
    place = granted(
        transfer_place(
            from_region=from_region,
            to_region=to_region,
            household_region=known.household_region if known else "",
            last_region=history.region,
            works_there=history.current,
            draws_benefit=draws_benefit(desk, person_id),
            day=desk.today,
            book=desk.book,
        )
    )
    desk.session.add(
        RightsTransfer(
            transfer_number=transfer_number,
            side="in",
            case_id=desk.case.id,
            person_id=person_id,
            from_region=from_region,
            to_region=to_region,
            peer=sender.code if sender else "",
            employed=place.employed,
        )
    )
    desk.session.flush()
    note = in_words(place.reasons, desk.book)
    earlier = _earlier(desk, person_id=person_id, from_region=from_region, number=transfer_number)
    gone = not sender and not rights_at(desk.session, history, person_id=person_id, region=from_region).any
    possible = place.allowed
    if place.allowed and earlier is not None and (earlier.status == "open" or gone):
        possible, note = False, f"此地的关系已由转迁 {earlier.transfer_number} 办理，不能重复转出"
    return {
        "transfer_possible": possible,
        "transfer_note": note,
        "transfer_reasons": [reason.plain() for reason in place.reasons],
        "employed": place.employed,
    }


@operation("remind_counterpart", title="催办对方机构", provides=("reminder_count",))
def remind_counterpart(
    desk: Desk, *, from_region: str, to_region: str, transfer_number: str, reminder_count: int = 0
) -> dict[str, Any]:
    """A reminder to the other office, which has not answered in time; one a day. How many there were so far."""
    sending = desk.case.process_id == "transfer_out"
    waits = record_of(desk, transfer_number, "out" if sending else "in")
    about = "receipt" if sending else "reply" if waits.status == "open" else "money"
    send_letter(
        desk,
        "transfer-reminder",
        occasion=desk.today.isoformat(),
        recipient=f"office:{to_region if sending else from_region}",
        transfer_number=transfer_number,
        about=about,
    )
    return {"reminder_count": reminder_count + 1}


@operation("escalate_counterpart", title="上报上级机构督办")
def escalate_counterpart(
    desk: Desk, *, from_region: str, transfer_number: str, reminder_count: int
) -> dict[str, Any]:
    """The office above is told that reminders brought no answer: it can speak to the other one (CLAIM-12); one a day."""
    superior = f"office:{above(desk.case.region)}"
    send_letter(
        desk,
        "transfer-escalation",
        occasion=desk.today.isoformat(),
        recipient=superior,
        transfer_number=transfer_number,
        from_region=from_region,
        reminder_count=reminder_count,
    )
    append(
        desk.session,
        stream=f"case:{desk.case.id}",
        action=Action.TASK_ESCALATED,
        actor=desk.actor,
        subject=superior,
        after={"reminders": reminder_count},
        now=desk.now,
    )
    return {}


@operation("record_transfer_withdrawal", title="登记撤回转移", letters=("transfer-withdrawn",))
def record_transfer_withdrawal(
    desk: Desk, *, transfer_number: str, withdrawal_reason: str = ""
) -> dict[str, Any]:
    """The transfer taken back before any letter was sent: nothing has moved."""
    transfer = record_of(desk, transfer_number, "in")
    transfer.status, transfer.reason = "withdrawn", withdrawal_reason
    send_letter(desk, "transfer-withdrawn", transfer_number=transfer_number, reason=withdrawal_reason)
    return {}


@operation(
    "credit_months", title="记入转入缴费月数", provides=("carried_months", "arrived_fen", "arrived_on")
)
def credit_months(
    desk: Desk,
    *,
    person_id: int,
    transfer_number: str,
    months_paid: int,
    months_left: int,
    fee_fen: int,
    carried_months: int | None = None,
) -> dict[str, Any]:
    """The months of the sending office count here; the money may still be on its way, or there is none."""
    hold(desk.session, person_id)
    transfer = record_of(desk, transfer_number, "in")
    transfer.months_paid, transfer.months_left, transfer.fee_fen = months_paid, months_left, fee_fen
    transfer.carried_months = carried_months or 0
    transfer.status = "credited" if fee_fen else "settled"
    return {"carried_months": carried_months or 0, "arrived_fen": 0, "arrived_on": None}


@operation("notify_transfer", title="通知转迁办结", letters=("transfer-done",))
def notify_transfer(
    desk: Desk,
    *,
    transfer_number: str,
    months_paid: int,
    months_left: int,
    carried_months: int,
    fee_fen: int,
    fee_basis: str | None = None,
) -> dict[str, Any]:
    """Tells the person what was moved and what the fee rests on; and that a withdrawal came too late, where it did."""
    send_letter(
        desk,
        "transfer-done",
        transfer_number=transfer_number,
        months_paid=months_paid,
        months_left=months_left,
        carried_months=carried_months,
        fee_fen=fee_fen,
        fee_basis=fee_basis or "",
        # asked for while the sending office had not answered yet, as far as was known here
        asked_back=bool(record_of(desk, transfer_number, "in").reason),
    )
    return {}


@operation(
    "notify_transfer_refused", title="通知转迁被拒", letters=("transfer-refused", "transfer-withdrawn")
)
def notify_transfer_refused(
    desk: Desk,
    *,
    transfer_number: str,
    refusal_reason: str = "",
    accept_note: str | None = None,
    transfer_possible: bool = True,
    transfer_note: str = "",
) -> dict[str, Any]:
    """Tells the person why nothing was moved: the sending office's words, the clerk's, or what the check found.

    Where it was taken back in time, that is what they are told.
    """
    transfer = record_of(desk, transfer_number, "in")
    if transfer.reason:
        transfer.status = "withdrawn"
        send_letter(desk, "transfer-withdrawn", transfer_number=transfer_number, reason=transfer.reason)
        return {}
    checked = "" if transfer_possible else transfer_note
    reason = "；".join(filter(None, (refusal_reason, accept_note, checked)))
    transfer.status, transfer.reason = "refused", reason
    send_letter(desk, "transfer-refused", transfer_number=transfer_number, reason=reason)
    return {}


def draws_benefit(desk: Desk, person_id: int) -> bool:
    """Whether this office pays the person benefit."""
    query = select(BenefitGrant.id).where(
        BenefitGrant.person_id == person_id, BenefitGrant.status == "active"
    )
    return desk.session.scalar(query) is not None


def _earlier(desk: Desk, *, person_id: int, from_region: str, number: str) -> RightsTransfer | None:
    """The latest other transfer that moved or is moving rights of that place; None when there is none."""
    query = (
        select(RightsTransfer)
        .where(
            RightsTransfer.person_id == person_id,
            RightsTransfer.side == "in",
            RightsTransfer.from_region.startswith(pool_of(from_region)),
            RightsTransfer.status.not_in(("refused", "withdrawn")),
            RightsTransfer.transfer_number != number,
        )
        .order_by(RightsTransfer.id.desc())
    )
    return desk.session.scalars(query.limit(1)).one_or_none()
