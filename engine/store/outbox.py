"""What is to leave the office: letters, messages, bank files, written in the transaction that decided them.

Nothing is sent inside a transaction. A worker takes what is due under a lease, commits, sends, and marks
it; if it dies in between, the lease runs out and the message is taken again. So a message is never lost,
and a receiver that looks at ``key`` never acts on it twice. Payloads hold no personal data in the clear.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import orjson
from sqlalchemy import BigInteger, Identity, Index, String, Text, UniqueConstraint, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.store.db import Base
from engine.store.guards import frozen_columns
from engine.store.sight import beyond

#: how long a taken message belongs to its taker
LEASE = timedelta(minutes=5)
#: sends that may fail before a message is laid aside for a person to look at
MAX_ATTEMPTS = 10
#: pause after the first failure; doubles with each further one, up to six hours
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)


class OutboxMessage(Base):
    """One message to send. What is sent never changes; only how far sending has come."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        Index(
            "ix_outbox_message_due",
            "due_at",
            "id",
            postgresql_where=text("sent_at IS NULL AND dead_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: which sender takes it, e.g. ``bank_file``
    kind: Mapped[str] = mapped_column(String(40))
    #: what the receiver recognises a repetition by; unique within the kind
    key: Mapped[str] = mapped_column(String(200))
    #: JSON text
    payload: Mapped[str] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    created_at: Mapped[datetime]
    #: not taken before this instant; a lease moves it forward
    due_at: Mapped[datetime]
    #: how often it was taken
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    #: what the receiver answered
    receipt: Mapped[str] = mapped_column(Text, default="")
    last_error: Mapped[str] = mapped_column(Text, default="")
    #: when it was given up; a person decides what then
    dead_at: Mapped[datetime | None]

    @property
    def content(self) -> dict[str, object]:
        """The payload as a mapping."""
        content: dict[str, object] = orjson.loads(self.payload)
        return content


TRIGGERS: tuple[str, ...] = frozen_columns(
    "outbox_message", "id", "kind", "key", "payload", "case_id", "created_at"
)


def put(
    session: Session,
    *,
    kind: str,
    key: str,
    payload: Mapping[str, object],
    now: datetime,
    case_id: int | None = None,
    due_at: datetime | None = None,
) -> OutboxMessage:
    """The message of that kind and key: a new one, or the one that was put first (its payload stays)."""
    message = upsert(OutboxMessage).values(
        kind=kind,
        key=key,
        payload=orjson.dumps(payload, option=orjson.OPT_SORT_KEYS).decode(),
        case_id=case_id,
        created_at=now,
        due_at=due_at or now,
        attempts=0,
        receipt="",
        last_error="",
    )
    with beyond(session, "what leaves the office is the office's own, whoever's act wrote it"):
        session.execute(message.on_conflict_do_nothing(index_elements=["kind", "key"]))
        return session.scalars(
            select(OutboxMessage).where(OutboxMessage.kind == kind, OutboxMessage.key == key)
        ).one()


def take_due(
    session: Session,
    *,
    now: datetime,
    limit: int = 50,
    kinds: tuple[str, ...] = (),
    lease: timedelta = LEASE,
) -> list[OutboxMessage]:
    """Messages that are due, oldest first, now leased to the caller, who must commit before sending.

    Messages that another worker is taking are passed over. One that was taken ``MAX_ATTEMPTS`` times
    without an answer (it may be what kills the worker) is laid aside instead.
    """
    open_ones = (
        OutboxMessage.sent_at.is_(None),
        OutboxMessage.dead_at.is_(None),
        OutboxMessage.due_at <= now,
    )
    query = (
        select(OutboxMessage).where(*open_ones).order_by(OutboxMessage.due_at, OutboxMessage.id).limit(limit)
    )
    if kinds:
        query = query.where(OutboxMessage.kind.in_(kinds))
    locked = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    taken = []
    for message in session.scalars(locked):
        if message.attempts >= MAX_ATTEMPTS:
            message.dead_at = now
            continue
        message.attempts += 1
        message.due_at = now + lease
        taken.append(message)
    session.flush()
    return taken


def mark_sent(session: Session, message_id: int, *, now: datetime, receipt: str = "") -> None:
    """Note that the receiver has it; marking again changes nothing."""
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.sent_at.is_(None))
        .values(sent_at=now, receipt=receipt, last_error="", dead_at=None)
    )


def mark_failed(
    session: Session,
    message_id: int,
    *,
    now: datetime,
    error: str,
    retryable: bool = True,
    patient: bool = False,
) -> OutboxMessage:
    """The message, due again after a pause that doubles, or dead: not retryable, or tried too often.

    A patient one is never tried too often: nothing is wrong with it, only its receiver is out of reach.
    """
    message = session.get_one(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message.sent_at is not None:
        return message
    message.last_error = error
    if patient:
        message.attempts = min(message.attempts, MAX_ATTEMPTS - 1)
    if not retryable or message.attempts >= MAX_ATTEMPTS:
        message.dead_at = now
    else:
        message.due_at = now + pause_after(message.attempts)
    session.flush()
    return message


def postpone(session: Session, message_id: int, *, now: datetime, wait: timedelta = LEASE) -> None:
    """Have the message taken again after a while, without counting the attempt: its receiver cannot hear it yet."""
    message = session.get_one(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message.sent_at is None:
        message.attempts, message.due_at = max(0, message.attempts - 1), now + wait
        session.flush()


def revive(session: Session, message_id: int, *, now: datetime) -> OutboxMessage:
    """The dead message, due at once with fresh attempts: a person found and mended the cause."""
    message = session.get_one(OutboxMessage, message_id, with_for_update=True, populate_existing=True)
    if message.dead_at is not None:
        message.dead_at, message.attempts, message.due_at = None, 0, now
        session.flush()
    return message


def hasten(session: Session, *, kind: str, key: str, now: datetime) -> None:
    """Have the message taken with the next sweep, if it still waits: what held it up is out of the way."""
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.kind == kind, OutboxMessage.key == key)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.dead_at.is_(None), OutboxMessage.due_at > now)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 30 s, 1 min, 2 min … at most six hours."""
    return min(FIRST_PAUSE * (1 << max(0, min(attempts, 20) - 1)), LONGEST_PAUSE)
