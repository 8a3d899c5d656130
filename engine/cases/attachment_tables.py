"""Tables of the papers of a case (材料): each content once, under its hash; each paper a row that says whose it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, deferred, mapped_column

from engine.store.audit import SealedTable, register
from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once


class StoredFile(Base):
    """A content, kept once, encrypted; never changed."""

    __tablename__ = "stored_file"

    #: SHA-256 of the content, hex
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    #: what its first bytes show it to be
    media_type: Mapped[str] = mapped_column(String(80))
    #: by the office's vault, bound to the digest
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    stored_at: Mapped[datetime]


class Attachment(Base):
    """A paper of a case. What it is never changes; it may be scanned, and taken out once."""

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint("scan IN ('waiting', 'clean', 'infected', 'unscanned')", name="scan"),
        CheckConstraint("(removed_by IS NULL) = (removed_at IS NULL)", name="removed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"))
    #: as it was called on the sender's disk
    name: Mapped[str] = mapped_column(String(200))
    #: what it is, e.g. 解除劳动合同证明
    title: Mapped[str] = mapped_column(String(120), default="")
    #: the element at which it came; empty: beside any step
    element_id: Mapped[str] = mapped_column(String(120), default="")
    #: nobody asked for it, and nobody may: it is no condition of anything (CLAIM-05)
    volunteered: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: waiting, clean, infected, unscanned
    scan: Mapped[str] = mapped_column(String(12))
    scan_note: Mapped[str] = mapped_column(Text, default="")
    added_by: Mapped[str] = mapped_column(String(40))
    added_at: Mapped[datetime]
    #: taken out again; the content stays
    removed_by: Mapped[str | None] = mapped_column(String(40))
    removed_at: Mapped[datetime | None]
    removed_why: Mapped[str] = mapped_column(Text, default="")


_WHAT_IT_IS = (
    "case_id", "digest", "name", "title", "element_id", "volunteered", "added_by", "added_at"
)  # fmt: skip

SEALED_ATTACHMENT = register(
    SealedTable(table="attachment", key="id", columns=tuple(c.name for c in Attachment.__table__.columns))
)

TRIGGERS: tuple[str, ...] = (
    *insert_only("stored_file"),
    *keep_rows("attachment"),
    *frozen_columns("attachment", *_WHAT_IT_IS),
    *set_once("attachment", "removed_by", "removed_at"),
    *allowed_transitions("attachment", "scan", (("waiting", "clean"), ("waiting", "infected"))),
)
