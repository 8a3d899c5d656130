"""Whatever comes back in whatever order: the books balance, no more is taken back than was overpaid, nothing books twice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from builders import actor
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from test_recovery import decided

from engine.benefits.recovery_plan import balance_of
from engine.benefits.recovery_tables import Overpayment, Repayment, WriteOff
from engine.benefits.repayments import offset_order, repay_by_bank
from engine.benefits.tables import BenefitGrant
from engine.benefits.write_offs import judge_write_off, propose_write_off
from engine.cases.office import Office
from engine.cases.recoveries import begin_recovery
from engine.cases.recovery_openers import order_month, overpaid_grant
from engine.money.ledger import balance, trial_balance
from engine.money.payments import PaymentOrder
from engine.money.reconciliation import reconcile_business
from engine.values import SYSTEM, Actor, Money, Month, RefusedError

REGION = "371502"
#: two months of 600 yuan
OWED = 120_000
ONE, OTHER = Actor(kind="staff", id=1, name="甲"), Actor(kind="staff", id=4, name="乙")

#: what may happen: money comes under a reference, an order is offset, a rest is given up, time passes
ACTS = (
    *(("bank", fen, number) for number in (0, 1, 2) for fen in (1, 8_000, 112_000, 119_999, 120_001)),
    *(("offset", fen, twice) for twice in (False, True) for fen in (1, 2, 60_000, 163_800, 230_000)),
    *(("give up", approve, alone) for approve in (True, False) for alone in (False, True)),
    *(("wait", days, 0) for days in (1, 1, 400, 400)),
)
lives = st.lists(st.sampled_from(ACTS), min_size=7, max_size=12)


@dataclass
class Life:
    """One overpayment, and what its bank and its orders say came back."""

    office: Office
    overpayment_id: int
    later_id: int
    day: timedelta = timedelta(0)
    months: int = 0
    #: reference → fen, as the bank has it
    bank: dict[str, int] = field(default_factory=dict)
    offset: int = 0

    @property
    def now(self):
        """The office's clock, moved by what was waited."""
        return self.office.clock() + self.day

    def record(self, session: Session) -> Overpayment:
        """The row as it stands."""
        return session.get_one(Overpayment, self.overpayment_id)

    def act(self, what: str, first: int, second: int) -> None:
        """Do it in a transaction of its own; a refusal rolls it back."""
        acts = {"bank": self.pay, "offset": self.keep_back, "give up": self.give_up, "wait": self.wait}
        with suppress(RefusedError):
            acts[what](first, second)

    def wait(self, days: int, _: object) -> None:
        """Time passes."""
        self.day += timedelta(days=days)

    def pay(self, fen: int, number: int) -> None:
        """Money under one of three references of this overpayment."""
        reference = f"BK{self.overpayment_id}-{number}"
        with self.office.store.transaction() as session:
            before = balance_of(session, self.record(session), date.max).open.fen
            made = repay_by_bank(
                session, self.overpayment_id, day=self.now.date(), amount=Money(fen), reference=reference,
                actor=ONE, now=self.now,
            )  # fmt: skip
            assert made.amount_fen == fen
        assert self.bank.get(reference, fen) == fen, "another amount under a known reference is refused"
        assert reference in self.bank or fen <= before
        self.bank[reference] = fen

    def keep_back(self, fen: int, twice: int) -> None:
        """A later month is ordered, and what may be is kept back of it; told twice, once."""
        self.months += 1
        month, already = str(Month(2026, 1).plus(self.months)), []
        with self.office.store.transaction() as session:
            later = session.get_one(BenefitGrant, self.later_id)
            order_month(session, self.office, later, Month(2026, 1).plus(self.months), Money(fen))
            order = session.scalars(
                select(PaymentOrder.id).where(PaymentOrder.key.startswith(f"benefit:{self.later_id}:"))
                .where(PaymentOrder.month == month)
            ).one()  # fmt: skip
        for _ in range(2 if twice else 1):
            with self.office.store.transaction() as session:
                made = offset_order(
                    session, self.office.vault, self.overpayment_id, order_id=order, book=self.office.book,
                    actor=SYSTEM, now=self.now,
                )  # fmt: skip
                kept = made.amount_fen if made is not None else 0
                self.offset += kept
                left = session.scalars(
                    select(PaymentOrder.amount_fen)
                    .where(PaymentOrder.key.startswith(f"benefit:{self.later_id}:"))
                    .where(PaymentOrder.status != "cancelled")
                    .where(PaymentOrder.month == month)
                ).all()
                already.append(kept)
                assert sum(left) + sum(already) == fen, "benefit is paid or kept back"

    def give_up(self, approve: int, alone: int) -> None:
        """A write-off proposed, and judged by the same person or another."""
        with suppress(RefusedError), self.office.store.transaction() as session:
            propose_write_off(
                session, self.overpayment_id, rule="small", evidence="催收无果", died_on=None,
                book=self.office.book, actor=ONE, now=self.now,
            )  # fmt: skip
        with self.office.store.transaction() as session:
            waiting = select(WriteOff.id).where(
                WriteOff.overpayment_id == self.overpayment_id, WriteOff.status == "proposed"
            )
            found = session.scalar(waiting)
            if found is not None:
                judge_write_off(
                    session,
                    found,
                    approve=bool(approve),
                    why="属实",
                    actor=ONE if alone else OTHER,
                    now=self.now,
                )
                assert not alone

    def check(self, session: Session, claimed_before: int) -> None:
        """What must hold whatever happened."""
        record = self.record(session)
        stands = balance_of(session, record, self.now.date())
        back = sum(self.bank.values()) + self.offset
        assert (stands.back.fen, stands.by_offset.fen) == (back, self.offset)
        assert 0 <= back <= OWED
        assert stands.open.fen == OWED - back - stands.written_off.fen >= 0
        claim = balance(session, "1131", REGION, date(2100, 1, 1)).fen
        assert claim - claimed_before == stands.open.fen
        trial = trial_balance(session)
        assert Money.total(row.debit for row in trial) == Money.total(row.credit for row in trial)
        assert reconcile_business(session, region="370000") == ()
        closed = {"settled": back == OWED, "written_off": stands.written_off.fen > 0}
        assert closed.get(record.status, stands.open.fen > 0)
        count = select(func.count()).where(Repayment.overpayment_id == record.id, Repayment.way == "bank")
        assert session.scalar(count) == len(self.bank)


def a_life(office: Office, mode: str) -> Life:
    """An overpayment that was decided, and the next benefit of the same person."""
    with office.store.transaction() as session:
        who = actor(office, "li").id
        grant = overpaid_grant(
            session, office, who, event_day=date(2025, 7, 14), months=2, monthly=Money(OWED // 2), region=REGION,
            ground="ST1",
        )  # fmt: skip
        case = begin_recovery(session, office, SYSTEM, grant)
        record = session.scalars(select(Overpayment).where(Overpayment.case_id == case.id)).one()
        decided(office, session, record, mode=mode)
        later = BenefitGrant(
            origin="import", person_id=who, region_code=REGION, applied_on=office.today, granted_on=office.today,
            first_month="2026-01", months=24, monthly_fen=1, determination="{}", status="stopped",
            ended_ground="ST1", ended_on=date(2027, 12, 1),
        )  # fmt: skip
        session.add(later)
        session.flush()
        return Life(office=office, overpayment_id=record.id, later_id=later.id)


@pytest.mark.req("CLAIM-13", "MONEY-03")
@settings(
    max_examples=10,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(
    mode="once",
    acts=[
        ("bank", 112_000, 0),
        ("give up", True, False),
        ("wait", 400, 0),
        ("give up", True, True),
        ("give up", False, False),
        ("give up", True, False),
        ("bank", 1, 1),
    ],
)
@example(
    mode="offset",
    acts=[
        ("offset", 1, True),
        ("bank", 8_000, 0),
        ("bank", 8_000, 0),
        ("bank", 1, 0),
        ("offset", 163_800, True),
        ("wait", 1, 0),
        ("offset", 230_000, False),
        ("offset", 60_000, False),
    ],
)
@given(mode=st.sampled_from(["offset", "once"]), acts=lives)
def test_books_balance_and_never_more_comes_back_than_was_overpaid(office: Office, mode, acts) -> None:
    with office.store.reading() as session:
        before = balance(session, "1131", REGION, date(2100, 1, 1)).fen
    life = a_life(office, mode)

    for act in acts:
        life.act(*act)

        with office.store.reading() as session:
            life.check(session, before)
