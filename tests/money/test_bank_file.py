"""The bank file by golden bytes, its strict reading, and the shipped bank."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.money.bank_file import (
    BankBatch,
    BankFileError,
    BankLine,
    DuplicateBatchError,
    Receipt,
    ReceiptLine,
    TestBank,
    TextFormat,
)
from engine.money.bank_rows import closed
from engine.values import Money

FORMAT = TextFormat()

BATCH = BankBatch(
    number="PB-371502-202511-01",
    region="371502",
    day=date(2025, 11, 5),
    lines=(
        BankLine(
            line_no=1,
            account="6217994510000123455",
            account_name="李国强",
            amount=Money(163_800),
            purpose="失业保险金 2025-11",
        ),
        BankLine(
            line_no=2,
            account="6217994510000120000",
            account_name="薄一凡",
            amount=Money(1),
            purpose="失业保险金 2025-11",
        ),
    ),
)
GOLDEN = (
    "CHANGLING|1|PB-371502-202511-01|371502|2025-11-05|2|163801\n"
    "1|6217994510000123455|李国强|1638.00|失业保险金 2025-11\n"
    "2|6217994510000120000|薄一凡|0.01|失业保险金 2025-11\n"
    "END|2|163801|f9b9aaa82b468595032c6dd9ea5fc01531d14629af2c4e1c59f4f20c17aa65d9\n"
)
GOLDEN_RECEIPT = (
    "CHANGLING-RECEIPT|1|B1|371502|2025-11-06|" + "ab" * 32 + "|2|1|100|1|250\n"
    "1|62170001|1.00|PAID||\n"
    "3|62170000|2.50|RETURNED|E01|账户不存在\n"
    "END|2|350|1a0fdd69b9abe4b58c34ebd95374b4b36c79162dc4e82bd2c58ebb2b8743e633\n"
)
RECEIPT = Receipt(
    number="B1",
    region="371502",
    day=date(2025, 11, 6),
    file_digest="ab" * 32,
    lines=(
        ReceiptLine(line_no=1, account="62170001", amount=Money(100), outcome="paid"),
        ReceiptLine(
            line_no=3,
            account="62170000",
            amount=Money(250),
            outcome="returned",
            code="E01",
            reason="账户不存在",
        ),
    ),
)


@pytest.mark.req("MONEY-04")
def test_bank_file_is_written_byte_for_byte_as_documented():
    written = FORMAT.write(BATCH).decode()

    assert written == GOLDEN


def test_receipt_file_is_written_byte_for_byte_as_documented():
    written = FORMAT.write_receipt(RECEIPT).decode()

    assert written == GOLDEN_RECEIPT


safe = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="|\ufeff"), min_size=1
).filter(str.strip)
batches = st.builds(
    lambda rows: BankBatch(
        number="B-1",
        region="371500",
        day=date(2025, 2, 28),
        lines=tuple(
            BankLine(line_no=n, account=account, account_name=name, amount=Money(fen), purpose=purpose)
            for n, (account, name, fen, purpose) in enumerate(rows, start=1)
        ),
    ),
    st.lists(
        st.tuples(st.from_regex(r"[0-9A-Za-z-]{4,40}", fullmatch=True), safe, st.integers(1, 10**13), safe),
        max_size=5,
    ),
)


@given(batches)
def test_what_is_written_is_read_back_the_same(batch):
    assert FORMAT.read(FORMAT.write(batch)) == batch


def test_receipt_is_read_back_the_same():
    assert FORMAT.read_receipt(FORMAT.write_receipt(RECEIPT)) == RECEIPT


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_altered_byte_of_a_bank_file_goes_unnoticed(at, change):
    file = bytearray(FORMAT.write(BATCH))
    at %= len(file)
    file[at] ^= change

    with pytest.raises(BankFileError) as complaint:
        FORMAT.read(bytes(file))

    assert complaint.value.line >= 1


@given(st.binary(max_size=200))
def test_reading_noise_complains_with_a_line_and_nothing_else(noise):
    for read in (FORMAT.read, FORMAT.read_receipt):
        with pytest.raises(BankFileError):
            read(noise)


def sealed(*rows: str, count: int, total: int) -> bytes:
    """A file whose seal holds, whatever its rows say."""
    return closed(list(rows), count, Money(total))


HEAD = "CHANGLING|1|B1|371502|2025-11-05|1|100"
ROW = "1|62170001|李|1.00|金"


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        (b"", 1, "不完整"),
        ("中".encode("gbk") + b"\n\n", 1, "UTF-8"),
        (sealed(HEAD, ROW, count=1, total=100)[:-1], 2, "不完整"),
        (sealed("CHANGLING|2|B1|371502|2025-11-05|1|100", ROW, count=1, total=100), 1, "版本"),
        (sealed("OTHER|1|B1|371502|2025-11-05|1|100", ROW, count=1, total=100), 1, "第一栏"),
        (sealed("CHANGLING|1|b1|371502|2025-11-05|1|100", ROW, count=1, total=100), 1, "批次号"),
        (sealed("CHANGLING|1|B1|3715|2025-11-05|1|100", ROW, count=1, total=100), 1, "地区"),
        (sealed("CHANGLING|1|B1|371502|2025-02-30|1|100", ROW, count=1, total=100), 1, "日期"),
        (sealed("CHANGLING|1|B1|371502|2025-11-05|2|100", ROW, count=1, total=100), 1, "笔数写的是 2"),
        (
            sealed("CHANGLING|1|B1|371502|2025-11-05|1|101", ROW, count=1, total=100),
            1,
            "总额（分）写的是 101",
        ),
        (sealed(HEAD, "2|62170001|李|1.00|金", count=1, total=100), 2, "序号应为 1"),
        (sealed(HEAD, "1|62170001|李|1.0|金", count=1, total=100), 2, "金额"),
        (sealed(HEAD, "1|62170001|李|01.00|金", count=1, total=100), 2, "金额"),
        (sealed(HEAD, "1|62170001|李|１.00|金", count=1, total=100), 2, "金额"),
        (sealed(HEAD, "1|62170001|李|-1.00|金", count=1, total=100), 2, "金额"),
        (sealed(HEAD, "1|62170001|李|0.00|金", count=1, total=100), 2, "大于零"),
        (sealed(HEAD, "1|6217 0001|李|1.00|金", count=1, total=100), 2, "账号"),
        (sealed(HEAD, "1|62170001| |1.00|金", count=1, total=100), 2, "户名为空"),
        (sealed(HEAD, "1|62170001|李|1.00", count=1, total=100), 2, "应有 5 栏"),
        (sealed(HEAD, "1|62170001|李\r|1.00|金", count=1, total=100), 2, "控制字符"),
        (sealed(HEAD, ROW, count=2, total=100), 3, "结尾笔数"),
        (sealed(HEAD, ROW, count=1, total=99), 3, "结尾总额"),
        (sealed(HEAD, ROW, count=1, total=100).replace(b"END", b"FIN"), 3, "END"),
        (sealed(HEAD, ROW, count=1, total=100).replace("李".encode(), "王".encode()), 3, "摘要"),
    ],
)
def test_a_bad_bank_file_is_refused_with_the_line(file, line, words):
    with pytest.raises(BankFileError) as complaint:
        FORMAT.read(file)

    assert (complaint.value.line, words in str(complaint.value)) == (line, True), complaint.value


RECEIPT_HEAD = "CHANGLING-RECEIPT|1|B1|371502|2025-11-05|" + "ab" * 32


@pytest.mark.parametrize(
    ("head", "row", "line", "words"),
    [
        ("|1|1|100|0|0", "1|62170001|1.00|MAYBE||", 2, "PAID 或 RETURNED"),
        ("|1|0|0|1|100", "1|62170001|1.00|RETURNED||账户不存在", 2, "退回代码"),
        ("|1|0|0|1|100", "1|62170001|1.00|RETURNED|E01|", 2, "退回原因"),
        ("|1|1|100|0|0", "1|62170001|1.00|PAID|E01|账户不存在", 2, "付讫的行"),
        ("|1|0|100|1|0", "1|62170001|1.00|PAID||", 1, "付讫笔数"),
        ("|1|1|99|0|0", "1|62170001|1.00|PAID||", 1, "付讫总额"),
    ],
)
def test_a_bad_receipt_is_refused_with_the_line(head, row, line, words):
    with pytest.raises(BankFileError) as complaint:
        FORMAT.read_receipt(sealed(RECEIPT_HEAD + head, row, count=1, total=100))

    assert (complaint.value.line, words in str(complaint.value)) == (line, True), complaint.value


@pytest.mark.parametrize("name", ["李|强", "李\n强", "李\x00强", "\ufeff李"])
def test_a_name_that_would_break_the_file_apart_is_never_written(name):
    line = BankLine(line_no=1, account="62170001", account_name=name, amount=Money(1), purpose="金")

    with pytest.raises(BankFileError, match="第 2 行"):
        FORMAT.write(BankBatch(number="B1", region="371502", day=date(2025, 11, 5), lines=(line,)))


@pytest.mark.parametrize(
    ("ending", "reason"),
    [("0000", "账户不存在"), ("1111", "户名不符"), ("2222", "账户未激活"), ("3455", "")],
)
def test_the_trial_bank_returns_the_three_kinds_of_bad_account_and_pays_the_rest(ending, reason):
    line = BankLine(line_no=1, account="621700" + ending, account_name="李", amount=Money(1), purpose="金")
    file = FORMAT.write(BankBatch(number="B1", region="371502", day=date(2025, 11, 5), lines=(line,)))

    [answer] = FORMAT.read_receipt(TestBank().answer(file)).lines

    assert (answer.outcome, answer.reason) == ("returned" if reason else "paid", reason)


@pytest.mark.req("MONEY-04")
def test_the_trial_bank_refuses_a_batch_number_that_it_has_seen():
    bank = TestBank(memory={})
    first = bank.answer(FORMAT.write(BATCH))

    with pytest.raises(DuplicateBatchError) as refusal:
        bank.answer(FORMAT.write(BATCH))

    assert refusal.value.receipt == first
