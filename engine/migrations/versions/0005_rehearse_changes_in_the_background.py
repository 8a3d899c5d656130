"""Rehearse changes in the background.

Revision: 0005, after: 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.migrations import statements

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "rehearsal_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("files", sa.String(length=64), nullable=False),
        sa.Column("library", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("submits", sa.Boolean(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'passed', 'failed', 'outdated')",
            name=op.f("ck_rehearsal_run_status"),
        ),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_rehearsal_run_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal_run")),
    )
    op.create_index(op.f("ix_rehearsal_run_change_id"), "rehearsal_run", ["change_id"], unique=False)
    op.create_index(
        "uq_rehearsal_run_under_way",
        "rehearsal_run",
        ["change_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'running')"),
    )
    op.create_table(
        "rehearsal_case",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file", sa.String(length=80), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("difference", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('waiting', 'passed', 'failed', 'excused')", name=op.f("ck_rehearsal_case_status")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["rehearsal_run.id"], name=op.f("fk_rehearsal_case_run_id")),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_rehearsal_case")),
    )
    op.create_index(
        "ix_rehearsal_case_waiting",
        "rehearsal_case",
        ["run_id", "number"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.alter_column("change_file", "content", existing_type=postgresql.BYTEA(), nullable=True)
    op.alter_column("library_file", "content", existing_type=postgresql.BYTEA(), nullable=True)
    for table in ("change_file", "library_file"):
        op.create_check_constraint(op.f(f"ck_{table}_content"), table, "(content IS NULL) = (digest = '')")
    for statement in statements("0005_rehearse_changes_in_the_background"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
