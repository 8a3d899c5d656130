"""The tables of fund adjustment: what one person proposed and another decided (MONEY-06).

No behaviour here: see ``adjustment``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once


class AdjustmentProposal(Base):
    """Money of one region to be shared out among regions that are short; booked when somebody else approves it."""

    __tablename__ = "adjustment_proposal"
    __table_args__ = (
        CheckConstraint("status IN ('proposed', 'approved', 'declined')", name="status"),
        CheckConstraint("decided_by <> proposed_by", name="two_people"),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("total_fen > 0", name="not_nothing"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    giver: Mapped[str] = mapped_column(String(6), index=True)
    #: what the shares come to
    total_fen: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default="proposed")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str] = mapped_column(Text, default="", server_default="")


class AdjustmentLine(Base):
    """What one region would get. Insert-only."""

    __tablename__ = "adjustment_line"
    __table_args__ = (CheckConstraint("share_fen > 0 AND share_fen <= need_fen", name="within_need"),)

    proposal_id: Mapped[int] = mapped_column(ForeignKey("adjustment_proposal.id"), primary_key=True)
    taker: Mapped[str] = mapped_column(String(6), primary_key=True)
    need_fen: Mapped[int] = mapped_column(BigInteger)
    share_fen: Mapped[int] = mapped_column(BigInteger)
    #: a deeply poor county, served before the others
    poor: Mapped[bool]


TRIGGERS: tuple[str, ...] = (
    *keep_rows("adjustment_proposal"),
    *frozen_columns(
        "adjustment_proposal", "id", "giver", "total_fen", "reason", "proposed_by", "proposed_at"
    ),
    *set_once("adjustment_proposal", "decided_by", "decided_at"),
    *allowed_transitions(
        "adjustment_proposal", "status", (("proposed", "approved"), ("proposed", "declined"))
    ),
    *insert_only("adjustment_line"),
)
