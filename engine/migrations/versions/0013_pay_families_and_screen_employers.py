"""Pay families and screen employers.

Revision: 0013, after: 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "employer_roster",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=13), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.String(length=40), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.CheckConstraint("(kind = 'contributions') = (year > 0)", name=op.f("ck_employer_roster_year")),
        sa.CheckConstraint(
            "kind IN ('contributions', 'arrears', 'environment', 'industry', 'dishonest', 'zombie', 'struggling')",
            name=op.f("ck_employer_roster_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('loading', 'current', 'superseded')", name=op.f("ck_employer_roster_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer_roster")),
    )
    op.create_index(
        "uq_employer_roster_current",
        "employer_roster",
        ["kind", "region", "year"],
        unique=True,
        postgresql_where=sa.text("status = 'current'"),
    )
    op.create_index("uq_employer_roster_digest", "employer_roster", ["digest"], unique=True)
    op.create_table(
        "employer_listing",
        sa.Column("roster_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["roster_id"], ["employer_roster.id"], name=op.f("fk_employer_listing_roster_id")
        ),
        sa.PrimaryKeyConstraint("roster_id", "line_no", name=op.f("pk_employer_listing")),
    )
    op.create_table(
        "screen_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("roster_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gaps", sa.Text(), server_default="[]", nullable=False),
        sa.CheckConstraint("status IN ('running', 'done')", name=op.f("ck_screen_run_status")),
        sa.ForeignKeyConstraint(["roster_id"], ["employer_roster.id"], name=op.f("fk_screen_run_roster_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screen_run")),
        sa.UniqueConstraint("region", "year", "round", name=op.f("uq_screen_run_region_year_round")),
    )
    op.create_table(
        "employer_year",
        sa.Column("roster_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("employer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("size", sa.String(length=6), nullable=False),
        sa.Column("industry", sa.String(length=1), nullable=False),
        sa.Column("months_before", sa.SmallInteger(), nullable=False),
        sa.Column("previous_end", sa.Integer(), nullable=False),
        sa.Column("claimants", sa.Integer(), nullable=False),
        sa.Column("heads", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("due_fen", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("paid_fen", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("dispatched_fen", sa.BigInteger(), nullable=False),
        sa.Column("placed_public_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('enterprise', 'dispatch_agency', 'individual_business', 'social_group', 'foundation', 'social_service', 'law_firm', 'accounting_firm', 'public_body', 'self_employed')",
            name=op.f("ck_employer_year_kind"),
        ),
        sa.CheckConstraint(
            "size IN ('large', 'medium', 'small', 'micro', '')", name=op.f("ck_employer_year_size")
        ),
        sa.CheckConstraint(
            "0 <= ALL (heads) AND 0 <= ALL (due_fen) AND 0 <= ALL (paid_fen) AND previous_end >= 0 AND claimants >= 0 AND months_before >= 0 AND dispatched_fen >= 0 AND placed_public_fen >= 0",
            name=op.f("ck_employer_year_numbers"),
        ),
        sa.CheckConstraint(
            "array_position(heads, NULL) IS NULL AND array_position(due_fen, NULL) IS NULL AND array_position(paid_fen, NULL) IS NULL",
            name=op.f("ck_employer_year_known"),
        ),
        sa.CheckConstraint(
            "cardinality(heads) = 12 AND cardinality(due_fen) = 12 AND cardinality(paid_fen) = 12",
            name=op.f("ck_employer_year_months"),
        ),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.id"], name=op.f("fk_employer_year_employer_id")),
        sa.ForeignKeyConstraint(
            ["roster_id"], ["employer_roster.id"], name=op.f("fk_employer_year_roster_id")
        ),
        sa.PrimaryKeyConstraint("roster_id", "employer_id", name=op.f("pk_employer_year")),
    )
    op.create_table(
        "screen_decision",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("employer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
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
        sa.CheckConstraint("(outcome = 'no') = (failed > 0)", name=op.f("ck_screen_decision_failed")),
        sa.CheckConstraint(
            "(outcome IN ('eligible', 'apply')) OR amount_fen = 0", name=op.f("ck_screen_decision_amount")
        ),
        sa.CheckConstraint(
            "outcome IN ('eligible', 'apply', 'no', 'gap')", name=op.f("ck_screen_decision_outcome")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["screen_run.id"], name=op.f("fk_screen_decision_run_id")),
        sa.PrimaryKeyConstraint("run_id", "employer_id", name=op.f("pk_screen_decision")),
    )
    op.create_index(
        "ix_screen_decision_run_id_region_outcome",
        "screen_decision",
        ["run_id", "region", "outcome"],
        unique=False,
    )
    op.create_table(
        "screen_figure",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
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
        sa.ForeignKeyConstraint(["run_id"], ["screen_run.id"], name=op.f("fk_screen_figure_run_id")),
        sa.PrimaryKeyConstraint("run_id", "region", name=op.f("pk_screen_figure")),
    )
    op.create_table(
        "screen_listing",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("employer_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lists", sa.SmallInteger(), nullable=False),
        sa.Column("owed_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["employer_id"], ["employer.id"], name=op.f("fk_screen_listing_employer_id")),
        sa.ForeignKeyConstraint(["run_id"], ["screen_run.id"], name=op.f("fk_screen_listing_run_id")),
        sa.PrimaryKeyConstraint("run_id", "employer_id", name=op.f("pk_screen_listing")),
    )
    op.create_table(
        "screen_part",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_employer", sa.Integer(), nullable=False),
        sa.Column("last_employer", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("dealt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('waiting', 'done')", name=op.f("ck_screen_part_status")),
        sa.ForeignKeyConstraint(["run_id"], ["screen_run.id"], name=op.f("fk_screen_part_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screen_part")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq_screen_part_run_id_number")),
    )
    op.create_table(
        "screen_roster",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("roster_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["roster_id"], ["employer_roster.id"], name=op.f("fk_screen_roster_roster_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["screen_run.id"], name=op.f("fk_screen_roster_run_id")),
        sa.PrimaryKeyConstraint("run_id", "roster_id", name=op.f("pk_screen_roster")),
    )
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
    for statement in statements("0013_pay_families_and_screen_employers"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
