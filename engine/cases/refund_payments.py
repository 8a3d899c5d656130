"""What the bank paid of refunds: noted on their records; a prepayment begins its settlement. Called when a receipt was booked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.money.ledger import accounting_day
from engine.money.payments import PaymentBatch, PaymentLine, PaymentOrder
from engine.refunds.campaign_tables import RetentionRefund
from engine.refunds.records import note_paid
from engine.store import outbox

#: what ``refund-settlement.bpmn`` begins with
PREPAID = "refund_prepaid"


def tell_refunds(session: Session, batch: PaymentBatch, *, now: datetime) -> None:
    """Every refund whose order the batch has paid moves on; one message for each prepayment, however many receipts."""
    keys = session.scalars(
        select(PaymentOrder.key)
        .join(PaymentLine, PaymentLine.order_id == PaymentOrder.id)
        .where(
            PaymentLine.batch_id == batch.id,
            PaymentLine.status == "paid",
            PaymentOrder.purpose == "refund",
            PaymentOrder.key.startswith("refund:"),
        )
    ).all()
    for refund in note_paid(session, frozenset(keys), day=accounting_day(now)):
        content = {
            "name": PREPAID,
            "correlation": f"refund:{refund.id}",
            "payload": prepaid_payload(refund),
        }
        outbox.put(session, kind="message", key=f"{PREPAID}/{refund.id}", payload=content, now=now)


def prepaid_payload(refund: RetentionRefund) -> dict[str, object]:
    """What the case of the settlement begins with."""
    return {
        "refund_id": refund.id,
        "employer_id": refund.employer_id,
        "year": refund.year,
        "prepaid_fen": refund.prepaid_fen,
        "region": refund.city,
    }
