"""The tables of employers' reduction reports: who left, when and why, what was put right, what was objected to.

No behaviour here: see ``engine.registers.reductions``.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once


class ReductionReport(Base):
    """One employer says that one person left it (减员申报). Day and reason change only by a correction."""

    __tablename__ = "reduction_report"
    __table_args__ = (
        # one leaving is reported once; what was returned may be reported anew
        Index(
            "uq_reduction_report_exit",
            "employer_id",
            "person_id",
            "exit_day",
            unique=True,
            postgresql_where=text("status <> 'returned'"),
        ),
        Index(
            "uq_reduction_report_open", "employer_id", "person_id", unique=True,
            postgresql_where=text("status = 'reported'"),
        ),
        Index("ix_reduction_report_person", "person_id", "exit_day"),
        Index("ix_reduction_report_region", "region_code", "id"),
        CheckConstraint("status IN ('reported', 'counted', 'returned')", name="status"),
        CheckConstraint("channel IN ('web', 'sheet', 'api')", name="channel"),
        CheckConstraint("exit_day <= reported_on", name="exit_before_report"),
        CheckConstraint("(status = 'reported') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("revision >= 1", name="revision"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the case in which it was taken in
    case_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    case_key: Mapped[str] = mapped_column(String(40), unique=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    #: where the person is insured
    region_code: Mapped[str] = mapped_column(String(12))
    #: last day of the employment
    exit_day: Mapped[date]
    #: code of ``processes/policy/exit-reasons.yaml``
    reason: Mapped[str] = mapped_column(String(4))
    reported_on: Mapped[date]
    #: the last day on which it was in time
    due_on: Mapped[date]
    #: whoever sent it in: actor key
    reported_by: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(8))
    #: reported (a second person looks at it), counted, returned
    status: Mapped[str] = mapped_column(String(10), default="reported")
    #: when it was counted or returned
    decided_at: Mapped[datetime | None]
    #: when the employer gave the worker the notice (告知书); None while it has not said so
    notice_given_on: Mapped[date | None]
    #: when the person themself confirmed that they have the notice
    notice_received_at: Mapped[datetime | None]
    #: 1, and one more with each correction: what the agencies were sent
    revision: Mapped[int] = mapped_column(default=1, server_default="1")


class ReductionCorrection(Base):
    """Insert-only. One thing put right in a report: what stood there, what stands there now, who asked, who agreed."""

    __tablename__ = "reduction_correction"
    __table_args__ = (
        CheckConstraint("field IN ('reason', 'exit_day')", name="field"),
        CheckConstraint("before <> after", name="changes"),
        CheckConstraint("asked_by <> decided_by", name="decided_by_another"),
        CheckConstraint("starts_with(decided_by, 'staff:')", name="decided_by_staff"),
        CheckConstraint("btrim(why) <> ''", name="why"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reduction_report.id"), index=True)
    field: Mapped[str] = mapped_column(String(8))
    before: Mapped[str] = mapped_column(String(10))
    after: Mapped[str] = mapped_column(String(10))
    why: Mapped[str] = mapped_column(Text)
    #: the employer, somebody of the agency, or the person who objected: actor keys
    asked_by: Mapped[str] = mapped_column(String(40))
    decided_by: Mapped[str] = mapped_column(String(40))
    #: what decided it: ``data_change:5`` or ``case:17``
    source: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class ReductionObjection(Base):
    """The person says that the reported reason is wrong (原因不符); the employer is asked, the agency decides."""

    __tablename__ = "reduction_objection"
    __table_args__ = (
        Index(
            "uq_reduction_objection_open", "report_id", unique=True, postgresql_where=text("status = 'open'")
        ),
        CheckConstraint("status IN ('open', 'upheld', 'dismissed')", name="status"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("btrim(statement) <> ''", name="statement"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reduction_report.id"), index=True)
    #: the person's own words
    statement: Mapped[str] = mapped_column(Text)
    #: which reason the person says it was; empty where they do not know the words
    claimed_reason: Mapped[str] = mapped_column(String(4), default="", server_default="")
    made_at: Mapped[datetime]
    #: last day for the employer to answer; None while it was not asked
    employer_answer_by: Mapped[date | None]
    employer_agrees: Mapped[bool | None]
    employer_statement: Mapped[str | None] = mapped_column(Text)
    employer_answered_at: Mapped[datetime | None]
    #: open, upheld (put right), dismissed (stays as it is)
    status: Mapped[str] = mapped_column(String(10), default="open")
    reply: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]


#: day and reason change only together with the correction that says so, by whom and why
CORRECTED = """
CREATE OR REPLACE FUNCTION require_reduction_correction() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF (OLD.reason <> NEW.reason AND NOT EXISTS (SELECT FROM reduction_correction c WHERE c.report_id = NEW.id
        AND c.id = (SELECT max(id) FROM reduction_correction WHERE report_id = NEW.id)
        AND c.field = 'reason' AND c.before = OLD.reason AND c.after = NEW.reason))
  OR (OLD.exit_day <> NEW.exit_day AND NOT EXISTS (SELECT FROM reduction_correction c WHERE c.report_id = NEW.id
        AND c.id = (SELECT max(id) FROM reduction_correction WHERE report_id = NEW.id)
        AND c.field = 'exit_day' AND c.before = OLD.exit_day::text AND c.after = NEW.exit_day::text)) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'corrected',
      MESSAGE = '减员申报的离职日期和原因须经审批更正，并留下更正记录';
  END IF;
  RETURN NEW;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    *keep_rows("reduction_report"),
    *frozen_columns(
        "reduction_report",
        "id",
        "case_id",
        "case_key",
        "employer_id",
        "person_id",
        "region_code",
        "reported_on",
        "due_on",
        "reported_by",
        "channel",
    ),
    *set_once("reduction_report", "decided_at", "notice_given_on", "notice_received_at"),
    *allowed_transitions("reduction_report", "status", (("reported", "counted"), ("reported", "returned"))),
    CORRECTED,
    "DROP TRIGGER IF EXISTS reduction_report_corrected ON reduction_report",
    "CREATE TRIGGER reduction_report_corrected BEFORE UPDATE ON reduction_report "
    "FOR EACH ROW EXECUTE FUNCTION require_reduction_correction()",
    *insert_only("reduction_correction"),
    *keep_rows("reduction_objection"),
    *frozen_columns(
        "reduction_objection", "id", "case_id", "report_id", "statement", "claimed_reason", "made_at"
    ),
    *set_once(
        "reduction_objection",
        "employer_answer_by",
        "employer_agrees",
        "employer_statement",
        "employer_answered_at",
        "reply",
        "decided_at",
    ),
    *allowed_transitions("reduction_objection", "status", (("open", "upheld"), ("open", "dismissed"))),
)
