"""Orders by the ten thousand: one statement, one entry for each purpose, one audit event that vouches for all.

What a single order is held to holds here too: its key is ordered once, its amount is above zero, its account
can be written to a bank file (``card accounts`` are checked when they are taken in). Called by the month run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Select, TextualSelect, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.money.ledger import Line, accounting_day, post
from engine.money.ledger_tables import PaymentPurpose
from engine.money.payment_tables import ORDER_CORE, SEALED_CHUNK, PaymentChunk, PaymentOrder
from engine.store.actions import Action
from engine.store.audit import Voucher, append
from engine.store.canonical import Plain, plain
from engine.values import Actor, Money

#: columns of the rows that are handed in, in this order
ROW_COLUMNS = (
    "key",
    "payee_kind",
    "payee_id",
    "payee_name",
    "account",
    "account_index",
    "account_name",
    "amount_fen",
    "purpose",
    "month",
    "region",
    "case_id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What was ordered in one go; nothing for a chunk of no rows."""

    chunk_id: int | None
    count: int
    total: Money


def order_many(
    session: Session,
    *,
    key: str,
    region: str,
    rows: Select[tuple[object, ...]] | TextualSelect,
    actor: Actor,
    now: datetime,
) -> Ordered:
    """The chunk of that key, ordered now or before.

    ``rows`` selects ROW_COLUMNS, all of the one region; a row whose key is ordered already is left out. Booked
    like single orders: expense to payable account, summed by purpose.
    """
    known = session.scalars(select(PaymentChunk).where(PaymentChunk.key == key)).one_or_none()
    if known is not None:
        return _ordered(known)
    found = rows.subquery()
    fresh = select(found).where(~select(PaymentOrder.id).where(PaymentOrder.key == found.c.key).exists())
    wanted = session.execute(
        select(func.count(), func.coalesce(func.sum(fresh.subquery().c.amount_fen), 0))
    ).one()
    if not wanted[0]:
        return Ordered(chunk_id=None, count=0, total=Money(0))
    chunk = PaymentChunk(
        key=key,
        region=region,
        order_count=int(wanted[0]),
        total_fen=int(wanted[1]),
        created_by=actor.key,
        created_at=now,
    )
    session.add(chunk)
    session.flush()
    _insert(session, chunk, fresh)
    _book(session, chunk, actor=actor, now=now)
    _vouch(session, chunk, actor=actor, now=now)
    return _ordered(chunk)


def _insert(session: Session, chunk: PaymentChunk, fresh: Select[tuple[object, ...]]) -> None:
    given = fresh.subquery()
    made = select(
        *(given.c[name] for name in ROW_COLUMNS),
        literal(chunk.created_by).label("created_by"),
        literal(chunk.created_at, DateTime(timezone=True)).label("created_at"),
        literal("ordered").label("status"),
        literal("").label("status_reason"),
        literal(chunk.id, BigInteger).label("chunk_id"),
    ).order_by(given.c.key)
    names = [column.name for column in made.selected_columns]
    session.execute(insert(PaymentOrder).from_select(names, made))


def _book(session: Session, chunk: PaymentChunk, *, actor: Actor, now: datetime) -> None:
    """One entry for each purpose: expense to payable account, the sum of its orders."""
    sums = session.execute(
        select(PaymentPurpose, func.sum(PaymentOrder.amount_fen), func.count())
        .join(PaymentOrder, PaymentOrder.purpose == PaymentPurpose.purpose)
        .where(PaymentOrder.chunk_id == chunk.id)
        .group_by(PaymentPurpose.purpose)
        .order_by(PaymentPurpose.purpose)
    )
    for use, fen, count in sums.all():
        amount = Money(int(fen))
        post(
            session,
            key=f"orders:{chunk.key}:{use.purpose}",
            day=accounting_day(now),
            region=chunk.region,
            text=f"{use.name} {count} 笔（{chunk.key}）",
            lines=[Line(use.expense, "debit", amount), Line(use.payable, "credit", amount)],
            actor=actor,
            now=now,
        )


def _vouch(session: Session, chunk: PaymentChunk, *, actor: Actor, now: datetime) -> None:
    """The trail vouches for the chunk and every order in it; rows are read back as they stand."""
    table = PaymentOrder.__table__
    rows = session.execute(
        select(*(table.c[name] for name in ORDER_CORE))
        .where(table.c.chunk_id == chunk.id)
        .order_by(table.c.id)
    )
    orders: list[Plain] = [
        {name: plain(value) for name, value in zip(ORDER_CORE, row, strict=True)} for row in rows
    ]
    content: dict[str, Plain] = {name: plain(getattr(chunk, name)) for name in SEALED_CHUNK.columns}
    content["payment_order"] = orders
    append(
        session,
        stream=f"payments:{chunk.region}",
        action=Action.ORDERS_CREATED,
        actor=actor,
        subject=f"payment_chunk:{chunk.id}",
        after={"key": chunk.key, "count": chunk.order_count, "total": Money(chunk.total_fen).text},
        now=now,
        voucher=Voucher(table=SEALED_CHUNK.table, key=str(chunk.id), content=content),
    )


def _ordered(chunk: PaymentChunk) -> Ordered:
    return Ordered(chunk_id=chunk.id, count=chunk.order_count, total=Money(chunk.total_fen))
