"""Tables of the exchange: what went to and came from each other office, what was not taken, and the statements.

``exchange_fault`` and ``exchange_statement`` are insert-only. Bodies are encrypted: they name persons.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once

#: characters of an office code
CODE_MAX = 20


class ExchangeMessage(Base):
    """One message to or from another office; what it says never changes, only how far it has come."""

    __tablename__ = "exchange_message"
    __table_args__ = (
        UniqueConstraint("direction", "peer", "number"),
        UniqueConstraint("direction", "key"),
        Index(
            "uq_exchange_message_step",
            "direction",
            "peer",
            "transfer_number",
            "step",
            unique=True,
            postgresql_where=text("transfer_number <> ''"),
        ),
        Index("ix_exchange_message_transfer", "transfer_number"),
        CheckConstraint("direction IN ('out', 'in')", name="direction"),
        CheckConstraint("number > 0 AND step >= 0", name="numbers"),
        CheckConstraint("(transfer_number = '') = (step = 0)", name="step"),
        CheckConstraint("ack_state IN ('', 'taken', 'repeated', 'contradicted')", name="ack_state"),
        CheckConstraint("outcome IN ('', 'heard', 'contradicted')", name="outcome"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: ``out``: from here; ``in``: from there
    direction: Mapped[str] = mapped_column(String(3))
    #: code of the other office
    peer: Mapped[str] = mapped_column(String(CODE_MAX))
    #: from 1, given by the sender without gaps for each receiver
    number: Mapped[int] = mapped_column(BigInteger)
    #: what it is recognised by here: the outbox message it was, or what it came as
    key: Mapped[str] = mapped_column(String(200))
    #: empty for a statement
    transfer_number: Mapped[str] = mapped_column(String(40))
    #: from 1 within the transfer and direction; 0 for a statement
    step: Mapped[int]
    #: a key of ``engine.exchange.bodies.KINDS``
    kind: Mapped[str] = mapped_column(String(40))
    #: SHA-256 of the envelope, lower-case hex
    digest: Mapped[str] = mapped_column(String(64))
    #: the sender's, for what came in; what goes out is signed anew each time, to the same bytes
    signature: Mapped[str] = mapped_column(String(128), default="")
    #: canonical JSON, bound to direction, peer and number
    body_cipher: Mapped[bytes] = mapped_column(LargeBinary)
    #: the case that sent it, or that heard it
    case_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    #: when its sender sealed it
    sent_at: Mapped[datetime]
    #: when it was put or taken here
    created_at: Mapped[datetime]
    #: out: when the receiver's signed answer came; in: when ours was first given
    acked_at: Mapped[datetime | None]
    #: what the receiver answered: taken, repeated, contradicted; empty while there is no answer
    ack_state: Mapped[str] = mapped_column(String(12), default="")
    #: out: the signed answer as it came
    ack: Mapped[str] = mapped_column(Text, default="")
    #: in: when it was heard or laid aside
    heard_at: Mapped[datetime | None]
    #: in: heard, contradicted; empty while it waits. out: contradicted by the receiver
    outcome: Mapped[str] = mapped_column(String(12), default="")
    #: which case heard it, or why it contradicts; names no person
    outcome_text: Mapped[str] = mapped_column(Text, default="")

    @property
    def waits(self) -> bool:
        """Whether it has no result yet: not answered by its receiver, or not heard here."""
        return (self.acked_at if self.direction == "out" else self.heard_at) is None


class ExchangeFault(Base):
    """Insert-only. Something that came and was not taken, or contradicts what was taken. Holds no content."""

    __tablename__ = "exchange_fault"
    __table_args__ = (Index("ix_exchange_fault_peer", "peer", "at"), Index("ix_exchange_fault_at", "at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    #: the office whose signature it bears; empty where that could not be verified
    peer: Mapped[str] = mapped_column(String(CODE_MAX))
    #: a code of EnvelopeError, ``contradicted`` or ``bad_ack``
    code: Mapped[str] = mapped_column(String(24))
    #: what is wrong, Chinese; quotes nothing of what came
    text: Mapped[str] = mapped_column(Text)
    #: of the message, where its signature could be verified
    number: Mapped[int | None] = mapped_column(BigInteger)
    #: SHA-256 of what came, lower-case hex
    digest: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("exchange_message.id"))


class ExchangeStatement(Base):
    """Insert-only. One part of a statement: what an office says it sent, got and holds, as of an instant."""

    __tablename__ = "exchange_statement"
    __table_args__ = (
        UniqueConstraint("direction", "peer", "number", "part"),
        CheckConstraint("direction IN ('out', 'in')", name="direction"),
        CheckConstraint("part BETWEEN 1 AND parts", name="part"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: ``out``: stated here; ``in``: stated there
    direction: Mapped[str] = mapped_column(String(3))
    peer: Mapped[str] = mapped_column(String(CODE_MAX))
    #: of the statement, from 1 for each peer and direction
    number: Mapped[int]
    part: Mapped[int]
    parts: Mapped[int]
    as_of: Mapped[datetime]
    #: JSON: messages and transfers of this part; no personal data
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


TRIGGERS: tuple[str, ...] = (
    *keep_rows("exchange_message"),
    *frozen_columns(
        "exchange_message",
        *("id", "direction", "peer", "number", "key", "transfer_number", "step", "kind", "digest"),
        *("signature", "body_cipher", "sent_at", "created_at"),
    ),
    *set_once("exchange_message", "acked_at", "heard_at", "case_id"),
    *allowed_transitions("exchange_message", "outcome", (("", "heard"), ("", "contradicted"))),
    *insert_only("exchange_fault"),
    *insert_only("exchange_statement"),
)
