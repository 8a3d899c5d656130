"""Tables of rehearsals of a change: the run, and one row for each of the analysts' cases with how it went."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows


class RehearsalRun(Base):
    """The analysts' tests played on a change as it stood; at most one at a time is under way for a change."""

    __tablename__ = "rehearsal_run"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'running', 'passed', 'failed', 'outdated')", name="status"),
        Index(
            "uq_rehearsal_run_under_way",
            "change_id",
            unique=True,
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("change.id"), index=True)
    #: what it plays: digest of the files of the change
    files: Mapped[str] = mapped_column(String(64))
    #: what those are laid over: digest of the published files
    library: Mapped[str] = mapped_column(String(64))
    #: waiting, running, passed, failed, outdated (the files, or what is published, changed meanwhile)
    status: Mapped[str] = mapped_column(String(12), default="waiting")
    #: whether the change is submitted once it has passed
    submits: Mapped[bool] = mapped_column(default=False)
    #: cases to be played
    total: Mapped[int]
    #: actor key; a change that is submitted is so in their name
    asked_by: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    #: why the change was not submitted though its cases passed; empty for none
    why: Mapped[str] = mapped_column(Text, default="")


class RehearsalCase(Base):
    """One case of a run."""

    __tablename__ = "rehearsal_case"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'passed', 'failed', 'excused')", name="status"),
        Index("ix_rehearsal_case_waiting", "run_id", "number", postgresql_where=text("status = 'waiting'")),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("rehearsal_run.id"), primary_key=True)
    #: 1, 2, 3 … within the run
    number: Mapped[int] = mapped_column(primary_key=True)
    #: the tests file and the line where the case begins
    file: Mapped[str] = mapped_column(String(80))
    line: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    #: waiting, passed, failed, excused (fails on the published files too)
    status: Mapped[str] = mapped_column(String(12), default="waiting")
    #: the first difference in a sentence; empty for a case that passed
    difference: Mapped[str] = mapped_column(Text, default="")
    #: how often the office's own work was in its way
    tries: Mapped[int] = mapped_column(default=0)


_ALL_PASSED = """
CREATE OR REPLACE FUNCTION rehearsal_run_needs_its_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.total <> (SELECT count(*) FROM rehearsal_case played WHERE played.run_id = NEW.id
                   AND played.status IN ('passed', 'excused')) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '演练中有案例没有通过，不能记为通过', HINT = 'not every case has passed';
  END IF;
  RETURN NEW;
END $$
"""
TRIGGERS: tuple[str, ...] = (
    *keep_rows("rehearsal_run"),
    *frozen_columns("rehearsal_run", "change_id", "files", "library", "total", "asked_by", "started_at"),
    *allowed_transitions(
        "rehearsal_run",
        "status",
        [
            ("waiting", "running"),
            *(
                (under_way, end)
                for under_way in ("waiting", "running")
                for end in ("passed", "failed", "outdated")
            ),
        ],
    ),
    _ALL_PASSED,
    "DROP TRIGGER IF EXISTS rehearsal_run_passed ON rehearsal_run",
    "CREATE TRIGGER rehearsal_run_passed BEFORE UPDATE ON rehearsal_run FOR EACH ROW "
    "WHEN (NEW.status = 'passed' AND OLD.status <> 'passed') EXECUTE FUNCTION rehearsal_run_needs_its_cases()",
    *keep_rows("rehearsal_case"),
    *frozen_columns("rehearsal_case", "run_id", "number", "file", "line", "name"),
    *allowed_transitions(
        "rehearsal_case", "status", [("waiting", end) for end in ("passed", "failed", "excused")]
    ),
)
