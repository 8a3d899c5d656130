"""Tables of time limits: pauses, breaches, and the office's editions of the working calendar."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import insert_only


class LimitPause(Base):
    """A case whose limits stand still (中止计算时限), from when, why, and until when."""

    __tablename__ = "limit_pause"
    __table_args__ = (
        Index("ix_limit_pause_open", "case_id", unique=True, postgresql_where=text("resumed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    why: Mapped[str] = mapped_column(Text)
    #: the provision that allows it
    source: Mapped[str] = mapped_column(Text)
    paused_by: Mapped[str] = mapped_column(String(40))
    paused_at: Mapped[datetime]
    resumed_by: Mapped[str | None] = mapped_column(String(40))
    resumed_at: Mapped[datetime | None]


class Breach(Base):
    """A task that passed its limit, and to whom that was taken; one row a task."""

    __tablename__ = "limit_breach"

    task_id: Mapped[str] = mapped_column(ForeignKey("workflow_task.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    duty: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(String(12), index=True)
    due_at: Mapped[datetime] = mapped_column(index=True)
    #: who had it then; empty: nobody
    assignee: Mapped[str] = mapped_column(String(40), default="")
    found_at: Mapped[datetime]
    #: region of the superior who was told; empty: not yet
    escalated_to: Mapped[str] = mapped_column(String(12), default="")
    escalated_at: Mapped[datetime | None]


class Reminder(Base):
    """A task whose holder was reminded before its limit; one row a task and kind."""

    __tablename__ = "limit_reminder"

    task_id: Mapped[str] = mapped_column(ForeignKey("workflow_task.id"), primary_key=True)
    #: soon, overdue, escalated
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    at: Mapped[datetime]


class CalendarEdition(Base):
    """One year of the working calendar as somebody entered it; the newest approved edition of a year counts."""

    __tablename__ = "calendar_edition"
    __table_args__ = (
        CheckConstraint("approved_by IS NULL OR approved_by <> entered_by", name="four_eyes"),
        CheckConstraint("year BETWEEN 2004 AND 2100", name="year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(index=True)
    #: e.g. 国务院办公厅关于2027年部分节假日安排的通知
    source: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[str] = mapped_column(String(40))
    entered_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(40))
    approved_at: Mapped[datetime | None]
    rejected_why: Mapped[str] = mapped_column(Text, default="")


class CalendarDay(Base):
    """A day of an edition that is not what its weekday says."""

    __tablename__ = "calendar_day"
    __table_args__ = (CheckConstraint("kind IN ('holiday', 'workday')", name="kind"),)

    edition_id: Mapped[int] = mapped_column(ForeignKey("calendar_edition.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    #: holiday (放假), workday (调休上班)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(40), default="")


TRIGGERS: tuple[str, ...] = insert_only("calendar_day")
