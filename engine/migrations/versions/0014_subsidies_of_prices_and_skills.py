"""Subsidies of prices and skills.

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
        "certificate_roster",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("new_count", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.String(length=40), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_roster")),
        sa.UniqueConstraint("digest", name=op.f("uq_certificate_roster_digest")),
    )
    op.create_table(
        "price_index",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("cpi_rise", sa.Integer(), nullable=False),
        sa.Column("food_rise", sa.Integer(), nullable=False),
        sa.Column("low_income_rise", sa.Integer(), nullable=False),
        sa.Column("living_allowance_fen", sa.BigInteger(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("entered_by", sa.String(length=40), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=40), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(status IN ('confirmed', 'withdrawn')) = (confirmed_by IS NOT NULL)",
            name=op.f("ck_price_index_confirmed_by"),
        ),
        sa.CheckConstraint(
            "status IN ('entered', 'confirmed', 'rejected', 'withdrawn')", name=op.f("ck_price_index_status")
        ),
        sa.CheckConstraint("confirmed_by <> entered_by", name=op.f("ck_price_index_four_eyes")),
        sa.CheckConstraint("living_allowance_fen > 0", name=op.f("ck_price_index_living_allowance")),
        sa.ForeignKeyConstraint(["region"], ["region.code"], name=op.f("fk_price_index_region")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_index")),
    )
    op.create_index(
        "uq_price_index_confirmed",
        "price_index",
        ["region", "month"],
        unique=True,
        postgresql_where=sa.text("status = 'confirmed'"),
    )
    op.create_index(
        "uq_price_index_entered",
        "price_index",
        ["region", "month"],
        unique=True,
        postgresql_where=sa.text("status = 'entered'"),
    )
    op.create_table(
        "skill_certificate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("occupation", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("trained", sa.Boolean(), nullable=False),
        sa.Column("paid_by", sa.Text(), server_default="", nullable=False),
        sa.Column("roster_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "level IN ('junior', 'intermediate', 'senior', 'technician', 'senior_technician')",
            name=op.f("ck_skill_certificate_level"),
        ),
        sa.ForeignKeyConstraint(
            ["roster_id"], ["certificate_roster.id"], name=op.f("fk_skill_certificate_roster_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_skill_certificate_number")),
    )
    op.create_index(
        op.f("ix_skill_certificate_person_index"), "skill_certificate", ["person_index"], unique=False
    )
    op.create_table(
        "skill_screening",
        sa.Column("certificate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("screen_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=12), server_default="waiting", nullable=False),
        sa.Column("region_code", sa.String(length=12), server_default="", nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("apply_by", sa.Date(), nullable=True),
        sa.Column("reasons", sa.Text(), server_default="[]", nullable=False),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'eligible', 'not_yet', 'not_eligible', 'gap', 'elsewhere', 'applied')",
            name=op.f("ck_skill_screening_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["skill_certificate.id"], name=op.f("fk_skill_screening_certificate_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_skill_screening_person_id")),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_skill_screening")),
    )
    op.create_index(
        "ix_skill_screening_due",
        "skill_screening",
        ["screen_on", "certificate_id"],
        unique=False,
        postgresql_where=sa.text("screen_on IS NOT NULL"),
    )
    op.create_index(op.f("ix_skill_screening_person_id"), "skill_screening", ["person_id"], unique=False)
    op.create_index(
        "ix_skill_screening_unopened",
        "skill_screening",
        ["certificate_id"],
        unique=False,
        postgresql_where=sa.text("outcome = 'eligible' AND case_id IS NULL"),
    )
    op.create_table(
        "skill_subsidy",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("certificate_number", sa.String(length=40), nullable=False),
        sa.Column("occupation", sa.Text(), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("entered_by", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'ordered') = (amount_fen IS NOT NULL)", name=op.f("ck_skill_subsidy_amount_of_order")
        ),
        sa.CheckConstraint("channel IN ('found', 'web', 'counter')", name=op.f("ck_skill_subsidy_channel")),
        sa.CheckConstraint(
            "status IN ('open', 'ordered', 'refused', 'lapsed')", name=op.f("ck_skill_subsidy_status")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_skill_subsidy_amount")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_skill_subsidy_person_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_skill_subsidy")),
    )
    op.create_index(op.f("ix_skill_subsidy_person_id"), "skill_subsidy", ["person_id"], unique=False)
    op.create_index(
        "uq_skill_subsidy_level",
        "skill_subsidy",
        ["person_id", "occupation", "level"],
        unique=True,
        postgresql_where=sa.text("status = 'ordered'"),
    )
    op.create_index(
        "uq_skill_subsidy_open",
        "skill_subsidy",
        ["certificate_number"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "uq_skill_subsidy_ordered",
        "skill_subsidy",
        ["certificate_number"],
        unique=True,
        postgresql_where=sa.text("status = 'ordered'"),
    )
    op.create_index(
        "uq_payment_order_subsidy",
        "payment_order",
        ["payee_id", "month"],
        unique=True,
        postgresql_where=sa.text("purpose = 'subsidy' AND status <> 'cancelled'"),
    )
    for statement in statements("0014_subsidies_of_prices_and_skills"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
