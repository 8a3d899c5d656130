"""What was ordered, paid and booked for one case: orders, batches, receipts of the bank, postings.

Shows only; money moves in ``engine.money``. Lines of other people in the same batch are not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.cases.file_views import CaseMoney, EntryRow, PostingRow, ReceiptRow
from engine.cases.office import Office
from engine.cases.payments import batch_heads, orders_of_case
from engine.cases.rows import actor_names
from engine.money.ledger_tables import Account, JournalEntry, Posting
from engine.money.payment_tables import BankReceipt
from engine.money.payments import PaymentBatch, PaymentLine, PaymentOrder
from engine.values import Money
from engine.workflow.tables import WorkflowCase


def money_of(session: Session, office: Office, case: WorkflowCase) -> CaseMoney:
    """The money of the case: its own orders and entries, and the batches that they went in."""
    batches = batches_of(session, case)
    receipts = session.scalars(
        select(BankReceipt)
        .where(BankReceipt.batch_id.in_([batch.id for batch in batches]))
        .order_by(BankReceipt.id)
    ).all()
    return CaseMoney(
        orders=orders_of_case(session, office, case.id),
        batches=batch_heads(session, office, batches),
        receipts=_receipts(session, batches, receipts),
        entries=_entries(session, case, receipts),
    )


def batches_of(session: Session, case: WorkflowCase) -> Sequence[PaymentBatch]:
    """The batches with orders of the case; of a payment run, its own batch."""
    own = (
        select(PaymentLine.batch_id)
        .join(PaymentOrder, PaymentOrder.id == PaymentLine.order_id)
        .where(PaymentOrder.case_id == case.id)
    )
    query = select(PaymentBatch).where(
        or_(PaymentBatch.id.in_(own), PaymentBatch.number == f"PB-{case.case_key}")
    )
    return session.scalars(query.order_by(PaymentBatch.id)).all()


def _receipts(
    session: Session, batches: Sequence[PaymentBatch], receipts: Sequence[BankReceipt]
) -> tuple[ReceiptRow, ...]:
    numbers = {batch.id: batch.number for batch in batches}
    names = actor_names(session, {receipt.taken_by for receipt in receipts})
    return tuple(
        ReceiptRow(
            batch_number=numbers[receipt.batch_id] if receipt.batch_id else "",
            taken_at=receipt.taken_at,
            taken_by=names[receipt.taken_by],
            accepted=receipt.accepted,
            paid=Money(receipt.paid_fen).text,
            paid_count=receipt.paid_count,
            returned=Money(receipt.returned_fen).text,
            returned_count=receipt.returned_count,
            differences=tuple(
                f"第{each['line']}行：{each['text']}" for each in orjson.loads(receipt.differences)
            ),
        )
        for receipt in receipts
    )


def _entries(session: Session, case: WorkflowCase, receipts: Iterable[BankReceipt]) -> tuple[EntryRow, ...]:
    """The entries of the case itself, and those that booked its batch's receipts as a whole."""
    booked = [f"receipt:{receipt.digest}:" for receipt in receipts]
    wanted = or_(JournalEntry.case_id == case.id, *(JournalEntry.key.startswith(key) for key in booked))
    entries = session.scalars(select(JournalEntry).where(wanted).order_by(JournalEntry.id)).all()
    postings = session.execute(
        select(Posting, Account.name)
        .join(Account, Account.code == Posting.account)
        .where(Posting.entry_id.in_([entry.id for entry in entries]))
        .order_by(Posting.entry_id, Posting.line_no)
    ).all()
    names = actor_names(session, {entry.actor for entry in entries})
    return tuple(
        EntryRow(
            entry_id=entry.id,
            day=entry.day.isoformat(),
            text=entry.text,
            actor=names[entry.actor],
            postings=tuple(
                _posting(posting, name) for posting, name in postings if posting.entry_id == entry.id
            ),
            reverses=entry.reverses_id,
            shared=entry.case_id != case.id,
        )
        for entry in entries
    )


def _posting(posting: Posting, name: str) -> PostingRow:
    return PostingRow(
        account=posting.account,
        account_name=name,
        debit=Money(posting.debit_fen).text if posting.debit_fen else "",
        credit=Money(posting.credit_fen).text if posting.credit_fen else "",
    )
