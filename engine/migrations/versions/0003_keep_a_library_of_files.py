"""Keep a library of files.

Revision: 0003, after: 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_author"), "change", ["author"], unique=False)
    op.create_index(op.f("ix_change_status"), "change", ["status"], unique=False)
    op.create_table(
        "change_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("updated_by", sa.String(length=40), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_change_file_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_file")),
        sa.UniqueConstraint("change_id", "name", name=op.f("uq_change_file_change_id_name")),
    )
    op.create_table(
        "change_hand",
        sa.Column("change_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.String(length=40), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_change_hand_change_id")),
        sa.PrimaryKeyConstraint("change_id", "actor", name=op.f("pk_change_hand")),
    )
    op.create_table(
        "library_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("published_by", sa.String(length=40), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "change_id IS NOT NULL OR published_by = 'system:0'", name=op.f("ck_library_file_by_change")
        ),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name=op.f("fk_library_file_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_file")),
        sa.UniqueConstraint("name", "number", name=op.f("uq_library_file_name_number")),
    )
    op.create_index(op.f("ix_library_file_change_id"), "library_file", ["change_id"], unique=False)
    op.drop_constraint(op.f("uq_process_version_process_id_digest"), "process_version", type_="unique")
    op.create_index(
        op.f("ix_process_version_process_id_digest"),
        "process_version",
        ["process_id", "digest"],
        unique=False,
    )
    for statement in statements("0003_keep_a_library_of_files"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
