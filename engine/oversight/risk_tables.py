"""The tables of risk rules: their versions, the rounds in which they were put to payees, and the flags (CTRL-04).

No behaviour here: see ``risk_versions`` and ``risk``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows, set_once


class RiskRule(Base):
    """One version of a rule: written, tried over history, put in force by somebody else, retired."""

    __tablename__ = "risk_rule"
    __table_args__ = (
        UniqueConstraint("rule", "version"),
        UniqueConstraint("rule", "digest"),
        Index("uq_risk_rule_live", "rule", unique=True, postgresql_where=text("status = 'live'")),
        CheckConstraint("level IN ('high', 'middle', 'low')", name="level"),
        CheckConstraint("status IN ('draft', 'trial', 'live', 'retired')", name="status"),
        # the system brings in what is shipped; everything after that needs two people
        CheckConstraint("approved_by <> written_by OR written_by = 'system:0'", name="approved_by_another"),
        CheckConstraint("status <> 'live' OR approved_by IS NOT NULL", name="live_is_approved"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: id of ``processes/risk-rules.yaml``, e.g. ``shared_account``
    rule: Mapped[str] = mapped_column(String(40))
    #: 1, 2, 3 … of the rule
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    english: Mapped[str] = mapped_column(String(120))
    #: high, middle, low
    level: Mapped[str] = mapped_column(String(6))
    #: the condition as written
    condition: Mapped[str] = mapped_column(Text)
    #: what a flag says, with ``{facts}`` in it
    says: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    verified: Mapped[bool]
    #: SHA-256 over all of the above but the number of the version
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(8))
    written_by: Mapped[str] = mapped_column(String(40))
    written_at: Mapped[datetime]
    #: of the last trial run: how many payees it would flag, of how many
    tried_at: Mapped[datetime | None]
    tried_flagged: Mapped[int | None]
    tried_payees: Mapped[int | None]
    approved_by: Mapped[str | None] = mapped_column(String(40))
    approved_at: Mapped[datetime | None]
    retired_by: Mapped[str | None] = mapped_column(String(40))
    retired_at: Mapped[datetime | None]


class RiskRound(Base):
    """Every live rule put once to everybody who is paid in a region; rows are kept."""

    __tablename__ = "risk_round"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region: Mapped[str] = mapped_column(String(6))
    #: benefit month that is about to be paid, ``2026-12``
    month: Mapped[str] = mapped_column(String(7))
    payees: Mapped[int]
    #: payees of whom one rule or more said something new
    flagged: Mapped[int]
    #: JSON: rule id → new flags; what could not be put and why stands under ``gaps``
    outcome: Mapped[str] = mapped_column(Text)
    run_by: Mapped[str] = mapped_column(String(40))
    run_at: Mapped[datetime]


class RiskFlag(Base):
    """What a rule says of one grant, with the facts; open until somebody accepts or dismisses it."""

    __tablename__ = "risk_flag"
    __table_args__ = (
        # the same facts, once judged, are not raised again
        UniqueConstraint("rule", "grant_id", "evidence"),
        CheckConstraint("status IN ('open', 'accepted', 'dismissed')", name="status"),
        CheckConstraint("(status = 'open') = (judged_by IS NULL)", name="judged"),
        Index("ix_risk_flag_region_code_status", "region_code", "status", "id"),
        Index(None, "grant_id"),
        Index("ix_risk_flag_person_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("risk_round.id"))
    #: the version of the rule that found it
    rule_id: Mapped[int] = mapped_column(ForeignKey("risk_rule.id"), index=True)
    rule: Mapped[str] = mapped_column(String(40))
    level: Mapped[str] = mapped_column(String(6))
    grant_id: Mapped[int] = mapped_column(ForeignKey("benefit_grant.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    region_code: Mapped[str] = mapped_column(String(12))
    #: JSON: fact → what it was
    facts: Mapped[str] = mapped_column(Text)
    #: SHA-256 of what makes these facts the same ones again
    evidence: Mapped[str] = mapped_column(String(64))
    found_at: Mapped[datetime]
    #: open, accepted (it is so), dismissed (explained)
    status: Mapped[str] = mapped_column(String(10))
    #: the case of ``recheck.bpmn`` in which it is judged; None until one is opened
    case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"), index=True)
    judged_by: Mapped[str | None] = mapped_column(String(40))
    judged_at: Mapped[datetime | None]
    judged_why: Mapped[str] = mapped_column(Text, default="", server_default="")


TRIGGERS: tuple[str, ...] = (
    *keep_rows("risk_rule"),
    *frozen_columns(
        "risk_rule",
        "id",
        "rule",
        "version",
        "name",
        "english",
        "level",
        "condition",
        "says",
        "source",
        "verified",
        "digest",
        "written_by",
        "written_at",
    ),
    *set_once("risk_rule", "approved_by", "approved_at", "retired_by", "retired_at"),
    *allowed_transitions(
        "risk_rule",
        "status",
        (
            ("draft", "trial"),
            ("trial", "live"),
            ("live", "retired"),
            ("draft", "retired"),
            ("trial", "retired"),
        ),
    ),
    *keep_rows("risk_round"),
    *keep_rows("risk_flag"),
    *frozen_columns(
        "risk_flag",
        "id",
        "round_id",
        "rule_id",
        "rule",
        "level",
        "grant_id",
        "person_id",
        "region_code",
        "facts",
        "evidence",
        "found_at",
    ),
    *set_once("risk_flag", "case_id", "judged_by", "judged_at"),
    *allowed_transitions("risk_flag", "status", (("open", "accepted"), ("open", "dismissed"))),
)
