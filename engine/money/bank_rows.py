"""Rows of pipe-separated text between a header and a sealed trailer: the letters of ``TextFormat``.

Pure. Every complaint is a BankFileError that names the line; nothing is repaired or guessed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date

from engine.values import Money

MAGIC, RECEIPT_MAGIC, END, VERSION = "CHANGLING", "CHANGLING-RECEIPT", "END", "1"

BATCH_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z-]{0,31}")
REGION = re.compile(r"[0-9]{6}")
ACCOUNT = re.compile(r"[0-9A-Za-z-]{4,40}")
SHA256 = re.compile(r"[0-9a-f]{64}")
CODE = re.compile(r"[0-9A-Z]{1,20}")
_COUNT = re.compile(r"0|[1-9][0-9]{0,14}")
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})\.[0-9]{2}")
_SIGNED = re.compile(r"0|-?[1-9][0-9]{0,14}")
_SIGNED_AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,11})\.[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: what would break a line or a field apart, or could not be seen
_UNSAFE = re.compile(r"[|\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


class BankFileError(Exception):
    """银行文件有错；消息指出行号（从 1 起）。不要手工改文件，请对方重发。"""

    retryable = False

    def __init__(self, message: str, *, line: int) -> None:
        self.line = line
        #: the complaint without the line number, Chinese
        self.message = message
        super().__init__(f"第 {line} 行：{message}")


def closed(rows: list[str], count: int, total: Money) -> bytes:
    """The rows with their trailer: counts, total and the SHA-256 of every byte before it."""
    body = "".join(row + "\n" for row in rows).encode()
    return body + f"{END}|{count}|{total.fen}|{hashlib.sha256(body).hexdigest()}\n".encode()


def opened(file: bytes) -> list[str]:
    """The rows of a file, trailer last, once its seal holds."""
    try:
        text = file.decode("utf-8")
    except UnicodeDecodeError as cause:
        at = file[: cause.start].count(b"\n") + 1
        raise BankFileError("不是 UTF-8 文字", line=at) from cause
    rows = text.split("\n")
    if rows.pop() != "" or len(rows) < 2:
        raise BankFileError("文件不完整：缺少结尾行或末尾换行", line=max(1, len(rows)))
    for at, row in enumerate(rows, start=1):
        if _UNSAFE.search(row.replace("|", "")):
            raise BankFileError("含有不可见的控制字符（换行须为 LF，文件开头不加 BOM）", line=at)
    end, _, _, digest = values_of(rows[-1], 4, len(rows))
    if end != END:
        raise BankFileError(f"最后一行应以 {END} 开头", line=len(rows))
    body = file[: file.rindex(END.encode() + b"|")]
    if hashlib.sha256(body).hexdigest() != digest:
        raise BankFileError("摘要不符：文件在途中被改动或截断", line=len(rows))
    return rows


def require_trailer(rows: list[str], count: int, total: Money) -> None:
    """Refuse a trailer whose count or total is not what the rows add up to."""
    _, said_count, said_total, _ = rows[-1].split("|")
    require_equal("结尾笔数", whole(said_count, "结尾笔数", len(rows)), count, len(rows))
    require_equal("结尾总额（分）", signed_whole(said_total, "结尾总额", len(rows)), total.fen, len(rows))


def require_kind(magic: str, version: str, wanted: str) -> None:
    """Refuse a file of another kind or version."""
    if magic != wanted:
        raise BankFileError(f"第一栏应为 {wanted}，不是“{magic}”", line=1)
    if version != VERSION:
        raise BankFileError(f"不支持的格式版本“{version}”，只支持 {VERSION}", line=1)


def require_sequence(numbers: Sequence[int]) -> None:
    """Refuse line numbers that do not run 1, 2, 3 …"""
    for expected, number in enumerate(numbers, start=1):
        if number != expected:
            raise BankFileError(f"序号应为 {expected}，不是 {number}", line=expected + 1)


def require_equal(name: str, said: int, counted: int, at: int) -> None:
    """Refuse a stated number that is not the counted one."""
    if said != counted:
        raise BankFileError(f"{name}写的是 {said}，逐行相加是 {counted}", line=at)


def fields(at: int, *values: str) -> str:
    """The values as one row; refuses a value that would break it apart."""
    for value in values:
        if _UNSAFE.search(value):
            raise BankFileError(f"栏目“{_UNSAFE.sub('□', value)}”含有竖线或控制字符，不能写入", line=at)
    return "|".join(values)


def values_of(row: str, count: int, at: int) -> list[str]:
    """The fields of a row; refuses any other number of them."""
    values = row.split("|")
    if len(values) != count:
        raise BankFileError(f"应有 {count} 栏，现有 {len(values)} 栏", line=at)
    return values


def matching(pattern: re.Pattern[str], value: str, name: str, at: int) -> str:
    """The value, if it is written as it must be."""
    if not pattern.fullmatch(value):
        # complaints are kept and shown: an account number is never repeated, a long value cut short
        shown = "" if pattern is ACCOUNT else f"：“{value[:40]}”"
        raise BankFileError(f"{name}写法不对{shown}", line=at)
    return value


def filled(value: str, name: str, at: int) -> str:
    """The value, if it is not blank."""
    if not value.strip():
        raise BankFileError(f"{name}为空", line=at)
    return value


def whole(value: str, name: str, at: int) -> int:
    """The whole number, written without leading zeros."""
    return int(matching(_COUNT, value, name, at))


def iso_day(value: str, at: int) -> date:
    """The day written as ``2025-11-05``."""
    try:
        return date.fromisoformat(matching(_DAY, value, "日期", at))
    except ValueError as cause:
        raise BankFileError(f"日期写法不对：“{value}”", line=at) from cause


def yuan(value: str, at: int) -> Money:
    """The amount written in yuan with two decimals, above zero."""
    amount = Money.yuan(matching(_AMOUNT, value, "金额", at))
    positive(amount, at)
    return amount


def positive(amount: Money, at: int) -> str:
    """The text of the amount, if it is above zero."""
    if amount.fen <= 0:
        raise BankFileError(f"金额须大于零：{amount.text}", line=at)
    return amount.text


def signed_yuan(value: str, at: int) -> Money:
    """The amount written in yuan with two decimals, in (``5.00``) or out (``-5.00``), never zero."""
    amount = Money.yuan(matching(_SIGNED_AMOUNT, value, "金额", at))
    if amount.fen == 0:
        raise BankFileError("金额不能为零", line=at)
    return amount


def signed_whole(value: str, name: str, at: int) -> int:
    """The whole number, with a minus sign if it is below zero."""
    return int(matching(_SIGNED, value, name, at))
