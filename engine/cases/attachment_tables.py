"""Tables of the papers of a case (材料): each content once, under its hash; each paper a row that says whose it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from engine.store.db import Base
from engine.store.guards import insert_only


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
    """A paper of a case."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_file.digest"))
    #: as it was called on the sender's disk
    name: Mapped[str] = mapped_column(String(200))
    #: what it is, e.g. 解除劳动合同证明
    title: Mapped[str] = mapped_column(String(120), default="")
    #: the element at which it came; empty: beside any step
    element_id: Mapped[str] = mapped_column(String(120), default="")
    #: waiting, clean, infected, unscanned
    scan: Mapped[str] = mapped_column(String(12))
    scan_note: Mapped[str] = mapped_column(Text, default="")
    added_by: Mapped[str] = mapped_column(String(40))
    added_at: Mapped[datetime]
    #: taken out again; the content stays
    removed_by: Mapped[str | None] = mapped_column(String(40))
    removed_at: Mapped[datetime | None]
    removed_why: Mapped[str] = mapped_column(Text, default="")


TRIGGERS: tuple[str, ...] = insert_only("stored_file")
