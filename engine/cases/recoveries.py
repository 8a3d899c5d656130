"""Recoveries as people see and carry them on: the open sums by age, one recovery, what came back, what is given up.

The procedure is ``processes/recovery.bpmn``; what is done here tells its case that the balance changed, in the same
transaction. The list is in ``recovery_lists``. Money is booked in ``engine.benefits.repayments``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine.benefits import repayments, write_offs
from engine.benefits.recovery_tables import Overpayment, WriteOff
from engine.benefits.tables import BenefitGrant
from engine.benefits.write_offs import Rule
from engine.cases.office import Office
from engine.cases.start import next_case, start_case
from engine.cases.steps import around, attempt, pass_on
from engine.cases.views import Done
from engine.duties import check_may
from engine.people import Person, id_number_of
from engine.values import SYSTEM, Actor, CaseId, CaseRef, Money, Reason, Refusal, RefusedError
from engine.workflow.runner import NotWaitingError
from engine.workflow.tables import WorkflowCase, WorkflowSubscription

T = TypeVar("T")

#: a step of ``recovery.bpmn`` waits for it
BALANCE_CHANGED = "balance_changed"
_STARTS = "overpayment_found"


def start_recovery(office: Office, actor: Actor, *, grant_id: int) -> Done | Refusal:
    """A recovery opened by hand by internal control, of a grant that was stopped; else ``stop.bpmn`` opens it.

    What was overpaid is computed by the case itself; nothing overpaid ends it at once.
    """

    def work(session: Session) -> Done:
        grant = session.get(BenefitGrant, grant_id)
        if grant is None or grant.ended_ground is None:
            raise RefusedError(
                Reason(
                    code="grant_not_stopped",
                    text="没有这笔待遇，或者它没有停发，不能追偿",
                    text_en="There is no such grant that was stopped.",
                    source="社会保险经办条例第四十六条",
                )
            )
        _require(session, office, actor, "control", grant.region_code, subject=f"person:{grant.person_id}")
        case = begin_recovery(session, office, actor, grant)
        return Done(message=f"追回已发起，编号 {case.key}", case_id=case.id, case_key=case.key)

    return attempt(office, actor, work, subject=f"benefit_grant:{grant_id}")


def begin_recovery(session: Session, office: Office, actor: Actor, grant: BenefitGrant) -> CaseRef:
    """The case of what a stopped grant was paid beyond its end."""
    subject = f"person:{grant.person_id}"
    case = next_case(session, office, "recovery", region=grant.region_code, subject=subject)
    data = {
        "person_id": grant.person_id,
        "grant_id": grant.id,
        "ground": grant.ended_ground,
        "event_day": str(grant.ended_on),
    }
    return start_case(office, session, actor, case, data, message=_STARTS)


def record_repayment(
    office: Office, actor: Actor, overpayment_id: int, *, day: date, amount: Money, reference: str
) -> Done | Refusal:
    """Money that the bank has, recorded by the accountant under the bank's own reference; the same one books once."""

    def work(session: Session, record: Overpayment) -> Done:
        _require_case(session, office, actor, "accountant", record)
        made = repayments.repay_by_bank(
            session,
            record.id,
            day=day,
            amount=amount,
            reference=reference.strip().upper(),
            actor=actor,
            now=office.clock(),
        )
        _tell_case(session, office, actor, record)
        return Done(
            message=f"已登记退款 {Money(made.amount_fen).text} 元（{made.reference}）",
            case_id=CaseId(record.case_id),
        )

    return _on(office, actor, overpayment_id, work)


def propose_write_off(
    office: Office, actor: Actor, overpayment_id: int, *, rule: Rule, evidence: str
) -> Done | Refusal:
    """A proposal to give up the rest, by a clerk and under a rule of the policy; somebody else judges it."""

    def work(session: Session, record: Overpayment) -> Done:
        _require_case(session, office, actor, "intake", record)
        write_offs.propose_write_off(
            session,
            record.id,
            rule=rule,
            evidence=evidence,
            died_on=_died_on(session, office, record.person_id) if rule == "death" else None,
            book=office.book,
            actor=actor,
            now=office.clock(),
        )
        return Done(message="核销已提出，等待审批岗审定", case_id=CaseId(record.case_id))

    return _on(office, actor, overpayment_id, work)


def judge_write_off(
    office: Office, actor: Actor, overpayment_id: int, *, write_off_id: int, approve: bool, why: str
) -> Done | Refusal:
    """The proposal approved and booked, or refused, by an approver who did not make it."""

    def work(session: Session, record: Overpayment) -> Done:
        _require_case(session, office, actor, "approve", record)
        proposed = session.get(WriteOff, write_off_id)
        if proposed is None or proposed.overpayment_id != record.id:
            raise RefusedError(
                Reason(code="no_such_write_off", text="没有这项核销", text_en="No such write-off.")
            )
        made = write_offs.judge_write_off(
            session, write_off_id, approve=approve, why=why, actor=actor, now=office.clock()
        )
        if made.status == "approved":
            _tell_case(session, office, actor, record)
        return Done(
            message="已核销" if made.status == "approved" else "核销未予批准", case_id=CaseId(record.case_id)
        )

    return _on(office, actor, overpayment_id, work)


def offset_due(office: Office, limit: int = 100) -> int:
    """How many waiting orders a part was kept back of, and how many cases learnt that nothing is open; swept.

    Each in a transaction of its own. One that cannot be offset now is left for the next round.
    """
    with office.store.reading() as session:
        due = repayments.offsets_due(session, limit=limit)
    made = sum(_offset(office, overpayment_id, order_id) for overpayment_id, order_id in due)
    with office.store.reading() as session:
        closed = session.scalars(_closed_unheard().limit(limit)).all()
    return made + sum(_told(office, overpayment_id) for overpayment_id in closed)


def _closed_unheard() -> Select[int]:
    """Overpayments with nothing open whose cases still wait: what was kept back while a batch was made."""
    return (
        select(Overpayment.id)
        .join(WorkflowSubscription, WorkflowSubscription.case_id == Overpayment.case_id)
        .join(WorkflowCase, WorkflowCase.id == Overpayment.case_id)
        .where(
            Overpayment.status.in_(("settled", "written_off")),
            WorkflowSubscription.message == BALANCE_CHANGED,
            WorkflowCase.paused_at.is_(None),
        )
    )


def _told(office: Office, overpayment_id: int) -> bool:
    def work(session: Session, record: Overpayment) -> bool:
        _tell_case(session, office, SYSTEM, record)
        return True

    return _on(office, SYSTEM, overpayment_id, work) is True


def _offset(office: Office, overpayment_id: int, order_id: int) -> bool:
    def work(session: Session, record: Overpayment) -> bool:
        made = repayments.offset_order(
            session,
            office.vault,
            record.id,
            order_id=order_id,
            book=office.book,
            actor=SYSTEM,
            now=office.clock(),
        )
        if made is not None:
            _tell_case(session, office, SYSTEM, record)
        return made is not None

    return _on(office, SYSTEM, overpayment_id, work) is True


def _on(
    office: Office, actor: Actor, overpayment_id: int, work: Callable[[Session, Overpayment], T]
) -> T | Refusal:
    """The work on the overpayment, in one transaction; a refusal is recorded on its case."""

    def found(session: Session) -> T:
        record = session.get(Overpayment, overpayment_id)
        if record is None:
            raise RefusedError(
                Reason(code="no_such_recovery", text="没有这笔追回", text_en="No such recovery.")
            )
        return work(session, record)

    return attempt(office, actor, found, subject=f"overpayment:{overpayment_id}")


def _tell_case(session: Session, office: Office, actor: Actor, record: Overpayment) -> None:
    """The case that waits for money looks at its balance; one that has ended already does not."""
    try:
        heard = office.runner.deliver(
            session,
            kind="message",
            name=BALANCE_CHANGED,
            correlation=str(record.id),
            payload={},
            around=around(office, session, actor),
            case_id=record.case_id,
        )
    except NotWaitingError:
        return
    for each in heard:
        pass_on(session, each, now=office.clock())


def _require_case(session: Session, office: Office, actor: Actor, duty: str, record: Overpayment) -> None:
    subject = f"person:{record.person_id}"
    _require(session, office, actor, duty, record.region_code, subject=subject, case_id=record.case_id)


def _require(
    session: Session,
    office: Office,
    actor: Actor,
    duty: str,
    region: str,
    *,
    subject: str,
    case_id: int | None = None,
) -> None:
    no = check_may(
        session, office.duties, actor, duty, region, office.today, subject=subject, case_id=case_id
    )
    if no is not None:
        raise RefusedError(*no.reasons)


def _died_on(session: Session, office: Office, person_id: int) -> date | None:
    id_number = id_number_of(office.vault, session.get_one(Person, person_id))
    known = office.registers.population.person(id_number)
    return known.deceased_on if known else None
