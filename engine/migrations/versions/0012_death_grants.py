"""Death grants.

Revision: 0012, after: 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "death_grant",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("applicant_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("relation", sa.String(length=12), nullable=False),
        sa.Column("other_fund", sa.String(length=10), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("entered_by", sa.String(length=40), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("account_index", sa.LargeBinary(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("funeral_fen", sa.BigInteger(), nullable=True),
        sa.Column("dependants_fen", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'granted') = (dependants_fen IS NOT NULL)",
            name=op.f("ck_death_grant_dependants_of_grant"),
        ),
        sa.CheckConstraint(
            "(status = 'granted') = (died_on IS NOT NULL)", name=op.f("ck_death_grant_day_of_grant")
        ),
        sa.CheckConstraint(
            "(status = 'granted') = (funeral_fen IS NOT NULL)", name=op.f("ck_death_grant_funeral_of_grant")
        ),
        sa.CheckConstraint(
            "other_fund IN ('none', 'pension', 'injury')", name=op.f("ck_death_grant_other_fund")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'granted', 'refused', 'withdrawn')", name=op.f("ck_death_grant_status")
        ),
        sa.CheckConstraint("funeral_fen >= 0 AND dependants_fen >= 0", name=op.f("ck_death_grant_amounts")),
        sa.CheckConstraint("person_id <> applicant_id", name=op.f("ck_death_grant_applicant_is_another")),
        sa.ForeignKeyConstraint(["applicant_id"], ["person.id"], name=op.f("fk_death_grant_applicant_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["benefit_grant.id"], name=op.f("fk_death_grant_grant_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_death_grant_person_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_death_grant")),
    )
    op.create_index(op.f("ix_death_grant_applicant_id"), "death_grant", ["applicant_id"], unique=False)
    op.create_index(op.f("ix_death_grant_grant_id"), "death_grant", ["grant_id"], unique=False)
    op.create_index(
        "uq_death_grant_granted",
        "death_grant",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("status = 'granted'"),
    )
    op.create_index(
        "uq_death_grant_open",
        "death_grant",
        ["person_id", "applicant_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    for statement in statements("0012_death_grants"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
