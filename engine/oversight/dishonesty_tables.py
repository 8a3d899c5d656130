"""The register of dishonesty (失信名单): who is listed, by whom it was decided, until when, and who was told (CTRL-06).

Nobody is listed without a decision case, and nobody by one person alone. No behaviour here: see ``dishonesty``.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import SealedTable, register
from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows, set_once


class DishonestyListing(Base):
    """One person or employer on the register. Its core never changes; it ends by removal with a reason."""

    __tablename__ = "dishonesty_listing"
    __table_args__ = (
        Index(
            "uq_dishonesty_listing_current",
            "subject_kind",
            "subject_id",
            "rule",
            unique=True,
            postgresql_where=text("status = 'listed'"),
        ),
        Index("ix_dishonesty_listing_region_code_id", "region_code", "id"),
        CheckConstraint("subject_kind IN ('person', 'employer')", name="subject_kind"),
        CheckConstraint("rule IN ('local', 'national')", name="rule"),
        CheckConstraint("status IN ('listed', 'removed')", name="status"),
        CheckConstraint("proposed_by <> decided_by", name="proposed_and_decided_by_different_people"),
        CheckConstraint("starts_with(proposed_by, 'staff:')", name="proposed_by_staff"),
        CheckConstraint("starts_with(decided_by, 'staff:')", name="decided_by_staff"),
        CheckConstraint("publish_until > decided_on", name="publication"),
        CheckConstraint(
            "(status = 'removed') = (removed_on IS NOT NULL AND removed_by IS NOT NULL AND removed_why IS NOT NULL)",
            name="removed",
        ),
        CheckConstraint("(referred_to = '') = (referred_on IS NULL)", name="referred"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: person, employer
    subject_kind: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    region_code: Mapped[str] = mapped_column(String(6))
    #: local (the region's own rule) or national
    rule: Mapped[str] = mapped_column(String(10))
    #: the facts and provisions on which it was decided, in words
    ground: Mapped[str] = mapped_column(Text)
    overpayment_id: Mapped[int | None] = mapped_column(ForeignKey("overpayment.id"), index=True)
    #: the case of ``listing.bpmn`` in which the person was heard and it was decided
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"), unique=True)
    proposed_by: Mapped[str] = mapped_column(String(40))
    decided_by: Mapped[str] = mapped_column(String(40))
    decided_on: Mapped[date]
    #: the first day on which it is published no more
    publish_until: Mapped[date]
    #: to whom the joint punishment (联合惩戒) was referred, and when; empty where it was not
    referred_to: Mapped[str] = mapped_column(String(120), default="", server_default="")
    referred_on: Mapped[date | None]
    #: listed, removed
    status: Mapped[str] = mapped_column(String(10), default="listed")
    removed_on: Mapped[date | None]
    removed_by: Mapped[str | None] = mapped_column(String(40))
    removed_why: Mapped[str | None] = mapped_column(Text)


_CORE = (
    "id", "subject_kind", "subject_id", "region_code", "rule", "ground", "overpayment_id", "case_id",
    "proposed_by", "decided_by", "decided_on", "publish_until", "referred_to", "referred_on",
)  # fmt: skip

SEALED_LISTING = register(
    SealedTable(
        table="dishonesty_listing",
        key="id",
        columns=tuple(c.name for c in DishonestyListing.__table__.columns),
    )
)

_REQUIRE_DECISION = """
CREATE OR REPLACE FUNCTION require_listing_case() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM workflow_case c WHERE c.id = NEW.case_id AND c.process_id = 'listing'
    AND c.subject = NEW.subject_kind || ':' || NEW.subject_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'dishonesty_listing',
      CONSTRAINT = 'listed_by_decision',
      MESSAGE = '没有经过列入决定的案件，不能列入失信名单（案件 ' || NEW.case_id || '）';
  END IF;
  RETURN NEW;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    *keep_rows("dishonesty_listing"),
    *frozen_columns("dishonesty_listing", *_CORE),
    *set_once("dishonesty_listing", "removed_on", "removed_by", "removed_why"),
    *allowed_transitions("dishonesty_listing", "status", (("listed", "removed"),)),
    _REQUIRE_DECISION,
    "DROP TRIGGER IF EXISTS dishonesty_listing_decided ON dishonesty_listing",
    "CREATE TRIGGER dishonesty_listing_decided BEFORE INSERT ON dishonesty_listing "
    "FOR EACH ROW EXECUTE FUNCTION require_listing_case()",
)
