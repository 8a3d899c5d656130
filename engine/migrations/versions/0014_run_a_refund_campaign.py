"""Run a refund campaign.

Revision: 0014, after: 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "refund_notice_list",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_notice_list")),
        sa.UniqueConstraint(
            "region", "year", "published_on", name=op.f("uq_refund_notice_list_region_year_published_on")
        ),
    )
    op.create_table(
        "refund_campaign",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("screen_run_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(length=40), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode IN ('disburse', 'prepay')", name=op.f("ck_refund_campaign_mode")),
        sa.CheckConstraint(
            "status IN ('opening', 'running', 'closed')", name=op.f("ck_refund_campaign_status")
        ),
        sa.ForeignKeyConstraint(
            ["screen_run_id"], ["screen_run.id"], name=op.f("fk_refund_campaign_screen_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_campaign")),
        sa.UniqueConstraint("region", "year", name=op.f("uq_refund_campaign_region_year")),
    )
    op.create_table(
        "refund_campaign_part",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("screen_run_id", sa.BigInteger(), nullable=False),
        sa.Column("first_employer", sa.Integer(), nullable=False),
        sa.Column("last_employer", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("dealt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('waiting', 'done')", name=op.f("ck_refund_campaign_part_status")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["refund_campaign.id"], name=op.f("fk_refund_campaign_part_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["screen_run_id"], ["screen_run.id"], name=op.f("fk_refund_campaign_part_screen_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_campaign_part")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq_refund_campaign_part_run_id_number")),
    )
    op.create_table(
        "refund_notice_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("employer_name", sa.String(length=200), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["refund_notice_list.id"], name=op.f("fk_refund_notice_line_list_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["retention_refund.id"], name=op.f("fk_refund_notice_line_refund_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_notice_line")),
    )
    op.create_index(op.f("ix_refund_notice_line_list_id"), "refund_notice_line", ["list_id"], unique=False)
    op.create_index("ix_refund_notice_line_refund_id", "refund_notice_line", ["refund_id"], unique=False)
    op.create_table(
        "refund_repayment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refund_repayment_amount")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_refund_repayment_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["retention_refund.id"], name=op.f("fk_refund_repayment_refund_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_repayment")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_refund_repayment_entry_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_refund_repayment_reference")),
    )
    op.create_index(op.f("ix_refund_repayment_refund_id"), "refund_repayment", ["refund_id"], unique=False)
    op.create_table(
        "notice_objection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=True),
        sa.Column("contactable", sa.Boolean(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'open') = (decided_at IS NULL)", name=op.f("ck_notice_objection_decided")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'dismissed', 'upheld')", name=op.f("ck_notice_objection_status")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["refund_notice_line.id"], name=op.f("fk_notice_objection_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["retention_refund.id"], name=op.f("fk_notice_objection_refund_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_objection")),
    )
    op.create_index(
        op.f("ix_notice_objection_address_index"), "notice_objection", ["address_index"], unique=False
    )
    op.create_index(
        "ix_notice_objection_open",
        "notice_objection",
        ["refund_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.add_column("retention_refund", sa.Column("settlement_case_id", sa.Integer(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("kind", sa.String(length=10), server_default="general", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("region", sa.String(length=6), server_default="", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("city", sa.String(length=6), server_default="", nullable=False)
    )
    op.add_column("retention_refund", sa.Column("campaign_id", sa.BigInteger(), nullable=True))
    op.add_column("retention_refund", sa.Column("screen_run_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("size", sa.String(length=6), server_default="", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("industry", sa.String(length=1), server_default="", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("mode", sa.String(length=8), server_default="disburse", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("screened_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "retention_refund",
        sa.Column("late_entrant", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("retention_refund", sa.Column("pushed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("confirm_until", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("objected_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("confirmed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("account_index", sa.LargeBinary(), nullable=True))
    op.add_column(
        "retention_refund",
        sa.Column("account_masked", sa.String(length=40), server_default="", nullable=False),
    )
    op.add_column("retention_refund", sa.Column("noticed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("notice_until", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("ordered_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("paid_on", sa.Date(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("prepaid_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("retention_refund", sa.Column("prepaid_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("commitment_until", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("committed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("settled_fen", sa.BigInteger(), nullable=True))
    op.add_column("retention_refund", sa.Column("settled_on", sa.Date(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("topped_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("recover_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("recovered_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("retention_refund", sa.Column("lapsed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("uses", sa.Text(), server_default="{}", nullable=False))
    op.add_column("retention_refund", sa.Column("uses_told_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("looked_on", sa.Date(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("looked_by", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("look_result", sa.String(length=8), server_default="", nullable=False)
    )
    op.add_column("retention_refund", sa.Column("look_note", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_retention_refund_campaign_id_status", "retention_refund", ["campaign_id", "status"], unique=False
    )
    op.create_index("ix_retention_refund_case_id", "retention_refund", ["case_id"], unique=False)
    op.create_index(
        "ix_retention_refund_city_year_status", "retention_refund", ["city", "year", "status"], unique=False
    )
    op.create_index(
        "ix_retention_refund_settlement_case_id", "retention_refund", ["settlement_case_id"], unique=False
    )
    op.create_foreign_key(
        op.f("fk_retention_refund_screen_run_id"), "retention_refund", "screen_run", ["screen_run_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_retention_refund_settlement_case_id"),
        "retention_refund",
        "workflow_case",
        ["settlement_case_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_retention_refund_campaign_id"),
        "retention_refund",
        "refund_campaign",
        ["campaign_id"],
        ["id"],
    )
    for statement in statements("0014_run_a_refund_campaign"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
