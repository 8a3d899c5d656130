"""A crash anywhere between the outbox, the bank and the books: nobody is paid twice, and the run ends (MONEY-04).

The bank of these tests remembers: it counts every file that it is handed and pays a batch number once.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from killing import COMMIT, EVERY, FILE, RETURNED, clone_of, dies_at
from sqlalchemy import text
from told import (
    assert_books_and_trail_are_right,
    claim_until,
    do,
    orders,
    run_until,
)

from engine.cases import payments
from engine.cases.sweep import sweep, sweep_until_idle
from engine.cases.views import Done
from engine.demo import Demo
from engine.money.bank_file import DuplicateBatchError, TestBank
from engine.store.db import Store
from engine.values import SYSTEM, Refusal
from engine.workflow.tables import WorkflowCase

pytestmark = [pytest.mark.slow, pytest.mark.req("MONEY-04", "SERV-05")]

MANY = 200


@dataclass(slots=True)
class Bank:
    """A bank behind the exchange folder: pays a batch number once, and gives its receipt again when asked again."""

    folder: Path
    memory: dict[str, bytes] = field(default_factory=dict)
    paid: int = 0

    def works(self) -> None:
        """Take every file that lies there and put a receipt down for it."""
        for path in sorted((self.folder / "out").glob("*.txt")):
            try:
                receipt = TestBank(memory=self.memory).answer(path.read_bytes())
                self.paid += 1
            except DuplicateBatchError as known:
                receipt = known.receipt
            (self.folder / "in").mkdir(exist_ok=True)
            (self.folder / "in" / path.name).write_bytes(receipt)
            path.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A seeded office whose payment run was just released; nothing was swept since."""

    demo: Demo
    claimed: int
    run: int


@pytest.fixture(scope="module")
def released(demo: Demo) -> Released:
    """One claim to be paid and its run, released."""
    claimed = claim_until(demo, "approve_claim")
    assert isinstance(do(demo, "approve_claim", claimed), Done)
    run = run_until(demo, "release_batch")
    assert isinstance(do(demo, "release_batch", run), Done)
    return Released(demo=demo, claimed=claimed, run=run)


@contextmanager
def copied(released: Released, folder: Path, *, bank: str) -> Iterator[Demo]:
    """The same office on a copy of its database, with a folder and a clock of its own."""
    first = released.demo.office
    # nobody may be connected to what is copied
    first.store.close()
    with clone_of(first.settings.database_url) as url:
        settings = replace(first.settings, database_url=url, data_dir=folder, bank=bank)
        clock = replace(released.demo.clock)
        office = replace(first, settings=settings, store=Store(url, pool_size=2), clock=clock)
        try:
            yield Demo(office=office, clock=clock, say=lambda _: None)
        finally:
            office.close()


def recover(demo: Demo, bank: Bank | None = None) -> None:
    """What happens by itself after a crash: the next sweeps, when the leases have run out, and the bank's work."""
    for _ in range(3):
        demo.clock.forward(minutes=6)
        sweep_until_idle(demo.office)
        if bank is not None:
            bank.works()


def assert_paid_once_and_ended(demo: Demo, released: Released) -> None:
    """The claimant has one month's money, the books say so once, the run is over, and nothing waits to be sent."""
    assert orders(demo, released.claimed) == ["paid"]
    with demo.office.store.reading() as session:
        assert session.get_one(WorkflowCase, released.run).status == "completed"
        assert session.scalar(text("SELECT count(*) FROM posting WHERE account = '1001'")) == 1
        assert session.scalar(text("SELECT count(*) FROM bank_receipt WHERE accepted")) == 1
        assert session.scalar(text("SELECT count(*) FROM payment_line WHERE status = 'paid'")) == 1
        assert session.scalar(text("SELECT count(*) FROM outbox_message WHERE sent_at IS NULL")) == 0
        assert session.scalar(text("SELECT count(*) FROM workflow_incident WHERE status = 'open'")) == 0
    assert_books_and_trail_are_right(demo)


def test_sweep_killed_before_and_after_every_commit_and_file_pays_once(
    released: Released, tmp_path: Path
) -> None:
    """Between taking from the outbox, writing the file, marking it sent, booking the receipt and telling the run.

    Every third point, from a drawn one; each of them with ``CHANGLING_KILLS=all``.
    """
    stride = 1 if os.environ.get("CHANGLING_KILLS") == "all" else 3
    number, killed = random.randrange(stride) + 1 - stride, True
    print(f"from point {number + stride}, every {stride}")
    while killed:
        number += stride
        assert number < MANY, "the sweep has no end"
        with copied(released, tmp_path / str(number), bank="test") as demo:
            killed = dies_at(
                number,
                partial(sweep_until_idle, demo.office),
                engine=demo.office.store.engine,
                kinds=(COMMIT, RETURNED, FILE),
                folder=demo.office.settings.data_dir / "bank",
            )

            recover(demo)

            assert_paid_once_and_ended(demo, released)
    print(f"{number - 1} points")
    assert number > 20


def test_bank_that_gets_a_file_twice_pays_it_once(released: Released, tmp_path: Path) -> None:
    """Killed between handing the file to the bank and marking it sent: the bank sees it again."""
    number, killed, handed = 0, True, set()
    while killed:
        number += 1
        assert number < MANY, "the sweep has no end"
        with copied(released, tmp_path / str(number), bank="folder") as demo:
            bank = Bank(demo.office.settings.data_dir / "bank")
            killed = dies_at(
                number,
                partial(sweep, demo.office),
                engine=demo.office.store.engine,
                kinds=(COMMIT, FILE),
                folder=bank.folder,
            )
            # the bank may be quicker than the next sweep
            bank.works()
            handed.add((bank.paid, killed))

            recover(demo, bank)

            assert bank.paid == 1
            assert_paid_once_and_ended(demo, released)
    # killed before the file went out, and after it
    assert handed >= {(0, True), (1, True)}


def test_receipt_killed_at_every_statement_is_booked_once_with_its_message(
    released: Released, tmp_path: Path
) -> None:
    """The booking and the message to the run are one transaction: never one without the other."""
    with copied(released, tmp_path / "receipt", bank="folder") as demo:
        bank = Bank(demo.office.settings.data_dir / "bank")
        sweep_until_idle(demo.office)
        bank.works()
        (path,) = (bank.folder / "in").glob("*.txt")
        take = partial(payments.take_receipt, demo.office, SYSTEM, path.read_bytes())
        number, booked = 0, 0
        while not booked:
            number += 1
            assert number < MANY, "the receipt is never booked"
            assert dies_at(number, take, engine=demo.office.store.engine, kinds=EVERY)
            with demo.office.store.reading() as session:
                booked = session.scalar(text("SELECT count(*) FROM bank_receipt")) or 0
                told = text("SELECT count(*) FROM outbox_message WHERE key LIKE 'bank_receipt/%'")
                assert session.scalar(told) == booked

        print(f"{number - 1} points before the commit")
        assert number > 15
        assert not isinstance(take(), Refusal)
        recover(demo)
        assert_paid_once_and_ended(demo, released)
