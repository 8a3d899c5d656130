"""The table of data changes: what is to be changed, who asked, who agreed, what stood there before (CTRL-01).

No behaviour here: see ``engine.cases.data_changes``.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, checks_again, frozen_columns, keep_rows, set_once


class DataChange(Base):
    """One field of one record, on its way from what stands there to what is asked for."""

    __tablename__ = "data_change"
    __table_args__ = (
        CheckConstraint("status IN ('requested', 'applied', 'rejected', 'withdrawn')", name="status"),
        CheckConstraint("requested_by <> decided_by", name="decided_by_another"),
        CheckConstraint("status NOT IN ('applied', 'rejected') OR decided_by IS NOT NULL", name="decided"),
        # staff ask, and an employer for a correction of what it reported itself
        CheckConstraint(
            "starts_with(requested_by, 'staff:') OR (record = 'reduction' AND starts_with(requested_by, 'employer:'))",
            name="requested_by",
        ),
        CheckConstraint("starts_with(decided_by, 'staff:')", name="decided_by_staff"),
        CheckConstraint("btrim(reason) <> '' AND btrim(evidence) <> ''", name="reason_and_evidence"),
        # one change of a field at a time
        Index(
            "uq_data_change_open",
            "record",
            "record_id",
            "field",
            unique=True,
            postgresql_where=sql("status = 'requested'"),
        ),
        Index("ix_data_change_region_code_id", "region_code", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: person, grant, employer, reduction
    record: Mapped[str] = mapped_column(String(10))
    record_id: Mapped[int] = mapped_column(BigInteger)
    #: name of the declared field, e.g. ``phone``
    field: Mapped[str] = mapped_column(String(24))
    #: whom it is about: ``person:12``, ``employer:5``
    subject: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(String(12))
    #: as people may see it: a telephone is masked
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
    #: what is to stand there, encrypted, where ``after`` is masked
    after_cipher: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: a key field: the leader decides
    is_key: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    #: which paper or record shows it
    evidence: Mapped[str] = mapped_column(Text)
    #: the re-check that found it wrong; None where nobody re-checked
    recheck_case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"))
    status: Mapped[str] = mapped_column(String(10))
    requested_by: Mapped[str] = mapped_column(String(40))
    requested_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str] = mapped_column(Text, default="", server_default="")


TRIGGERS: tuple[str, ...] = (
    # who may ask stood narrower before
    "ALTER TABLE data_change DROP CONSTRAINT IF EXISTS ck_data_change_requested_by_staff",
    *checks_again(cast(Table, DataChange.__table__)),
    *keep_rows("data_change"),
    *frozen_columns(
        "data_change",
        "id",
        "record",
        "record_id",
        "field",
        "subject",
        "region_code",
        "before",
        "after",
        "is_key",
        "reason",
        "evidence",
        "recheck_case_id",
        "requested_by",
        "requested_at",
    ),
    *set_once("data_change", "after_cipher", "decided_by", "decided_at"),
    *allowed_transitions(
        "data_change",
        "status",
        (("requested", "applied"), ("requested", "rejected"), ("requested", "withdrawn")),
    ),
)
