"""Opening what an analyst rehearses of a settlement: with a refund that counts as prepaid, made for the rehearsal.

Only on the stage of a rehearsal, where everything is rolled back (see ``openers``), and in tests.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import insert
from sqlalchemy.orm import Session

from engine.cases.handover import begin
from engine.cases.office import Office
from engine.cases.refund_payments import PREPAID, prepaid_payload
from engine.cases.start import next_case
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.law.screening import campaign_day, refund_due
from engine.people import Employer
from engine.refunds.campaign_tables import RetentionRefund
from engine.refunds.known import known_of
from engine.refunds.records import city_of
from engine.values import SYSTEM, Actor, CaseId, Reason, Refusal
from engine.workflow.rehearsal import Value
from engine.workflow.tables import WorkflowCase


def open_settlement(office: Office, subject: Actor, data: Mapping[str, Value]) -> Done | Refusal:
    """The settlement of the employer's refund of ``year``, of which ``prepaid_fen`` were paid; without it, what was found."""
    if subject.kind != "employer":
        return Refusal(
            reasons=(Reason(code="not_employer", text="清算须写 employer", text_en="Name an employer."),)
        )
    year = int(str(data.get("year") or office.today.year))

    def work(session: Session) -> Done:
        prepaid = data.get("prepaid_fen")
        case = begin(
            office,
            session,
            name=PREPAID,
            payload=_prepaid(session, office, subject.id, year, int(str(prepaid)) if prepaid else None),
            region=str(data.get("region") or session.get_one(Employer, subject.id).region_code),
        )
        return Done(message=case.key, case_id=CaseId(case.id), case_key=case.key)

    return attempt(office, SYSTEM, work, subject=subject.key)


def _prepaid(
    session: Session, office: Office, employer_id: int, year: int, prepaid_fen: int | None
) -> dict[str, object]:
    """The refund as diagram and bank would leave it; its own case is over, and the rehearsal is not about it."""
    employer = session.get_one(Employer, employer_id)
    record = office.registers.business.employer(employer.credit_code)
    known = known_of(session, office.registers.retention, employer, year=year - 1)
    assert record is not None and known is not None, employer_id  # noqa: S101 - made for the rehearsal
    found = refund_due(known.facts, campaign_day(year, office.today), office.book)
    refund = RetentionRefund(
        case_id=_ended_case(session, office, employer),
        employer_id=employer_id,
        year=year,
        mode="prepay",
        region=employer.region_code,
        city=city_of(employer.region_code),
        size=found.size,
        amount_fen=found.amount.fen,
        screened_fen=found.amount.fen,
        screening="{}",
        status="prepaid",
        account_index=office.vault.index(record.account),
        prepaid_fen=found.amount.fen if prepaid_fen is None else prepaid_fen,
        ordered_on=office.today,
        prepaid_on=office.today,
    )
    session.add(refund)
    session.flush()
    return prepaid_payload(refund)


def _ended_case(session: Session, office: Office, employer: Employer) -> int:
    """The number of a case of the refund that has ended; not one of the rehearsal's own."""
    case = next_case(
        session,
        office,
        "stable_jobs",
        region=city_of(employer.region_code),
        subject=f"employer:{employer.id}",
    )
    session.execute(
        insert(WorkflowCase).values(
            id=case.id,
            case_key=case.key,
            version_id=office.runner.versions.latest(session, "stable_jobs").id,
            process_id=case.process_id,
            region_code=case.region,
            subject=case.subject,
            status="completed",
            revision=0,
            state=b"",
            started_by=SYSTEM.key,
            started_at=office.clock(),
            ended_at=office.clock(),
            ended_in="refund_prepaid_out",
        )
    )
    return int(case.id)
