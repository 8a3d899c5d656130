"""The tables of suspicion lists: what ministry or province sends to be looked into, line by line (CTRL-03).

A list is taken whole or not at all, the same file once. A line names a person by the blind index of the identity
number and by nothing else. No behaviour here: see ``lists``.
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
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once

#: what may be found, as it is answered
FINDINGS = ("true", "false", "not_ours", "settled")


class SuspicionList(Base):
    """One list as it was taken in; insert-only."""

    __tablename__ = "suspicion_list"
    __table_args__ = (
        UniqueConstraint("region", "digest", name="uq_suspicion_list_digest"),
        CheckConstraint("sender IN ('ministry', 'province')", name="sender"),
        CheckConstraint("line_count > 0", name="lines"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: ministry (部), province (省)
    sender: Mapped[str] = mapped_column(String(10))
    #: the sender's own number of it
    number: Mapped[str] = mapped_column(String(60))
    #: the office that answers it
    region: Mapped[str] = mapped_column(String(6), index=True)
    received_on: Mapped[date]
    #: the last day to answer, inclusive
    answer_due: Mapped[date]
    #: SHA-256 of the file
    digest: Mapped[str] = mapped_column(String(64))
    line_count: Mapped[int]
    taken_by: Mapped[str] = mapped_column(String(40))
    taken_at: Mapped[datetime]


class SuspicionLine(Base):
    """One line: what is said of whom, and in the end what was found."""

    __tablename__ = "suspicion_line"
    __table_args__ = (
        UniqueConstraint("list_id", "line_no", name="uq_suspicion_line_number"),
        CheckConstraint(
            "finding IN ('', 'true', 'false', 'not_ours', 'settled')",
            name="finding",
        ),
        CheckConstraint("(finding = '') = (answered_at IS NULL)", name="answered"),
        Index(
            "ix_suspicion_line_unopened",
            "id",
            postgresql_where=text("answered_at IS NULL AND case_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("suspicion_list.id"))
    #: its line in the file, the first below the heading is 2
    line_no: Mapped[int]
    #: blind index of the identity number
    person_index: Mapped[bytes] = mapped_column(LargeBinary)
    #: masked as people see it: the number itself is not kept
    person_label: Mapped[str] = mapped_column(String(120))
    #: None: nobody of ours
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    #: the latest grant when the list was taken; None: never granted
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("benefit_grant.id"))
    claim_text: Mapped[str] = mapped_column(Text)
    #: the case of ``suspicion.bpmn``; None until one is opened
    case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    #: true, false, not_ours, settled; empty until answered
    finding: Mapped[str] = mapped_column(String(10), default="", server_default="")
    finding_note: Mapped[str] = mapped_column(Text, default="", server_default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(40))
    #: the hit that came of it; None: none
    hit_id: Mapped[int | None] = mapped_column(ForeignKey("match_hit.id"))


_TAKEN = (
    "id",
    "list_id",
    "line_no",
    "person_index",
    "person_label",
    "person_id",
    "grant_id",
    "claim_text",
)

TRIGGERS: tuple[str, ...] = (
    *insert_only("suspicion_list"),
    *keep_rows("suspicion_line"),
    *frozen_columns("suspicion_line", *_TAKEN),
    *set_once("suspicion_line", "answered_at", "answered_by"),
    *allowed_transitions("suspicion_line", "finding", [("", found) for found in FINDINGS]),
)
