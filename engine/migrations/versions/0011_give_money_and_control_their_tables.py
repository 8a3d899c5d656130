"""Give money and control their tables.

Revision: 0011, after: 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "adjustment_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("giver", sa.String(length=6), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL)", name=op.f("ck_adjustment_proposal_decided")
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'approved', 'declined')", name=op.f("ck_adjustment_proposal_status")
        ),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_adjustment_proposal_two_people")),
        sa.CheckConstraint("total_fen > 0", name=op.f("ck_adjustment_proposal_not_nothing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment_proposal")),
    )
    op.create_index(op.f("ix_adjustment_proposal_giver"), "adjustment_proposal", ["giver"], unique=False)
    op.create_table(
        "import_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=True),
        sa.Column("checked_rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("warning_rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("why_en", sa.Text(), server_default="", nullable=False),
        sa.Column("uploaded_by", sa.String(length=40), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("loaded_by", sa.String(length=40), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('loading', 'loaded')) = (loaded_by IS NOT NULL)",
            name=op.f("ck_import_file_loaded_by"),
        ),
        sa.CheckConstraint(
            "kind IN ('persons', 'contributions', 'grants', 'payments', 'exits')",
            name=op.f("ck_import_file_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('reading', 'checked', 'loading', 'loaded', 'split', 'refused')",
            name=op.f("ck_import_file_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('loading', 'loaded') OR error_rows = 0",
            name=op.f("ck_import_file_no_error_is_loaded"),
        ),
        sa.CheckConstraint(
            "loaded_by IS NULL OR loaded_by <> uploaded_by", name=op.f("ck_import_file_four_eyes")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["import_file.id"], name=op.f("fk_import_file_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
        sa.UniqueConstraint("kind", "digest", name="uq_import_file_content"),
    )
    op.create_index("ix_import_file_region_code_id", "import_file", ["region_code", "id"], unique=False)
    op.create_table(
        "period_closing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("turnover_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL)", name=op.f("ck_period_closing_decided")
        ),
        sa.CheckConstraint(
            "status <> 'declined' OR reason <> ''", name=op.f("ck_period_closing_declined_why")
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'closed', 'declined', 'reopened')", name=op.f("ck_period_closing_status")
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_period_closing_decided_at")
        ),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_period_closing_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_closing")),
        sa.UniqueConstraint("id", "decided_by", name="uq_period_closing_decided"),
    )
    op.create_index(
        "uq_period_closing_standing",
        "period_closing",
        ["region", "month"],
        unique=True,
        postgresql_where=sa.text("status IN ('proposed', 'closed')"),
    )
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("booked_fen", sa.BigInteger(), nullable=False),
        sa.Column("found_fen", sa.BigInteger(), nullable=False),
        sa.Column("paired", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(length=40), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("signed_by", sa.String(length=40), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("countersigned_by", sa.String(length=40), nullable=True),
        sa.Column("countersigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'signed') = (countersigned_by IS NOT NULL)", name=op.f("ck_reconciliation_signed")
        ),
        sa.CheckConstraint(
            "side IN ('business', 'bank', 'tax', 'treasury')", name=op.f("ck_reconciliation_side")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'signed', 'superseded')", name=op.f("ck_reconciliation_status")
        ),
        sa.CheckConstraint("countersigned_by <> signed_by", name=op.f("ck_reconciliation_two_people")),
        sa.CheckConstraint(
            "countersigned_by IS NULL OR signed_by IS NOT NULL", name=op.f("ck_reconciliation_in_turn")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
    )
    op.create_index(
        "uq_reconciliation_standing",
        "reconciliation",
        ["region", "month", "side"],
        unique=True,
        postgresql_where=sa.text("status <> 'superseded'"),
    )
    op.create_table(
        "risk_round",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("payees", sa.Integer(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("run_by", sa.String(length=40), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_round")),
    )
    op.create_table(
        "risk_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("english", sa.String(length=120), nullable=False),
        sa.Column("level", sa.String(length=6), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("written_by", sa.String(length=40), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_flagged", sa.Integer(), nullable=True),
        sa.Column("tried_payees", sa.Integer(), nullable=True),
        sa.Column("approved_by", sa.String(length=40), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_by", sa.String(length=40), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "approved_by <> written_by OR written_by = 'system:0'",
            name=op.f("ck_risk_rule_approved_by_another"),
        ),
        sa.CheckConstraint("level IN ('high', 'middle', 'low')", name=op.f("ck_risk_rule_level")),
        sa.CheckConstraint(
            "status <> 'live' OR approved_by IS NOT NULL", name=op.f("ck_risk_rule_live_is_approved")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'trial', 'live', 'retired')", name=op.f("ck_risk_rule_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_rule")),
        sa.UniqueConstraint("rule", "digest", name=op.f("uq_risk_rule_rule_digest")),
        sa.UniqueConstraint("rule", "version", name=op.f("uq_risk_rule_rule_version")),
    )
    op.create_index(
        "uq_risk_rule_live", "risk_rule", ["rule"], unique=True, postgresql_where=sa.text("status = 'live'")
    )
    op.create_table(
        "sample_draw",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("of", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("rate", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("strata", sa.Text(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("high_risk", sa.Integer(), nullable=False),
        sa.Column("drawn_by", sa.String(length=40), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('process', 'month')", name=op.f("ck_sample_draw_kind")),
        sa.CheckConstraint("rate > 0 AND rate <= 1", name=op.f("ck_sample_draw_rate")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_draw")),
        sa.UniqueConstraint(
            "kind", "of", "region", "month", name=op.f("uq_sample_draw_kind_of_region_month")
        ),
    )
    op.create_table(
        "suspicion_list",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sender", sa.String(length=10), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("answer_due", sa.Date(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.String(length=40), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sender IN ('ministry', 'province')", name=op.f("ck_suspicion_list_sender")),
        sa.CheckConstraint("line_count > 0", name=op.f("ck_suspicion_list_lines")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspicion_list")),
        sa.UniqueConstraint("region", "digest", name="uq_suspicion_list_digest"),
    )
    op.create_index(op.f("ix_suspicion_list_region"), "suspicion_list", ["region"], unique=False)
    op.create_table(
        "adjustment_line",
        sa.Column("proposal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taker", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("need_fen", sa.BigInteger(), nullable=False),
        sa.Column("share_fen", sa.BigInteger(), nullable=False),
        sa.Column("poor", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "share_fen > 0 AND share_fen <= need_fen", name=op.f("ck_adjustment_line_within_need")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["adjustment_proposal.id"], name=op.f("fk_adjustment_line_proposal_id")
        ),
        sa.PrimaryKeyConstraint("proposal_id", "taker", name=op.f("pk_adjustment_line")),
    )
    op.create_table(
        "import_entry",
        sa.Column("file_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.Column("id_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=True),
        sa.Column("birth", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(length=6), nullable=True),
        sa.Column("region_code", sa.String(length=6), nullable=True),
        sa.Column("household_region", sa.String(length=6), nullable=True),
        sa.Column("employer_code", sa.String(length=18), nullable=True),
        sa.Column("reference", sa.String(length=40), nullable=True),
        sa.Column("first_month", sa.String(length=7), nullable=True),
        sa.Column("last_month", sa.String(length=7), nullable=True),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("months_paid", sa.Integer(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("retirement_class", sa.String(length=4), nullable=True),
        sa.Column("standing", sa.String(length=10), nullable=True),
        sa.Column("ended_ground", sa.String(length=6), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=True),
        sa.Column("voucher", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=4), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["import_file.id"], name=op.f("fk_import_entry_file_id")),
        sa.PrimaryKeyConstraint("file_id", "row_no", name=op.f("pk_import_entry")),
    )
    op.create_index("ix_import_entry_person", "import_entry", ["file_id", "person_index"], unique=False)
    op.create_table(
        "import_fault",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("column_key", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("message_en", sa.Text(), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.CheckConstraint("severity IN ('error', 'warning', 'note')", name=op.f("ck_import_fault_severity")),
        sa.ForeignKeyConstraint(["file_id"], ["import_file.id"], name=op.f("fk_import_fault_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_fault")),
    )
    op.create_index("ix_import_fault_file", "import_fault", ["file_id", "row_no"], unique=False)
    op.create_table(
        "import_row",
        sa.Column("file_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("cells", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["import_file.id"], name=op.f("fk_import_row_file_id")),
        sa.PrimaryKeyConstraint("file_id", "row_no", name=op.f("pk_import_row")),
    )
    op.create_table(
        "period_reopening",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("closing_id", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(status = 'asked') = (decided_by IS NULL)", name=op.f("ck_period_reopening_decided")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_period_reopening_reason")),
        sa.CheckConstraint(
            "status IN ('asked', 'approved', 'declined')", name=op.f("ck_period_reopening_status")
        ),
        sa.CheckConstraint("asked_by <> closed_by", name=op.f("ck_period_reopening_not_who_closed")),
        sa.CheckConstraint(
            "decided_by <> asked_by AND decided_by <> closed_by",
            name=op.f("ck_period_reopening_three_people"),
        ),
        sa.ForeignKeyConstraint(
            ["closing_id", "closed_by"],
            ["period_closing.id", "period_closing.decided_by"],
            name=op.f("fk_period_reopening_closing_id_closed_by"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_reopening")),
    )
    op.create_index(
        "uq_period_reopening_asked",
        "period_reopening",
        ["closing_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('asked', 'approved')"),
    )
    op.create_table(
        "reconciliation_difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reconciliation_id", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("booked_fen", sa.BigInteger(), nullable=False),
        sa.Column("found_fen", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("explanation", sa.Text(), server_default="", nullable=False),
        sa.Column("explained_by", sa.String(length=40), nullable=True),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=40), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status = 'settled') = (settled_by IS NOT NULL)",
            name=op.f("ck_reconciliation_difference_settled"),
        ),
        sa.CheckConstraint(
            "status = 'open' OR (explained_by IS NOT NULL AND explanation <> '')",
            name=op.f("ck_reconciliation_difference_explained"),
        ),
        sa.CheckConstraint("status IN ('open', 'settled')", name=op.f("ck_reconciliation_difference_status")),
        sa.CheckConstraint(
            "settled_by <> explained_by", name=op.f("ck_reconciliation_difference_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["reconciliation.id"],
            name=op.f("fk_reconciliation_difference_reconciliation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_difference")),
        sa.UniqueConstraint(
            "region",
            "month",
            "side",
            "key",
            "booked_fen",
            "found_fen",
            name="uq_reconciliation_difference_evidence",
        ),
    )
    op.create_index(
        op.f("ix_reconciliation_difference_case_id"), "reconciliation_difference", ["case_id"], unique=False
    )
    op.create_index(
        op.f("ix_reconciliation_difference_reconciliation_id"),
        "reconciliation_difference",
        ["reconciliation_id"],
        unique=False,
    )
    op.create_table(
        "reconciliation_pair",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reconciliation_id", sa.BigInteger(), nullable=False),
        sa.Column("our_reference", sa.Text(), nullable=False),
        sa.Column("our_day", sa.Date(), nullable=False),
        sa.Column("their_reference", sa.Text(), nullable=False),
        sa.Column("their_day", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL)", name=op.f("ck_reconciliation_pair_decided")
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'confirmed', 'rejected')", name=op.f("ck_reconciliation_pair_status")
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["reconciliation.id"],
            name=op.f("fk_reconciliation_pair_reconciliation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_pair")),
        sa.UniqueConstraint("reconciliation_id", "our_reference", name="uq_reconciliation_pair_ours"),
        sa.UniqueConstraint("reconciliation_id", "their_reference", name="uq_reconciliation_pair_theirs"),
    )
    op.create_table(
        "data_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("record", sa.String(length=10), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("after_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("is_key", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("recheck_case_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("requested_by", sa.String(length=40), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "btrim(reason) <> '' AND btrim(evidence) <> ''", name=op.f("ck_data_change_reason_and_evidence")
        ),
        sa.CheckConstraint("starts_with(decided_by, 'staff:')", name=op.f("ck_data_change_decided_by_staff")),
        sa.CheckConstraint(
            "starts_with(requested_by, 'staff:')", name=op.f("ck_data_change_requested_by_staff")
        ),
        sa.CheckConstraint(
            "status IN ('requested', 'applied', 'rejected', 'withdrawn')", name=op.f("ck_data_change_status")
        ),
        sa.CheckConstraint(
            "status NOT IN ('applied', 'rejected') OR decided_by IS NOT NULL",
            name=op.f("ck_data_change_decided"),
        ),
        sa.CheckConstraint("requested_by <> decided_by", name=op.f("ck_data_change_decided_by_another")),
        sa.ForeignKeyConstraint(
            ["recheck_case_id"], ["workflow_case.id"], name=op.f("fk_data_change_recheck_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_change")),
    )
    op.create_index("ix_data_change_region_code_id", "data_change", ["region_code", "id"], unique=False)
    op.create_index(
        "uq_data_change_open",
        "data_change",
        ["record", "record_id", "field"],
        unique=True,
        postgresql_where=sa.text("status = 'requested'"),
    )
    op.create_table(
        "fund_incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("found_by", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("filed", sa.Boolean(), nullable=False),
        sa.Column("grave", sa.Boolean(), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("written_by", sa.String(length=40), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.String(length=40), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=40), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("level IN ('none', '普通', '重大')", name=op.f("ck_fund_incident_level")),
        sa.CheckConstraint("status = 'draft' OR signed_by IS NOT NULL", name=op.f("ck_fund_incident_signed")),
        sa.CheckConstraint("status IN ('draft', 'reported', 'closed')", name=op.f("ck_fund_incident_status")),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_fund_incident_amount")),
        sa.CheckConstraint("signed_by <> written_by", name=op.f("ck_fund_incident_signed_by_another")),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_fund_incident_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_incident")),
    )
    op.create_index("ix_fund_incident_region_code_id", "fund_incident", ["region_code", "id"], unique=False)
    op.create_table(
        "imported_contribution",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("employer_code", sa.String(length=18), nullable=False),
        sa.Column("first_month", sa.String(length=7), nullable=False),
        sa.Column("last_month", sa.String(length=7), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("base_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("first_month <= last_month", name=op.f("ck_imported_contribution_range")),
        sa.CheckConstraint("months > 0 AND base_fen > 0", name=op.f("ck_imported_contribution_amounts")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["import_file.id"], name=op.f("fk_imported_contribution_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_imported_contribution_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_contribution")),
        sa.UniqueConstraint("file_id", "row_no", name=op.f("uq_imported_contribution_file_id_row_no")),
    )
    op.create_index(
        "ix_imported_contribution_person",
        "imported_contribution",
        ["person_id", "employer_code", "first_month"],
        unique=False,
    )
    op.create_table(
        "imported_exit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("employer_code", sa.String(length=18), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["import_file.id"], name=op.f("fk_imported_exit_file_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_imported_exit_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_exit")),
        sa.UniqueConstraint("file_id", "row_no", name=op.f("uq_imported_exit_file_id_row_no")),
        sa.UniqueConstraint(
            "person_id", "employer_code", "day", name=op.f("uq_imported_exit_person_id_employer_code_day")
        ),
    )
    op.create_table(
        "imported_grant",
        sa.Column("grant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("months_paid", sa.Integer(), nullable=False),
        sa.Column("paid_through", sa.String(length=7), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["import_file.id"], name=op.f("fk_imported_grant_file_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["benefit_grant.id"], name=op.f("fk_imported_grant_grant_id")),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_imported_grant")),
        sa.UniqueConstraint("file_id", "row_no", name=op.f("uq_imported_grant_file_id_row_no")),
        sa.UniqueConstraint("reference", name=op.f("uq_imported_grant_reference")),
    )
    op.create_table(
        "imported_payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_imported_payment_amount")),
        sa.ForeignKeyConstraint(["file_id"], ["import_file.id"], name=op.f("fk_imported_payment_file_id")),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["benefit_grant.id"], name=op.f("fk_imported_payment_grant_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_imported_payment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_payment")),
        sa.UniqueConstraint("file_id", "row_no", name=op.f("uq_imported_payment_file_id_row_no")),
        sa.UniqueConstraint(
            "grant_id",
            "month",
            "paid_on",
            "amount_fen",
            "reference",
            name=op.f("uq_imported_payment_grant_id_month_paid_on_amount_fen_reference"),
        ),
    )
    op.create_index(op.f("ix_imported_payment_person_id"), "imported_payment", ["person_id"], unique=False)
    op.create_table(
        "incident_follow_up",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("filed", sa.Boolean(), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("closes", sa.Boolean(), nullable=False),
        sa.Column("written_by", sa.String(length=40), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["fund_incident.id"], name=op.f("fk_incident_follow_up_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_follow_up")),
    )
    op.create_index(
        op.f("ix_incident_follow_up_incident_id"), "incident_follow_up", ["incident_id"], unique=False
    )
    op.create_table(
        "overpayment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("ground", sa.String(length=6), nullable=False),
        sa.Column("event_day", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("found_by", sa.String(length=40), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("intentional", sa.Boolean(), nullable=True),
        sa.Column("fraud", sa.Boolean(), nullable=True),
        sa.Column("mode", sa.String(length=12), nullable=True),
        sa.Column("reviewed_by", sa.String(length=40), nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode IN ('once', 'instalments', 'offset')", name=op.f("ck_overpayment_mode")),
        sa.CheckConstraint("starts_with(decided_by, 'staff:')", name=op.f("ck_overpayment_decided_by_staff")),
        sa.CheckConstraint(
            "starts_with(reviewed_by, 'staff:')", name=op.f("ck_overpayment_reviewed_by_staff")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'dropped') OR (mode IS NOT NULL AND intentional IS NOT NULL AND fraud IS NOT NULL AND reviewed_by IS NOT NULL AND decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_overpayment_decided"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'dropped', 'decided', 'paying', 'settled', 'written_off')",
            name=op.f("ck_overpayment_status"),
        ),
        sa.CheckConstraint("NOT fraud OR intentional", name=op.f("ck_overpayment_fraud_is_intentional")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_overpayment_amount")),
        sa.CheckConstraint(
            "reviewed_by <> decided_by", name=op.f("ck_overpayment_reviewed_and_decided_by_different_people")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_overpayment_case_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["benefit_grant.id"], name=op.f("fk_overpayment_grant_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_overpayment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overpayment")),
        sa.UniqueConstraint("case_id", name=op.f("uq_overpayment_case_id")),
    )
    op.create_index(
        "ix_overpayment_offset",
        "overpayment",
        ["person_id"],
        unique=False,
        postgresql_where=sa.text("mode = 'offset'"),
    )
    op.create_index(op.f("ix_overpayment_person_id"), "overpayment", ["person_id"], unique=False)
    op.create_index("ix_overpayment_region_code_id", "overpayment", ["region_code", "id"], unique=False)
    op.create_index(
        "uq_overpayment_event",
        "overpayment",
        ["grant_id", "ground", "event_day"],
        unique=True,
        postgresql_where=sa.text("status <> 'dropped'"),
    )
    op.create_table(
        "risk_flag",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=6), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("evidence", sa.String(length=64), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("judged_by", sa.String(length=40), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(status = 'open') = (judged_by IS NULL)", name=op.f("ck_risk_flag_judged")),
        sa.CheckConstraint("status IN ('open', 'accepted', 'dismissed')", name=op.f("ck_risk_flag_status")),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_risk_flag_case_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["benefit_grant.id"], name=op.f("fk_risk_flag_grant_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_risk_flag_person_id")),
        sa.ForeignKeyConstraint(["round_id"], ["risk_round.id"], name=op.f("fk_risk_flag_round_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["risk_rule.id"], name=op.f("fk_risk_flag_rule_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_flag")),
        sa.UniqueConstraint("rule", "grant_id", "evidence", name=op.f("uq_risk_flag_rule_grant_id_evidence")),
    )
    op.create_index(op.f("ix_risk_flag_case_id"), "risk_flag", ["case_id"], unique=False)
    op.create_index(op.f("ix_risk_flag_grant_id"), "risk_flag", ["grant_id"], unique=False)
    op.create_index("ix_risk_flag_person_id", "risk_flag", ["person_id"], unique=False)
    op.create_index(
        "ix_risk_flag_region_code_status", "risk_flag", ["region_code", "status", "id"], unique=False
    )
    op.create_index(op.f("ix_risk_flag_rule_id"), "risk_flag", ["rule_id"], unique=False)
    op.create_table(
        "sample_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("draw_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("of_case_id", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("stratum", sa.String(length=120), nullable=False),
        sa.Column("high_risk", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("judged_by", sa.String(length=40), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(status = 'open') = (judged_by IS NULL)", name=op.f("ck_sample_item_judged")),
        sa.CheckConstraint("status IN ('open', 'right', 'wrong')", name=op.f("ck_sample_item_status")),
        sa.CheckConstraint(
            "(of_case_id IS NULL) <> (order_id IS NULL)", name=op.f("ck_sample_item_one_thing")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_sample_item_case_id")),
        sa.ForeignKeyConstraint(["draw_id"], ["sample_draw.id"], name=op.f("fk_sample_item_draw_id")),
        sa.ForeignKeyConstraint(["of_case_id"], ["workflow_case.id"], name=op.f("fk_sample_item_of_case_id")),
        sa.ForeignKeyConstraint(["order_id"], ["payment_order.id"], name=op.f("fk_sample_item_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_item")),
        sa.UniqueConstraint("draw_id", "number", name=op.f("uq_sample_item_draw_id_number")),
    )
    op.create_index(op.f("ix_sample_item_case_id"), "sample_item", ["case_id"], unique=False)
    op.create_index(
        "ix_sample_item_waiting",
        "sample_item",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND case_id IS NULL"),
    )
    op.create_table(
        "dishonesty_listing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_kind", sa.String(length=10), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("rule", sa.String(length=10), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("overpayment_id", sa.BigInteger(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("publish_until", sa.Date(), nullable=False),
        sa.Column("referred_to", sa.String(length=120), server_default="", nullable=False),
        sa.Column("referred_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("removed_by", sa.String(length=40), nullable=True),
        sa.Column("removed_why", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(referred_to = '') = (referred_on IS NULL)", name=op.f("ck_dishonesty_listing_referred")
        ),
        sa.CheckConstraint(
            "(status = 'removed') = (removed_on IS NOT NULL AND removed_by IS NOT NULL AND removed_why IS NOT NULL)",
            name=op.f("ck_dishonesty_listing_removed"),
        ),
        sa.CheckConstraint("rule IN ('local', 'national')", name=op.f("ck_dishonesty_listing_rule")),
        sa.CheckConstraint(
            "starts_with(decided_by, 'staff:')", name=op.f("ck_dishonesty_listing_decided_by_staff")
        ),
        sa.CheckConstraint(
            "starts_with(proposed_by, 'staff:')", name=op.f("ck_dishonesty_listing_proposed_by_staff")
        ),
        sa.CheckConstraint("status IN ('listed', 'removed')", name=op.f("ck_dishonesty_listing_status")),
        sa.CheckConstraint(
            "subject_kind IN ('person', 'employer')", name=op.f("ck_dishonesty_listing_subject_kind")
        ),
        sa.CheckConstraint(
            "proposed_by <> decided_by",
            name=op.f("ck_dishonesty_listing_proposed_and_decided_by_different_people"),
        ),
        sa.CheckConstraint("publish_until > decided_on", name=op.f("ck_dishonesty_listing_publication")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["workflow_case.id"], name=op.f("fk_dishonesty_listing_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["overpayment_id"], ["overpayment.id"], name=op.f("fk_dishonesty_listing_overpayment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dishonesty_listing")),
        sa.UniqueConstraint("case_id", name=op.f("uq_dishonesty_listing_case_id")),
    )
    op.create_index(
        op.f("ix_dishonesty_listing_overpayment_id"), "dishonesty_listing", ["overpayment_id"], unique=False
    )
    op.create_index(
        "ix_dishonesty_listing_region_code_id", "dishonesty_listing", ["region_code", "id"], unique=False
    )
    op.create_index(
        "uq_dishonesty_listing_current",
        "dishonesty_listing",
        ["subject_kind", "subject_id", "rule"],
        unique=True,
        postgresql_where=sa.text("status = 'listed'"),
    )
    op.create_table(
        "instalment",
        sa.Column("overpayment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_instalment_amount")),
        sa.ForeignKeyConstraint(
            ["overpayment_id"], ["overpayment.id"], name=op.f("fk_instalment_overpayment_id")
        ),
        sa.PrimaryKeyConstraint("overpayment_id", "number", name=op.f("pk_instalment")),
    )
    op.create_table(
        "overpaid_month",
        sa.Column("overpayment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_overpaid_month_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["payment_order.id"], name=op.f("fk_overpaid_month_order_id")),
        sa.ForeignKeyConstraint(
            ["overpayment_id"], ["overpayment.id"], name=op.f("fk_overpaid_month_overpayment_id")
        ),
        sa.ForeignKeyConstraint(
            ["purpose"], ["payment_purpose.purpose"], name=op.f("fk_overpaid_month_purpose")
        ),
        sa.PrimaryKeyConstraint("overpayment_id", "order_id", name=op.f("pk_overpaid_month")),
    )
    op.create_index(op.f("ix_overpaid_month_order_id"), "overpaid_month", ["order_id"], unique=False)
    op.create_table(
        "repayment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("overpayment_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(length=6), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(way = 'offset') = (order_id IS NOT NULL)", name=op.f("ck_repayment_order_of_offset")
        ),
        sa.CheckConstraint("way IN ('bank', 'offset')", name=op.f("ck_repayment_way")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_repayment_amount")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_repayment_entry_id")),
        sa.ForeignKeyConstraint(["order_id"], ["payment_order.id"], name=op.f("fk_repayment_order_id")),
        sa.ForeignKeyConstraint(
            ["overpayment_id"], ["overpayment.id"], name=op.f("fk_repayment_overpayment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repayment")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_repayment_entry_id")),
        sa.UniqueConstraint("order_id", name=op.f("uq_repayment_order_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_repayment_reference")),
    )
    op.create_index(op.f("ix_repayment_overpayment_id"), "repayment", ["overpayment_id"], unique=False)
    op.create_table(
        "suspicion_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.Column("person_label", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.Column("claim_text", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("finding", sa.String(length=10), server_default="", nullable=False),
        sa.Column("finding_note", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=40), nullable=True),
        sa.Column("hit_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(finding = '') = (answered_at IS NULL)", name=op.f("ck_suspicion_line_answered")),
        sa.CheckConstraint(
            "finding IN ('', 'true', 'false', 'not_ours', 'settled')", name=op.f("ck_suspicion_line_finding")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_suspicion_line_case_id")),
        sa.ForeignKeyConstraint(["grant_id"], ["benefit_grant.id"], name=op.f("fk_suspicion_line_grant_id")),
        sa.ForeignKeyConstraint(["hit_id"], ["match_hit.id"], name=op.f("fk_suspicion_line_hit_id")),
        sa.ForeignKeyConstraint(["list_id"], ["suspicion_list.id"], name=op.f("fk_suspicion_line_list_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_suspicion_line_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspicion_line")),
        sa.UniqueConstraint("list_id", "line_no", name="uq_suspicion_line_number"),
    )
    op.create_index(op.f("ix_suspicion_line_case_id"), "suspicion_line", ["case_id"], unique=False)
    op.create_index(
        "ix_suspicion_line_unopened",
        "suspicion_line",
        ["id"],
        unique=False,
        postgresql_where=sa.text("answered_at IS NULL AND case_id IS NULL"),
    )
    op.create_table(
        "write_off",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("overpayment_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=8), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("judged_by", sa.String(length=40), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged_why", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status = 'approved') = (entry_id IS NOT NULL)", name=op.f("ck_write_off_booked")
        ),
        sa.CheckConstraint("(status = 'proposed') = (judged_by IS NULL)", name=op.f("ck_write_off_judged")),
        sa.CheckConstraint("rule IN ('small', 'death')", name=op.f("ck_write_off_rule")),
        sa.CheckConstraint("starts_with(judged_by, 'staff:')", name=op.f("ck_write_off_judged_by_staff")),
        sa.CheckConstraint("starts_with(proposed_by, 'staff:')", name=op.f("ck_write_off_proposed_by_staff")),
        sa.CheckConstraint("status IN ('proposed', 'approved', 'refused')", name=op.f("ck_write_off_status")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_write_off_amount")),
        sa.CheckConstraint(
            "proposed_by <> judged_by", name=op.f("ck_write_off_proposed_and_judged_by_different_people")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_write_off_entry_id")),
        sa.ForeignKeyConstraint(
            ["overpayment_id"], ["overpayment.id"], name=op.f("fk_write_off_overpayment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_off")),
    )
    op.create_index(
        "uq_write_off_live",
        "write_off",
        ["overpayment_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'refused'"),
    )
    for statement in statements("0011_give_money_and_control_their_tables"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
