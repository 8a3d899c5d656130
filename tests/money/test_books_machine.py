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
    RuleBasedStateMachine,
    initialize,
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
    like_order,
)
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.money.bank_file import Receipt, ReceiptLine, TestBank, TextFormat
from engine.money.bulk import order_many
from engine.money.ledger import balance, trial_balance
from engine.money.payments import (
    PaymentError,
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
    crash = st.sampled_from([False, False, False, True])

    def __init__(self) -> None:
        super().__init__()
        empty(self.office.engine)
        self.office.open_books()
        self.vault = a_vault()
        self.batches = 0
        self.ordered = self.chunks = 0
        #: batch number → the bank's receipt; the bank itself never pays a number twice
        self.bank: dict[str, bytes] = {}

    @initialize(
        accounts=st.lists(st.sampled_from([GOOD, WRONG_NUMBER, WRONG_HOLDER]), min_size=3, max_size=5)
    )
    def some_are_owed_money(self, accounts):
        for account in accounts:
            self.order(1, 163_800, account, "benefit", False)

    @rule(
        repeat=st.integers(0, 3),
        fen=st.sampled_from([163_800, 1]),
        account=st.sampled_from([GOOD, WRONG_NUMBER, WRONG_HOLDER]),
        purpose=st.sampled_from(["benefit", "medical", "refund", "transfer"]),
        crash=crash,
    )
    def order(self, repeat, fen, account, purpose, crash):
        """A new order; or, told to repeat, one of the same key as before."""
        self.ordered += 1 if repeat else 0
        # the key says what is ordered, so a repetition is a true repetition
        key = f"{self.ordered}:{fen}:{account}:{purpose}"
        self.do(lambda s: self.office.order(s, key, fen=fen, account=account, purpose=purpose), crash)

    @rule(count=st.integers(1, 4), repeat=st.booleans(), crash=crash)
    def order_in_bulk(self, count, repeat, crash):
        """Many orders in one statement, like one that is there; or, told to repeat, the chunk of before once more."""
        with self.office.transaction() as session:
            like = session.scalar(select(func.min(PaymentOrder.id)))
        self.chunks += 0 if repeat else 1
        key = f"chunk:{self.chunks}:{count}"
        rows = like_order(like, count, key)
        self.do(lambda s: order_many(s, key=key, region=REGION, rows=rows, actor=SYSTEM, now=NOW), crash)

    @rule(step=st.sampled_from(["prepare", "sample", "certify", "release", "dissolve", "alone"]), crash=crash)
    def batch(self, step, crash):
        """One step with the newest batch, in order or not, by the right person or one who did another step."""
        if step == "prepare":
            self.batches += 1
        number = f"B{self.batches}"
        work: dict[str, Callable[[Session], object]] = {
            "prepare": lambda s: self.office.prepare(s, number),
            "sample": lambda s: record_sample(s, number, actor=SAMPLER, now=NOW),
            "certify": lambda s: certify(s, number, actor=ACCOUNTANT, now=NOW),
            "release": lambda s: release(s, self.vault, number, actor=CASHIER, now=NOW),
            "dissolve": lambda s: dissolve_batch(s, number, reason="疑点", actor=SAMPLER, now=NOW),
            "alone": lambda s: release(s, self.vault, number, actor=ACCOUNTANT, now=NOW),
        }
        self.do(work[step], crash)

    @rule(answered=st.booleans())
    def whole_batch(self, answered):
        for step in ("prepare", "sample", "certify", "release"):
            self.batch(step, False)
        if answered:
            self.receipt(-1, 0, False)

    @rule(which=st.integers(0, 9), keep=st.integers(0, 2), crash=crash)
    def receipt(self, which, keep, crash):
        """A receipt arrives, whole or in part, early or late, once or again."""
        receipt = self.receipt_of_the_bank(which)
        if receipt is not None:
            part = FORMAT.write_receipt(replace(receipt, lines=receipt.lines[keep:] or receipt.lines))
            self.do(lambda s: take_receipt(s, self.vault, part, actor=SYSTEM, now=NOW), crash)

    @rule(
        which=st.integers(0, 9),
        at=st.integers(0, 5),
        lie=st.sampled_from(["amount", "line", "account", "file", "turned"]),
    )
    def forged_receipt(self, which, at, lie):
        """A receipt with one lie in it: whatever else it says, it is refused whole."""
        receipt = self.receipt_of_the_bank(which)
        if receipt is None:
            return
        if lie == "turned":
            # a change of mind is a lie only after the truth is booked
            truth = FORMAT.write_receipt(receipt)
            self.do(lambda s: take_receipt(s, self.vault, truth, actor=SYSTEM, now=NOW))
        at %= len(receipt.lines)
        forged = replace(
            receipt,
            lines=(*receipt.lines[:at], told_falsely(receipt.lines[at], lie), *receipt.lines[at + 1 :]),
            file_digest="00" * 32 if lie == "file" else receipt.file_digest,
        )
        with self.office.transaction() as session:
            outcome = take_receipt(session, self.vault, FORMAT.write_receipt(forged), actor=SYSTEM, now=NOW)
        assert not outcome.accepted
        assert outcome.paid == Money(0)

    @rule(which=st.integers(0, 9), step=st.sampled_from(["requeue", "hold", "free", "cancel"]), crash=crash)
    def order_step(self, which, step, crash):
        with self.office.transaction() as session:
            # mostly an order that may take the step, sometimes one that may not
            open_to = {"requeue": "returned", "hold": "ordered", "free": "held", "cancel": "ordered"}[step]
            query = select(PaymentOrder.id).order_by(PaymentOrder.id)
            ids = session.scalars(query.where(PaymentOrder.status == open_to) if which else query).all()
        chosen = ids[which % len(ids)] if ids else 0
        work: dict[str, Callable[[Session], object]] = {
            "requeue": lambda s: requeue_line(
                s, self.vault, order_id=chosen, reason="换卡", actor=CLERK, now=NOW, account=GOOD
            ),
            "hold": lambda s: hold(s, order_id=chosen, reason="疑点", actor=CLERK, now=NOW),
            "free": lambda s: free(s, order_id=chosen, reason="无误", actor=CLERK, now=NOW),
            "cancel": lambda s: cancel(s, order_id=chosen, reason="重复", actor=CLERK, now=NOW),
        }
        self.do(work[step], crash)

    @rule()
    def returned_ones_are_paid_again(self):
        with self.office.transaction() as session:
            ids = session.scalars(select(PaymentOrder.id).where(PaymentOrder.status == "returned")).all()
        for number in range(len(ids)):
            self.do(
                lambda s, chosen=ids[number]: requeue_line(
                    s, self.vault, order_id=chosen, reason="换卡", actor=CLERK, now=NOW, account=GOOD
                )
            )
        self.whole_batch(True)

    @rule()
    def seal(self):
        self.do(lambda s: seal(s, now=NOW))

    def do(self, work: Callable[[Session], object], crash: bool = False) -> bool:
        """Whether the work was done and kept: refused work and a power cut leave nothing behind."""
        with suppress(RefusedError, PaymentError, PowerCutError), self.office.transaction() as session:
            work(session)
            if crash:
                raise PowerCutError
            return True
        return False

    def receipt_of_the_bank(self, which: int) -> Receipt | None:
        """One of its receipts, after it worked through every file it was handed, however often."""
        with self.office.transaction() as session:
            messages = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        for message in messages:
            if message.key not in self.bank:
                self.bank[message.key] = TestBank().answer(open_bank_file(self.vault, message.content))
        receipts = list(self.bank.values())
        return FORMAT.read_receipt(receipts[which % len(receipts)]) if receipts else None

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


def told_falsely(line: ReceiptLine, lie: str) -> ReceiptLine:
    """The line with the lie in it."""
    if lie == "amount":
        return replace(line, amount=line.amount + Money(1))
    if lie == "line":
        return replace(line, line_no=99)
    if lie == "account":
        return replace(line, account="62179999")
    if lie == "turned" and line.outcome == "paid":
        return replace(line, outcome="returned", code="E09", reason="改口")
    if lie == "turned":
        return replace(line, outcome="paid", code="", reason="")
    return line


@pytest.mark.slow
@pytest.mark.req("MONEY-03", "MONEY-04")
def test_no_life_of_an_office_unbalances_the_books_or_pays_anyone_twice(office: Office):
    life = type("LifeOfThisOffice", (Life,), {"office": office})

    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )
