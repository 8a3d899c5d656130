"""The tables of rosters: what other offices know of everybody, taken in whole, dated and with its digest (CTRL-02).

A person stands in them by the blind index of the identity number and by nothing else. Rows of a roster are
never changed; a newer one supersedes it. No behaviour here: see ``rosters``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import SealedTable, register
from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows


class Roster(Base):
    """One roster as it was taken in."""

    __tablename__ = "roster"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('population', 'employment', 'business', 'pension', 'services', 'custody')", name="kind"
        ),
        CheckConstraint("status IN ('loading', 'current', 'superseded', 'refused')", name="status"),
        Index(
            "uq_roster_current", "kind", "region", unique=True, postgresql_where=text("status = 'current'")
        ),
        Index("uq_roster_digest", "digest", unique=True, postgresql_where=text("status <> 'refused'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: population (everybody who lives), employment (contributions), business, pension, services, custody
    kind: Mapped[str] = mapped_column(String(12))
    #: whose people it covers: this region and all below it
    region: Mapped[str] = mapped_column(String(6))
    #: the day that it describes
    as_of: Mapped[date]
    #: SHA-256 of kind, region, day and file
    digest: Mapped[str] = mapped_column(String(64))
    line_count: Mapped[int]
    #: who sent it and how, e.g. ``省人社厅比对平台 2026-11``
    source: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[str] = mapped_column(String(40))
    taken_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10))


class RosterLine(Base):
    """One person in one roster; insert-only. A ground may follow from it, which is a lead and not a decision."""

    __tablename__ = "roster_line"
    __table_args__ = (Index("ix_roster_line_person_index", "person_index"),)

    roster_id: Mapped[int] = mapped_column(ForeignKey("roster.id"), primary_key=True)
    #: from 1, as in the file
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: keyed blind index of the identity number
    person_index: Mapped[bytes] = mapped_column(LargeBinary)
    #: ST1 … ST9 (policy §3.1); empty: the person is merely known
    ground: Mapped[str] = mapped_column(String(4))
    event_day: Mapped[date | None]
    #: what an inspector reads: employer, business, office; no identity number
    detail: Mapped[str] = mapped_column(Text)


class CardAccount(Base):
    """The social security card account of a person, as the card register last told it."""

    __tablename__ = "card_account"

    #: keyed blind index of the identity number
    person_index: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    #: encrypted, bound to ``account_index``
    account: Mapped[bytes] = mapped_column(LargeBinary)
    account_index: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    holder_name: Mapped[str] = mapped_column(Text)
    #: keyed blind index of the holder's identity number
    holder_index: Mapped[bytes] = mapped_column(LargeBinary)
    bank: Mapped[str] = mapped_column(Text)
    activated: Mapped[bool]
    #: the day that the register described
    as_of: Mapped[date]
    #: when the account became this one; None for the first that was told
    changed_on: Mapped[date | None]
    previous_index: Mapped[bytes | None] = mapped_column(LargeBinary)


SEALED_ROSTER = register(
    SealedTable(
        table="roster",
        key="id",
        columns=("id", "kind", "region", "as_of", "digest", "line_count", "source", "taken_by", "taken_at"),
    )
)

TRIGGERS: tuple[str, ...] = (
    *keep_rows("roster"),
    *frozen_columns("roster", "id", "kind", "region", "as_of", "source", "taken_by", "taken_at"),
    *allowed_transitions(
        "roster", "status", (("loading", "current"), ("loading", "refused"), ("current", "superseded"))
    ),
    *insert_only("roster_line"),
)
