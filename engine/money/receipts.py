"""Bank receipts: what the bank says became of a batch, booked whole or refused whole (MONEY-04).

The same receipt taken twice changes nothing; one that contradicts the books (another amount, an unknown
line, paid after returned) is kept as a difference with its line numbers and moves no money. Called
through ``engine.money.payments``.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine.money.bank_file import BankFileError, BankFormat, Receipt, ReceiptLine, TextFormat
from engine.money.batches import lines_of, sealed_lines
from engine.money.ledger import Line, accounting_day, post
from engine.money.ledger_tables import PaymentPurpose
from engine.money.payment_tables import (
    SEALED_BATCH,
    SEALED_RECEIPT,
    BankReceipt,
    PaymentBatch,
    PaymentLine,
    PaymentOrder,
)
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault
from engine.values import Actor, Money

#: the account that the bank pays from
BANK_ACCOUNT = "1001"
#: batch statuses in which the bank may answer
_ANSWERABLE = ("released", "answered", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One contradiction between a receipt and the books."""

    #: line of the receipt file, from 1
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptOutcome:
    """What became of a receipt; the same for every time that it is taken."""

    receipt_id: int
    #: False: nothing was booked, ``differences`` says why
    accepted: bool
    batch_id: int | None
    #: newly paid and newly returned by this receipt
    paid_count: int
    paid: Money
    returned_count: int
    returned: Money
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A receipt held against its batch."""

    batch: PaymentBatch | None
    #: lines that the batch did not know the answer of, with the answer
    news: tuple[tuple[PaymentLine, ReceiptLine], ...]
    differences: tuple[Difference, ...]


def take_receipt(
    session: Session,
    vault: Vault,
    text: str | bytes,
    *,
    actor: Actor,
    now: datetime,
    bank_format: BankFormat | None = None,
) -> ReceiptOutcome:
    """The outcome of the receipt: its lines booked, or every contradiction with the line that it is on.

    Paid lines: payable account to bank account, one entry per region. Returned lines: their orders stand
    open again with the bank's reason. Never raises for what the bank wrote.
    """
    file = text.encode() if isinstance(text, str) else text
    digest = hashlib.sha256(file).hexdigest()
    # the same receipt arriving twice at once: the second waits, then finds the first one's outcome
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"receipt {digest}", 0))))
    known = session.scalars(select(BankReceipt).where(BankReceipt.digest == digest)).one_or_none()
    if known is not None:
        return _outcome(known)
    reading = _read(session, vault, file, bank_format or TextFormat())
    news = () if reading.differences else reading.news
    if reading.batch is not None:
        _answer_lines(session, reading.batch, news)
        _book(session, reading.batch, news, digest=digest, actor=actor, now=now)
    paid = [line.amount_fen for line, answer in news if answer.outcome == "paid"]
    returned = [line.amount_fen for line, answer in news if answer.outcome == "returned"]
    receipt = BankReceipt(
        digest=digest,
        batch_id=reading.batch.id if reading.batch else None,
        accepted=not reading.differences,
        paid_count=len(paid),
        paid_fen=sum(paid),
        returned_count=len(returned),
        returned_fen=sum(returned),
        differences=orjson.dumps([{"line": d.line, "text": d.text} for d in reading.differences]).decode(),
        content=vault.encrypt(file.decode("utf-8", "backslashreplace"), bound_to=f"bank_receipt:{digest}"),
        taken_by=actor.key,
        taken_at=now,
    )
    session.add(receipt)
    session.flush()
    _note(session, receipt, reading, actor=actor, now=now)
    return _outcome(receipt)


def open_differences(session: Session, *, region_prefix: str = "") -> tuple[ReceiptOutcome, ...]:
    """Receipts that were refused, oldest first; those of no known batch belong to every region."""
    query = (
        select(BankReceipt)
        .outerjoin(PaymentBatch, PaymentBatch.id == BankReceipt.batch_id)
        .where(BankReceipt.accepted.is_(False))
        .where(PaymentBatch.id.is_(None) | PaymentBatch.region.startswith(region_prefix))
        .order_by(BankReceipt.id)
    )
    return tuple(_outcome(receipt) for receipt in session.scalars(query))


def _read(session: Session, vault: Vault, file: bytes, bank_format: BankFormat) -> _Reading:
    try:
        receipt = bank_format.read_receipt(file)
    except BankFileError as wrong:
        return _Reading(batch=None, news=(), differences=(Difference(line=wrong.line, text=wrong.message),))
    batch = session.scalars(
        select(PaymentBatch)
        .where(PaymentBatch.number == receipt.number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if batch is None:
        return _Reading(
            batch=None, news=(), differences=(Difference(line=1, text=f"没有批次 {receipt.number}"),)
        )
    lines = {line.line_no: line for line in lines_of(session, batch)}
    differences = [*_against_batch(receipt, batch), *_against_lines(vault, receipt, lines)]
    news = tuple(
        (lines[answer.line_no], answer)
        for answer in receipt.lines
        if answer.line_no in lines and lines[answer.line_no].status == "waiting"
    )
    return _Reading(batch=batch, news=news, differences=tuple(differences))


def _against_batch(receipt: Receipt, batch: PaymentBatch) -> Iterator[Difference]:
    if batch.status not in _ANSWERABLE:
        yield Difference(line=1, text=f"批次 {batch.number} 尚未放款，银行不应有回盘")
    if receipt.region != batch.region:
        yield Difference(line=1, text=f"地区应为 {batch.region}，回盘写的是 {receipt.region}")
    if receipt.file_digest != batch.file_digest:
        yield Difference(line=1, text=f"回盘所答的文件不是批次 {batch.number} 放款的文件")
    if not receipt.lines:
        yield Difference(line=1, text="回盘没有任何明细")


def _against_lines(vault: Vault, receipt: Receipt, lines: Mapping[int, PaymentLine]) -> Iterator[Difference]:
    seen: set[int] = set()
    for at, answer in enumerate(receipt.lines, start=2):
        line = lines.get(answer.line_no)
        if answer.line_no in seen:
            yield Difference(line=at, text=f"序号 {answer.line_no} 重复")
        elif line is None:
            yield Difference(line=at, text=f"批次里没有序号 {answer.line_no}")
        else:
            yield from _against_line(vault, at, answer, line)
        seen.add(answer.line_no)


def _against_line(vault: Vault, at: int, answer: ReceiptLine, line: PaymentLine) -> Iterator[Difference]:
    if answer.amount.fen != line.amount_fen:
        yield Difference(
            line=at,
            text=f"序号 {line.line_no} 金额应为 {Money(line.amount_fen).text}，回盘写的是 {answer.amount.text}",
        )
    if vault.index(answer.account) != line.account_index:
        yield Difference(line=at, text=f"序号 {line.line_no} 的账号不是放款的账号")
    said = "付讫" if answer.outcome == "paid" else "退回"
    booked = "付讫" if line.status == "paid" else "退回"
    if line.status != "waiting" and said != booked:
        yield Difference(line=at, text=f"序号 {line.line_no} 已记为{booked}，回盘又说{said}")


def _answer_lines(
    session: Session, batch: PaymentBatch, news: Sequence[tuple[PaymentLine, ReceiptLine]]
) -> None:
    """Fill in the answers, then move the orders; the database wants a paid line before a paid order."""
    for line, answer in news:
        line.status = answer.outcome
        line.return_code, line.return_reason = answer.code, answer.reason
    session.flush()
    answered = [line.line_no for line, _ in news]
    for start in range(0, len(answered), 5_000):
        part = answered[start : start + 5_000]
        session.execute(
            update(PaymentOrder)
            .where(PaymentLine.batch_id == batch.id, PaymentLine.line_no.in_(part))
            .where(PaymentOrder.id == PaymentLine.order_id, PaymentOrder.status == "sent")
            .values(
                status=PaymentLine.status,
                status_reason=func.trim(PaymentLine.return_code + " " + PaymentLine.return_reason),
            )
            .execution_options(synchronize_session=False)
        )
    session.expire_all()
    if (
        news
        and batch.status == "released"
        and all(line.status != "waiting" for line in lines_of(session, batch))
    ):
        batch.status = "answered"
        session.flush()


def _book(
    session: Session,
    batch: PaymentBatch,
    news: Sequence[tuple[PaymentLine, ReceiptLine]],
    *,
    digest: str,
    actor: Actor,
    now: datetime,
) -> None:
    """One entry per region: each payable account debited with what was paid of it, the bank credited."""
    paid = {line.order_id: line.amount_fen for line, answer in news if answer.outcome == "paid"}
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    where = (
        select(PaymentOrder.id, PaymentOrder.region, PaymentPurpose.payable)
        .join(PaymentPurpose, PaymentPurpose.purpose == PaymentOrder.purpose)
        .join(PaymentLine, PaymentLine.order_id == PaymentOrder.id)
        .where(PaymentLine.batch_id == batch.id)
    )
    for order_id, region, payable in session.execute(where):
        if order_id in paid:
            sums[region][payable] += paid[order_id]
    for region in sorted(sums):
        debits = [Line(payable, "debit", Money(fen)) for payable, fen in sorted(sums[region].items())]
        post(
            session,
            key=f"receipt:{digest}:{region}",
            day=accounting_day(now),
            region=region,
            text=f"批次 {batch.number} 银行付讫",
            lines=[*debits, Line(BANK_ACCOUNT, "credit", Money.total(line.amount for line in debits))],
            actor=actor,
            now=now,
        )


def _outcome(receipt: BankReceipt) -> ReceiptOutcome:
    return ReceiptOutcome(
        receipt_id=receipt.id,
        accepted=receipt.accepted,
        batch_id=receipt.batch_id,
        paid_count=receipt.paid_count,
        paid=Money(receipt.paid_fen),
        returned_count=receipt.returned_count,
        returned=Money(receipt.returned_fen),
        differences=tuple(Difference(**found) for found in orjson.loads(receipt.differences)),
    )


def _note(session: Session, receipt: BankReceipt, reading: _Reading, *, actor: Actor, now: datetime) -> None:
    batch = reading.batch
    stream = f"batch:{batch.id}" if batch else "bank"
    append(
        session,
        stream=stream,
        action=Action.RECEIPT_BOOKED if receipt.accepted else Action.RECEIPT_REFUSED,
        actor=actor,
        subject=f"bank_receipt:{receipt.id}",
        after={"digest": receipt.digest, "paid_fen": receipt.paid_fen, "returned_fen": receipt.returned_fen},
        reason="；".join(f"第 {d.line} 行：{d.text}" for d in reading.differences[:20]),
        now=now,
        voucher=SEALED_RECEIPT.voucher(receipt),
    )
    if batch is None or not receipt.accepted:
        return
    append(
        session,
        stream=stream,
        action=Action.BATCH_ANSWERED,
        actor=actor,
        subject=f"payment_batch:{batch.id}",
        after={"status": batch.status},
        now=now,
        voucher=SEALED_BATCH.voucher(batch, sealed_lines(session, batch)),
    )
