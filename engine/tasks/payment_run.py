"""Operations of ``processes/payment-run.bpmn``, in drawn order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine.money import payments
from engine.money.payments import PaymentLine, PaymentOrder
from engine.store.crypto import mask_account
from engine.tasks.catalogue import operation, refuse
from engine.tasks.desk import Desk
from engine.values import Actor, Money

_STEP_SOURCE = "鲁人社函〔2020〕10号（八）：业务环节相互制衡，严禁会计和出纳兼任"


@operation("prepare_batch", title="归集待付支付单成批", provides=("batch_number", "line_count", "total_fen"))
def prepare_batch(desk: Desk, *, region: str) -> dict[str, Any]:
    """A batch of every order of the region that waits; no line, no batch."""
    number = f"PB-{desk.case.key}"
    batch = payments.prepare_batch(desk.session, region=region, number=number, actor=_starter(desk), now=desk.now)
    if batch is None:
        return {"batch_number": "", "line_count": 0, "total_fen": 0}
    return {"batch_number": batch.number, "line_count": batch.line_count, "total_fen": batch.total_fen}


def _starter(desk: Desk) -> Actor:
    return desk.actor


@operation("dissolve_batch", title="批次作废，支付单退回待付")
def dissolve_batch(desk: Desk, *, batch_number: str, sample_note: str = "", certify_note: str = "", release_note: str = "") -> dict[str, Any]:
    """The batch is taken apart; every order waits again."""
    why = release_note or certify_note or sample_note or "抽检或签证未通过"
    payments.dissolve(desk.session, number=batch_number, why=why, actor=desk.actor, now=desk.now)
    return {}


@operation("release_payment", title="向银行发出支付指令")
def release_payment(desk: Desk, *, batch_number: str) -> dict[str, Any]:
    """The batch goes to the bank: three signatures by three people, then a row of the outbox.

    The signatures come from the case's history after the latest send-back; the database refuses
    two of the same person once more.
    """
    signed = dict(desk.controls)
    for control, sign in (
        ("business_sample", payments.record_sample),
        ("accountant_certificate", payments.certify),
    ):
        signer, at = _signature(signed, control)
        sign(desk.session, number=batch_number, actor=signer, now=at)
    cashier, at = _signature(signed, "cashier_release")
    payments.release(desk.session, desk.vault, number=batch_number, actor=cashier, now=at)
    return {}


def _signature(signed: dict[str, tuple[str, datetime]], control: str) -> tuple[Actor, datetime]:
    if control not in signed:
        raise refuse("control_missing", f"支付前缺少控制环节：{control}", source=_STEP_SOURCE)
    key, at = signed[control]
    kind, _, number = key.partition(":")
    assert kind == "staff", key
    return Actor(kind="staff", id=int(number), name=""), at


@operation("book_receipt", title="银行回盘入账", provides=("paid_count", "failed_count", "failed_lines"))
def book_receipt(desk: Desk, *, batch_number: str) -> dict[str, Any]:
    """How many lines the bank paid and sent back; the money was booked when the receipt was taken."""
    lines = desk.session.execute(
        select(PaymentLine, PaymentOrder)
        .join(PaymentOrder, PaymentOrder.id == PaymentLine.order_id)
        .where(PaymentLine.batch_id == payments.batch(desk.session, batch_number).id)
        .order_by(PaymentLine.line_no)
    ).all()
    failed = [
        {
            "line_no": line.line_no,
            "order_id": order.id,
            "payee": order.payee_name,
            "amount": Money(order.amount_fen).text,
            "reason": line.return_reason,
        }
        for line, order in lines
        if line.status == "returned"
    ]
    paid = sum(1 for line, _ in lines if line.status == "paid")
    return {"paid_count": paid, "failed_count": len(failed), "failed_lines": failed}


@operation("settle_failed_lines", title="处理退回的支付单")
def settle_failed_lines(
    desk: Desk, *, failed_lines: list[dict[str, Any]], failed_action: str, failed_note: str = ""
) -> dict[str, Any]:
    """Returned orders wait for the next run with the card account as it is now, or are held."""
    for failed in failed_lines:
        order = desk.session.get_one(PaymentOrder, failed["order_id"])
        if order.status != "returned":
            continue
        if failed_action == "repay":
            payments.requeue(desk.session, order_id=order.id, why=failed_note, actor=desk.actor, now=desk.now)
        else:
            payments.hold(desk.session, order_id=order.id, why=failed_note, actor=desk.actor, now=desk.now)
    return {}


def masked_account(desk: Desk, order: PaymentOrder) -> str:
    """The order's account for a screen."""
    return mask_account(desk.vault.decrypt(order.account_cipher))
