"""The tables of rectification: checklists and work plans, their topics and units, one item for each cell, escalations.

An item is laid for every topic × unit when the checklist is issued; foreign keys keep it to topics and units of its
own checklist, so that a count proves that no cell is missing (RECT-01). No behaviour here: see ``rectification``,
``rectification_standing`` and ``escalating``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows

#: how an item stands, and its Chinese name
STATUSES = {
    "unchecked": "未查摆",
    "no_problem": "无问题",
    "planning": "待报方案",
    "planned": "方案待受理",
    "doing": "整改中",
    "verifying": "待核验",
    "done": "销号",
}
PROBLEM_TYPES = {"not_done": "不落实", "half_done": "落实不到位"}
#: what happens by itself when a deadline nears or has passed, in order
STAGES = {
    "reminder": "提醒",
    "circular": "通报",
    "government": "通报当地人民政府",
    "referral": "提请问责",
}
#: which deadline of an item runs
DUE_KINDS = {"self_check": "查摆", "plan": "报送方案", "done": "完成整改"}


class Checklist(Base):
    """A checklist (梳理查摆清单) or a work plan (工作分工) that an office lays over its units."""

    __tablename__ = "checklist"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("kind IN ('checklist', 'plan')", name="kind"),
        CheckConstraint("status IN ('issuing', 'open', 'closed')", name="status"),
        CheckConstraint("cells > 0", name="cells"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    #: e.g. ``QD-2020-003``
    number: Mapped[str] = mapped_column(String(20))
    #: checklist 清单, plan 工作分工
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    #: the notice that it rests upon, e.g. 鲁人社函〔2020〕10号（十）
    source: Mapped[str] = mapped_column(Text)
    issued_on: Mapped[date]
    #: when the units received it; a deadline before that day had passed on receipt
    received_on: Mapped[date]
    #: as the notice states them; a plan has none of the first two
    self_check_due: Mapped[date | None]
    plan_due: Mapped[date | None]
    done_due: Mapped[date | None]
    #: JSON: other days of the notice, ``[{"title", "due", "source", "units": [codes; empty: all]}, …]``
    milestones: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    #: actor key
    issued_by: Mapped[str] = mapped_column(String(40))
    issued_at: Mapped[datetime]
    #: the province or city whose checklist it is
    region: Mapped[str] = mapped_column(String(12), index=True)
    #: issuing, open, closed
    status: Mapped[str] = mapped_column(String(8), default="issuing")
    #: how many items there must be
    cells: Mapped[int]
    #: the last working day on which every escalation due that day was done
    escalated_on: Mapped[date | None]
    #: why a paper could not be written when it was tried last; empty once the day is done
    trouble: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: after a failure not tried again before this instant
    retry_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(40))
    closed_at: Mapped[datetime | None]


class ChecklistTopic(Base):
    """One topic of a checklist (梳理项目), or one task of a plan."""

    __tablename__ = "checklist_topic"
    __table_args__ = (
        UniqueConstraint("checklist_id", "position"),
        UniqueConstraint("checklist_id", "code"),
        # what an item refers to
        UniqueConstraint("checklist_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklist.id"))
    #: from 1, as in the notice
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    #: the rule that it is measured by
    benchmark: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: of a plan: its group, and the task in the words of the plan
    group_title: Mapped[str] = mapped_column(String(100), default="", server_default="")
    task: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: a day of its own in the notice; else that of the checklist
    done_due: Mapped[date | None]


class ChecklistUnit(Base):
    """Insert-only. A region that the checklist is laid over."""

    __tablename__ = "checklist_unit"

    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklist.id"), primary_key=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), primary_key=True)


class RectificationItem(Base):
    """One cell: a topic in a unit, how it stands and what is to be done about it."""

    __tablename__ = "rectification_item"
    __table_args__ = (
        UniqueConstraint(
            "checklist_id", "topic_id", "region_code", "lead_unit", name="uq_rectification_item_cell"
        ),
        ForeignKeyConstraint(
            ["checklist_id", "topic_id"],
            ["checklist_topic.checklist_id", "checklist_topic.id"],
            name="fk_item_topic",
        ),
        ForeignKeyConstraint(
            ["checklist_id", "region_code"],
            ["checklist_unit.checklist_id", "checklist_unit.region_code"],
            name="fk_item_unit",
        ),
        CheckConstraint(
            "status IN ('unchecked', 'no_problem', 'planning', 'planned', 'doing', 'verifying', 'done')",
            name="status",
        ),
        CheckConstraint("problem_type IN ('', 'not_done', 'half_done')", name="problem_type"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        # whatever waits for the unit has a day: what has none would never be late
        CheckConstraint(
            "CASE status WHEN 'unchecked' THEN self_check_due WHEN 'planning' THEN plan_due"
            " WHEN 'doing' THEN done_due ELSE DATE '2000-01-01' END IS NOT NULL",
            name="due_runs",
        ),
        CheckConstraint("status <> 'no_problem' OR statement_by IS NOT NULL", name="statement_signed"),
        CheckConstraint("status <> 'done' OR verified_on IS NOT NULL", name="done_verified"),
        Index("ix_rectification_item_wall", "checklist_id", "region_code", "topic_id"),
        Index("ix_rectification_item_case_id", "case_id", unique=True),
        Index("ix_rectification_item_unopened", "id", postgresql_where=text("case_id IS NULL")),
        Index("ix_rectification_item_region_code", "region_code"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklist.id"))
    topic_id: Mapped[int] = mapped_column(BigInteger)
    #: the unit
    region_code: Mapped[str] = mapped_column(String(12))
    #: the city of the unit: its own first four digits and 00; a province is its own
    city: Mapped[str] = mapped_column(String(12))
    #: of a plan: the lead unit (牵头单位) as named there; empty on a checklist
    lead_unit: Mapped[str] = mapped_column(String(60), default="", server_default="")
    #: JSON: names of cooperating units (配合单位)
    cooperating: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    #: the case of ``rectification.bpmn`` it is dealt with in now; None until the sweep has opened one
    case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"))
    #: word of ``STATUSES``
    status: Mapped[str] = mapped_column(String(12), default="unchecked", server_default="unchecked")
    #: deadlines that count for this item, inclusive; where the notice's had passed on receipt, counted from receipt
    self_check_due: Mapped[date | None]
    plan_due: Mapped[date | None]
    done_due: Mapped[date | None]
    #: the deadline that ran first had passed when the unit received the notice
    overdue_on_receipt: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    #: JSON: the back-scheduled timetable of a plan, ``[{"title", "due", "weight", "done_on"}, …]``
    milestones: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    #: '' none found (yet), not_done 不落实, half_done 落实不到位
    problem_type: Mapped[str] = mapped_column(String(10), default="", server_default="")
    problem: Mapped[str] = mapped_column(Text, default="", server_default="")
    measures: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: 整改责任人
    responsible: Mapped[str] = mapped_column(String(100), default="", server_default="")
    #: actor key of who signed that there is no problem
    statement_by: Mapped[str | None] = mapped_column(String(40))
    checked_on: Mapped[date | None]
    planned_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    reported_on: Mapped[date | None]
    verified_on: Mapped[date | None]
    #: what was done and shown, as reported last
    evidence: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: percent, as reported last
    progress: Mapped[int] = mapped_column(default=0, server_default="0")
    #: since when a returned plan or result is to be done again; None once it is handed in again
    sent_back_on: Mapped[date | None]
    #: why it was returned or reopened last
    sent_back_why: Mapped[str] = mapped_column(Text, default="", server_default="")
    #: how often a plan or result was returned, and how often a settled item was reopened
    returned: Mapped[int] = mapped_column(default=0, server_default="0")
    reopened: Mapped[int] = mapped_column(default=0, server_default="0")
    #: how often each stage came
    reminders: Mapped[int] = mapped_column(default=0, server_default="0")
    circulars: Mapped[int] = mapped_column(default=0, server_default="0")
    government_notices: Mapped[int] = mapped_column(default=0, server_default="0")
    referrals: Mapped[int] = mapped_column(default=0, server_default="0")
    #: how often it was supervised (督办), when and why last
    supervised: Mapped[int] = mapped_column(default=0, server_default="0")
    supervised_on: Mapped[date | None]
    supervised_why: Mapped[str] = mapped_column(Text, default="", server_default="")


class ItemCase(Base):
    """Insert-only. Every case that an item was ever dealt with in: a reopened item has more than one."""

    __tablename__ = "item_case"

    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("rectification_item.id"), index=True)
    opened_at: Mapped[datetime]


class EscalationPaper(Base):
    """Insert-only. A document that went out: to one addressee on one day, naming every item that the stage was due for."""

    __tablename__ = "escalation_paper"
    __table_args__ = (
        Index("ix_escalation_paper_checklist_id", "checklist_id", "stage", "region_code", "issued_on"),
        UniqueConstraint("number"),
        CheckConstraint("stage IN ('reminder', 'circular', 'government', 'referral')", name="stage"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklist.id"))
    #: word of ``STAGES``
    stage: Mapped[str] = mapped_column(String(12))
    #: the number of the document, e.g. ``QD-2020-003-通报-2``
    number: Mapped[str] = mapped_column(String(60))
    #: whom it goes to: reminders, notices and referrals to the unit's region, circulars to a city and all in it
    region_code: Mapped[str] = mapped_column(String(12), index=True)
    issued_on: Mapped[date]
    #: how many items it names
    items: Mapped[int]
    #: the document as it was written
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"))


class Escalation(Base):
    """Insert-only. One stage of one deadline of one item: each comes once, whatever is tried again."""

    __tablename__ = "escalation"
    __table_args__ = (
        Index("ix_escalation_paper_id", "paper_id"),
        CheckConstraint("due_kind IN ('self_check', 'plan', 'done')", name="due_kind"),
    )

    item_id: Mapped[int] = mapped_column(ForeignKey("rectification_item.id"), primary_key=True)
    #: word of ``DUE_KINDS``, and the day: a new day set later is another deadline
    due_kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(String(12), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("escalation_paper.id"))
    done_on: Mapped[date]


#: an item goes back by a return, by the case being sent back or taken back, or reopened after it was settled
ITEM_STEPS = (
    ("unchecked", "no_problem"),
    ("unchecked", "planning"),
    ("no_problem", "planning"),
    ("planning", "unchecked"),
    ("planning", "planned"),
    ("planned", "planning"),
    ("planned", "unchecked"),
    ("planned", "doing"),
    ("doing", "planned"),
    ("doing", "planning"),
    ("doing", "unchecked"),
    ("doing", "verifying"),
    ("verifying", "doing"),
    ("verifying", "planned"),
    ("verifying", "planning"),
    ("verifying", "unchecked"),
    ("verifying", "done"),
    ("done", "planning"),
)

_WHOLE = """
CREATE OR REPLACE FUNCTION checklist_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  laid bigint; topics bigint; units bigint; crossed bigint;
BEGIN
  SELECT count(*), count(DISTINCT (topic_id, region_code)) INTO laid, crossed
    FROM rectification_item WHERE checklist_id = NEW.id;
  SELECT count(*) INTO topics FROM checklist_topic WHERE checklist_id = NEW.id;
  SELECT count(*) INTO units FROM checklist_unit WHERE checklist_id = NEW.id;
  IF laid <> NEW.cells OR (NEW.kind = 'checklist' AND (crossed <> topics * units OR laid <> crossed)) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'checklist', CONSTRAINT = 'checklist_whole',
      MESSAGE = '清单不全：应有 ' || NEW.cells || ' 项（' || topics || ' 个项目、' || units || ' 个单位），实有 ' || laid || ' 项';
  END IF;
  RETURN NEW;
END $$
"""
_LAID_ONCE = """
CREATE OR REPLACE FUNCTION checklist_laid_once() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM laid l JOIN checklist c ON c.id = l.checklist_id WHERE c.status <> 'issuing') THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '清单已下达，不能再增加项目、单位或事项';
  END IF;
  RETURN NULL;
END $$
"""


def _laid_once(table: str) -> tuple[str, ...]:
    """Statements after which nothing is added to a checklist that was issued."""
    return (
        _LAID_ONCE,
        f"DROP TRIGGER IF EXISTS {table}_laid_once ON {table}",
        f"CREATE TRIGGER {table}_laid_once AFTER INSERT ON {table} REFERENCING NEW TABLE AS laid"
        " FOR EACH STATEMENT EXECUTE FUNCTION checklist_laid_once()",
    )


TRIGGERS: tuple[str, ...] = (
    *keep_rows("checklist"),
    *frozen_columns(
        "checklist", "id", "number", "kind", "title", "source", "issued_on", "received_on", "self_check_due",
        "plan_due", "done_due", "milestones", "issued_by", "issued_at", "region", "cells",
    ),
    *allowed_transitions("checklist", "status", (("issuing", "open"), ("open", "closed"))),
    _WHOLE,
    "DROP TRIGGER IF EXISTS checklist_whole ON checklist",
    "CREATE TRIGGER checklist_whole BEFORE UPDATE ON checklist FOR EACH ROW"
    " WHEN (OLD.status = 'issuing' AND NEW.status <> 'issuing') EXECUTE FUNCTION checklist_whole()",
    *insert_only("checklist_topic"),
    *_laid_once("checklist_topic"),
    *insert_only("checklist_unit"),
    *_laid_once("checklist_unit"),
    *keep_rows("rectification_item"),
    *_laid_once("rectification_item"),
    *frozen_columns(
        "rectification_item", "id", "checklist_id", "topic_id", "region_code", "city", "lead_unit", "overdue_on_receipt"
    ),
    *allowed_transitions("rectification_item", "status", ITEM_STEPS),
    *insert_only("item_case"),
    *insert_only("escalation_paper"),
    *insert_only("escalation"),
)  # fmt: skip
