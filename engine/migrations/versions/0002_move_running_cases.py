"""Move running cases.

Revision: 0002, after: 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "move_job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.String(length=64), nullable=False),
        sa.Column("from_version_id", sa.Integer(), nullable=False),
        sa.Column("to_version_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=40), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_why", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('running', 'done', 'undoing', 'undone')", name=op.f("ck_move_job_status")
        ),
        sa.CheckConstraint("from_version_id <> to_version_id", name=op.f("ck_move_job_two_versions")),
        sa.ForeignKeyConstraint(
            ["from_version_id"], ["process_version.id"], name=op.f("fk_move_job_from_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_version_id"], ["process_version.id"], name=op.f("fk_move_job_to_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_job")),
    )
    op.create_index(op.f("ix_move_job_process_id"), "move_job", ["process_id"], unique=False)
    op.create_index(
        "uq_move_job_under_way",
        "move_job",
        ["from_version_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('running', 'undoing')"),
    )
    op.create_table(
        "move_item",
        sa.Column("job_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("old_state", sa.LargeBinary(), nullable=True),
        sa.Column("old_inbox", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('moved', 'notice', 'undone', 'kept')) = (old_state IS NOT NULL)",
            name=op.f("ck_move_item_way_back"),
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'moved', 'notice', 'cannot', 'failed', 'stopped', 'undone', 'kept')",
            name=op.f("ck_move_item_status"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_move_item_case_id")),
        sa.ForeignKeyConstraint(["job_id"], ["move_job.id"], name=op.f("fk_move_item_job_id")),
        sa.PrimaryKeyConstraint("job_id", "case_id", name=op.f("pk_move_item")),
    )
    op.create_index(
        "ix_move_item_waiting",
        "move_item",
        ["job_id", "case_id"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    for statement in statements("0002_move_running_cases"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
