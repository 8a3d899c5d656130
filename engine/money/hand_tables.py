"""The tables of vouchers by hand and of the year's end: what one person proposed and another decided (MONEY-03).

No behaviour here: see ``hand_vouchers`` and ``year_end``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows, set_once


class HandVoucher(Base):
    """A fact on a paper that no process of this office brings: contributions from the tax office, interest, an allotment."""

    __tablename__ = "hand_voucher"
    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'posted', 'declined', 'taken_back')", name="status"),
        CheckConstraint("decided_by <> proposed_by", name="two_people"),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(status IN ('posted', 'taken_back')) = (entry_id IS NOT NULL)", name="posted"),
        CheckConstraint("amount_fen > 0", name="not_nothing"),
        # the same paper is booked once; after it was declined or taken back it may come again
        Index(
            "ix_hand_voucher_paper",
            "region",
            "kind",
            "paper",
            unique=True,
            postgresql_where=text("takes_back IS NULL AND status IN ('proposed', 'posted')"),
        ),
        Index(
            "ix_hand_voucher_takes_back",
            "takes_back",
            unique=True,
            postgresql_where=text("status IN ('proposed', 'posted')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region: Mapped[str] = mapped_column(String(6), index=True)
    #: a kind of the chart's ``by_hand``
    kind: Mapped[str] = mapped_column(String(24))
    day: Mapped[date]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    #: number of the paper that shows it
    paper: Mapped[str] = mapped_column(String(60))
    note: Mapped[str] = mapped_column(Text)
    #: the voucher that this one takes back
    takes_back: Mapped[int | None] = mapped_column(ForeignKey("hand_voucher.id"))
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default="proposed")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), unique=True)


class YearEnd(Base):
    """Income and expenditure of a year on their way to the fund's balance, for a region and all below it (年终结转)."""

    __tablename__ = "year_end"
    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'carried', 'declined')", name="status"),
        CheckConstraint("decided_by <> proposed_by", name="two_people"),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
        Index(
            "ix_year_end_waiting", "region", "year", unique=True, postgresql_where=text("status = 'proposed'")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region: Mapped[str] = mapped_column(String(6), index=True)
    year: Mapped[int]
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default="proposed")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: income less expenditure that went to the fund's balance, and in how many books; empty until carried
    surplus_fen: Mapped[int | None] = mapped_column(BigInteger)
    books: Mapped[int | None]


TRIGGERS: tuple[str, ...] = (
    *keep_rows("hand_voucher"),
    *frozen_columns(
        "hand_voucher",
        "id", "region", "kind", "day", "amount_fen", "paper", "note", "takes_back", "proposed_by", "proposed_at",
    ),
    *set_once("hand_voucher", "decided_by", "decided_at", "entry_id"),
    *allowed_transitions(
        "hand_voucher",
        "status",
        (("proposed", "posted"), ("proposed", "declined"), ("posted", "taken_back")),
    ),
    *keep_rows("year_end"),
    *frozen_columns("year_end", "id", "region", "year", "proposed_by", "proposed_at"),
    *set_once("year_end", "decided_by", "decided_at", "surplus_fen", "books"),
    *allowed_transitions("year_end", "status", (("proposed", "carried"), ("proposed", "declined"))),
)  # fmt: skip
