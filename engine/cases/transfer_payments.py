"""What the bank paid of transfers, told to the cases that wait for it. Called when a receipt of the bank was booked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.money.ledger import accounting_day
from engine.money.payments import PaymentBatch, PaymentLine, PaymentOrder
from engine.store import outbox
from engine.tasks.tables import RightsTransfer
from engine.workflow.tables import WorkflowCase

#: what a case of ``transfer_out`` waits for
PAID = "transfer_paid"


def tell_transfers(session: Session, batch: PaymentBatch, *, now: datetime) -> None:
    """One message for each transfer whose order the batch has paid, however many receipts there are.

    Only cases that still run wait for one.
    """
    paid = session.execute(
        select(PaymentOrder.id, PaymentLine.line_no, RightsTransfer.transfer_number, PaymentOrder.case_id)
        .join(PaymentLine, PaymentLine.order_id == PaymentOrder.id)
        .join(
            RightsTransfer,
            (RightsTransfer.case_id == PaymentOrder.case_id) & (RightsTransfer.side == "out"),
        )
        .join(WorkflowCase, WorkflowCase.id == PaymentOrder.case_id)
        .where(
            PaymentLine.batch_id == batch.id,
            PaymentLine.status == "paid",
            PaymentOrder.purpose == "transfer",
            WorkflowCase.status == "running",
        )
    )
    for order_id, line_no, number, case_id in paid:
        payload = {"paid_on": accounting_day(now).isoformat(), "bank_reference": f"{batch.number}-{line_no}"}
        content = {"name": PAID, "correlation": number, "payload": payload}
        outbox.put(
            session, kind="message", key=f"{PAID}/{order_id}", payload=content, now=now, case_id=case_id
        )
