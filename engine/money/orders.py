"""Payment orders: what the fund owes to whom, from the moment it is decided until it is paid or cancelled.

Ordering books the expense against the payable account at once; the money itself moves with a bank
receipt. Account numbers are stored encrypted, bound to the order. Called by operations through
``engine.money.payments``; batches are in ``engine.money.batches``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.money.accounts import PayTo, new_account, pay_to_now
from engine.money.ledger import Line, accounting_day, post, reverse
from engine.money.ledger_tables import JournalEntry, PaymentPurpose
from engine.money.once import insert_once
from engine.money.payment_tables import SEALED_CORRECTION, SEALED_ORDER, AccountCorrection, PaymentOrder
from engine.store.actions import Action
from engine.store.audit import Voucher, append
from engine.store.crypto import Vault, mask_account, normalised
from engine.values import Actor, Money, Month, Reason, RefusedError

PayeeKind = Literal["person", "employer", "office"]

#: how a status is called on a page
STATUS_NAMES = {
    "ordered": "待编批",
    "batched": "已编批",
    "sent": "已送银行",
    "paid": "已付讫",
    "returned": "银行退回",
    "held": "暂缓支付",
    "cancelled": "已撤销",
}


class PaymentError(Exception):
    """支付请求有错：同一支付键先后内容不同，或用途、单号不存在。请核对调用方，不要重试。"""

    retryable = False


def order_payment(
    session: Session,
    vault: Vault,
    *,
    key: str,
    payee_kind: PayeeKind,
    payee_id: int,
    payee_name: str,
    account: str,
    account_name: str,
    amount: Money,
    purpose: str,
    month: Month | None,
    region: str,
    case_id: int | None,
    actor: Actor,
    now: datetime,
) -> PaymentOrder:
    """The order of that key, made now or before; a new one is booked: expense to payable account.

    Refused when the amount is not above zero or the account cannot be written to a bank file.
    PaymentError when the key stands for another payment already, or the purpose is not in the chart.
    """
    pay_to = new_account(vault, account=account, account_name=account_name)
    wanted = PaymentOrder(
        key=key,
        payee_kind=payee_kind,
        payee_id=payee_id,
        payee_name=payee_name,
        account=pay_to.account,
        account_index=pay_to.account_index,
        account_name=pay_to.account_name,
        amount_fen=amount.fen,
        purpose=purpose,
        month=str(month) if month else None,
        region=region,
        case_id=case_id,
        created_by=actor.key,
        created_at=now,
        status="ordered",
        status_reason="",
    )
    if amount.fen <= 0:
        raise refused(
            "amount_not_positive", f"支付金额须大于零：{amount.text}", "The amount must be above zero."
        )
    use = _purpose(session, purpose)
    order = insert_once(session, wanted)
    if order is None:
        known = session.scalars(select(PaymentOrder).where(PaymentOrder.key == key)).one()
        _require_same(known, wanted)
        return known
    _record(session, order, use, shown=mask_account(normalised(account)), actor=actor, now=now)
    return order


def hold(session: Session, *, order_id: int, reason: str, actor: Actor, now: datetime) -> PaymentOrder:
    """The order, laid aside (CTRL-02): it enters no batch until freed. Holding again changes nothing.

    Refused once it is in a batch: dissolve the batch first, or wait for the bank's answer.
    """
    order = _locked(session, order_id)
    if order.status == "held":
        return order
    _require_status(order, ("ordered", "returned"), "暂缓")
    return _move(session, order, "held", Action.ORDER_HELD, reason=reason, actor=actor, now=now)


def free(session: Session, *, order_id: int, reason: str, actor: Actor, now: datetime) -> PaymentOrder:
    """The held order, waiting for a batch again."""
    order = _locked(session, order_id)
    _require_status(order, ("held",), "解除暂缓")
    return _move(session, order, "ordered", Action.ORDER_FREED, reason=reason, actor=actor, now=now)


def requeue_line(
    session: Session,
    vault: Vault,
    *,
    order_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
    account: str | None = None,
    account_name: str | None = None,
) -> PaymentOrder:
    """The returned order, waiting for a batch again; to another account if one is given.

    The order keeps its first account; the correction stands beside it with who and why.
    """
    order = _locked(session, order_id)
    _require_status(order, ("returned",), "重新排队")
    if account is not None:
        _correct_account(
            session,
            order,
            new_account(vault, account=account, account_name=account_name or order.account_name),
            shown=mask_account(normalised(account)),
            reason=reason,
            actor=actor,
            now=now,
        )
    return _move(session, order, "ordered", Action.ORDER_REQUEUED, reason=reason, actor=actor, now=now)


def cancel(session: Session, *, order_id: int, reason: str, actor: Actor, now: datetime) -> PaymentOrder:
    """The order, cancelled for good, its entry reversed. Only while it waits for a batch."""
    order = _locked(session, order_id)
    if order.status == "cancelled":
        return order
    _require_status(order, ("ordered",), "撤销")
    if order.chunk_id is None:
        entry = session.scalars(select(JournalEntry.id).where(JournalEntry.key == entry_key(order))).one()
        reverse(session, entry, reason=reason, day=accounting_day(now), actor=actor, now=now)
    else:
        _take_out(session, order, reason=reason, actor=actor, now=now)
    return _move(session, order, "cancelled", Action.ORDER_CANCELLED, reason=reason, actor=actor, now=now)


def entry_key(order: PaymentOrder) -> str:
    """The key of the journal entry that booked the order, where it has one of its own."""
    return f"order:{order.key}"


def refused(code: str, text: str, text_en: str, *, source: str = "") -> RefusedError:
    """The refusal with one reason, for the caller to raise."""
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=source))


def _correct_account(
    session: Session,
    order: PaymentOrder,
    pay_to: PayTo,
    *,
    shown: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    latest = session.scalars(
        select(AccountCorrection)
        .where(AccountCorrection.order_id == order.id)
        .order_by(AccountCorrection.id.desc())
        .limit(1)
    ).first()
    known = pay_to_now(order, latest)
    if (known.account_index, known.account_name) == (pay_to.account_index, pay_to.account_name):
        # the register still says the same: trying again is no correction
        return
    correction = AccountCorrection(
        order_id=order.id,
        account=pay_to.account,
        account_index=pay_to.account_index,
        account_name=pay_to.account_name,
        reason=reason,
        corrected_by=actor.key,
        corrected_at=now,
    )
    session.add(correction)
    session.flush()
    _note(
        session,
        order,
        Action.ACCOUNT_CORRECTED,
        actor=actor,
        now=now,
        reason=reason,
        after={"account": shown, "account_name": pay_to.account_name},
        voucher=SEALED_CORRECTION.voucher(correction),
    )


def _take_out(session: Session, order: PaymentOrder, *, reason: str, actor: Actor, now: datetime) -> None:
    """The order's share of the entry of its chunk, taken back: the others of the chunk stay booked."""
    use = _purpose(session, order.purpose)
    amount = Money(order.amount_fen)
    post(
        session,
        key=f"cancelled:{order.key}",
        day=accounting_day(now),
        region=order.region,
        text=f"撤销支付单 {order.id}：{reason}",
        lines=[Line(use.payable, "debit", amount), Line(use.expense, "credit", amount)],
        actor=actor,
        now=now,
        case_id=order.case_id,
    )


def _purpose(session: Session, purpose: str) -> PaymentPurpose:
    """The purpose, all read once per session: purposes are only ever added."""
    known: dict[str, PaymentPurpose] = session.info.setdefault("money.purposes", {})
    if purpose not in known:
        known.update({use.purpose: use for use in session.scalars(select(PaymentPurpose))})
    if purpose not in known:
        raise PaymentError(f"科目表里没有支付用途“{purpose}”")
    return known[purpose]


def _record(
    session: Session, order: PaymentOrder, use: PaymentPurpose, *, shown: str, actor: Actor, now: datetime
) -> None:
    """Book the new order, and let the trail vouch for it."""
    amount = Money(order.amount_fen)
    post(
        session,
        key=entry_key(order),
        day=accounting_day(now),
        region=order.region,
        text=f"{use.name}{' ' + order.month if order.month else ''} 支付单 {order.id}",
        lines=[Line(use.expense, "debit", amount), Line(use.payable, "credit", amount)],
        actor=actor,
        now=now,
        case_id=order.case_id,
    )
    _note(
        session,
        order,
        Action.ORDER_CREATED,
        actor=actor,
        now=now,
        after={"key": order.key, "amount": amount.text, "purpose": use.name, "account": shown},
        voucher=SEALED_ORDER.voucher(order),
    )


def _require_same(known: PaymentOrder, wanted: PaymentOrder) -> None:
    for name in (
        "payee_kind",
        "payee_id",
        "payee_name",
        "account_index",
        "account_name",
        "amount_fen",
        "purpose",
        "month",
        "region",
        "case_id",
    ):
        if getattr(known, name) != getattr(wanted, name):
            raise PaymentError(f"支付键 {known.key} 已是支付单 {known.id}，{name} 与这次的不同")


def _locked(session: Session, order_id: int) -> PaymentOrder:
    order = session.get(PaymentOrder, order_id, with_for_update=True, populate_existing=True)
    if order is None:
        raise PaymentError(f"没有支付单 {order_id}")
    return order


def _require_status(order: PaymentOrder, allowed: tuple[str, ...], verb: str) -> None:
    if order.status not in allowed:
        raise refused(
            "order_not_open",
            f"支付单 {order.id} 现为“{STATUS_NAMES[order.status]}”，不能{verb}",
            f"Payment order {order.id} is {order.status}.",
        )


def _move(
    session: Session,
    order: PaymentOrder,
    status: str,
    action: Action,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> PaymentOrder:
    before = order.status
    order.status, order.status_reason = status, reason
    session.flush()
    _note(
        session,
        order,
        action,
        actor=actor,
        now=now,
        reason=reason,
        before={"status": before},
        after={"status": status},
    )
    return order


def _note(
    session: Session,
    order: PaymentOrder,
    action: Action,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    voucher: Voucher | None = None,
) -> None:
    append(
        session,
        stream=f"case:{order.case_id}" if order.case_id is not None else f"payments:{order.region}",
        action=action,
        actor=actor,
        subject=f"payment_order:{order.id}",
        before=before,
        after=after,
        reason=reason,
        now=now,
        voucher=voucher,
    )
