"""Count open tasks.

Revision: 0007, after: 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make sums and indexes, then the triggers that keep the sums; what is open already is counted last."""
    op.create_table(
        "open_task_delta",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("scope", sa.String(length=6), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("process_id", sa.String(length=64), nullable=False),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_task_delta")),
    )
    op.create_table(
        "open_task_total",
        sa.Column("scope", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("duty", sa.String(length=40), autoincrement=False, nullable=False),
        sa.Column("element_id", sa.String(length=120), autoincrement=False, nullable=False),
        sa.Column("process_id", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("claimed", sa.Boolean(), autoincrement=False, nullable=False),
        sa.Column("due_on", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "scope", "duty", "element_id", "process_id", "claimed", "due_on", name=op.f("pk_open_task_total")
        ),
    )
    op.create_index(
        "ix_open_task_total_empty",
        "open_task_total",
        ["scope"],
        unique=False,
        postgresql_where=sa.text("n = 0"),
    )
    op.create_index("ix_person_name", "person", ["name"], unique=False)
    op.create_index(
        "ix_workflow_case_paused",
        "workflow_case",
        ["id"],
        unique=False,
        postgresql_where=sa.text("paused_at IS NOT NULL"),
    )
    op.create_index("ix_workflow_case_started_by", "workflow_case", ["started_by", "id"], unique=False)
    op.drop_index(
        op.f("ix_workflow_task_open"),
        table_name="workflow_task",
        postgresql_where="((status)::text = 'ready'::text)",
    )
    op.create_index(
        "ix_workflow_task_case_2",
        "workflow_task",
        [
            "element_id",
            sa.literal_column('"left"(region_code::text, 2)'),
            sa.literal_column("(assignee IS NULL)"),
            sa.literal_column("case_id"),
        ],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_case_4",
        "workflow_task",
        [
            "element_id",
            sa.literal_column('"left"(region_code::text, 4)'),
            sa.literal_column("(assignee IS NULL)"),
            sa.literal_column("case_id"),
        ],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_case_6",
        "workflow_task",
        [
            "element_id",
            sa.literal_column('"left"(region_code::text, 6)'),
            sa.literal_column("(assignee IS NULL)"),
            sa.literal_column("case_id"),
        ],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_due_2",
        "workflow_task",
        [
            "element_id",
            sa.literal_column('"left"(region_code::text, 2)'),
            sa.literal_column("(assignee IS NULL)"),
            sa.literal_column("COALESCE(due_at, 'infinity'::timestamp with time zone)"),
            sa.literal_column("id"),
        ],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_due_4",
        "workflow_task",
        [
            "element_id",
            sa.literal_column('"left"(region_code::text, 4)'),
            sa.literal_column("(assignee IS NULL)"),
            sa.literal_column("COALESCE(due_at, 'infinity'::timestamp with time zone)"),
            sa.literal_column("id"),
        ],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_due_6",
        "workflow_task",
        [
            "element_id",
            sa.literal_column('"left"(region_code::text, 6)'),
            sa.literal_column("(assignee IS NULL)"),
            sa.literal_column("COALESCE(due_at, 'infinity'::timestamp with time zone)"),
            sa.literal_column("id"),
        ],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_lent",
        "workflow_task",
        ["owner", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_received_2",
        "workflow_task",
        [
            "element_id",
            sa.literal_column('"left"(region_code::text, 2)'),
            sa.literal_column("(assignee IS NULL)"),
            sa.literal_column("created_at"),
        ],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_received_4",
        "workflow_task",
        [
            "element_id",
            sa.literal_column('"left"(region_code::text, 4)'),
            sa.literal_column("(assignee IS NULL)"),
            sa.literal_column("created_at"),
        ],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_received_6",
        "workflow_task",
        [
            "element_id",
            sa.literal_column('"left"(region_code::text, 6)'),
            sa.literal_column("(assignee IS NULL)"),
            sa.literal_column("created_at"),
        ],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    for statement in statements("0007_count_open_tasks"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
