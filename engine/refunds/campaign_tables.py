"""The tables of a refund campaign: the campaign and its parts, the refund of each employer, public notices and what is said against them.

No behaviour here: ``campaigns`` opens a campaign, ``engine.tasks.stable_jobs`` and ``engine.tasks.refund_settlement``
carry a refund on. PostgreSQL itself holds that an employer has one refund for a year and that nobody gets more than
what stands. Source: 鲁人社函〔2020〕10号（二）.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import cast

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import SealedTable, register
from engine.store.db import Base
from engine.store.guards import (
    allowed_transitions,
    checks_again,
    frozen_columns,
    insert_only,
    keep_rows,
    set_once,
)
from engine.store.parts import PartColumns

#: before anything was ordered: a refund may go back and forth among these
UNPAID = ("screened", "pushed", "objected", "confirmed", "noticed", "not_eligible", "lapsed", "withdrawn")
#: where no case carries the refund on: another screening may take it up
TAKEN_UP_AGAIN = ("not_eligible", "lapsed", "withdrawn")
STATUS_NAMES = {
    "screened": ("已筛查", "Screened"),
    "pushed": ("已推送，待单位确认", "Pushed, awaits the employer"),
    "objected": ("单位有异议", "The employer objects"),
    "confirmed": ("已确认，审核中", "Confirmed, being checked"),
    "noticed": ("公示中", "In public notice"),
    "ordered": ("待拨付", "Payment ordered"),
    "paid": ("已拨付", "Paid"),
    "prepay_ordered": ("待预拨", "Prepayment ordered"),
    "prepaid": ("已预拨，待承诺", "Prepaid, awaits the commitment"),
    "committed": ("已承诺，清算中", "Committed, being settled"),
    "topping_up": ("清算补付中", "Top-up ordered"),
    "settled": ("已清算", "Settled"),
    "recovering": ("追回中", "Being recovered"),
    "recovered": ("已追回", "Recovered"),
    "lapsed": ("逾期未确认", "Lapsed"),
    "not_eligible": ("不予返还", "Not refunded"),
    "withdrawn": ("已终止", "Ended early"),
}
MODES = {"disburse": ("实际拨付", "Paid as found"), "prepay": ("预拨后清算", "Prepaid, then settled")}
KINDS = {"general": ("一般返还", "General"), "struggling": ("困难企业返还", "Struggling employer")}
SIZES = {
    "micro": ("微型", "Micro"),
    "small": ("小型", "Small"),
    "medium": ("中型", "Medium"),
    "large": ("大型", "Large"),
    "sme": ("中小微", "Small or medium"),
}
#: what the money may be used for (鲁人社字〔2025〕52号)
USES = {
    "insurance": ("缴纳社会保险费", "Social insurance premiums"),
    "living": ("职工生活补助", "Living allowances"),
    "retraining": ("转岗与技能提升培训", "Retraining"),
    "costs": ("降低生产经营成本", "Operating costs"),
}
LOOK_RESULTS = {"right": ("用途属实", "Used as told"), "wrong": ("用途不实", "Not used as told")}


class RefundCampaign(Base):
    """One campaign of a region and all below it for one year: whom a screening found gets a case, without asking."""

    __tablename__ = "refund_campaign"
    __table_args__ = (
        UniqueConstraint("region", "year"),
        CheckConstraint("mode IN ('disburse', 'prepay')", name="mode"),
        CheckConstraint("status IN ('opening', 'running', 'closed')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: city or province
    region: Mapped[str] = mapped_column(String(6))
    year: Mapped[int]
    #: disburse, prepay
    mode: Mapped[str] = mapped_column(String(8))
    #: the newest screening whose employers were taken in; a later round adds parts
    screen_run_id: Mapped[int] = mapped_column(ForeignKey("screen_run.id"))
    #: opening (parts wait), running, closed (nobody is taken in any more)
    status: Mapped[str] = mapped_column(String(8))
    started_by: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    closed_by: Mapped[str | None] = mapped_column(String(40))
    closed_at: Mapped[datetime | None]


class CampaignPart(PartColumns, Base):
    """Employers whose cases are opened in one transaction or not at all; ``run_id`` is the campaign."""

    __tablename__ = "refund_campaign_part"
    __table_args__ = (
        UniqueConstraint("run_id", "number"),
        CheckConstraint("status IN ('waiting', 'done')", name="status"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("refund_campaign.id"))
    screen_run_id: Mapped[int] = mapped_column(ForeignKey("screen_run.id"))
    #: employers from and to, both included
    first_employer: Mapped[int]
    last_employer: Mapped[int]


class RetentionRefund(Base):
    """A job-retention refund of one employer for one year, general or struggling, not both: one row, ever."""

    __tablename__ = "retention_refund"
    __table_args__ = (
        UniqueConstraint("employer_id", "year"),
        Index("ix_retention_refund_campaign_id_status", "campaign_id", "status"),
        Index("ix_retention_refund_city_year_status", "city", "year", "status"),
        Index("ix_retention_refund_case_id", "case_id"),
        Index("ix_retention_refund_settlement_case_id", "settlement_case_id"),
        CheckConstraint("kind IN ('general', 'struggling')", name="kind"),
        CheckConstraint("mode IN ('disburse', 'prepay')", name="mode"),
        CheckConstraint("amount_fen >= 0 AND screened_fen >= 0", name="amounts"),
        CheckConstraint(
            "status <> 'paid' OR (paid_on IS NOT NULL AND prepaid_fen = 0)",
            name="paid",
        ),
        CheckConstraint(
            "prepaid_fen >= 0 AND topped_fen >= 0 AND (topped_fen = 0 OR prepaid_fen + topped_fen = settled_fen)",
            name="never_above_what_stands",
        ),
        CheckConstraint(
            "recover_fen >= 0 AND recovered_fen BETWEEN 0 AND recover_fen AND recover_fen <= prepaid_fen "
            "AND (recover_fen = 0 OR topped_fen = 0)",
            name="recovered_no_more_than_prepaid",
        ),
        CheckConstraint("status <> 'recovered' OR recovered_fen = recover_fen", name="recovered_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: the case of ``stable-jobs.bpmn`` that carries it now
    case_id: Mapped[int] = mapped_column(ForeignKey("workflow_case.id"))
    #: the case of ``refund-settlement.bpmn``, once prepaid
    settlement_case_id: Mapped[int | None] = mapped_column(ForeignKey("workflow_case.id"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.id"))
    year: Mapped[int]
    #: general, struggling
    kind: Mapped[str] = mapped_column(String(10), default="general", server_default="general")
    #: of the employer; the city that manages it
    region: Mapped[str] = mapped_column(String(6), default="", server_default="")
    city: Mapped[str] = mapped_column(String(6), default="", server_default="")
    #: None for one outside any campaign
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("refund_campaign.id"))
    #: the screening whose decision it began with; None where the employer was judged alone
    screen_run_id: Mapped[int | None] = mapped_column(ForeignKey("screen_run.id"))
    #: micro, small, medium, large as the statistics office classed it; sme or large where nobody did
    size: Mapped[str] = mapped_column(String(6), default="", server_default="")
    #: section of GB/T 4754, A to T; empty: not known
    industry: Mapped[str] = mapped_column(String(1), default="", server_default="")
    #: disburse, prepay
    mode: Mapped[str] = mapped_column(String(8), default="disburse", server_default="disburse")
    #: what stands now, fen; of one that is prepaid: the estimate
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    #: what was found first, before any objection
    screened_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    #: JSON of every condition with its evidence
    screening: Mapped[str] = mapped_column(Text)
    #: word of ``STATUS_NAMES``
    status: Mapped[str] = mapped_column(String(14))
    #: joined a campaign after its first screening, or was judged alone
    late_entrant: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    pushed_on: Mapped[date | None]
    confirm_until: Mapped[date | None]
    objected_on: Mapped[date | None]
    confirmed_on: Mapped[date | None]
    #: keyed index of the account that was confirmed and checked, and what people see of it
    account_index: Mapped[bytes | None]
    account_masked: Mapped[str] = mapped_column(String(40), default="", server_default="")
    noticed_on: Mapped[date | None]
    notice_until: Mapped[date | None]
    ordered_on: Mapped[date | None]
    paid_on: Mapped[date | None]
    #: fen paid before settlement, once ordered; 0 of one that is paid as found
    prepaid_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    prepaid_on: Mapped[date | None]
    commitment_until: Mapped[date | None]
    #: None: not handed in
    committed_on: Mapped[date | None]
    #: what is due in the end, once decided
    settled_fen: Mapped[int | None] = mapped_column(BigInteger)
    settled_on: Mapped[date | None]
    #: paid on top of what was prepaid
    topped_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    #: to come back, and what came back
    recover_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    recovered_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    lapsed_on: Mapped[date | None]
    #: JSON: word of ``USES`` → fen, as the employer told it afterwards; empty: not told
    uses: Mapped[str] = mapped_column(Text, default="{}", server_default="{}")
    uses_told_on: Mapped[date | None]
    #: a look afterwards by internal control: when, by whom, word of ``LOOK_RESULTS``, what was seen
    looked_on: Mapped[date | None]
    looked_by: Mapped[str] = mapped_column(String(40), default="", server_default="")
    look_result: Mapped[str] = mapped_column(String(8), default="", server_default="")
    look_note: Mapped[str] = mapped_column(Text, default="", server_default="")


class RefundNoticeList(Base):
    """Insert-only. One public notice of a city: every refund that is published there on that day."""

    __tablename__ = "refund_notice_list"
    __table_args__ = (UniqueConstraint("region", "year", "published_on"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: the city
    region: Mapped[str] = mapped_column(String(6))
    year: Mapped[int]
    published_on: Mapped[date]
    #: the last day for objections, inclusive
    until: Mapped[date]


class RefundNoticeLine(Base):
    """Insert-only. One refund as it was published; one that is sent back and agreed to again is published again."""

    __tablename__ = "refund_notice_line"
    __table_args__ = (Index("ix_refund_notice_line_refund_id", "refund_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("refund_notice_list.id"), index=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("retention_refund.id"))
    employer_name: Mapped[str] = mapped_column(String(200))
    credit_code: Mapped[str] = mapped_column(String(18))
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class NoticeObjection(Base):
    """What somebody said against a published refund; nobody is paid while one is open. Its words never change."""

    __tablename__ = "notice_objection"
    __table_args__ = (
        Index("ix_notice_objection_open", "refund_id", postgresql_where=text("status = 'open'")),
        CheckConstraint("status IN ('open', 'dismissed', 'upheld')", name="status"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("retention_refund.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("refund_notice_line.id"))
    #: encrypted name and contact; None: anonymous
    who: Mapped[bytes | None]
    #: an objector cannot be asked where this is empty, and is told nothing
    contactable: Mapped[bool]
    #: keyed index of the network address that it came from, against floods
    address_index: Mapped[bytes] = mapped_column(index=True)
    said: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[datetime]
    #: open, dismissed, upheld
    status: Mapped[str] = mapped_column(String(9))
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]


class RefundRepayment(Base):
    """Insert-only. Money of a refund that came back to the bank."""

    __tablename__ = "refund_repayment"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("retention_refund.id"), index=True)
    #: the day on which the bank has it
    day: Mapped[date]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    #: the bank's own reference, which its statement repeats
    reference: Mapped[str] = mapped_column(String(80), unique=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), unique=True)
    recorded_by: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[datetime]


SEALED_REFUND_REPAYMENT = register(
    SealedTable(
        table="refund_repayment",
        key="id",
        columns=tuple(c.name for c in RefundRepayment.__table__.columns),
    )
)

#: what is ordered never comes back to where it could be ordered again
REFUND_STEPS = (
    *((before, after) for before in UNPAID for after in UNPAID if before != after),
    ("noticed", "ordered"),
    ("noticed", "prepay_ordered"),
    ("ordered", "paid"),
    ("prepay_ordered", "prepaid"),
    ("prepaid", "committed"),
    ("prepaid", "recovering"),
    ("committed", "topping_up"),
    ("committed", "settled"),
    ("committed", "recovering"),
    ("topping_up", "settled"),
    ("recovering", "recovered"),
)

TRIGGERS: tuple[str, ...] = (
    *checks_again(cast(Table, RetentionRefund.__table__)),
    *keep_rows("refund_campaign"),
    *frozen_columns("refund_campaign", "id", "region", "year", "mode", "started_by", "started_at"),
    *allowed_transitions(
        "refund_campaign",
        "status",
        (("opening", "running"), ("running", "opening"), ("opening", "closed"), ("running", "closed")),
    ),
    *keep_rows("refund_campaign_part"),
    *frozen_columns(
        "refund_campaign_part", "id", "run_id", "number", "screen_run_id", "first_employer", "last_employer"
    ),
    *allowed_transitions("refund_campaign_part", "status", (("waiting", "done"),)),
    *keep_rows("retention_refund"),
    *frozen_columns("retention_refund", "id", "employer_id", "year"),
    *set_once("retention_refund", "ordered_on", "paid_on", "prepaid_on", "settled_on", "settlement_case_id"),
    *allowed_transitions("retention_refund", "status", REFUND_STEPS),
    *insert_only("refund_notice_list"),
    *insert_only("refund_notice_line"),
    *keep_rows("notice_objection"),
    *frozen_columns(
        "notice_objection",
        "id",
        "refund_id",
        "line_id",
        "who",
        "contactable",
        "address_index",
        "said",
        "taken_at",
    ),
    *allowed_transitions("notice_objection", "status", (("open", "dismissed"), ("open", "upheld"))),
    *insert_only("refund_repayment"),
)
