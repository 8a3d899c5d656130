"""A trial office for the money tests: a real database, a vault, the chart, and the people who sign."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from offices import OwnDatabase, a_server
from sqlalchemy import Select, String, cast, create_engine, func, literal, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.config import ROOT, Settings
from engine.money import (
    adjustment_tables,
    hand_tables,
    ledger_tables,
    payment_guards,
    payment_tables,
    period_tables,
    reconciliation_tables,
)
from engine.money.bank_file import TestBank
from engine.money.bulk import ROW_COLUMNS
from engine.money.chart import Chart
from engine.money.ledger import sync_accounts
from engine.money.payments import (
    PaymentBatch,
    PaymentOrder,
    certify,
    open_bank_file,
    order_payment,
    prepare_batch,
    record_sample,
    release,
)
from engine.store import audit, outbox
from engine.store.crypto import Vault
from engine.store.db import Base
from engine.store.guards import put_up
from engine.values import SYSTEM, Actor, Money, Month

NOW = datetime(2025, 11, 5, 1, 2, 3, 456789, tzinfo=UTC)
REGION = "371502"

CLERK = Actor(kind="staff", id=1, name="王守礼")
SAMPLER = Actor(kind="staff", id=2, name="赵复和")
ACCOUNTANT = Actor(kind="staff", id=3, name="周会")
CASHIER = Actor(kind="staff", id=4, name="吴娜")

GOOD, WRONG_NUMBER, WRONG_HOLDER = "6217994510000123455", "6217994510000120000", "6217994510000121111"

TABLES = (
    audit,
    outbox,
    ledger_tables,
    payment_tables,
    payment_guards,
    period_tables,
    reconciliation_tables,
    adjustment_tables,
    hand_tables,
)


@contextmanager
def new_database() -> Iterator[Engine]:
    """A database with all tables and triggers of money, audit and outbox; dropped after."""
    with OwnDatabase(a_server()) as url:
        engine = create_engine(url, connect_args={"options": "-c timezone=UTC"})
        with engine.begin() as connection:
            tables = [t for t in Base.metadata.sorted_tables if t.name in OWN_TABLES]
            Base.metadata.create_all(connection, tables=tables)
            for module in TABLES:
                put_up(connection, getattr(module, "TRIGGERS", ()))
        yield engine
        engine.dispose()


OWN_TABLES = {
    mapper.local_table.name
    for mapper in Base.registry.mappers
    if mapper.class_.__module__ in {module.__name__ for module in TABLES}
}


def empty(engine: Engine) -> None:
    """Every table empty again, ids from 1; only a superuser can do this past the triggers."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {', '.join(sorted(OWN_TABLES))} RESTART IDENTITY CASCADE"))


def a_vault() -> Vault:
    """A vault with a fixed key."""
    return Vault(
        Settings.from_env({"CHANGLING_SECRET": "ab" * 32, "CHANGLING_DATA": str(Path("/nonexistent"))})
    )


@dataclass(frozen=True)
class Office:
    """What every money test needs at hand."""

    engine: Engine
    vault: Vault
    bank: TestBank

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """As ``Store.transaction``: commits at the end, or rolls back whole."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def open_books(self) -> Office:
        """The office, its chart of accounts set up."""
        with self.transaction() as session:
            sync_accounts(session, Chart.load(ROOT / "processes"), actor=SYSTEM, now=NOW)
        return self

    def order(
        self,
        session: Session,
        key: str = "benefit:1:2025-11",
        *,
        fen: int = 163_800,
        account: str = GOOD,
        name: str = "李国强",
        purpose: str = "benefit",
        region: str = REGION,
        case_id: int | None = 17,
    ) -> PaymentOrder:
        """An order for Li, unless told otherwise."""
        return order_payment(
            session,
            self.vault,
            key=key,
            payee_kind="person",
            payee_id=1,
            payee_name=name,
            account=account,
            account_name=name,
            amount=Money(fen),
            purpose=purpose,
            month=Month(2025, 11),
            region=region,
            case_id=case_id,
            actor=CLERK,
            now=NOW,
        )

    def prepare(self, session: Session, number: str = "B1") -> PaymentBatch | None:
        """A batch over all that waits in the region."""
        return prepare_batch(session, region=REGION, number=number, actor=SYSTEM, now=NOW)

    def send(self, number: str = "B1") -> bytes:
        """The bank file of a batch over all that waits, after every signature."""
        with self.transaction() as session:
            assert self.prepare(session, number) is not None
        with self.transaction() as session:
            record_sample(session, number, actor=SAMPLER, now=NOW)
        with self.transaction() as session:
            certify(session, number, actor=ACCOUNTANT, now=NOW)
        with self.transaction() as session:
            release(session, self.vault, number, actor=CASHIER, now=NOW)
        with self.transaction() as session:
            [message] = outbox.take_due(session, now=NOW, kinds=("bank_file",))
        with self.transaction() as session:
            outbox.mark_sent(session, message.id, now=NOW)
        return open_bank_file(self.vault, message.content)


def like_order(number: int, count: int, key: str) -> Select:
    """Rows for ``order_many``: so many orders like that one, with keys of their own."""
    order = PaymentOrder.__table__
    row = func.generate_series(1, count).table_valued("n").render_derived()
    columns = (
        (literal(f"{key}:") + cast(row.c.n, String)).label("key"),
        *(order.c[name] for name in ROW_COLUMNS[1:]),
    )
    return select(*columns).join(row, literal(True)).where(order.c.id == number)
