"""Opening what an analyst rehearses of a settlement: with a refund that counts as prepaid, made for the rehearsal.

Only on the stage of a rehearsal, where everything is rolled back (see ``openers``), and in tests.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from engine.cases.handover import begin
from engine.cases.office import Office
from engine.cases.refund_acts import open_refund
from engine.cases.refund_payments import PREPAID, prepaid_payload
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.people import Employer
from engine.refunds.records import refund_of
from engine.values import SYSTEM, Actor, CaseId, Reason, Refusal
from engine.workflow.rehearsal import Value


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
    """The refund, moved through its states as diagram and bank would."""
    employer = session.get_one(Employer, employer_id)
    open_refund(
        office,
        session,
        SYSTEM,
        employer_id=employer_id,
        region=employer.region_code,
        data={"year": year, "pay_mode": "prepay"},
    )
    refund = refund_of(session, employer_id, year, locked=True)
    record = office.registers.business.employer(employer.credit_code)
    assert refund is not None and record is not None, employer_id  # noqa: S101 - made for the rehearsal
    refund.account_index = office.vault.index(record.account)
    refund.prepaid_fen = refund.amount_fen if prepaid_fen is None else prepaid_fen
    for status in ("noticed", "prepay_ordered", "prepaid"):
        refund.status = status
        session.flush()
    refund.ordered_on = refund.prepaid_on = office.today
    session.flush()
    return prepaid_payload(refund)
