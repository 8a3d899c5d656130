"""Operations of ``processes/payment-run.bpmn``, in drawn order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from engine.benefits.repayments import offset_waiting
from engine.duties import reload_actor
from engine.money import payments
from engine.money.batches import LINES_PER_BATCH
from engine.money.payments import PaymentBatch, PaymentLine, PaymentOrder
from engine.oversight.hits import hold_in_doubt, payees_in_doubt
from engine.people import Person, id_number_of
from engine.registers.card_accounts import keep_account
from engine.tasks.catalogue import operation, refuse
from engine.tasks.desk import Desk
from engine.values import Actor, Money

_STEP_SOURCE = "鲁人社函〔2020〕10号（八）：业务环节相互制衡，严禁会计和出纳兼任"


@operation("prepare_batch", title="归集待付支付单成批", provides=("batch_number", "line_count", "total_fen"))
def prepare_batch(desk: Desk, *, region: str) -> dict[str, Any]:
    """A batch of the orders of the region that wait and are not in doubt, less what their payees owe the fund; no order, no batch.

    No more than one file of the bank may hold; the others wait for the next batch.
    """
    hold_in_doubt(desk.session, region=region, actor=desk.actor, now=desk.now)
    offset_waiting(desk.session, desk.vault, region=region, book=desk.book, actor=desk.actor, now=desk.now)
    batch = payments.prepare_batch(
        desk.session,
        region=region,
        number=f"PB-{desk.case.key}",
        actor=desk.actor,
        now=desk.now,
        limit=min(max(desk.book.at("payment.lines_per_file", region, desk.today).count, 1), LINES_PER_BATCH),
    )
    if batch is None:
        return {"batch_number": "", "line_count": 0, "total_fen": 0}
    return {"batch_number": batch.number, "line_count": batch.line_count, "total_fen": batch.total_fen}


@operation("dissolve_batch", title="批次作废，支付单退回待付")
def dissolve_batch(
    desk: Desk, *, batch_number: str, sample_note: str = "", certify_note: str = "", release_note: str = ""
) -> dict[str, Any]:
    """The batch is taken apart; every order waits again."""
    why = release_note or certify_note or sample_note or "抽检、签证或放款未通过"
    payments.dissolve_batch(desk.session, batch_number, reason=why, actor=desk.actor, now=desk.now)
    return {}


@operation("release_payment", title="向银行发出支付指令")
def release_payment(desk: Desk, *, batch_number: str) -> dict[str, Any]:
    """The batch goes to the bank: three signatures by three people, then a row of the outbox.

    The signatures come from the case's history after the latest send-back; the database refuses
    two of the same person once more. Source: 鲁人社函〔2020〕10号（八）.
    """
    if doubtful := payees_in_doubt(desk.session, batch_number):
        raise refuse(
            "payee_in_doubt",
            f"批次中有 {len(doubtful)} 人比对命中待核实（{'、'.join(doubtful[:5])}），不能放款：请选择不同意，批次解散后重编",
            text_en=f"{len(doubtful)} payees of the batch are in doubt; refuse it, and it is made anew without them.",
            source="鲁人社函〔2020〕10号（七）",
        )
    for control, sign in (
        ("business_sample", payments.record_sample),
        ("accountant_certificate", payments.certify),
    ):
        sign(desk.session, batch_number, actor=_signer(desk, control), now=desk.controls[control][1])
    cashier = _signer(desk, "cashier_release")
    payments.release(
        desk.session, desk.vault, batch_number, actor=cashier, now=desk.controls["cashier_release"][1]
    )
    return {}


def _signer(desk: Desk, control: str) -> Actor:
    if control not in desk.controls:
        raise refuse("control_missing", f"支付前缺少控制环节：{control}", source=_STEP_SOURCE)
    kind, _, number = desk.controls[control][0].partition(":")
    actor = reload_actor(desk.session, int(number), desk.today) if kind == "staff" else None
    if actor is None:
        raise refuse("signer_gone", f"控制环节 {control} 的办理人已不在岗，须重新办理", source=_STEP_SOURCE)
    return actor


@operation("book_receipt", title="银行回盘入账", provides=("paid_count", "failed_count", "failed_lines"))
def book_receipt(desk: Desk, *, batch_number: str) -> dict[str, Any]:
    """How many lines the bank paid and sent back; the money was booked when the receipt was taken."""
    lines = desk.session.execute(
        select(PaymentLine, PaymentOrder)
        .join(PaymentOrder, PaymentOrder.id == PaymentLine.order_id)
        .join(PaymentBatch, PaymentBatch.id == PaymentLine.batch_id)
        .where(PaymentBatch.number == batch_number)
        .order_by(PaymentLine.line_no)
    )
    rows = [(line.status, _failed(line, order)) for line, order in lines]
    failed = [row for status, row in rows if status == "returned"]
    paid = sum(status == "paid" for status, _ in rows)
    return {"paid_count": paid, "failed_count": len(failed), "failed_lines": failed}


def _failed(line: PaymentLine, order: PaymentOrder) -> dict[str, Any]:
    return {
        "line_no": line.line_no,
        "order_id": order.id,
        "payee": order.payee_name,
        "amount": Money(order.amount_fen).text,
        "reason": line.return_reason,
    }


@operation("settle_failed_lines", title="处理退回的支付单")
def settle_failed_lines(
    desk: Desk, *, failed_lines: list[dict[str, Any]], failed_action: str, failed_note: str = ""
) -> dict[str, Any]:
    """Returned orders wait for the next run, to the card account as it is now, or are held."""
    why = failed_note or "银行退回"
    for failed in failed_lines:
        order = desk.session.get_one(PaymentOrder, failed["order_id"])
        if order.status != "returned":
            continue
        if failed_action == "repay":
            account, name = _account_now(desk, order)
            payments.requeue_line(
                desk.session,
                desk.vault,
                order_id=order.id,
                reason=why,
                actor=desk.actor,
                now=desk.now,
                account=account,
                account_name=name,
            )
        else:
            payments.hold(desk.session, order_id=order.id, reason=why, actor=desk.actor, now=desk.now)
    return {}


def _account_now(desk: Desk, order: PaymentOrder) -> tuple[str | None, str | None]:
    """The payee's card account as its register has it today; none: the order's own account once more."""
    if order.payee_kind != "person":
        return None, None
    person = desk.session.get_one(Person, order.payee_id)
    found = desk.registers.accounts.account(id_number_of(desk.vault, person))
    if found is None:
        return None, None
    keep_account(desk.session, desk.vault, found, person_index=person.id_number_index, day=desk.today)
    return found.number, found.holder_name
