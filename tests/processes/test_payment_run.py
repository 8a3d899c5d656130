"""Every path of ``payment-run.bpmn``: three people between an order and the bank, and nobody paid twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise

import orjson
import pytest
from builders import Case, a_granted_claim, a_payment_run, actor, refused
from paths import assert_nothing_left, every_path
from sqlalchemy import select
from walked import Walked

from engine.cases import payments
from engine.cases.month_runs import do_next, run_record_of, start_month_run
from engine.cases.month_views import MonthRunView
from engine.cases.office import Office
from engine.cases.views import Done
from engine.money.bank_file import Receipt, TestBank, TextFormat
from engine.money.ledger import trial_balance
from engine.money.payment_tables import BankReceipt, PaymentBatch
from engine.values import SYSTEM, Money

ENDS = {"run_closed": "paid", "batch_dissolved": "ordered", "failed_lines_settled": "ordered"}
DETOURS = {
    "one line": ("li", {"run_closed", "batch_dissolved"}),
    "a returned line": ("bo", {"failed_lines_settled", "batch_dissolved"}),
}


def with_slow_bank(office: Office) -> Office:
    """The office with a bank that takes files out of a folder and answers when it pleases."""
    return replace(office, settings=replace(office.settings, bank="folder"))


def bank_file(office: Office, run: Case) -> bytes:
    """The file that lies in the folder for the bank."""
    return (office.settings.data_dir / "bank" / "out" / f"PB-{run.key}.txt").read_bytes()


def bank_answers(office: Office, receipt: bytes, name: str = "receipt.txt") -> None:
    """The bank puts its receipt into the folder."""
    folder = office.settings.data_dir / "bank" / "in"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(receipt)


def changed(receipt: bytes, **line: object) -> bytes:
    """The receipt with another answer in its first line, its sums and seal right again."""
    read: Receipt = TextFormat().read_receipt(receipt)
    first = replace(read.lines[0], **line)  # type: ignore[arg-type]
    return TextFormat().write_receipt(replace(read, lines=(first, *read.lines[1:])))


def a_released_run(office: Office, *people: str) -> Case:
    """A run whose file is at the bank, with one line for each person."""
    for person in people:
        a_granted_claim(office, person)
    return a_payment_run(office, at="release_batch").answers("release_batch").sweep()


def bank_balance(office: Office) -> Money:
    """What has left the bank account; the books balance."""
    with office.store.reading() as session:
        rows = trial_balance(session)
    assert sum(row.debit.fen for row in rows) == sum(row.credit.fen for row in rows)
    return Money.total(row.credit for row in rows if row.account == "1001")


@pytest.mark.req("MONEY-02", "MONEY-04")
@pytest.mark.parametrize("kind", DETOURS)
def test_every_path_pays_once_or_leaves_the_order_waiting(
    office: Office, afresh: Callable[[], None], kind: str
) -> None:
    person, expected = DETOURS[kind]
    claims: list[Case] = []

    def start() -> Case:
        claims.append(a_granted_claim(office, person))
        return a_payment_run(office)

    ends = set()
    for run, path in every_path(start, detours=1, afresh=afresh):
        (order,) = claims[-1].orders()
        held = "handle_failed_lines:hold" in path.names
        assert order.status == ("held" if held else ENDS[run.ended_in]), str(path)
        assert bank_balance(office) == (Money(181_800) if order.status == "paid" else Money(0))
        hands = [
            who
            for step, who in run.hands().items()
            if step in ("sample_batch", "certify_batch", "release_batch")
        ]
        assert all(a != b for a, b in combinations(hands, 2))
        assert_nothing_left(office)
        ends.add(run.ended_in)
    assert ends == expected


def test_with_nothing_due_the_run_ends_at_once(office: Office) -> None:
    run = a_payment_run(office)

    assert run.ended_in == "nothing_due"
    assert run.open_steps() == []


@pytest.mark.req("MONEY-04")
def test_what_does_not_go_into_a_file_of_the_bank_goes_into_the_next_one_once(office: Office) -> None:
    orders = [a_granted_claim(office, person).orders()[0] for person in ("li", "bo")]
    usual = office.book.at("payment.lines_per_file", "371500", office.today)
    slow = replace(with_slow_bank(office), book=office.book.with_tried([replace(usual, value=1)]))

    runs = [a_payment_run(slow, at="release_batch").answers("release_batch").sweep() for _ in orders]

    files = [TextFormat().read(bank_file(slow, run)) for run in runs]
    assert [len(file.lines) for file in files] == [1, 1]
    assert files[0].lines[0].account != files[1].lines[0].account
    assert a_payment_run(slow).ended_in == "nothing_due"


@pytest.mark.req("CLAIM-08", "MONEY-04")
def test_a_month_run_makes_one_batch_in_a_transaction_however_many_it_needs(office: Office) -> None:
    for person in ("li", "qin"):
        a_granted_claim(office, person)
    usual = office.book.at("payment.lines_per_file", "371500", office.today)
    small = replace(office, book=office.book.with_tried([replace(usual, value=1)]))
    run = start_month_run(small, SYSTEM, month="2025-11")
    assert isinstance(run, MonthRunView), run.text

    def kept() -> list[str]:
        with small.store.reading() as session:
            return list(session.scalars(select(PaymentBatch.number).order_by(PaymentBatch.number)))

    made = [kept()]
    while do_next(small, run.run_id):
        made.append(kept())

    assert max(len(after) - len(before) for before, after in pairwise(made)) == 1
    assert made[-1] == ["PB-FF-2025-11-371502-1-01", "PB-FF-2025-11-371502-1-02"]
    assert run_record_of(small, run.run_id).status == "done"


@pytest.mark.req("MONEY-04")
@pytest.mark.parametrize(
    ("step", "rejected"),
    [
        ("sample_batch", {"sample_opinion": "reject", "sample_note": "金额与核定不一致"}),
        ("certify_batch", {"certificate": "reject", "certify_note": "凭证不全"}),
        ("release_batch", {"release": "reject", "release_note": "余额不足"}),
    ],
)
def test_orders_of_a_rejected_batch_wait_again_and_are_paid_by_the_next_run(
    office: Office, step: str, rejected: dict[str, str]
) -> None:
    claim = a_granted_claim(office)
    first = a_payment_run(office, at=step).answers(step, **rejected).sweep()
    assert first.ended_in == "batch_dissolved"
    assert bank_balance(office) == Money(0)
    assert not (office.settings.data_dir / "bank" / "out").exists(), "no file left the house"

    second = a_payment_run(office).goes_on().sweep()

    assert second.ended_in == "run_closed"
    (order,) = claim.orders()
    assert (order.status, order.batch_number) == ("paid", f"PB-{second.key}")
    assert bank_balance(office) == Money(181_800)


@pytest.mark.req("MONEY-04")
def test_an_order_is_in_one_batch_at_a_time(office: Office) -> None:
    a_granted_claim(office)
    first = a_payment_run(office, at="certify_batch")

    assert a_payment_run(office).ended_in == "nothing_due"
    assert first.open_steps() == ["certify_batch"]


@pytest.mark.req("MONEY-04")
def test_a_county_order_is_paid_by_the_run_of_its_city(office: Office) -> None:
    claim = a_granted_claim(office, "zheng")

    run = a_payment_run(office, region="371500").goes_on().sweep()

    assert run.ended_in == "run_closed"
    assert claim.orders()[0].status == "paid"


@pytest.mark.req("MONEY-02")
@pytest.mark.parametrize(
    ("step", "who", "fields"),
    [
        ("certify_batch", "qianfuhe2", {"certificate": "agree"}),
        ("certify_batch", "wuchuna", {"certificate": "agree"}),
        ("release_batch", "zhoukuaiji", {"release": "agree"}),
        ("release_batch", "qianfuhe2", {"release": "agree"}),
    ],
)
def test_nobody_signs_a_batch_twice_or_in_another_duty(
    office: Office, step: str, who: str, fields: dict[str, str]
) -> None:
    a_granted_claim(office)
    run = a_payment_run(office, at=step)

    assert refused(run.tries(who, step, **fields))
    assert run.open_steps() == [step]


@pytest.mark.req("MONEY-04")
def test_of_two_lines_one_is_paid_and_the_other_handled(office: Office) -> None:
    run = a_released_run(office, "li", "bo")

    assert run.open_steps() == ["handle_failed_lines"]
    assert bank_balance(office) == Money(181_800)
    run.answers("handle_failed_lines", failed_action="hold", failed_note="等待更正账户")
    assert run.ended_in == "failed_lines_settled"
    assert bank_balance(office) == Money(181_800)


@pytest.mark.req("MONEY-04", "CLAIM-12")
def test_a_late_receipt_is_escalated_once_and_still_closes_the_run(office: Office) -> None:
    slow = with_slow_bank(office)
    run = a_released_run(slow, "li")
    assert run.timers() == {"receipt_late": "2025-11-05 23:59:59"}

    run.wait_until("2025-11-05").sweep().wait_until("2025-11-20")
    assert run.letters().count("escalation") == 1
    assert run.status == "running"
    bank_answers(slow, TestBank().answer(bank_file(slow, run)))
    run.sweep()

    assert run.ended_in == "run_closed"
    assert bank_balance(slow) == Money(181_800)


@pytest.mark.req("MONEY-04")
def test_the_same_receipt_twice_is_booked_once(office: Office) -> None:
    slow = with_slow_bank(office)
    run = a_released_run(slow, "li", "bo")
    receipt = TestBank().answer(bank_file(slow, run))

    bank_answers(slow, receipt, "first.txt")
    bank_answers(slow, receipt, "second.txt")
    run.sweep()
    again = payments.upload_receipt(slow, actor(slow, "zhoukuaiji"), receipt)

    assert isinstance(again, Done)
    assert run.history().count("book_receipt") == 1
    assert run.open_steps() == ["handle_failed_lines"]
    assert bank_balance(slow) == Money(181_800)


@pytest.mark.req("MONEY-04")
@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": Money(181_801)},
        {"account": "6217994510000999999"},
        {"line_no": 7},
    ],
    ids=["amount", "account", "line"],
)
def test_a_contradictory_receipt_is_refused_whole_and_kept(office: Office, wrong: dict[str, object]) -> None:
    slow = with_slow_bank(office)
    run = a_released_run(slow, "li", "zheng")
    good = TestBank().answer(bank_file(slow, run))

    outcome = payments.upload_receipt(slow, actor(slow, "zhoukuaiji"), changed(good, **wrong))

    assert set(refused(outcome)) == {"receipt_difference"}
    assert bank_balance(slow) == Money(0), "not even the line that agrees"
    assert run.history()[-1] == "release_payment"
    with slow.store.reading() as session:
        (kept,) = session.scalars(select(BankReceipt)).all()
        assert not kept.accepted
        assert [each["line"] for each in orjson.loads(kept.differences)] == [2]
    assert isinstance(payments.upload_receipt(slow, actor(slow, "zhoukuaiji"), good), Done)
    assert run.sweep().ended_in == "run_closed"


@pytest.mark.req("MONEY-04")
def test_a_receipt_that_takes_a_payment_back_is_refused_after_it_was_booked(office: Office) -> None:
    slow = with_slow_bank(office)
    run = a_released_run(slow, "li")
    good = TestBank().answer(bank_file(slow, run))
    bank_answers(slow, good)
    run.sweep()

    back = changed(good, outcome="returned", code="E01", reason="账户不存在")
    outcome = payments.upload_receipt(slow, actor(slow, "zhoukuaiji"), back)

    assert set(refused(outcome)) == {"receipt_difference"}
    assert run.ended_in == "run_closed"
    assert bank_balance(slow) == Money(181_800)


@pytest.mark.req("MONEY-04")
def test_a_receipt_in_two_parts_moves_the_run_when_the_last_line_is_answered(office: Office) -> None:
    slow = with_slow_bank(office)
    run = a_released_run(slow, "li", "zheng")
    whole = TextFormat().read_receipt(TestBank().answer(bank_file(slow, run)))
    first, second = (TextFormat().write_receipt(replace(whole, lines=(line,))) for line in whole.lines)

    bank_answers(slow, first, "first.txt")
    run.sweep()
    assert run.status == "running"
    assert bank_balance(slow) == Money(181_800)
    bank_answers(slow, second, "second.txt")
    run.sweep()

    assert run.ended_in == "run_closed"
    assert bank_balance(slow) == Money(363_600)


@pytest.mark.req("MONEY-04", "CTRL-07")
def test_the_run_waits_for_its_last_line_also_where_the_accountant_sees_none_of_them(office: Office) -> None:
    slow, far = with_slow_bank(office), actor(office, "luokuaiji")
    run = a_released_run(slow, "li", "zheng")
    whole = TextFormat().read_receipt(TestBank().answer(bank_file(slow, run)))
    first, second = (TextFormat().write_receipt(replace(whole, lines=(line,))) for line in whole.lines)

    assert isinstance(payments.upload_receipt(slow, far, first), Done)
    assert run.sweep().status == "running", "lines that one may not see are not answered"
    assert isinstance(payments.upload_receipt(slow, far, second), Done)

    assert run.sweep().ended_in == "run_closed"
    assert bank_balance(slow) == Money(363_600)


@pytest.mark.req("MONEY-01")
def test_only_the_accountant_takes_a_receipt_by_hand(office: Office) -> None:
    slow = with_slow_bank(office)
    run = a_released_run(slow, "li")
    receipt = TestBank().answer(bank_file(slow, run))

    for who in ("wuchuna", "wangshouli", "zhaofuhe"):
        assert refused(payments.upload_receipt(slow, actor(slow, who), receipt)) == ("not_accountant",)


@pytest.mark.req("FLOW-01")
def test_every_element_and_every_flow_was_walked(
    office: Office, walked: Walked, request: pytest.FixtureRequest
) -> None:
    walked.assert_whole(office, "payment_run", request, least=20)
