"""Pay month by month in sets.

Revision: 0010, after: 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "card_account",
        sa.Column("person_index", sa.LargeBinary(), autoincrement=False, nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("account_index", sa.LargeBinary(), nullable=False),
        sa.Column("holder_name", sa.Text(), nullable=False),
        sa.Column("holder_index", sa.LargeBinary(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("activated", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=True),
        sa.Column("previous_index", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("person_index", name=op.f("pk_card_account")),
    )
    op.create_index(op.f("ix_card_account_account_index"), "card_account", ["account_index"], unique=False)
    op.create_table(
        "match_round",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("rosters", sa.Text(), nullable=False),
        sa.Column("payees", sa.Integer(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("matched_by", sa.String(length=40), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_round")),
        sa.UniqueConstraint("key", name=op.f("uq_match_round_key")),
    )
    op.create_table(
        "month_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gaps", sa.Text(), server_default="[]", nullable=False),
        sa.CheckConstraint("status IN ('running', 'done')", name=op.f("ck_month_run_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_run")),
        sa.UniqueConstraint("region", "month", "round", name=op.f("uq_month_run_region_month_round")),
    )
    op.create_table(
        "payment_chunk",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("order_count", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("order_count > 0 AND total_fen > 0", name=op.f("ck_payment_chunk_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_chunk")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_chunk_key")),
    )
    op.create_table(
        "roster",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.String(length=40), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "kind IN ('population', 'employment', 'business', 'pension', 'services', 'custody')",
            name=op.f("ck_roster_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('loading', 'current', 'superseded', 'refused')", name=op.f("ck_roster_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster")),
    )
    op.create_index(
        "uq_roster_current",
        "roster",
        ["kind", "region"],
        unique=True,
        postgresql_where=sa.text("status = 'current'"),
    )
    op.create_index(
        "uq_roster_digest", "roster", ["digest"], unique=True, postgresql_where=sa.text("status <> 'refused'")
    )
    op.create_table(
        "month_part",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("first_grant", sa.Integer(), nullable=True),
        sa.Column("last_grant", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("dealt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('match', 'decide', 'premium', 'batch')", name=op.f("ck_month_part_kind")
        ),
        sa.CheckConstraint("status IN ('waiting', 'done')", name=op.f("ck_month_part_status")),
        sa.ForeignKeyConstraint(["run_id"], ["month_run.id"], name=op.f("fk_month_part_run_id")),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_month_part")),
    )
    op.create_table(
        "month_rate",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("region", sa.String(length=12), autoincrement=False, nullable=False),
        sa.Column("household_region", sa.String(length=12), autoincrement=False, nullable=False),
        sa.Column("month", sa.String(length=7), autoincrement=False, nullable=False),
        sa.Column("benefit_fen", sa.BigInteger(), nullable=True),
        sa.Column("medical_fen", sa.BigInteger(), nullable=True),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["month_run.id"], name=op.f("fk_month_rate_run_id")),
        sa.PrimaryKeyConstraint("run_id", "region", "household_region", "month", name=op.f("pk_month_rate")),
    )
    op.create_table(
        "roster_line",
        sa.Column("roster_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.Column("ground", sa.String(length=4), nullable=False),
        sa.Column("event_day", sa.Date(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"], name=op.f("fk_roster_line_roster_id")),
        sa.PrimaryKeyConstraint("roster_id", "line_no", name=op.f("pk_roster_line")),
    )
    op.create_index("ix_roster_line_person_index", "roster_line", ["person_index"], unique=False)
    op.create_table(
        "match_hit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("roster_id", sa.BigInteger(), nullable=True),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("ground", sa.String(length=6), nullable=False),
        sa.Column("event_day", sa.Date(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("settled_by", sa.String(length=40), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(status = 'open') = (settled_by IS NULL)", name=op.f("ck_match_hit_settled")),
        sa.CheckConstraint("origin IN ('roster', 'list', 'report')", name=op.f("ck_match_hit_origin")),
        sa.CheckConstraint("status IN ('open', 'confirmed', 'cleared')", name=op.f("ck_match_hit_status")),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_match_hit_case_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["benefit_grant.id"], name=op.f("fk_match_hit_grant_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_match_hit_person_id")),
        sa.ForeignKeyConstraint(["roster_id"], ["roster.id"], name=op.f("fk_match_hit_roster_id")),
        sa.ForeignKeyConstraint(["round_id"], ["match_round.id"], name=op.f("fk_match_hit_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_hit")),
        sa.UniqueConstraint(
            "grant_id",
            "ground",
            "event_day",
            "detail",
            name="uq_match_hit_evidence",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_match_hit_case_id"), "match_hit", ["case_id"], unique=False)
    op.create_index(
        "ix_match_hit_open",
        "match_hit",
        ["grant_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(op.f("ix_match_hit_person_id"), "match_hit", ["person_id"], unique=False)
    op.create_index("ix_match_hit_region_code_id", "match_hit", ["region_code", "id"], unique=False)
    op.create_index(
        "ix_match_hit_unopened",
        "match_hit",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND case_id IS NULL"),
    )
    op.create_table(
        "month_decision",
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("grant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=4), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("first_due", sa.String(length=7), nullable=True),
        sa.Column("last_due", sa.String(length=7), nullable=True),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("benefit_fen", sa.BigInteger(), nullable=False),
        sa.Column("adjustment_fen", sa.BigInteger(), nullable=False),
        sa.Column("medical_fen", sa.BigInteger(), nullable=False),
        sa.Column("subsidy_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('pay', 'hold', 'end', 'none')", name=op.f("ck_month_decision_outcome")
        ),
        sa.ForeignKeyConstraint(["grant_id"], ["benefit_grant.id"], name=op.f("fk_month_decision_grant_id")),
        sa.ForeignKeyConstraint(["run_id"], ["month_run.id"], name=op.f("fk_month_decision_run_id")),
        sa.PrimaryKeyConstraint("run_id", "grant_id", name=op.f("pk_month_decision")),
    )
    op.create_index(op.f("ix_month_decision_grant_id"), "month_decision", ["grant_id"], unique=False)
    op.create_index(
        "ix_month_decision_run_id_region_outcome",
        "month_decision",
        ["run_id", "region", "outcome"],
        unique=False,
    )
    op.add_column(
        "benefit_grant", sa.Column("origin", sa.String(length=10), server_default="case", nullable=False)
    )
    op.add_column(
        "benefit_grant",
        sa.Column("household_region", sa.String(length=12), server_default="", nullable=False),
    )
    op.add_column("benefit_grant", sa.Column("retirement_class", sa.String(length=4), nullable=True))
    op.add_column("benefit_grant", sa.Column("applied_on", sa.Date(), nullable=True))
    # the claim's own day where it is kept, else the day of the decision
    op.execute(
        "UPDATE benefit_grant g SET applied_on = COALESCE("
        "(SELECT c.applied_on FROM claim c WHERE c.case_id = g.case_id), g.granted_on)"
    )
    op.alter_column("benefit_grant", "applied_on", nullable=False)
    op.add_column("benefit_grant", sa.Column("paid_through", sa.String(length=7), nullable=True))
    op.add_column("benefit_grant", sa.Column("extended_through", sa.String(length=7), nullable=True))
    op.add_column("benefit_grant", sa.Column("ended_ground", sa.String(length=6), nullable=True))
    op.add_column("benefit_grant", sa.Column("ended_on", sa.Date(), nullable=True))
    op.alter_column("benefit_grant", "case_id", existing_type=sa.INTEGER(), nullable=True)
    op.create_index("ix_benefit_grant_region_code_id", "benefit_grant", ["region_code", "id"], unique=False)
    op.add_column("payment_order", sa.Column("chunk_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_payment_order_chunk_id"), "payment_order", ["chunk_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_payment_order_chunk_id"), "payment_order", "payment_chunk", ["chunk_id"], ["id"]
    )
    op.alter_column("letter", "case_id", existing_type=sa.INTEGER(), nullable=True)
    op.execute(
        "UPDATE benefit_grant SET paid_through = to_char(to_date(first_month, 'YYYY-MM') "
        "+ make_interval(months => months_paid - 1), 'YYYY-MM') WHERE months_paid > 0"
    )
    for name, rule in (
        ("status", "status IN ('active', 'stopped', 'used_up')"),
        ("origin", "origin IN ('case', 'import')"),
        ("case_of_origin", "(origin = 'case') = (case_id IS NOT NULL)"),
        ("ground_of_stop", "(status = 'stopped') = (ended_ground IS NOT NULL)"),
        ("day_of_ground", "(ended_ground IS NULL) = (ended_on IS NULL)"),
    ):
        op.create_check_constraint(op.f(f"ck_benefit_grant_{name}"), "benefit_grant", rule)
    for statement in statements("0010_pay_month_by_month_in_sets"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
