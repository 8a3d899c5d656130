"""The memory of one bank file from prepared batch to booked receipt, step by step, for batches of several sizes.

Orders are written in sets into a database of its own; then every step is done once and the highest that the memory of
Python's objects rose during it is printed, in MB. By hand::

    DATABASE_URL=postgresql+psycopg://… python bench/bank_files.py [lines] …    2000 10000
"""

from __future__ import annotations

import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1] / "tests" / "money")]

from money_builders import ACCOUNTANT, CASHIER, NOW, REGION, SAMPLER, Office, a_vault, like_order  # noqa: E402
from offices import OwnDatabase  # noqa: E402
from sqlalchemy import create_engine, make_url  # noqa: E402

from engine.migrations import upgrade  # noqa: E402
from engine.money.bank_file import TestBank  # noqa: E402
from engine.money.batches import certify, open_bank_file, prepare_batch, record_sample, release  # noqa: E402
from engine.money.bulk import order_many  # noqa: E402
from engine.money.payments import PaymentOrder, take_receipt  # noqa: E402
from engine.store import outbox  # noqa: E402
from engine.values import SYSTEM  # noqa: E402

T = TypeVar("T")


def main() -> None:
    """Print what each step took, for each size."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.exit("请设置 DATABASE_URL（PostgreSQL）。 Set DATABASE_URL to a PostgreSQL.")
    for size in sys.argv[1:] or ["2000", "10000"]:
        with OwnDatabase(make_url(url).render_as_string(hide_password=False)) as own:
            upgrade(own)
            _measure(
                Office(engine=create_engine(own), vault=a_vault(), bank=TestBank()).open_books(), int(size)
            )


def _measure(office: Office, lines: int) -> None:
    with office.transaction() as session:
        first = office.order(session, key="benefit:1")
        number = first.id
    with office.transaction() as session:
        order_many(
            session,
            key="bench",
            region=REGION,
            rows=like_order(number, lines - 1, "benefit:many"),
            actor=SYSTEM,
            now=NOW,
        )
    print(f"{lines} lines: MB at the highest, seconds")
    say(
        office,
        "prepare",
        lambda session: prepare_batch(
            session, region=REGION, number="B1", actor=SYSTEM, now=NOW, limit=lines
        ),
    )
    say(office, "sample", lambda session: record_sample(session, "B1", actor=SAMPLER, now=NOW))
    say(office, "certify", lambda session: certify(session, "B1", actor=ACCOUNTANT, now=NOW))
    say(office, "release", lambda session: release(session, office.vault, "B1", actor=CASHIER, now=NOW))
    with office.transaction() as session:
        (message,) = outbox.take_due(session, now=NOW, kinds=("bank_file",))
        content = message.content
    file = say(office, "open the file", lambda _session: open_bank_file(office.vault, content))
    receipt = say(office, "the test bank answers", lambda _session: TestBank().answer(file))
    say(
        office, "receipt", lambda session: take_receipt(session, office.vault, receipt, actor=SYSTEM, now=NOW)
    )
    print(f"  {len(file)} bytes of file")
    with office.transaction() as session:
        assert session.query(PaymentOrder).filter(PaymentOrder.status == "sent").count() == 0


def say(office: Office, name: str, work: Callable[..., T]) -> T:
    """What the work gave; its memory and time are printed."""
    tracemalloc.start()
    started = time.perf_counter()
    with office.transaction() as session:
        outcome = work(session)
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"  {name:24} {highest / 1e6:7.1f} {time.perf_counter() - started:7.1f}", flush=True)
    return outcome


if __name__ == "__main__":
    main()
