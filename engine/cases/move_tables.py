"""Tables of bulk moves: the job, and one row for each case with its outcome and its way back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows


class MoveJob(Base):
    """A move of all cases that were open on one version to another; at most one at a time leaves a version."""

    __tablename__ = "move_job"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'done', 'undoing', 'undone')", name="status"),
        CheckConstraint("from_version_id <> to_version_id", name="two_versions"),
        Index(
            "uq_move_job_under_way",
            "from_version_id",
            unique=True,
            postgresql_where=text("status IN ('running', 'undoing')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(String(64), index=True)
    from_version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    to_version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    #: running, done, undoing, undone
    status: Mapped[str] = mapped_column(String(12), default="running")
    #: cases that were open when it was started
    total: Mapped[int]
    started_by: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(40))
    undone_at: Mapped[datetime | None]
    #: why it was taken back
    undone_why: Mapped[str] = mapped_column(Text, default="")


class MoveItem(Base):
    """One case of a job."""

    __tablename__ = "move_item"
    __table_args__ = (
        CheckConstraint(
            "status IN ('waiting', 'moved', 'notice', 'cannot', 'failed', 'stopped', 'undone', 'kept')",
            name="status",
        ),
        CheckConstraint(
            "(status IN ('moved', 'notice', 'undone', 'kept')) = (old_state IS NOT NULL)", name="way_back"
        ),
        Index("ix_move_item_waiting", "job_id", "case_id", postgresql_where=text("status = 'waiting'")),
    )

    job_id: Mapped[int] = mapped_column(ForeignKey("move_job.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), primary_key=True)
    #: waiting, moved, notice (moved, something to know), cannot, failed, stopped, undone, kept (went on since)
    status: Mapped[str] = mapped_column(String(12), default="waiting")
    #: JSON list of reasons
    reasons: Mapped[str] = mapped_column(Text, default="[]")
    at: Mapped[datetime | None]
    #: the case's revision after the move: the way back is open for as long as it has no later one
    revision: Mapped[int | None]
    old_state: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    #: JSON of the inbox rows that were changed, as they were
    old_inbox: Mapped[str] = deferred(mapped_column(Text, nullable=False, default="[]"))


TRIGGERS: tuple[str, ...] = (
    *keep_rows("move_job"),
    *frozen_columns("move_job", "process_id", "from_version_id", "to_version_id", "started_by", "started_at"),
    *allowed_transitions(
        "move_job",
        "status",
        [("running", "done"), ("running", "undoing"), ("done", "undoing"), ("undoing", "undone")],
    ),
    *keep_rows("move_item"),
    *allowed_transitions(
        "move_item",
        "status",
        [
            *(("waiting", outcome) for outcome in ("moved", "notice", "cannot", "failed", "stopped")),
            *((moved, outcome) for moved in ("moved", "notice") for outcome in ("undone", "kept")),
        ],
    ),
)
