"""Files to and from the bank (社银接口): what is paid goes out, what became of it comes back.

Pure: bytes to values and back; knows no database. ``BankFormat`` is the port that a bank's own format
implements; ``TextFormat`` is the one shipped, described to the byte in ``docs/bank-file.md``;
``TestBank`` answers files the way a bank would and serves trials and tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from engine.money.bank_rows import (
    ACCOUNT,
    BATCH_NUMBER,
    CODE,
    MAGIC,
    RECEIPT_MAGIC,
    REGION,
    SHA256,
    VERSION,
    closed,
    fields,
    filled,
    iso_day,
    matching,
    opened,
    positive,
    require_equal,
    require_kind,
    require_sequence,
    require_trailer,
    values_of,
    whole,
    yuan,
)
from engine.money.bank_rows import BankFileError as BankFileError
from engine.values import Money

Outcome = Literal["paid", "returned"]


class DuplicateBatchError(Exception):
    """银行已收过这个批次号，拒收；先前的回盘附在 ``receipt``。"""

    retryable = False

    def __init__(self, number: str, receipt: bytes) -> None:
        self.number = number
        self.receipt = receipt
        super().__init__(f"银行已收过批次 {number}，重复文件拒收")


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """One payment in a file."""

    #: from 1, without gaps
    line_no: int
    account: str
    account_name: str
    amount: Money
    #: what the payee reads on the statement
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankBatch:
    """What a bank file says."""

    number: str
    region: str
    day: date
    lines: tuple[BankLine, ...]

    @property
    def total(self) -> Money:
        """The sum over all lines."""
        return Money.total(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """What became of one payment."""

    #: the line of the bank file that it answers
    line_no: int
    account: str
    amount: Money
    outcome: Outcome
    #: the bank's own code and words; empty where paid
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt file says; it may answer a part of the batch."""

    number: str
    region: str
    day: date
    #: SHA-256 of the bank file that it answers
    file_digest: str
    lines: tuple[ReceiptLine, ...]

    def total(self, outcome: Outcome) -> Money:
        """The sum over the lines with that outcome."""
        return Money.total(line.amount for line in self.lines if line.outcome == outcome)

    def count(self, outcome: Outcome) -> int:
        """How many lines have that outcome."""
        return sum(line.outcome == outcome for line in self.lines)


class BankFormat(Protocol):
    """How one bank writes its files. Reading refuses with BankFileError, which names the line."""

    def write(self, batch: BankBatch) -> bytes:
        """The bank file; the same batch always gives the same bytes."""

    def read(self, file: bytes) -> BankBatch:
        """The batch that the file says."""

    def write_receipt(self, receipt: Receipt) -> bytes:
        """The receipt file."""

    def read_receipt(self, file: bytes) -> Receipt:
        """The receipt that the file says."""


class TextFormat:
    """The shipped format, version 1: pipe-separated UTF-8 lines between a header and a sealed trailer."""

    def write(self, batch: BankBatch) -> bytes:
        """The bank file; BankFileError if a field cannot be written (a name with ``|``, an amount of zero)."""
        head = fields(
            1,
            MAGIC,
            VERSION,
            matching(BATCH_NUMBER, batch.number, "批次号", 1),
            matching(REGION, batch.region, "地区代码", 1),
            batch.day.isoformat(),
            str(len(batch.lines)),
            str(batch.total.fen),
        )
        body = [
            fields(
                number,
                str(line.line_no),
                matching(ACCOUNT, line.account, "账号", number),
                line.account_name,
                positive(line.amount, number),
                line.purpose,
            )
            for number, line in enumerate(batch.lines, start=2)
        ]
        require_sequence([line.line_no for line in batch.lines])
        return closed([head, *body], len(batch.lines), batch.total)

    def read(self, file: bytes) -> BankBatch:
        """The batch; BankFileError at the first line that is not exactly as documented."""
        rows = opened(file)
        magic, version, number, region, day, count, total = values_of(rows[0], 7, 1)
        require_kind(magic, version, MAGIC)
        lines = tuple(self._line(row, at) for at, row in enumerate(rows[1:-1], start=2))
        require_sequence([line.line_no for line in lines])
        batch = BankBatch(
            number=matching(BATCH_NUMBER, number, "批次号", 1),
            region=matching(REGION, region, "地区代码", 1),
            day=iso_day(day, 1),
            lines=lines,
        )
        require_equal("笔数", whole(count, "笔数", 1), len(lines), 1)
        require_equal("总额（分）", whole(total, "总额", 1), batch.total.fen, 1)
        require_trailer(rows, len(lines), batch.total)
        return batch

    def write_receipt(self, receipt: Receipt) -> bytes:
        """The receipt file; BankFileError if a field cannot be written."""
        head = fields(
            1,
            RECEIPT_MAGIC,
            VERSION,
            receipt.number,
            receipt.region,
            receipt.day.isoformat(),
            receipt.file_digest,
            str(len(receipt.lines)),
            str(receipt.count("paid")),
            str(receipt.total("paid").fen),
            str(receipt.count("returned")),
            str(receipt.total("returned").fen),
        )
        body = [
            fields(
                number,
                str(line.line_no),
                line.account,
                positive(line.amount, number),
                line.outcome.upper(),
                line.code,
                line.reason,
            )
            for number, line in enumerate(receipt.lines, start=2)
        ]
        return closed([head, *body], len(receipt.lines), Money.total(line.amount for line in receipt.lines))

    def read_receipt(self, file: bytes) -> Receipt:
        """The receipt; BankFileError at the first line that is not exactly as documented."""
        rows = opened(file)
        magic, version, number, region, day, digest, *totals = values_of(rows[0], 11, 1)
        require_kind(magic, version, RECEIPT_MAGIC)
        receipt = Receipt(
            number=matching(BATCH_NUMBER, number, "批次号", 1),
            region=matching(REGION, region, "地区代码", 1),
            day=iso_day(day, 1),
            file_digest=matching(SHA256, digest, "文件摘要", 1),
            lines=tuple(self._answer(row, at) for at, row in enumerate(rows[1:-1], start=2)),
        )
        found = (
            len(receipt.lines),
            receipt.count("paid"),
            receipt.total("paid").fen,
            receipt.count("returned"),
            receipt.total("returned").fen,
        )
        names = ("笔数", "付讫笔数", "付讫总额（分）", "退回笔数", "退回总额（分）")
        for name, said, counted in zip(names, totals, found, strict=True):
            require_equal(name, whole(said, name, 1), counted, 1)
        require_trailer(rows, len(receipt.lines), Money.total(line.amount for line in receipt.lines))
        return receipt

    @staticmethod
    def _line(row: str, at: int) -> BankLine:
        line_no, account, name, amount, purpose = values_of(row, 5, at)
        return BankLine(
            line_no=whole(line_no, "序号", at),
            account=matching(ACCOUNT, account, "账号", at),
            account_name=filled(name, "户名", at),
            amount=yuan(amount, at),
            purpose=filled(purpose, "用途", at),
        )

    @staticmethod
    def _answer(row: str, at: int) -> ReceiptLine:
        line_no, account, amount, outcome, code, reason = values_of(row, 6, at)
        if outcome == "PAID":
            if code or reason:
                raise BankFileError("付讫的行不应有退回代码或原因", line=at)
        elif outcome == "RETURNED":
            matching(CODE, code, "退回代码", at)
            filled(reason, "退回原因", at)
        else:
            raise BankFileError(f"结果只能是 PAID 或 RETURNED，不能是“{outcome}”", line=at)
        return ReceiptLine(
            line_no=whole(line_no, "序号", at),
            account=matching(ACCOUNT, account, "账号", at),
            amount=yuan(amount, at),
            outcome="paid" if outcome == "PAID" else "returned",
            code=code,
            reason=reason,
        )


class TestBank:
    """A bank for trials: pays every line but those whose account ends in 0000, 1111 or 2222.

    With a memory (batch number → its receipt) it refuses a batch number that it has seen.
    """

    #: pytest collects classes by their name
    __test__ = False

    RETURNS: Sequence[tuple[str, str, str]] = (
        ("0000", "E01", "账户不存在"),
        ("1111", "E02", "户名不符"),
        ("2222", "E03", "账户未激活"),
    )

    def __init__(
        self, bank_format: BankFormat | None = None, *, memory: MutableMapping[str, bytes] | None = None
    ) -> None:
        self._format: BankFormat = bank_format or TextFormat()
        self._memory = memory

    def answer(self, file: bytes) -> bytes:
        """The receipt for the file; BankFileError for a bad file, DuplicateBatchError for a known number."""
        batch = self._format.read(file)
        if self._memory is not None and batch.number in self._memory:
            raise DuplicateBatchError(batch.number, self._memory[batch.number])
        receipt = self._format.write_receipt(
            Receipt(
                number=batch.number,
                region=batch.region,
                day=batch.day,
                file_digest=hashlib.sha256(file).hexdigest(),
                lines=tuple(self._answer(line) for line in batch.lines),
            )
        )
        if self._memory is not None:
            self._memory[batch.number] = receipt
        return receipt

    def _answer(self, line: BankLine) -> ReceiptLine:
        for ending, code, reason in self.RETURNS:
            if line.account.endswith(ending):
                return ReceiptLine(
                    line_no=line.line_no,
                    account=line.account,
                    amount=line.amount,
                    outcome="returned",
                    code=code,
                    reason=reason,
                )
        return ReceiptLine(line_no=line.line_no, account=line.account, amount=line.amount, outcome="paid")
