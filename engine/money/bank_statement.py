"""The bank's statement as a file: read and written as ``docs/bank-file.md`` says; a BankFileError names the line.

Pure. Called by the pages of reconciliation and by a bank's adapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.money.bank_rows import (
    REGION,
    VERSION,
    BankFileError,
    closed,
    fields,
    filled,
    iso_day,
    matching,
    opened,
    require_equal,
    require_kind,
    require_trailer,
    signed_whole,
    signed_yuan,
    values_of,
    whole,
)
from engine.values import Money

STATEMENT_MAGIC = "CHANGLING-STATEMENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One movement on the bank account."""

    day: date
    #: the batch number, or the key of the journal entry that asked for the movement
    reference: str
    #: above zero for money in, below for money out
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the bank says of one account over some days, both included."""

    region: str
    first_day: date
    last_day: date
    opening: Money
    closing: Money
    lines: tuple[StatementLine, ...]


def read_statement(file: bytes) -> Statement:
    """The statement; BankFileError with the line for whatever is not as documented or does not add up."""
    rows = opened(file)
    magic, version, region, first, last, opening, closing, count = values_of(rows[0], 8, 1)
    require_kind(magic, version, STATEMENT_MAGIC)
    lines = tuple(_movement(row, at) for at, row in enumerate(rows[1:-1], start=2))
    statement = Statement(
        region=matching(REGION, region, "地区代码", 1),
        first_day=iso_day(first, 1),
        last_day=iso_day(last, 1),
        opening=Money(signed_whole(opening, "期初余额", 1)),
        closing=Money(signed_whole(closing, "期末余额", 1)),
        lines=lines,
    )
    moved = Money.total(line.amount for line in lines)
    require_equal("笔数", whole(count, "笔数", 1), len(lines), 1)
    require_equal("期末余额（分）", statement.closing.fen, (statement.opening + moved).fen, 1)
    for at, line in enumerate(lines, start=2):
        if not statement.first_day <= line.day <= statement.last_day:
            raise BankFileError(
                f"日期 {line.day} 不在 {statement.first_day} 至 {statement.last_day} 之内", line=at
            )
    require_trailer(rows, len(lines), moved)
    return statement


def write_statement(statement: Statement) -> bytes:
    """The statement as a file; for a bank's adapter that speaks another format, and for trials."""
    head = fields(
        1,
        STATEMENT_MAGIC,
        VERSION,
        statement.region,
        statement.first_day.isoformat(),
        statement.last_day.isoformat(),
        str(statement.opening.fen),
        str(statement.closing.fen),
        str(len(statement.lines)),
    )
    body = [
        fields(at, line.day.isoformat(), line.reference, line.amount.text)
        for at, line in enumerate(statement.lines, start=2)
    ]
    return closed([head, *body], len(statement.lines), Money.total(line.amount for line in statement.lines))


def _movement(row: str, at: int) -> StatementLine:
    day, reference, amount = values_of(row, 3, at)
    return StatementLine(
        day=iso_day(day, at), reference=filled(reference, "摘要号", at), amount=signed_yuan(amount, at)
    )
