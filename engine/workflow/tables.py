"""Tables of the workflow: versions, cases, inbox rows, timers, subscriptions, history, incidents.

History is insert-only. Everything here is written in the transaction of the step that caused it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from engine.store.db import Base
from engine.store.guards import insert_only
from engine.values import CaseId, CaseRef, RegionCode


class ProcessVersion(Base):
    """A published process: the diagram with the forms and decisions it names, fixed by content."""

    __tablename__ = "process_version"
    __table_args__ = (
        UniqueConstraint("process_id", "number"),
        # not unique: going back to an older content makes a new version of it
        Index(None, "process_id", "digest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(String(64))
    #: 1, 2, 3 … within the process
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    #: SHA-256 over diagram, forms and decisions, hex
    digest: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(120))
    #: as drawn, byte for byte
    diagram: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    #: JSON: {"forms": {key: text}, "decisions": {file: text}}
    bundle: Mapped[str] = deferred(mapped_column(Text))
    note: Mapped[str] = mapped_column(Text, default="")
    author: Mapped[str] = mapped_column(String(40))
    published_by: Mapped[str] = mapped_column(String(40))
    published_at: Mapped[datetime]


class WorkflowCase(Base):
    """A case (= process instance): the live part of its state, and what lists need."""

    __tablename__ = "workflow_case"
    __table_args__ = (
        Index("ix_workflow_case_started_by", "started_by", "id"),
        Index("ix_workflow_case_paused", "id", postgresql_where=text("paused_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: what people call it, e.g. ``SL-2026-000017``
    case_key: Mapped[str] = mapped_column(String(40), unique=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"), index=True)
    process_id: Mapped[str] = mapped_column(String(64))
    region_code: Mapped[str] = mapped_column(String(12), index=True)
    #: whom it is about: ``person:12``, ``employer:5``, ``office:371500``
    subject: Mapped[str] = mapped_column(String(40), index=True)
    #: running, completed, cancelled
    status: Mapped[str] = mapped_column(String(12), index=True)
    #: rises by one with each step; a step commits only on the revision that it read
    revision: Mapped[int] = mapped_column(default=0)
    state: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    started_by: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    #: the end event reached
    ended_in: Mapped[str | None] = mapped_column(String(64))
    #: since when nothing may move it (挂起); none: it goes on
    paused_at: Mapped[datetime | None]


def _open_indexes() -> Iterator[Index]:
    """One for each level of regions and each order of a list: a page costs the same however many tasks wait."""
    for digits in (2, 4, 6):
        for order, columns in _ORDERS.items():
            yield Index(
                f"ix_workflow_task_{order}_{digits}",
                "element_id",
                text(f'"left"(region_code::text, {digits})'),
                text("(assignee IS NULL)"),
                *map(text, columns),
                postgresql_where=text("status = 'ready'"),
            )


#: a task without a limit comes last
NEVER_DUE = "COALESCE(due_at, 'infinity'::timestamp with time zone)"
_ORDERS = {"received": ("created_at",), "due": (NEVER_DUE, "id"), "case": ("case_id",)}


class WorkflowTask(Base):
    """An inbox row: a task that waits, or waited, for a person."""

    __tablename__ = "workflow_task"
    __table_args__ = (
        Index(
            "ix_workflow_task_mine", "assignee", "created_at", "id", postgresql_where=text("status = 'ready'")
        ),
        Index(
            "ix_workflow_task_lent", "owner", "created_at", "id", postgresql_where=text("status = 'ready'")
        ),
        Index("ix_workflow_task_done", "completed_by", "completed_at", "id"),
        *_open_indexes(),
    )

    #: the engine's task id, 32 hex characters
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    duty: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(String(12))
    form: Mapped[str] = mapped_column(String(80), default="")
    #: ready, completed, cancelled
    status: Mapped[str] = mapped_column(String(12))
    #: actor key of who claimed it
    assignee: Mapped[str | None] = mapped_column(String(40))
    #: actor key of who delegated it (委派) and gets it back; none while it is not delegated
    owner: Mapped[str | None] = mapped_column(String(40))
    #: JSON of what was typed and not yet sent
    draft: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    completed_at: Mapped[datetime | None] = mapped_column(index=True)
    completed_by: Mapped[str | None] = mapped_column(String(40))


class WorkflowTimer(Base):
    """When a waiting timer event is due; beat takes these in order."""

    __tablename__ = "workflow_timer"

    task_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    due_at: Mapped[datetime] = mapped_column(index=True)


class WorkflowSubscription(Base):
    """A message that a case waits for; one row for each name that would wake the task."""

    __tablename__ = "workflow_subscription"
    __table_args__ = (Index("ix_workflow_subscription_message", "message", "correlation"),)

    task_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    message: Mapped[str] = mapped_column(String(120), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    #: empty: any message of this name
    correlation: Mapped[str] = mapped_column(String(120), default="")


class WorkflowHistory(Base):
    """Insert-only. What happened in a case, in order."""

    __tablename__ = "workflow_history"
    __table_args__ = (
        # whoever had a hand in a case keeps seeing it, wherever their posts are today
        Index(
            "ix_workflow_history_actor",
            "actor",
            "case_id",
            postgresql_where=text("starts_with(actor, 'staff:')"),
        ),
        Index(
            "ix_workflow_history_on_behalf_of",
            "on_behalf_of",
            "case_id",
            postgresql_where=text("on_behalf_of <> ''"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    #: started, completed, operation, decided, message, sent, passed, moved, ended, cancelled; and what people
    #: do with a task: returned (退回), recalled (撤回), signed (加签), assisted (委派办理), paused, resumed
    kind: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(40))
    #: actor key of the person whose substitute acted (委托代理); both names count as hands in the case
    on_behalf_of: Mapped[str] = mapped_column(String(40), default="", server_default="")
    duty: Mapped[str] = mapped_column(String(40), default="")
    #: the control of ``controls.yaml`` that this completion fulfils
    control: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]
    #: JSON of what was entered or provided by this step
    outcome: Mapped[str] = mapped_column(Text, default="{}")


class WorkflowIncident(Base):
    """A step that failed and was rolled back, with the command to try again."""

    __tablename__ = "workflow_incident"
    __table_args__ = (
        Index("ix_workflow_incident_due", "due_at", postgresql_where=text("status = 'open' AND retryable")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(index=True)
    element_id: Mapped[str] = mapped_column(String(120), default="")
    #: JSON of the command that failed
    command: Mapped[str] = mapped_column(Text)
    #: the sentence for people
    cause: Mapped[str] = mapped_column(Text)
    #: exception type and place, for operators; no personal data
    detail: Mapped[str] = mapped_column(Text, default="")
    retryable: Mapped[bool]
    #: open, resolved
    status: Mapped[str] = mapped_column(String(12), default="open")
    attempts: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    #: when the sweep tries it again
    due_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


def case_ref(case_id: int, row: Any) -> CaseRef:
    """Which case it is, from its row or from a selection of its columns."""
    return CaseRef(
        id=CaseId(case_id),
        key=row.case_key,
        process_id=row.process_id,
        region=RegionCode(row.region_code),
        subject=row.subject,
    )


TRIGGERS: tuple[str, ...] = insert_only("workflow_history") + insert_only("process_version")
