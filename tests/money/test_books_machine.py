"""Random lives of an office: whatever happens in whatever order, the books balance and nobody is paid twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
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
    a_vault,
    empty,
)
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.money.bank_file import Receipt, TestBank, TextFormat
from engine.money.ledger import balance, trial_balance
from engine.money.payments import (
    PaymentOrder,
    cancel,
    certify,
    dissolve_batch,
    free,
    hold,
    open_bank_file,
    record_sample,
    release,
    requeue_line,
    take_receipt,
)
from engine.store.audit import seal
from engine.store.export import verify_database
from engine.store.outbox import OutboxMessage
from engine.values import SYSTEM, Money, RefusedError

DAY = date(2025, 11, 5)
FORMAT = TextFormat()


class PowerCutError(Exception):
    """The machine stops just before commit."""


class Life(RuleBasedStateMachine):
    """One office. The model is the bank: what it answered PAID is what has left, once per order."""

    office: Office
    receipts = Bundle("receipts")
    orders = st.integers(1, 6)
    numbers = st.sampled_from(["B1", "B2", "B3", "B4"])
    crash = st.booleans()

    def __init__(self) -> None:
        super().__init__()
        empty(self.office.engine)
        self.office.open_books()
        #: batch number → the receipt of the bank; the bank itself never pays a number twice
        self.bank: dict[str, bytes] = {}
        self.vault = a_vault()

    def do(self, work: Callable[[Session], object], *, crash: bool = False) -> bool:
        """Whether the work was done and kept: refused work and a power cut leave nothing behind."""
        with suppress(RefusedError, PowerCutError), self.office.transaction() as session:
            work(session)
            if crash:
                raise PowerCutError
            return True
        return False

    @rule(
        key=st.sampled_from("abcdef"),
        fen=st.sampled_from([1, 163_800]),
        account=st.sampled_from([GOOD, GOOD, WRONG_NUMBER, WRONG_HOLDER]),
        purpose=st.sampled_from(["benefit", "medical", "refund", "transfer"]),
        crash=crash,
    )
    def order(self, key, fen, account, purpose, crash):
        # the key says what is ordered, so a repetition is a true repetition
        full = f"{key}:{fen}:{account}:{purpose}"
        self.do(lambda s: self.office.order(s, full, fen=fen, account=account, purpose=purpose), crash=crash)

    @rule(number=numbers, crash=crash)
    def prepare(self, number, crash):
        self.do(lambda s: self.office.prepare(s, number), crash=crash)

    def signed(self, number: str, work: Callable[[Session], object], crash: bool) -> None:
        with self.office.transaction() as session:
            known = session.scalar(
                text("SELECT count(*) FROM payment_batch WHERE number = :n"), {"n": number}
            )
        if known:
            self.do(work, crash=crash)

    @rule(number=numbers, crash=crash)
    def sample(self, number, crash):
        self.signed(number, lambda s: record_sample(s, number, actor=SAMPLER, now=NOW), crash)

    @rule(number=numbers, who=st.sampled_from([ACCOUNTANT, SAMPLER]), crash=crash)
    def certify(self, number, who, crash):
        self.signed(number, lambda s: certify(s, number, actor=who, now=NOW), crash)

    @rule(number=numbers, who=st.sampled_from([CASHIER, ACCOUNTANT]), crash=crash)
    def release(self, number, who, crash):
        self.signed(number, lambda s: release(s, self.vault, number, actor=who, now=NOW), crash)

    @rule(number=numbers, crash=crash)
    def dissolve(self, number, crash):
        self.signed(number, lambda s: dissolve_batch(s, number, reason="疑点", actor=SAMPLER, now=NOW), crash)

    @rule(number=numbers)
    def sign_all(self, number):
        self.prepare(number, False)
        self.sample(number, False)
        self.certify(number, ACCOUNTANT, False)
        self.release(number, CASHIER, False)

    @rule(target=receipts)
    def bank_works(self):
        """The bank answers a file; the outbox may hand it the same file any number of times."""
        with self.office.transaction() as session:
            messages = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        for message in messages:
            file = open_bank_file(self.vault, message.content)
            if message.key not in self.bank:
                self.bank[message.key] = TestBank().answer(file)
                return self.bank[message.key]
        return b"nothing to answer"

    @rule(receipt=receipts, crash=crash)
    def take(self, receipt, crash):
        self.do(lambda s: take_receipt(s, self.vault, receipt, actor=SYSTEM, now=NOW), crash=crash)

    @rule(receipt=receipts, keep=st.integers(0, 3))
    def take_part(self, receipt, keep):
        parsed = self.parsed(receipt)
        if parsed is not None:
            part = FORMAT.write_receipt(replace(parsed, lines=parsed.lines[keep:]))
            self.do(lambda s: take_receipt(s, self.vault, part, actor=SYSTEM, now=NOW))

    @rule(receipt=receipts, at=st.integers(0, 3), lie=st.sampled_from(["amount", "line", "account", "batch"]))
    def take_forged(self, receipt, at, lie):
        """A receipt with one lie in it: whatever else it says, it must be refused whole."""
        parsed = self.parsed(receipt)
        if parsed is None:
            return
        at %= len(parsed.lines)
        line = parsed.lines[at]
        false = {
            "amount": replace(line, amount=line.amount + Money(1)),
            "line": replace(line, line_no=99),
            "account": replace(line, account="62179999"),
            "batch": line,
        }[lie]
        forged = replace(parsed, lines=(*parsed.lines[:at], false, *parsed.lines[at + 1 :]))
        if lie == "batch":
            forged = replace(forged, file_digest="00" * 32)
        with self.office.transaction() as session:
            outcome = take_receipt(session, self.vault, FORMAT.write_receipt(forged), actor=SYSTEM, now=NOW)
        assert not outcome.accepted
        assert outcome.paid == Money(0)

    @rule(receipt=receipts)
    def take_turned(self, receipt):
        """After the truth is booked, the opposite answer must be refused."""
        parsed = self.parsed(receipt)
        if parsed is None:
            return
        self.take(receipt, False)
        turned = tuple(
            replace(line, outcome="returned", code="E09", reason="改口")
            if line.outcome == "paid"
            else replace(line, outcome="paid", code="", reason="")
            for line in parsed.lines
        )
        text_ = FORMAT.write_receipt(replace(parsed, lines=turned))
        with self.office.transaction() as session:
            assert not take_receipt(session, self.vault, text_, actor=SYSTEM, now=NOW).accepted

    @rule(order_id=orders, crash=crash)
    def requeue(self, order_id, crash):
        self.moved(
            order_id,
            lambda s: requeue_line(
                s, self.vault, order_id=order_id, reason="换卡", actor=CLERK, now=NOW, account=GOOD
            ),
            crash,
        )

    @rule(order_id=orders, crash=crash)
    def hold(self, order_id, crash):
        self.moved(order_id, lambda s: hold(s, order_id=order_id, reason="疑点", actor=CLERK, now=NOW), crash)

    @rule(order_id=orders)
    def free(self, order_id):
        self.moved(order_id, lambda s: free(s, order_id=order_id, reason="无误", actor=CLERK, now=NOW), False)

    @rule(order_id=orders, crash=crash)
    def cancel(self, order_id, crash):
        self.moved(
            order_id, lambda s: cancel(s, order_id=order_id, reason="重复", actor=CLERK, now=NOW), crash
        )

    @rule()
    def seal(self):
        self.do(lambda s: seal(s, now=NOW))

    def moved(self, order_id: int, work: Callable[[Session], object], crash: bool) -> None:
        with self.office.transaction() as session:
            known = session.get(PaymentOrder, order_id) is not None
        if known:
            self.do(work, crash=crash)

    @staticmethod
    def parsed(receipt: bytes) -> Receipt | None:
        return None if receipt == b"nothing to answer" else FORMAT.read_receipt(receipt)

    @invariant()
    def books_balance(self):
        with self.office.transaction() as session:
            rows = trial_balance(session)
        assert Money.total(r.debit for r in rows) == Money.total(r.credit for r in rows)

    @invariant()
    def what_is_owed_is_exactly_what_is_ordered_and_not_yet_paid(self):
        with self.office.transaction() as session:
            owed = sum(balance(session, code, REGION, DAY).fen for code in ("2101", "2102", "2103"))
            open_fen = session.scalar(
                select(func.coalesce(func.sum(PaymentOrder.amount_fen), 0)).where(
                    PaymentOrder.status.not_in(("paid", "cancelled"))
                )
            )
        assert owed == open_fen

    @invariant()
    def what_left_the_bank_account_is_what_stands_as_paid(self):
        with self.office.transaction() as session:
            left = -balance(session, "1001", REGION, DAY).fen
            paid = session.scalar(
                select(func.coalesce(func.sum(PaymentOrder.amount_fen), 0)).where(
                    PaymentOrder.status == "paid"
                )
            )
        assert left == paid

    @invariant()
    def no_order_is_asked_of_the_bank_twice_and_paid_twice(self):
        """The bank's own view: over all files that it answered, each order is PAID at most once."""
        said: dict[str, int] = {}
        for number, receipt in self.bank.items():
            for line in FORMAT.read_receipt(receipt).lines:
                if line.outcome == "paid":
                    with self.office.transaction() as session:
                        order = session.scalar(
                            text(
                                "SELECT order_id FROM payment_line l JOIN payment_batch b ON b.id = l.batch_id "
                                "WHERE b.number = :n AND l.line_no = :l"
                            ),
                            {"n": number, "l": line.line_no},
                        )
                    said[order] = said.get(order, 0) + 1
        assert all(count == 1 for count in said.values()), said

    def teardown(self):
        with Session(self.office.engine) as session:
            verdict = verify_database(session)
        assert verdict.ok, verdict.text


@pytest.mark.slow
@pytest.mark.req("MONEY-03", "MONEY-04")
def test_no_life_of_an_office_unbalances_the_books_or_pays_anyone_twice(office: Office):
    life = type("LifeOfThisOffice", (Life,), {"office": office})

    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=30,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
