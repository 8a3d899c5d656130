"""The audit trail: who did what, when, before, after and why, in chains that cannot be rewritten unseen.

Insert-only: ``audit_event``, ``audit_seal``, ``audit_seal_leaf``. Every stream ("case:17", "staff",
"ledger:371500", "batch:3", "office") is a hash chain of its own, so two cases never wait for each
other; ``seal`` binds the heads of all streams by a Merkle root chained to the seal before.
Other rooms let the trail vouch for rows of their own by declaring a :class:`SealedTable`.
Checked by ``engine.store.verification``; written inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import BigInteger, Index, String, Text, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.store.canonical import GENESIS, DigestName, MerkleRoot, Plain, canonical, digest_of, plain
from engine.store.db import Base
from engine.store.guards import frozen_columns, insert_only, keep_rows
from engine.values import Actor

#: held while a seal is made: two sealers would fork the chain of seals
SEAL_LOCK = 0x6368_7365


class AuditStream(Base):
    """The head of one stream: where its chain ends now."""

    __tablename__ = "audit_stream"

    stream: Mapped[str] = mapped_column(String(80), primary_key=True)
    #: number of the last event, from 1
    last_seq: Mapped[int] = mapped_column(BigInteger)
    last_digest: Mapped[str] = mapped_column(String(64))
    #: last event bound by a seal; may lag behind the leaves (such a head is only sealed once more)
    sealed_seq: Mapped[int] = mapped_column(BigInteger)


class AuditEvent(Base):
    """One thing that happened. Insert-only."""

    __tablename__ = "audit_event"
    __table_args__ = (Index(None, "subject", "at"), Index(None, "at"))

    stream: Mapped[str] = mapped_column(String(80), primary_key=True)
    #: from 1 without gaps in its stream
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    #: a word of ``engine.store.actions.Action``
    action: Mapped[str] = mapped_column(String(40))
    #: ``staff:3``, ``person:12``, ``employer:5``, ``system:0``
    actor: Mapped[str] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(Text)
    #: what it happened to, e.g. ``journal_entry:12``
    subject: Mapped[str] = mapped_column(String(120))
    #: JSON text; None where nothing was there before
    before: Mapped[str | None] = mapped_column(Text)
    #: JSON text; None where nothing is there any more
    after: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    #: the row that this event vouches for: table, key, digest of its content
    sealed_table: Mapped[str | None] = mapped_column(String(63))
    sealed_key: Mapped[str | None] = mapped_column(String(120))
    sealed_digest: Mapped[str | None] = mapped_column(String(64))
    #: ``sha256`` or ``sm3``, for this event's digests
    hash: Mapped[str] = mapped_column(String(10))
    #: digest of the event before in the stream; the genesis value for the first
    previous: Mapped[str] = mapped_column(String(64))
    #: over the canonical JSON of every other column
    digest: Mapped[str] = mapped_column(String(64))


class AuditSeal(Base):
    """One seal over the heads that changed since the seal before. Insert-only."""

    __tablename__ = "audit_seal"

    #: from 1 without gaps
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    leaf_count: Mapped[int] = mapped_column(BigInteger)
    #: Merkle root of the leaves in their order
    root: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(10))
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class AuditSealLeaf(Base):
    """The head of one stream as a seal found it. Insert-only."""

    __tablename__ = "audit_seal_leaf"
    __table_args__ = (Index(None, "stream", "seq"),)

    seal: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    #: from 1, in the order of the stream names by code point
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    stream: Mapped[str] = mapped_column(String(80))
    seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))


TRIGGERS: tuple[str, ...] = (
    *insert_only("audit_event"),
    *insert_only("audit_seal"),
    *insert_only("audit_seal_leaf"),
    *keep_rows("audit_stream"),
    *frozen_columns("audit_stream", "stream"),
)

EVENT_COLUMNS = tuple(c.name for c in AuditEvent.__table__.columns)
SEAL_COLUMNS = tuple(c.name for c in AuditSeal.__table__.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Rows that belong to a sealed row, such as the postings of a journal entry."""

    table: str
    #: column that names the row they belong to
    by: str
    #: column of whole numbers that orders them within it
    order: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedTable:
    """A table whose rows the audit trail vouches for: which columns count, and what belongs to a row."""

    table: str
    #: its single-column key
    key: str
    columns: tuple[str, ...]
    members: Members | None = None
    #: SQL over its own columns: which of its rows are vouched for by themselves; the others are members elsewhere
    only: str = ""

    def voucher(self, record: Base, members: Sequence[object] = ()) -> Voucher:
        """The voucher for the record as it stands now, members in their order; flush both first."""
        content: dict[str, Plain] = {name: plain(getattr(record, name)) for name in self.columns}
        if self.members:
            content[self.members.table] = [
                {name: plain(getattr(member, name)) for name in self.members.columns} for member in members
            ]
        return Voucher(table=self.table, key=str(getattr(record, self.key)), content=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """What an event vouches for. A later voucher for the same table and key replaces it."""

    table: str
    key: str
    content: Mapping[str, Plain]

    def digest(self, name: str) -> str:
        """The digest of the content together with where it stands."""
        return digest_of(name, canonical({"table": self.table, "key": self.key, "content": self.content}))


#: declared sealed tables by name; filled when the modules that own the tables are imported
SEALED: dict[str, SealedTable] = {}

_CHOSEN: dict[str, DigestName] = {"digest": "sha256"}


def register(declaration: SealedTable) -> SealedTable:
    """The declaration, known to verification from now on."""
    SEALED[declaration.table] = declaration
    return declaration


def choose_digest(name: DigestName) -> None:
    """Hash new events and seals with this digest; called once where the office opens its store.

    Old links keep the digest whose name they carry, so the choice may change over the years.
    """
    digest_of(name, b"")
    _CHOSEN["digest"] = name


def append(
    session: Session,
    *,
    stream: str,
    action: str,
    actor: Actor,
    subject: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
    now: datetime,
    voucher: Voucher | None = None,
) -> AuditEvent:
    """The event, added to the end of its stream; only that stream waits until the caller commits.

    ``before`` and ``after`` are kept as JSON text. ``now`` must know its time zone (ValueError).
    """
    if now.tzinfo is None:
        raise ValueError("审计时间须带时区")
    last_seq, last_digest = _lock_head(session, stream)
    name = _CHOSEN["digest"]
    event = AuditEvent(
        stream=stream,
        seq=last_seq + 1,
        at=now,
        action=str(action),
        actor=actor.key,
        actor_name=actor.name,
        subject=subject,
        before=_json_text(before),
        after=_json_text(after),
        reason=reason,
        sealed_table=voucher.table if voucher else None,
        sealed_key=voucher.key if voucher else None,
        sealed_digest=voucher.digest(name) if voucher else None,
        hash=name,
        previous=last_digest,
    )
    event.digest = link_digest({column: plain(getattr(event, column)) for column in EVENT_COLUMNS})
    session.add(event)
    session.execute(
        update(AuditStream)
        .where(AuditStream.stream == stream)
        .values(last_seq=event.seq, last_digest=event.digest)
        .execution_options(synchronize_session=False)
    )
    return event


def link_digest(row: Mapping[str, Plain]) -> str:
    """The digest of an event or a seal over all its columns but the digest itself."""
    content = {name: value for name, value in row.items() if name != "digest"}
    return digest_of(str(row["hash"]), canonical(content))


def seal(session: Session, *, now: datetime, digest: DigestName | None = None) -> AuditSeal | None:
    """A seal over every head that changed since the last one; None if none did.

    Heads are read without locks, so appending goes on; a head whose row is locked at this moment
    is sealed as it was last committed and will be sealed once more next time.
    """
    session.execute(select(func.pg_advisory_xact_lock(SEAL_LOCK)))
    last = session.scalars(select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1)).first()
    number = last.number + 1 if last else 1
    ordered = func.row_number().over(order_by=AuditStream.stream.collate("C"))
    heads = select(
        literal(number, BigInteger),
        ordered,
        AuditStream.stream,
        AuditStream.last_seq,
        AuditStream.last_digest,
    ).where(AuditStream.last_seq > AuditStream.sealed_seq)
    session.execute(insert(AuditSealLeaf).from_select(["seal", "position", "stream", "seq", "digest"], heads))
    merkle = _root_of(session, number, digest or _CHOSEN["digest"])
    if merkle.count == 0:
        return None
    made = AuditSeal(
        number=number,
        at=now,
        leaf_count=merkle.count,
        root=merkle.root(),
        hash=digest or _CHOSEN["digest"],
        previous=last.digest if last else GENESIS,
    )
    made.digest = link_digest({column: plain(getattr(made, column)) for column in SEAL_COLUMNS})
    session.add(made)
    _mark_sealed(session, number)
    session.flush()
    return made


def _lock_head(session: Session, stream: str) -> tuple[int, str]:
    head = select(AuditStream.last_seq, AuditStream.last_digest).where(AuditStream.stream == stream)
    found = session.execute(head.with_for_update()).one_or_none()
    if found is None:
        # a new stream; should another transaction be starting it too, this waits and takes over its head
        fresh = upsert(AuditStream).values(stream=stream, last_seq=0, last_digest=GENESIS, sealed_seq=0)
        found = session.execute(
            fresh.on_conflict_do_update(
                index_elements=["stream"], set_={"stream": fresh.excluded.stream}
            ).returning(AuditStream.last_seq, AuditStream.last_digest)
        ).one()
    return found.last_seq, found.last_digest


def _json_text(value: Mapping[str, object] | None) -> str | None:
    return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _root_of(session: Session, number: int, name: DigestName) -> MerkleRoot:
    merkle = MerkleRoot(name)
    leaves = (
        select(AuditSealLeaf.stream, AuditSealLeaf.seq, AuditSealLeaf.digest)
        .where(AuditSealLeaf.seal == number)
        .order_by(AuditSealLeaf.position)
    )
    for stream, seq, digest in session.execute(leaves, execution_options={"yield_per": 5_000}):
        merkle.add({"stream": stream, "seq": seq, "digest": digest})
    return merkle


def _mark_sealed(session: Session, number: int) -> None:
    """Note on the heads what is sealed; skips those that someone is writing, never waits for them."""
    free = (
        select(AuditStream.stream)
        .join(AuditSealLeaf, AuditSealLeaf.stream == AuditStream.stream)
        .where(AuditSealLeaf.seal == number)
        .with_for_update(of=AuditStream, skip_locked=True)
        .cte("free")
    )
    session.execute(
        update(AuditStream)
        .where(AuditStream.stream == free.c.stream)
        .where(AuditSealLeaf.seal == number, AuditSealLeaf.stream == AuditStream.stream)
        .values(sealed_seq=AuditSealLeaf.seq)
        .execution_options(synchronize_session=False)
    )
