"""The tables of sampling: draws that anybody can make again, and the items that somebody re-checks (CTRL-04).

No behaviour here: see ``sampling``.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows, set_once


class SampleDraw(Base):
    """One draw. Its seed stands here, so that anybody can draw the same items again; rows are never changed."""

    __tablename__ = "sample_draw"
    __table_args__ = (
        CheckConstraint("kind IN ('process', 'month')", name="kind"),
        CheckConstraint("rate > 0 AND rate <= 1", name="rate"),
        UniqueConstraint("kind", "of", "region", "month"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: process: cases that ended; month: what was ordered for a benefit month
    kind: Mapped[str] = mapped_column(String(8))
    #: the process, e.g. ``claim``; for a month the purpose, e.g. ``benefit``
    of: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(6))
    #: the month in which the cases ended, or the benefit month
    month: Mapped[str] = mapped_column(String(7))
    #: share of every stratum, from the policy
    rate: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    #: JSON: the rule of the share with its source
    reasons: Mapped[str] = mapped_column(Text)
    #: JSON list: what strata are made of: region, amount, handler
    strata: Mapped[str] = mapped_column(Text)
    seed: Mapped[str] = mapped_column(String(64))
    #: how many there were, were drawn, and among these for high risk
    population: Mapped[int]
    drawn: Mapped[int]
    high_risk: Mapped[int]
    drawn_by: Mapped[str] = mapped_column(String(40))
    drawn_at: Mapped[datetime]


class SampleItem(Base):
    """One case or payment order to be re-checked by somebody who had no hand in it."""

    __tablename__ = "sample_item"
    __table_args__ = (
        CheckConstraint("(of_case_id IS NULL) <> (order_id IS NULL)", name="one_thing"),
        CheckConstraint("status IN ('open', 'right', 'wrong')", name="status"),
        CheckConstraint("(status = 'open') = (judged_by IS NULL)", name="judged"),
        Index("ix_sample_item_waiting", "id", postgresql_where=text("status = 'open' AND case_id IS NULL")),
        UniqueConstraint("draw_id", "number"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("sample_draw.id"))
    #: from 1, in the order in which they were drawn
    number: Mapped[int]
    of_case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("payment_order.id"))
    #: ``person:12``, ``employer:5``
    subject: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(String(12))
    #: where it was drawn from, in words
    stratum: Mapped[str] = mapped_column(String(120))
    #: taken without drawing, for what a rule of high risk says
    high_risk: Mapped[bool]
    #: the case of ``recheck.bpmn``; None until one is opened
    case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    #: open, right, wrong
    status: Mapped[str] = mapped_column(String(8))
    judged_by: Mapped[str | None] = mapped_column(String(40))
    judged_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="", server_default="")


# whoever had a hand in what was sampled does not judge it, whoever writes
_GUARD_JUDGE = """
CREATE OR REPLACE FUNCTION guard_sample_judge() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM workflow_history h
    WHERE h.case_id = COALESCE(NEW.of_case_id, (SELECT o.case_id FROM payment_order o WHERE o.id = NEW.order_id))
      AND h.kind IN ('completed', 'signed', 'assisted')
      AND (h.actor = NEW.judged_by OR h.on_behalf_of = NEW.judged_by);
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'sample_item', CONSTRAINT = 'judged_by_another',
      MESSAGE = '经办过该案件的人不得复查（抽检 ' || NEW.draw_id || ' 第 ' || NEW.number || ' 项）';
  END IF;
  RETURN NEW;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    *keep_rows("sample_draw"),
    *frozen_columns("sample_draw", *(c.name for c in SampleDraw.__table__.columns)),
    *keep_rows("sample_item"),
    *frozen_columns(
        "sample_item",
        "id",
        "draw_id",
        "number",
        "of_case_id",
        "order_id",
        "subject",
        "region_code",
        "stratum",
        "high_risk",
    ),
    *set_once("sample_item", "case_id", "judged_by", "judged_at"),
    *allowed_transitions("sample_item", "status", (("open", "right"), ("open", "wrong"))),
    _GUARD_JUDGE,
    "DROP TRIGGER IF EXISTS sample_item_judge ON sample_item",
    "CREATE TRIGGER sample_item_judge BEFORE INSERT OR UPDATE ON sample_item FOR EACH ROW "
    "WHEN (NEW.judged_by IS NOT NULL) EXECUTE FUNCTION guard_sample_judge()",
)
