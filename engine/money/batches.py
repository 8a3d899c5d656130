"""Payment batches: orders prepared, sampled, certified and released by different people (MONEY-02, MONEY-04).

Releasing writes the bank file, encrypted, into the outbox; nothing leaves inside the transaction. The
database refuses by named constraints whatever this module would forget. Duties are checked by the caller.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Row, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from engine.money.accounts import open_account
from engine.money.bank_file import BankBatch, BankFormat, BankLine, TextFormat
from engine.money.bank_rows import BATCH_NUMBER
from engine.money.ledger import accounting_day
from engine.money.ledger_tables import PaymentPurpose
from engine.money.orders import PaymentError, refused
from engine.money.payment_tables import (
    SEALED_BATCH,
    AccountCorrection,
    PaymentBatch,
    PaymentLine,
    PaymentOrder,
)
from engine.store import outbox
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault
from engine.values import Actor, Money, reach

#: no batch, and so no bank file, is larger: it is written and answered in memory, as a whole (bench/bank_files.py).
#: What a bank takes at most is ``payment.lines_per_file``; what is left waits for the next batch
LINES_PER_BATCH = 10_000
#: four eyes and the parting of accountant and cashier
SOURCE = "鲁人社函〔2020〕10号（八）"
#: kind of the outbox message that carries a bank file
BANK_FILE = "bank_file"
#: what a payee reads on the statement where the rule sets the words: 社会救助和保障标准与物价上涨挂钩联动机制（2016年）
_NOTES = {"subsidy": "临时价补"}

STATUS_NAMES = {
    "prepared": "已编制",
    "sampled": "已抽检",
    "certified": "会计已签证",
    "released": "出纳已放款",
    "answered": "银行已回盘",
    "closed": "已结案",
    "dissolved": "已撤回",
}
_STEP_NAMES = {"prepared": "编制", "sampled": "抽检", "certified": "会计签证", "released": "出纳放款"}


def prepare_batch(
    session: Session, *, region: str, number: str, actor: Actor, now: datetime, limit: int = LINES_PER_BATCH
) -> PaymentBatch | None:
    """The batch of that number: a new one over the waiting orders of the region and all below it.

    None if no order waits. Orders that another transaction is taking are left to it.
    """
    if not BATCH_NUMBER.fullmatch(number):
        raise PaymentError(f"批次号写法不对：{number!r}（大写字母、数字和连字符，最多32位）")
    known = session.scalars(select(PaymentBatch).where(PaymentBatch.number == number)).one_or_none()
    if known is not None:
        return known
    taken = session.execute(
        select(PaymentOrder.id, PaymentOrder.amount_fen)
        .where(PaymentOrder.status == "ordered", PaymentOrder.region.startswith(reach(region)))
        .order_by(PaymentOrder.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not taken:
        return None
    batch_id = session.scalar(
        upsert(PaymentBatch)
        .values(
            number=number,
            region=region,
            status="prepared",
            line_count=len(taken),
            total_fen=sum(amount_fen for _, amount_fen in taken),
            prepared_by=actor.key,
            prepared_at=now,
        )
        .on_conflict_do_nothing(index_elements=["number"])
        .returning(PaymentBatch.id)
    )
    if batch_id is None:
        # someone prepared the same number a moment ago; their batch is the batch
        return session.scalars(select(PaymentBatch).where(PaymentBatch.number == number)).one()
    _add_lines(session, batch_id, [order_id for order_id, _ in taken])
    batch = session.get_one(PaymentBatch, batch_id)
    _note(session, batch, Action.BATCH_PREPARED, actor=actor, now=now, before=None)
    return batch


def record_sample(
    session: Session, number: str, *, actor: Actor, now: datetime, note: str = ""
) -> PaymentBatch:
    """The batch, its sample found in order (业务抽检). Repeating the step changes nothing."""
    return _sign(session, number, "prepared", "sampled", actor=actor, now=now, note=note)


def certify(session: Session, number: str, *, actor: Actor, now: datetime, note: str = "") -> PaymentBatch:
    """The batch, certified by the accountant: neither who prepared nor who sampled it."""
    return _sign(session, number, "sampled", "certified", actor=actor, now=now, note=note)


def release(
    session: Session,
    vault: Vault,
    number: str,
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
    bank_format: BankFormat | None = None,
) -> PaymentBatch:
    """The batch, released by the cashier; its bank file lies in the outbox under the batch number.

    Source: 鲁人社函〔2020〕10号（八）. Whoever prepared, sampled or certified it is refused.
    """
    batch = _locked(session, number)
    if batch.status == "certified":
        _require_apart(session, batch, "released", actor)
        file = (bank_format or TextFormat()).write(_bank_batch(session, vault, batch, now))
        batch.file_digest = hashlib.sha256(file).hexdigest()
        secret = vault.encrypt(file.decode(), bound_to=f"{BANK_FILE}:{number}")
        outbox.put(
            session,
            kind=BANK_FILE,
            key=number,
            payload={
                "batch": number,
                "region": batch.region,
                "digest": batch.file_digest,
                "file": b64encode(secret).decode(),
            },
            now=now,
        )
    signed = _sign(session, number, "certified", "released", actor=actor, now=now, note=note)
    _move_orders(session, signed, "batched", "sent")
    return signed


def open_bank_file(vault: Vault, payload: Mapping[str, object]) -> bytes:
    """The bank file out of its outbox payload; the sender's last step before it goes out."""
    secret = b64decode(str(payload["file"]))
    return vault.decrypt(secret, bound_to=f"{BANK_FILE}:{payload['batch']}").encode()


def dissolve_batch(
    session: Session, number: str, *, reason: str, actor: Actor, now: datetime
) -> PaymentBatch:
    """The batch, taken back before release; its orders wait again. Repeating it changes nothing."""
    batch = _locked(session, number)
    if batch.status == "dissolved":
        return batch
    _require_status(batch, ("prepared", "sampled", "certified"), "撤回")
    before = batch.status
    session.execute(
        update(PaymentLine)
        .where(PaymentLine.batch_id == batch.id)
        .values(status="returned", return_code="DISSOLVED", return_reason=reason)
        .execution_options(synchronize_session=False)
    )
    _move_orders(session, batch, "batched", "ordered")
    batch.status = "dissolved"
    session.flush()
    _note(session, batch, Action.BATCH_DISSOLVED, actor=actor, now=now, before=before, reason=reason)
    return batch


def close_batch(session: Session, number: str, *, actor: Actor, now: datetime) -> PaymentBatch:
    """The answered batch, closed once the accountant has compared it with the bank's statement."""
    batch = _locked(session, number)
    if batch.status == "closed":
        return batch
    _require_status(batch, ("answered",), "结案")
    batch.status = "closed"
    session.flush()
    _note(session, batch, Action.BATCH_CLOSED, actor=actor, now=now, before="answered")
    return batch


def lines_of(session: Session, batch: PaymentBatch) -> Sequence[PaymentLine]:
    """The lines of the batch in their order, as they stand in the database."""
    return session.scalars(
        select(PaymentLine)
        .where(PaymentLine.batch_id == batch.id)
        .order_by(PaymentLine.line_no)
        .execution_options(populate_existing=True)
    ).all()


def sealed_lines(session: Session, batch: PaymentBatch) -> Sequence[Row[Any]]:
    """The lines of the batch as the trail vouches for them: rows, because they are many."""
    table = PaymentLine.__table__
    return session.execute(
        select(*table.columns).where(table.c.batch_id == batch.id).order_by(table.c.line_no)
    ).all()


#: a line for each order in the order of their numbers, to the account that counts today
_LINES = text("""
INSERT INTO payment_line (batch_id, line_no, order_id, amount_fen, account, account_index, account_name, status,
  return_code, return_reason)
SELECT :batch, taken.line_no, o.id, o.amount_fen, coalesce(c.account, o.account),
  coalesce(c.account_index, o.account_index), coalesce(c.account_name, o.account_name), 'waiting', '', ''
FROM unnest(CAST(:orders AS bigint[])) WITH ORDINALITY AS taken(order_id, line_no)
JOIN payment_order o ON o.id = taken.order_id
LEFT JOIN LATERAL (
  SELECT account, account_index, account_name FROM account_correction
  WHERE order_id = o.id ORDER BY id DESC LIMIT 1) c ON true
""")


def _add_lines(session: Session, batch_id: int, orders: Sequence[int]) -> None:
    session.execute(_LINES, {"batch": batch_id, "orders": list(orders)})
    session.execute(
        update(PaymentOrder)
        .where(PaymentOrder.id == func.any(bindparam("orders", list(orders), ARRAY(BigInteger))))
        .values(status="batched", status_reason="")
        .execution_options(synchronize_session=False)
    )
    _refresh_orders(session)


def _sign(
    session: Session, number: str, before: str, after: str, *, actor: Actor, now: datetime, note: str
) -> PaymentBatch:
    """The batch, one step further, signed by the actor."""
    batch = _locked(session, number)
    if batch.status == after and getattr(batch, f"{after}_by") == actor.key:
        return batch
    _require_status(batch, (before,), _STEP_NAMES[after])
    _require_apart(session, batch, after, actor)
    _require_untouched(session, batch)
    setattr(batch, f"{after}_by", actor.key)
    setattr(batch, f"{after}_at", now)
    batch.status = after
    session.flush()
    action = Action[f"BATCH_{after.upper()}"]
    _note(session, batch, action, actor=actor, now=now, before=before, reason=note)
    return batch


def _require_apart(session: Session, batch: PaymentBatch, step: str, actor: Actor) -> None:
    """Refuse the actor who did another step of the batch, or changed an account in it."""
    if actor.kind != "staff":
        raise refused(
            "staff_only", f"{_STEP_NAMES[step]}须由工作人员本人办理", "Only staff may do this.", source=SOURCE
        )
    # sampling looks at the work of whoever prepared it; the other steps exclude everyone before
    before = {
        "sampled": (),
        "certified": ("prepared", "sampled"),
        "released": ("prepared", "sampled", "certified"),
    }
    for done in before[step]:
        if getattr(batch, f"{done}_by") == actor.key:
            raise refused(
                "same_person",
                f"批次 {batch.number} 由{actor.name}{_STEP_NAMES[done]}，不能再由同一人{_STEP_NAMES[step]}",
                "The same person may not do both steps.",
                source=SOURCE,
            )
    corrected = (
        select(AccountCorrection.id)
        .join(PaymentLine, PaymentLine.order_id == AccountCorrection.order_id)
        .where(PaymentLine.batch_id == batch.id, AccountCorrection.corrected_by == actor.key)
        .limit(1)
    )
    if session.scalar(corrected) is not None:
        raise refused(
            "own_correction",
            f"批次 {batch.number} 里有{actor.name}更正过的收款账户，须由他人{_STEP_NAMES[step]}",
            "Who corrected an account in the batch may not sign it.",
            source=SOURCE,
        )


def _require_untouched(session: Session, batch: PaymentBatch) -> None:
    count, total = session.execute(
        select(func.count(), func.coalesce(func.sum(PaymentLine.amount_fen), 0)).where(
            PaymentLine.batch_id == batch.id
        )
    ).one()
    if count != batch.line_count or total != batch.total_fen:
        raise PaymentError(
            f"批次 {batch.number} 与明细不符：应为 {batch.line_count} 笔 {Money(batch.total_fen).text} 元，"
            f"明细为 {count} 笔 {Money(int(total)).text} 元"
        )


def _bank_batch(session: Session, vault: Vault, batch: PaymentBatch, now: datetime) -> BankBatch:
    rows = session.execute(
        select(
            PaymentLine.line_no,
            PaymentLine.account,
            PaymentLine.account_index,
            PaymentLine.account_name,
            PaymentLine.amount_fen,
            PaymentOrder.key,
            PaymentOrder.month,
            PaymentOrder.purpose,
            PaymentPurpose.name,
        )
        .join(PaymentOrder, PaymentOrder.id == PaymentLine.order_id)
        .join(PaymentPurpose, PaymentPurpose.purpose == PaymentOrder.purpose)
        .where(PaymentLine.batch_id == batch.id)
        .order_by(PaymentLine.line_no)
    )
    return BankBatch(
        number=batch.number,
        region=batch.region,
        day=accounting_day(now),
        lines=tuple(
            BankLine(
                line_no=line.line_no,
                account=open_account(vault, line, order_key=line.key),
                account_name=line.account_name,
                amount=Money(line.amount_fen),
                purpose=f"{_NOTES.get(line.purpose, line.name)} {line.month or ''}".strip(),
            )
            for line in rows
        ),
    )


def _move_orders(session: Session, batch: PaymentBatch, before: str, after: str) -> None:
    own = select(PaymentLine.order_id).where(PaymentLine.batch_id == batch.id)
    session.execute(
        update(PaymentOrder)
        .where(PaymentOrder.id.in_(own), PaymentOrder.status == before)
        .values(status=after)
        .execution_options(synchronize_session=False)
    )
    _refresh_orders(session)


def _refresh_orders(session: Session) -> None:
    """Bring the orders that the caller holds up to date with what a statement did to many."""
    for held in [record for record in session.identity_map.values() if isinstance(record, PaymentOrder)]:
        session.expire(held)


def _locked(session: Session, number: str) -> PaymentBatch:
    batch = session.scalars(
        select(PaymentBatch)
        .where(PaymentBatch.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if batch is None:
        raise PaymentError(f"没有支付批次 {number}")
    return batch


def _require_status(batch: PaymentBatch, allowed: tuple[str, ...], verb: str) -> None:
    if batch.status not in allowed:
        raise refused(
            "batch_not_there",
            f"批次 {batch.number} 现为“{STATUS_NAMES[batch.status]}”，不能{verb}",
            f"Batch {batch.number} is {batch.status}.",
        )


def _note(
    session: Session,
    batch: PaymentBatch,
    action: Action,
    *,
    actor: Actor,
    now: datetime,
    before: str | None,
    reason: str = "",
) -> None:
    append(
        session,
        stream=f"batch:{batch.id}",
        action=action,
        actor=actor,
        subject=f"payment_batch:{batch.id}",
        before=None if before is None else {"status": before},
        after={"status": batch.status, "line_count": batch.line_count, "total_fen": batch.total_fen},
        reason=reason,
        now=now,
        voucher=SEALED_BATCH.voucher(batch, sealed_lines(session, batch)),
    )
