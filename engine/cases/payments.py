"""Money as people see it: batches with their signatures, orders of a case, receipts of the bank."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.controls import signatures
from engine.cases.office import Office
from engine.cases.refund_payments import tell_refunds
from engine.cases.sight import MONEY_DUTIES
from engine.cases.staff import name_of
from engine.cases.steps import attempt
from engine.cases.transfer_payments import tell_transfers
from engine.cases.views import BatchLine, BatchView, Done, OrderView
from engine.duties import covers
from engine.money import payments
from engine.money.accounts import HasAccount, open_account
from engine.money.batches import STATUS_NAMES as BATCH_STATUS_NAMES
from engine.money.ledger_tables import PaymentPurpose
from engine.money.orders import STATUS_NAMES as ORDER_STATUS_NAMES
from engine.money.payments import PaymentBatch, PaymentLine, PaymentOrder
from engine.store import outbox
from engine.store.crypto import mask_account
from engine.store.sight import beyond
from engine.values import Actor, CaseId, Money, Reason, Refusal
from engine.workflow.tables import WorkflowCase

_RECEIPT_BY = {"accountant"}
_LINE_STATUS = {"waiting": "待付", "paid": "已付讫", "returned": "退回"}


def batches(office: Office, actor: Actor) -> tuple[BatchView, ...] | Refusal:
    """The batches of the actor's region, newest first; for business, finance and control."""
    if not actor.duties & MONEY_DUTIES:
        return Refusal(reasons=(_not_seen(actor),))
    with office.store.reading() as session:
        found = session.scalars(select(PaymentBatch).order_by(PaymentBatch.id.desc()).limit(100)).all()
        return tuple(
            _batch(session, office, batch, lines=False)
            for batch in found
            if covers(actor.region, batch.region)
        )


def batch_view(office: Office, actor: Actor, number: str) -> BatchView | Refusal:
    """One batch with its lines, accounts masked."""
    if not actor.duties & MONEY_DUTIES:
        return Refusal(reasons=(_not_seen(actor),))
    with office.store.reading() as session:
        view = batch_record(session, office, number)
        if view is None or not covers(actor.region, view.region):
            return Refusal(
                reasons=(
                    Reason(
                        code="no_such_batch", text="没有这个批次，或不在您的地区", text_en="No such batch."
                    ),
                )
            )
        return view


def batch_record(session: Session, office: Office, number: str) -> BatchView | None:
    """The batch of that number; None when there is none."""
    batch = session.scalar(select(PaymentBatch).where(PaymentBatch.number == number))
    return _batch(session, office, batch, lines=True) if batch else None


def batch_heads(session: Session, office: Office, found: Iterable[PaymentBatch]) -> tuple[BatchView, ...]:
    """The batches with their signatures, without their lines."""
    return tuple(_batch(session, office, batch, lines=False) for batch in found)


def orders_of_case(session: Session, office: Office, case_id: int) -> tuple[OrderView, ...]:
    """The payment orders of a case with where each stands."""
    orders = session.scalars(
        select(PaymentOrder).where(PaymentOrder.case_id == case_id).order_by(PaymentOrder.id)
    )
    return tuple(_order(session, office, order) for order in orders)


def upload_receipt(office: Office, actor: Actor, text: bytes) -> Done | Refusal:
    """A receipt of the bank, taken by the accountant by hand; refused whole with line numbers if anything differs."""
    if not actor.duties & _RECEIPT_BY:
        return Refusal(
            reasons=(
                Reason(
                    code="not_accountant",
                    text="只有会计岗可以导入银行回盘",
                    text_en="Only the accountant takes receipts.",
                    source="鲁人社函〔2020〕10号（八）",
                    fact=actor.name or actor.key,
                ),
            )
        )
    return take_receipt(office, actor, text)


def take_receipt(office: Office, actor: Actor, text: bytes) -> Done | Refusal:
    """The receipt booked, and the waiting payment run told by a message; the same receipt again changes nothing."""

    def work(session: Session) -> Done | Refusal:
        with beyond(session, "a receipt of the bank answers a whole batch, wherever its payees live"):
            return _booked(session, office, actor, text)

    return attempt(office, actor, work, subject="bank_receipt")


def _booked(session: Session, office: Office, actor: Actor, text: bytes) -> Done | Refusal:
    outcome = payments.take_receipt(session, office.vault, text, actor=actor, now=office.clock())
    if not outcome.accepted:
        # kept as a difference and committed, so that nobody can say it never came
        return Refusal(
            reasons=tuple(
                Reason(
                    code="receipt_difference",
                    text=f"第{each.line}行：{each.text}",
                    source="docs/bank-file.md",
                )
                for each in outcome.differences
            )
        )
    batch = session.get_one(PaymentBatch, outcome.batch_id)
    if not any(line.status == "waiting" for line in payments.lines_of(session, batch)):
        _tell_run(session, office, batch)
    tell_transfers(session, batch, now=office.clock())
    tell_refunds(session, batch, now=office.clock())
    return Done(
        message=f"批次 {batch.number} 回盘已入账：付讫 {outcome.paid_count} 笔，退回 {outcome.returned_count} 笔"
    )


def _tell_run(session: Session, office: Office, batch: PaymentBatch) -> None:
    """The payment run waits for the whole batch to be answered; one message, however many receipts."""
    content = {"name": "bank_receipt", "correlation": batch.number, "payload": {}}
    outbox.put(
        session, kind="message", key=f"bank_receipt/{batch.number}", payload=content, now=office.clock()
    )


def _not_seen(actor: Actor) -> Reason:
    return Reason(
        code="not_money_duty",
        text="您的岗位不能查看支付批次",
        text_en="Your duty does not see payment batches.",
        source="社会保险经办条例第四十九条（保密）",
        fact=actor.name or actor.key,
    )


def _batch(session: Session, office: Office, batch: PaymentBatch, *, lines: bool) -> BatchView:
    case_id = session.scalar(
        select(WorkflowCase.id).where(WorkflowCase.case_key == batch.number.removeprefix("PB-"))
    )
    # until the batch is released its signatures stand in the run's history only
    signed = signatures(session, case_id) if case_id and batch.released_by is None else {}
    nobody: tuple[str | None, datetime | None] = (None, None)
    sampled = signed.get("business_sample", nobody)
    certified = signed.get("accountant_certificate", nobody)
    steps = (
        ("编制", batch.prepared_by, batch.prepared_at),
        ("业务抽检", batch.sampled_by or sampled[0], batch.sampled_at or sampled[1]),
        ("会计签证", batch.certified_by or certified[0], batch.certified_at or certified[1]),
        ("出纳放款", batch.released_by, batch.released_at),
    )
    return BatchView(
        number=batch.number,
        region=batch.region,
        status=batch.status,
        status_name=BATCH_STATUS_NAMES[batch.status],
        total=Money(batch.total_fen).text,
        line_count=batch.line_count,
        lines=_lines(session, office, batch) if lines else (),
        signatures=tuple((step, name_of(session, by) if by else "", at) for step, by, at in steps),
        case_id=CaseId(case_id) if case_id else None,
    )


def _lines(session: Session, office: Office, batch: PaymentBatch) -> tuple[BatchLine, ...]:
    found = session.execute(
        select(PaymentLine, PaymentOrder, PaymentPurpose.name)
        .join(PaymentOrder, PaymentOrder.id == PaymentLine.order_id)
        .join(PaymentPurpose, PaymentPurpose.purpose == PaymentOrder.purpose)
        .where(PaymentLine.batch_id == batch.id)
        .order_by(PaymentLine.line_no)
    )
    return tuple(
        BatchLine(
            line_no=line.line_no,
            payee=order.payee_name,
            account=_masked(office, order, line),
            amount=Money(line.amount_fen).text,
            purpose=f"{purpose} {order.month or ''}".strip(),
            status=line.status,
            status_name=_LINE_STATUS[line.status],
            reason=line.return_reason,
            case_id=CaseId(order.case_id) if order.case_id else None,
        )
        for line, order, purpose in found
    )


def _order(session: Session, office: Office, order: PaymentOrder) -> OrderView:
    batch = session.scalar(
        select(PaymentBatch.number)
        .join(PaymentLine, PaymentLine.batch_id == PaymentBatch.id)
        .where(PaymentLine.order_id == order.id)
        .order_by(PaymentBatch.id.desc())
        .limit(1)
    )
    purpose = session.get_one(PaymentPurpose, order.purpose)
    return OrderView(
        amount=Money(order.amount_fen).text,
        purpose=purpose.name,
        month=order.month or "",
        status=order.status,
        status_name=ORDER_STATUS_NAMES[order.status],
        account=_masked(office, order, order),
        reason=order.status_reason,
        batch_number=batch or "",
    )


def _masked(office: Office, order: PaymentOrder, pay_to: HasAccount) -> str:
    return mask_account(open_account(office.vault, pay_to, order_key=order.key))
