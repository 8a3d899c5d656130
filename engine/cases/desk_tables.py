"""Tables of what people do around a task without moving its case: signers, copies, urges, views, phrases.

Written by the use-cases of ``handing``, ``signing``, ``telling`` and ``inbox_views``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base


class TaskSigner(Base):
    """A second opinion asked for on an open task (加签): before its holder may complete it, or after.

    What the holder entered waits in ``held`` of the first signer after it, until the last one has agreed.
    """

    __tablename__ = "task_signer"
    __table_args__ = (
        CheckConstraint("place IN ('before', 'after')", name="place"),
        CheckConstraint("opinion IN ('', 'agree', 'disagree')", name="opinion"),
        UniqueConstraint("task_id", "signer"),
        Index(
            "ix_task_signer_waiting",
            "signer",
            postgresql_where=text("signed_at IS NULL AND ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("workflow_task.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    #: actor key
    signer: Mapped[str] = mapped_column(String(40))
    #: before, after
    place: Mapped[str] = mapped_column(String(8))
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text, default="")
    #: empty while it waits; agree, disagree
    opinion: Mapped[str] = mapped_column(String(8), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    signed_at: Mapped[datetime | None]
    #: taken away again (减签), or the task went
    ended_at: Mapped[datetime | None]


class HeldCompletion(Base):
    """What the holder of a task entered, while those who sign after have not all agreed."""

    __tablename__ = "held_completion"

    task_id: Mapped[str] = mapped_column(ForeignKey("workflow_task.id"), primary_key=True)
    actor: Mapped[str] = mapped_column(String(40))
    #: JSON of the form as sent
    fields: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class CaseCopy(Base):
    """A case put before somebody who need not act (抄送)."""

    __tablename__ = "case_copy"
    __table_args__ = (
        UniqueConstraint("case_id", "reader"),
        Index("ix_case_copy_reader", "reader", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    #: actor key
    reader: Mapped[str] = mapped_column(String(40))
    sent_by: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class TaskUrge(Base):
    """Somebody pressed for an open task (催办)."""

    __tablename__ = "task_urge"

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("workflow_task.id"), index=True)
    urged_by: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class SavedView(Base):
    """A list of the inbox with its filters, kept under a name; shared with all staff of a region, or one's own."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: actor key
    owner: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(60))
    #: region whose staff may use it; empty: the owner's own
    shared_with: Mapped[str] = mapped_column(String(6), default="")
    #: the query of the page, as in its address
    query: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]


class StockPhrase(Base):
    """An opinion kept ready (常用语); everybody's where there is no owner."""

    __tablename__ = "stock_phrase"
    __table_args__ = (UniqueConstraint("owner", "words"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: actor key; empty: everybody's
    owner: Mapped[str] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(String(200))
    place: Mapped[int] = mapped_column(default=0)
