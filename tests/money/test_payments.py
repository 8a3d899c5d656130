"""Orders, batches, release and receipts: nothing paid twice, nothing by one person alone (MONEY-02, MONEY-04)."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from money_builders import (
    ACCOUNTANT,
    CASHIER,
    CLERK,
    GOOD,
    NOW,
    REGION,
    SAMPLER,
    WRONG_HOLDER,
    WRONG_NUMBER,
    Office,
)
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from engine.money.bank_file import Receipt, TextFormat
from engine.money.ledger import balance
from engine.money.ledger_tables import JournalEntry
from engine.money.payments import (
    BankReceipt,
    PaymentBatch,
    PaymentError,
    PaymentLine,
    PaymentOrder,
    cancel,
    certify,
    close_batch,
    dissolve_batch,
    free,
    hold,
    open_bank_file,
    open_differences,
    prepare_batch,
    record_sample,
    release,
    requeue_line,
    take_receipt,
)
from engine.store.outbox import OutboxMessage
from engine.values import SYSTEM, Money, RefusedError

FORMAT = TextFormat()
DAY = date(2025, 11, 5)


def taken(office: Office, text_: bytes):
    with office.transaction() as session:
        return take_receipt(session, office.vault, text_, actor=SYSTEM, now=NOW)


def status(office: Office, order_id: int = 1) -> str:
    with office.transaction() as session:
        return session.get_one(PaymentOrder, order_id).status


def balances(office: Office) -> tuple[int, int]:
    """Payable and bank, fen."""
    with office.transaction() as session:
        return balance(session, "2101", REGION, DAY).fen, balance(session, "1001", REGION, DAY).fen


@pytest.mark.req("MONEY-04")
def test_an_order_becomes_money_only_with_the_banks_receipt(office: Office):
    with office.transaction() as session:
        office.order(session)
    assert balances(office) == (163_800, 0)

    file = office.send()
    assert (status(office), balances(office)) == ("sent", (163_800, 0))

    outcome = taken(office, office.bank.answer(file))

    assert (outcome.accepted, outcome.paid, status(office)) == (True, Money(163_800), "paid")
    assert balances(office) == (0, -163_800)


def test_same_key_gives_the_same_order_and_books_it_once(office: Office):
    with office.transaction() as session:
        first = office.order(session)
    with office.transaction() as session:
        again = office.order(session)

        assert again.id == first.id
        assert session.scalar(select(func.count()).select_from(JournalEntry)) == 1


@pytest.mark.parametrize(
    "other",
    [{"fen": 1}, {"account": WRONG_NUMBER}, {"name": "王二"}, {"case_id": 18}, {"purpose": "medical"}],
)
def test_same_key_for_another_payment_is_refused(office: Office, other):
    with office.transaction() as session:
        office.order(session)

    with pytest.raises(PaymentError, match="已是支付单 1"), office.transaction() as session:
        office.order(session, **other)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"fen": 0}, "大于零"),
        ({"fen": -5}, "大于零"),
        ({"account": "6217|99"}, "账号写法不对"),
        ({"account": ""}, "账号写法不对"),
        ({"name": "李|强"}, "竖线"),
        ({"name": " "}, "户名为空"),
    ],
)
def test_an_order_that_no_bank_file_could_carry_is_refused_at_once(office: Office, wrong, words):
    with pytest.raises(RefusedError, match=words), office.transaction() as session:
        office.order(session, **wrong)


def test_a_purpose_that_the_chart_does_not_have_is_refused(office: Office):
    with pytest.raises(PaymentError, match="没有支付用途“bonus”"), office.transaction() as session:
        office.order(session, purpose="bonus")


def test_a_refused_account_number_is_never_repeated_whole(office: Office):
    with pytest.raises(RefusedError) as refusal, office.transaction() as session:
        office.order(session, account="62179945100001/23455")

    assert "62179945100001/23455" not in str(refusal.value)


@pytest.mark.req("CTRL-07")
def test_account_numbers_stand_nowhere_in_the_clear(office: Office):
    with office.transaction() as session:
        office.order(session)
    file = office.send()
    taken(office, office.bank.answer(file))

    with office.transaction() as session:
        for table in (
            "payment_order",
            "payment_line",
            "outbox_message",
            "bank_receipt",
            "audit_event",
            "journal_entry",
        ):
            rows = session.scalars(text(f"SELECT t::text FROM {table} t")).all()
            for row in rows:
                assert GOOD not in row, table
                assert GOOD.encode().hex() not in row, table


STEPS = ("prepared", "sampled", "certified", "released")


@pytest.mark.req("MONEY-01", "MONEY-02")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("sampled", "certified"),
        ("certified", "released"),
        ("prepared", "certified"),
        ("prepared", "released"),
        ("sampled", "released"),
    ],
)
def test_database_refuses_two_steps_of_a_batch_by_one_person(office: Office, first, second):
    signers = dict(zip(STEPS, ("staff:1", "staff:2", "staff:3", "staff:4"), strict=True))
    signers[second] = signers[first]
    with office.transaction() as session:
        office.order(session)
        prepare_batch(session, region=REGION, number="B1", actor=CLERK, now=NOW)
    assert signers["prepared"] == CLERK.key

    with pytest.raises(IntegrityError, match=f"{first}_and_{second}"), office.transaction() as session:
        for step in STEPS[1:]:
            extra = ", file_digest = 'x'" if step == "released" else ""
            session.execute(
                text(
                    f"UPDATE payment_batch SET status = '{step}', {step}_by = '{signers[step]}', "
                    f"{step}_at = now(){extra}"
                )
            )


@pytest.mark.req("MONEY-01", "MONEY-02")
@pytest.mark.parametrize(
    ("sampler", "accountant", "cashier", "words"),
    [
        (SAMPLER, SAMPLER, CASHIER, "抽检，不能再由同一人会计签证"),
        (SAMPLER, CLERK, CASHIER, "编制，不能再由同一人会计签证"),
        (SAMPLER, ACCOUNTANT, ACCOUNTANT, "会计签证，不能再由同一人出纳放款"),
        (SAMPLER, ACCOUNTANT, SAMPLER, "抽检，不能再由同一人出纳放款"),
        (SAMPLER, ACCOUNTANT, CLERK, "编制，不能再由同一人出纳放款"),
        (SAMPLER, SYSTEM, CASHIER, "须由工作人员本人"),
    ],
)
def test_whoever_did_one_step_of_a_batch_is_refused_the_next_in_words(
    office: Office, sampler, accountant, cashier, words
):
    with office.transaction() as session:
        office.order(session)
        prepare_batch(session, region=REGION, number="B1", actor=CLERK, now=NOW)

    with pytest.raises(RefusedError, match=words), office.transaction() as session:
        record_sample(session, "B1", actor=sampler, now=NOW)
        certify(session, "B1", actor=accountant, now=NOW)
        release(session, office.vault, "B1", actor=cashier, now=NOW)


@pytest.mark.req("MONEY-02")
def test_who_corrected_an_account_does_not_sign_the_batch_it_is_in(office: Office):
    with office.transaction() as session:
        office.order(session, account=WRONG_NUMBER)
    taken(office, office.bank.answer(office.send()))
    with office.transaction() as session:
        requeue_line(session, office.vault, order_id=1, reason="新卡", actor=SAMPLER, now=NOW, account=GOOD)
        office.prepare(session, "B2")

        with pytest.raises(RefusedError, match="更正过的收款账户"):
            record_sample(session, "B2", actor=SAMPLER, now=NOW)


@pytest.mark.parametrize("skipped", ["sample", "certificate"])
def test_no_step_of_a_batch_can_be_left_out(office: Office, skipped):
    with office.transaction() as session:
        office.order(session)
        office.prepare(session)

        with pytest.raises(RefusedError, match="不能"):
            if skipped == "certificate":
                record_sample(session, "B1", actor=SAMPLER, now=NOW)
                release(session, office.vault, "B1", actor=CASHIER, now=NOW)
            else:
                certify(session, "B1", actor=ACCOUNTANT, now=NOW)


def test_repeating_a_signature_changes_nothing(office: Office):
    with office.transaction() as session:
        office.order(session)
    office.send()
    with office.transaction() as session:
        events = session.scalar(text("SELECT count(*) FROM audit_event"))

        release(session, office.vault, "B1", actor=CASHIER, now=NOW)

        assert session.scalar(text("SELECT count(*) FROM audit_event")) == events
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


def test_nothing_leaves_when_the_release_is_rolled_back(office: Office):
    with office.transaction() as session:
        office.order(session)
        office.prepare(session)
        record_sample(session, "B1", actor=SAMPLER, now=NOW)
        certify(session, "B1", actor=ACCOUNTANT, now=NOW)

    with pytest.raises(KeyboardInterrupt), office.transaction() as session:
        release(session, office.vault, "B1", actor=CASHIER, now=NOW)
        raise KeyboardInterrupt

    with office.transaction() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 0
    assert status(office) == "batched"


@pytest.mark.req("MONEY-04")
def test_a_returned_line_leaves_the_order_open_with_the_banks_reason_and_no_money_moved(office: Office):
    with office.transaction() as session:
        office.order(session, account=WRONG_HOLDER)
        office.order(session, "k2")

    outcome = taken(office, office.bank.answer(office.send()))

    assert (outcome.paid_count, outcome.returned_count) == (1, 1)
    with office.transaction() as session:
        order = session.get_one(PaymentOrder, 1)
        assert (order.status, order.status_reason) == ("returned", "E02 户名不符")
    assert balances(office) == (163_800, -163_800)


@pytest.mark.req("MONEY-04")
def test_a_corrected_account_is_paid_in_the_next_batch_and_the_order_keeps_its_first(office: Office):
    with office.transaction() as session:
        first = bytes(office.order(session, account=WRONG_NUMBER).account)
    taken(office, office.bank.answer(office.send()))
    with office.transaction() as session:
        requeue_line(session, office.vault, order_id=1, reason="换卡", actor=CLERK, now=NOW, account=GOOD)

    file = office.send("B2")
    taken(office, office.bank.answer(file))

    assert GOOD in file.decode()
    with office.transaction() as session:
        order = session.get_one(PaymentOrder, 1)
        assert (order.status, bytes(order.account)) == ("paid", first)


def answered(office: Office, **change) -> Receipt:
    """The bank's true answer to a batch of two, as a value, with something changed."""
    with office.transaction() as session:
        office.order(session, "k1", account=WRONG_NUMBER)
        office.order(session, "k2")
    receipt = FORMAT.read_receipt(office.bank.answer(office.send()))
    return replace(receipt, **change)


@pytest.mark.req("MONEY-04")
@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (lambda r: replace(r, number="B9"), 1, "没有批次 B9"),
        (lambda r: replace(r, region="371503"), 1, "地区应为 371502"),
        (lambda r: replace(r, file_digest="00" * 32), 1, "不是批次 B1 放款的文件"),
        (lambda r: replace(r, lines=()), 1, "没有任何明细"),
        (lambda r: replace(r, lines=(*r.lines, replace(r.lines[1], line_no=3))), 4, "没有序号 3"),
        (lambda r: replace(r, lines=(*r.lines, r.lines[1])), 4, "序号 2 重复"),
        (
            lambda r: replace(r, lines=(r.lines[0], replace(r.lines[1], amount=Money(163_801)))),
            3,
            "金额应为 1638.00，回盘写的是 1638.01",
        ),
        (
            lambda r: replace(r, lines=(r.lines[0], replace(r.lines[1], account="62170009"))),
            3,
            "账号不是放款的账号",
        ),
    ],
    ids=["batch", "region", "file", "empty", "unknown line", "twice", "amount", "account"],
)
def test_a_contradictory_receipt_is_refused_whole_and_kept_as_a_difference(
    office: Office, change, line, words
):
    receipt = change(answered(office))

    outcome = taken(office, FORMAT.write_receipt(receipt))

    assert not outcome.accepted
    assert [(d.line, words in d.text) for d in outcome.differences] == [(line, True)], outcome.differences
    assert (status(office, 1), status(office, 2), balances(office)) == ("sent", "sent", (327_600, 0))
    with office.transaction() as session:
        assert open_differences(session) == (outcome,)


def test_a_receipt_with_wrong_totals_is_kept_as_a_difference(office: Office):
    true = FORMAT.write_receipt(answered(office)).decode()
    head, *rows = true.splitlines(keepends=True)
    body = "".join((head.replace("|2|1|163800|", "|2|1|163801|"), *rows[:-1]))
    seal = hashlib.sha256(body.encode()).hexdigest()
    forged = body + "|".join((*rows[-1].split("|")[:-1], seal)) + "\n"

    outcome = taken(office, forged.encode())

    assert [(d.line, d.text) for d in outcome.differences] == [
        (1, "付讫总额（分）写的是 163801，逐行相加是 163800")
    ]


@pytest.mark.req("CTRL-07")
def test_a_difference_never_repeats_an_account_number_however_badly_it_is_written(office: Office):
    receipt = FORMAT.write_receipt(answered(office)).replace(GOOD.encode(), GOOD.encode() + b"/")
    body = receipt[: receipt.rindex(b"END|")]
    end = b"|".join((*receipt[len(body) :].split(b"|")[:-1], hashlib.sha256(body).hexdigest().encode()))

    outcome = taken(office, body + end + b"\n")

    assert [(d.line, d.text) for d in outcome.differences] == [(3, "账号写法不对")]


@pytest.mark.parametrize("noise", [b"", b"\xff\xfe", "你好\n".encode(), b"\x00" * 50])
def test_noise_from_the_bank_is_a_difference_and_no_error(office: Office, noise):
    outcome = taken(office, noise)

    assert not outcome.accepted
    assert outcome.batch_id is None


@pytest.mark.req("MONEY-04")
def test_paid_after_returned_is_refused_whole(office: Office):
    receipt = answered(office)
    taken(office, FORMAT.write_receipt(receipt))
    before = balances(office)
    turned = replace(
        receipt, lines=(replace(receipt.lines[0], outcome="paid", code="", reason=""), receipt.lines[1])
    )

    outcome = taken(office, FORMAT.write_receipt(turned))

    assert [d.text for d in outcome.differences] == ["序号 1 已记为退回，回盘又说付讫"]
    assert (status(office, 1), balances(office)) == ("returned", before)


@pytest.mark.req("MONEY-04")
def test_the_same_receipt_again_gives_the_same_outcome_and_books_nothing(office: Office):
    text_ = FORMAT.write_receipt(answered(office))
    first = taken(office, text_)
    before = balances(office)

    assert taken(office, text_) == first
    assert balances(office) == before


def test_a_batch_answered_in_parts_is_answered_with_the_last_part(office: Office):
    receipt = answered(office)

    first = taken(office, FORMAT.write_receipt(replace(receipt, lines=receipt.lines[:1])))
    with office.transaction() as session:
        assert session.get_one(PaymentBatch, first.batch_id).status == "released"
    second = taken(office, FORMAT.write_receipt(receipt))

    assert (first.returned_count, second.paid_count, second.returned_count) == (1, 1, 0)
    with office.transaction() as session:
        assert close_batch(session, "B1", actor=ACCOUNTANT, now=NOW).status == "closed"


def test_a_late_overlapping_receipt_does_not_touch_an_order_that_is_under_way_again(office: Office):
    receipt = answered(office)
    taken(office, FORMAT.write_receipt(replace(receipt, lines=receipt.lines[:1])))
    with office.transaction() as session:
        requeue_line(session, office.vault, order_id=1, reason="换卡", actor=CLERK, now=NOW, account=GOOD)
    office.send("B2")

    taken(office, FORMAT.write_receipt(receipt))

    assert (status(office, 1), status(office, 2)) == ("sent", "paid")


def test_a_dissolved_batch_gives_its_orders_back_and_is_never_released(office: Office):
    with office.transaction() as session:
        office.order(session)
        office.prepare(session)
    with office.transaction() as session:
        dissolve_batch(session, "B1", reason="抽检发现疑点", actor=SAMPLER, now=NOW)

        with pytest.raises(RefusedError, match="已撤回"):
            record_sample(session, "B1", actor=SAMPLER, now=NOW)
    assert status(office) == "ordered"
    assert b"|B2|" in office.send("B2")


@pytest.mark.req("CTRL-02")
def test_a_held_order_enters_no_batch_until_freed(office: Office):
    with office.transaction() as session:
        office.order(session)
        hold(session, order_id=1, reason="比对命中", actor=CLERK, now=NOW)
        assert office.prepare(session) is None

        free(session, order_id=1, reason="核实无误", actor=CLERK, now=NOW)

        assert office.prepare(session) is not None


def test_an_order_in_a_batch_is_not_held_behind_the_batchs_back(office: Office):
    with office.transaction() as session:
        office.order(session)
        office.prepare(session)

        with pytest.raises(RefusedError, match=r"已编批.*不能暂缓"):
            hold(session, order_id=1, reason="疑点", actor=CLERK, now=NOW)


def test_cancelling_reverses_the_entry_once(office: Office):
    with office.transaction() as session:
        office.order(session)
        cancel(session, order_id=1, reason="重复申领", actor=CLERK, now=NOW)
        cancel(session, order_id=1, reason="重复申领", actor=CLERK, now=NOW)

        assert session.scalar(select(func.count()).select_from(JournalEntry)) == 2
    assert balances(office) == (0, 0)


def test_a_city_batch_takes_its_counties_and_books_each_in_its_own_region(office: Office):
    with office.transaction() as session:
        office.order(session, "a", region="371502")
        office.order(session, "b", region="371525", fen=100)
        office.order(session, "c", region="371402", fen=7)
        batch = prepare_batch(session, region="371500", number="B1", actor=SYSTEM, now=NOW)
        assert (batch.line_count, batch.total_fen) == (2, 163_900)
        record_sample(session, "B1", actor=SAMPLER, now=NOW)
        certify(session, "B1", actor=ACCOUNTANT, now=NOW)
        release(session, office.vault, "B1", actor=CASHIER, now=NOW)
    with office.transaction() as session:
        message = session.scalars(select(OutboxMessage)).one()
        file = open_bank_file(office.vault, message.content)
    taken(office, office.bank.answer(file))

    with office.transaction() as session:
        for region, fen in (("371502", 163_800), ("371525", 100), ("371402", 0)):
            assert balance(session, "1001", region, DAY) == Money(-fen)
        assert balance(session, "2101", "371402", DAY) == Money(7)


@pytest.mark.req("MONEY-04")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE payment_order SET status = 'paid' WHERE id = 1", "没有银行付讫的明细"),
        ("UPDATE payment_order SET status = 'cancelled' WHERE id = 1", "允许的步骤"),
        ("UPDATE payment_order SET amount_fen = 1", "核心栏目"),
        ("UPDATE payment_order SET account = 'x'", "核心栏目"),
        ("DELETE FROM payment_order", "记录须保留"),
        ("UPDATE payment_line SET amount_fen = 1", "核心栏目"),
        ("DELETE FROM payment_line", "记录须保留"),
        ("UPDATE payment_batch SET total_fen = 1", "核心栏目"),
        ("UPDATE payment_batch SET status = 'released'", "允许的步骤"),
        ("UPDATE payment_batch SET sampled_by = 'staff:8'", "签过的步骤"),
        (
            "INSERT INTO payment_line SELECT 1, 9, 2, amount_fen, account, account_index, account_name, 'waiting', "
            "'', '' FROM payment_order WHERE id = 2",
            "状态、金额或账户不符",
        ),
        ("TRUNCATE bank_receipt", "只增不改"),
    ],
)
def test_database_itself_refuses_money_by_hand(office: Office, change, words):
    with office.transaction() as session:
        office.order(session)
        office.prepare(session)
        record_sample(session, "B1", actor=SAMPLER, now=NOW)
        office.order(session, "k2")

    with pytest.raises(IntegrityError, match=words), office.transaction() as session:
        session.execute(text(change))


@pytest.mark.req("MONEY-04")
def test_database_refuses_an_order_marked_paid_without_a_paid_line(office: Office):
    with office.transaction() as session:
        office.order(session)
    office.send()

    with pytest.raises(IntegrityError, match="没有银行付讫的明细"), office.transaction() as session:
        session.execute(text("UPDATE payment_order SET status = 'paid'"))


@pytest.mark.req("MONEY-04")
def test_database_refuses_one_order_in_two_live_batches(office: Office):
    with office.transaction() as session:
        office.order(session)
        office.prepare(session)

    with pytest.raises(IntegrityError, match="live_order"), office.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            text(
                "INSERT INTO payment_line SELECT 1, 2, order_id, amount_fen, account, account_index, "
                "account_name, 'waiting', '', '' FROM payment_line"
            )
        )


def at_once(office: Office, work) -> list[object]:
    """What two connections get that do the same at the same moment."""
    together = threading.Barrier(2)

    def run() -> object:
        with office.transaction() as session:
            together.wait(timeout=20)
            return work(session)

    with ThreadPoolExecutor(2) as pool:
        return [future.result(timeout=20) for future in [pool.submit(run) for _ in range(2)]]


@pytest.mark.req("MONEY-04")
def test_two_connections_ordering_one_key_make_one_order(office: Office):
    made = at_once(office, lambda session: office.order(session).id)

    assert made[0] == made[1]
    with office.transaction() as session:
        assert session.scalar(select(func.count()).select_from(PaymentOrder)) == 1
    assert balances(office) == (163_800, 0)


@pytest.mark.req("MONEY-04")
def test_two_connections_preparing_put_no_order_into_two_batches(office: Office):
    with office.transaction() as session:
        office.order(session)

    numbers = iter(("B1", "B2"))
    at_once(office, lambda session: office.prepare(session, next(numbers)))

    with office.transaction() as session:
        assert session.scalar(select(func.count()).select_from(PaymentLine)) == 1


@pytest.mark.req("MONEY-04")
def test_two_connections_releasing_one_batch_send_one_file(office: Office):
    with office.transaction() as session:
        office.order(session)
        office.prepare(session)
        record_sample(session, "B1", actor=SAMPLER, now=NOW)
        certify(session, "B1", actor=ACCOUNTANT, now=NOW)

    made = at_once(
        office, lambda session: release(session, office.vault, "B1", actor=CASHIER, now=NOW).file_digest
    )

    assert made[0] == made[1]
    with office.transaction() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


@pytest.mark.req("MONEY-04")
def test_two_connections_taking_one_receipt_book_it_once(office: Office):
    text_ = FORMAT.write_receipt(answered(office))

    made = at_once(office, lambda session: take_receipt(session, office.vault, text_, actor=SYSTEM, now=NOW))

    assert made[0] == made[1]
    with office.transaction() as session:
        assert session.scalar(select(func.count()).select_from(BankReceipt)) == 1
    assert balances(office) == (163_800, -163_800)
