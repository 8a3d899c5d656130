"""Try figures on a copy.

Revision: 0015, after: 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "screen_trial",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("gaps", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('running', 'done')", name=op.f("ck_screen_trial_status")),
        sa.ForeignKeyConstraint(["run_id"], ["screen_run.id"], name=op.f("fk_screen_trial_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screen_trial")),
        sa.UniqueConstraint(
            "run_id", "region", "year", "digest", name=op.f("uq_screen_trial_run_id_region_year_digest")
        ),
    )
    op.create_table(
        "screen_trial_change",
        sa.Column("trial_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("employer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("industry", sa.String(length=1), nullable=False),
        sa.Column("before_outcome", sa.String(length=8), nullable=False),
        sa.Column("before_failed", sa.SmallInteger(), nullable=False),
        sa.Column("before_size", sa.String(length=5), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("delta_fen", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("size", sa.String(length=5), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("failed", sa.SmallInteger(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("base_heads", sa.BigInteger(), nullable=False),
        sa.Column("base_months", sa.SmallInteger(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("arrears_fen", sa.BigInteger(), nullable=False),
        sa.Column("lists", sa.SmallInteger(), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("passed_on_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["screen_trial.id"], name=op.f("fk_screen_trial_change_trial_id")
        ),
        sa.PrimaryKeyConstraint("trial_id", "employer_id", name=op.f("pk_screen_trial_change")),
    )
    op.create_index(
        "ix_screen_trial_change_trial_id_delta_fen",
        "screen_trial_change",
        ["trial_id", "delta_fen", "employer_id"],
        unique=False,
    )
    op.create_table(
        "screen_trial_figure",
        sa.Column("trial_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("region", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("ratio_sme", sa.Numeric(), nullable=True),
        sa.Column("ratio_large", sa.Numeric(), nullable=True),
        sa.Column("amount_cap_fen", sa.BigInteger(), nullable=True),
        sa.Column("min_months", sa.Integer(), nullable=True),
        sa.Column("small_insured", sa.Integer(), nullable=True),
        sa.Column("layoff", sa.Numeric(), nullable=True),
        sa.Column("layoff_small", sa.Numeric(), nullable=True),
        sa.Column("formula", sa.String(length=10), nullable=True),
        sa.Column("sound", sa.Boolean(), nullable=True),
        sa.Column("like_sme", sa.Boolean(), nullable=True),
        sa.Column("large_from", sa.Integer(), nullable=True),
        sa.Column("apply_themselves", sa.Boolean(), nullable=True),
        sa.Column("public_bodies", sa.Boolean(), nullable=True),
        sa.Column("struggling_head_fen", sa.BigInteger(), nullable=True),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["screen_trial.id"], name=op.f("fk_screen_trial_figure_trial_id")
        ),
        sa.PrimaryKeyConstraint("trial_id", "region", name=op.f("pk_screen_trial_figure")),
    )
    op.create_table(
        "screen_trial_part",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("first_employer", sa.Integer(), nullable=False),
        sa.Column("last_employer", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("dealt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('waiting', 'done')", name=op.f("ck_screen_trial_part_status")),
        sa.ForeignKeyConstraint(["run_id"], ["screen_trial.id"], name=op.f("fk_screen_trial_part_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screen_trial_part")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq_screen_trial_part_run_id_number")),
    )
    op.create_table(
        "screen_trial_total",
        sa.Column("trial_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("region", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("size", sa.String(length=5), autoincrement=False, nullable=False),
        sa.Column("industry", sa.String(length=1), autoincrement=False, nullable=False),
        sa.Column("employers", sa.BigInteger(), nullable=False),
        sa.Column("before_paid", sa.BigInteger(), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("after_paid", sa.BigInteger(), nullable=False),
        sa.Column("after_fen", sa.BigInteger(), nullable=False),
        sa.Column("gain", sa.BigInteger(), nullable=False),
        sa.Column("gain_fen", sa.BigInteger(), nullable=False),
        sa.Column("lose", sa.BigInteger(), nullable=False),
        sa.Column("lose_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["trial_id"], ["screen_trial.id"], name=op.f("fk_screen_trial_total_trial_id")
        ),
        sa.PrimaryKeyConstraint("trial_id", "region", "size", "industry", name=op.f("pk_screen_trial_total")),
    )
    for statement in statements("0015_try_figures_on_a_copy"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
