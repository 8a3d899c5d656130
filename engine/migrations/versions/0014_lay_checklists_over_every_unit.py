"""Lay checklists over every unit.

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
        "checklist",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("self_check_due", sa.Date(), nullable=True),
        sa.Column("plan_due", sa.Date(), nullable=True),
        sa.Column("done_due", sa.Date(), nullable=True),
        sa.Column("milestones", sa.Text(), server_default="[]", nullable=False),
        sa.Column("issued_by", sa.String(length=40), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("escalated_on", sa.Date(), nullable=True),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=40), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('checklist', 'plan')", name=op.f("ck_checklist_kind")),
        sa.CheckConstraint("status IN ('issuing', 'open', 'closed')", name=op.f("ck_checklist_status")),
        sa.CheckConstraint("cells > 0", name=op.f("ck_checklist_cells")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist")),
        sa.UniqueConstraint("number", name=op.f("uq_checklist_number")),
    )
    op.create_index(op.f("ix_checklist_region"), "checklist", ["region"], unique=False)
    op.create_table(
        "checklist_topic",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("checklist_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("benchmark", sa.Text(), server_default="", nullable=False),
        sa.Column("group_title", sa.String(length=100), server_default="", nullable=False),
        sa.Column("task", sa.Text(), server_default="", nullable=False),
        sa.Column("done_due", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_checklist_topic_checklist_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_topic")),
        sa.UniqueConstraint("checklist_id", "code", name=op.f("uq_checklist_topic_checklist_id_code")),
        sa.UniqueConstraint("checklist_id", "id", name=op.f("uq_checklist_topic_checklist_id_id")),
        sa.UniqueConstraint(
            "checklist_id", "position", name=op.f("uq_checklist_topic_checklist_id_position")
        ),
    )
    op.create_table(
        "checklist_unit",
        sa.Column("checklist_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("region_code", sa.String(length=6), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_checklist_unit_checklist_id")
        ),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_checklist_unit_region_code")),
        sa.PrimaryKeyConstraint("checklist_id", "region_code", name=op.f("pk_checklist_unit")),
    )
    op.create_table(
        "rectification_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("checklist_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("city", sa.String(length=12), nullable=False),
        sa.Column("lead_unit", sa.String(length=60), server_default="", nullable=False),
        sa.Column("cooperating", sa.Text(), server_default="[]", nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=12), server_default="unchecked", nullable=False),
        sa.Column("self_check_due", sa.Date(), nullable=True),
        sa.Column("plan_due", sa.Date(), nullable=True),
        sa.Column("done_due", sa.Date(), nullable=True),
        sa.Column("overdue_on_receipt", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("milestones", sa.Text(), server_default="[]", nullable=False),
        sa.Column("problem_type", sa.String(length=10), server_default="", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("measures", sa.Text(), server_default="", nullable=False),
        sa.Column("responsible", sa.String(length=100), server_default="", nullable=False),
        sa.Column("statement_by", sa.String(length=40), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), server_default="", nullable=False),
        sa.Column("progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_back_on", sa.Date(), nullable=True),
        sa.Column("sent_back_why", sa.Text(), server_default="", nullable=False),
        sa.Column("returned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reopened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reminders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("circulars", sa.Integer(), server_default="0", nullable=False),
        sa.Column("government_notices", sa.Integer(), server_default="0", nullable=False),
        sa.Column("referrals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("supervised", sa.Integer(), server_default="0", nullable=False),
        sa.Column("supervised_on", sa.Date(), nullable=True),
        sa.Column("supervised_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "CASE status WHEN 'unchecked' THEN self_check_due WHEN 'planning' THEN plan_due WHEN 'doing' THEN done_due ELSE DATE '2000-01-01' END IS NOT NULL",
            name=op.f("ck_rectification_item_due_runs"),
        ),
        sa.CheckConstraint(
            "problem_type IN ('', 'not_done', 'half_done')", name=op.f("ck_rectification_item_problem_type")
        ),
        sa.CheckConstraint(
            "status <> 'done' OR verified_on IS NOT NULL", name=op.f("ck_rectification_item_done_verified")
        ),
        sa.CheckConstraint(
            "status <> 'no_problem' OR statement_by IS NOT NULL",
            name=op.f("ck_rectification_item_statement_signed"),
        ),
        sa.CheckConstraint(
            "status IN ('unchecked', 'no_problem', 'planning', 'planned', 'doing', 'verifying', 'done')",
            name=op.f("ck_rectification_item_status"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_rectification_item_progress")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["workflow_case.id"], name=op.f("fk_rectification_item_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id", "region_code"],
            ["checklist_unit.checklist_id", "checklist_unit.region_code"],
            name="fk_item_unit",
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id", "topic_id"],
            ["checklist_topic.checklist_id", "checklist_topic.id"],
            name="fk_item_topic",
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_rectification_item_checklist_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_item")),
        sa.UniqueConstraint(
            "checklist_id", "topic_id", "region_code", "lead_unit", name="uq_rectification_item_cell"
        ),
    )
    op.create_index("ix_rectification_item_case_id", "rectification_item", ["case_id"], unique=True)
    op.create_index("ix_rectification_item_region_code", "rectification_item", ["region_code"], unique=False)
    op.create_index(
        "ix_rectification_item_unopened",
        "rectification_item",
        ["id"],
        unique=False,
        postgresql_where=sa.text("case_id IS NULL"),
    )
    op.create_index(
        "ix_rectification_item_wall",
        "rectification_item",
        ["checklist_id", "region_code", "topic_id"],
        unique=False,
    )
    op.create_table(
        "escalation_paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("checklist_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('reminder', 'circular', 'government', 'referral')",
            name=op.f("ck_escalation_paper_stage"),
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_escalation_paper_checklist_id")
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_escalation_paper_letter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_paper")),
        sa.UniqueConstraint("number", name=op.f("uq_escalation_paper_number")),
    )
    op.create_index(
        "ix_escalation_paper_checklist_id",
        "escalation_paper",
        ["checklist_id", "stage", "region_code", "issued_on"],
        unique=False,
    )
    op.create_index(
        op.f("ix_escalation_paper_region_code"), "escalation_paper", ["region_code"], unique=False
    )
    op.create_table(
        "item_case",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_item_case_case_id")),
        sa.ForeignKeyConstraint(["item_id"], ["rectification_item.id"], name=op.f("fk_item_case_item_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_item_case")),
    )
    op.create_index(op.f("ix_item_case_item_id"), "item_case", ["item_id"], unique=False)
    op.create_table(
        "escalation",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_kind", sa.String(length=10), autoincrement=False, nullable=False),
        sa.Column("due_on", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=12), autoincrement=False, nullable=False),
        sa.Column("paper_id", sa.BigInteger(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.CheckConstraint("due_kind IN ('self_check', 'plan', 'done')", name=op.f("ck_escalation_due_kind")),
        sa.ForeignKeyConstraint(["item_id"], ["rectification_item.id"], name=op.f("fk_escalation_item_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["escalation_paper.id"], name=op.f("fk_escalation_paper_id")),
        sa.PrimaryKeyConstraint("item_id", "due_kind", "due_on", "stage", name=op.f("pk_escalation")),
    )
    op.create_index("ix_escalation_paper_id", "escalation", ["paper_id"], unique=False)
    op.drop_index(op.f("ix_finding_region_code"), table_name="finding")
    op.drop_table("finding")
    for statement in statements("0014_lay_checklists_over_every_unit"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
