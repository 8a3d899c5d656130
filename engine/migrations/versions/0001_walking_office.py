"""Walking office.

Revision: 0001, after: nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "account",
        sa.Column("code", sa.String(length=12), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "kind IN ('asset', 'liability', 'equity', 'income', 'expense')", name=op.f("ck_account_kind")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_account")),
    )
    op.create_table(
        "audit_event",
        sa.Column("stream", sa.String(length=80), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sealed_table", sa.String(length=63), nullable=True),
        sa.Column("sealed_key", sa.String(length=120), nullable=True),
        sa.Column("sealed_digest", sa.String(length=64), nullable=True),
        sa.Column("hash", sa.String(length=10), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_at"), "audit_event", ["at"], unique=False)
    op.create_index(op.f("ix_audit_event_subject_at"), "audit_event", ["subject", "at"], unique=False)
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaf_count", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=10), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
    )
    op.create_table(
        "audit_seal_leaf",
        sa.Column("seal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seal", "position", name=op.f("pk_audit_seal_leaf")),
    )
    op.create_index(op.f("ix_audit_seal_leaf_stream_seq"), "audit_seal_leaf", ["stream", "seq"], unique=False)
    op.create_table(
        "audit_stream",
        sa.Column("stream", sa.String(length=80), autoincrement=False, nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_audit_stream")),
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.String(length=40), autoincrement=False, nullable=False),
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("duty_class", sa.String(length=40), nullable=False),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_table(
        "generated_province",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("employers", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_generated_province_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generated_province")),
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("line_count >= 2", name=op.f("ck_journal_entry_two_postings")),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["journal_entry.id"], name=op.f("fk_journal_entry_reverses_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_journal_entry_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_journal_entry_reverses_id")),
    )
    op.create_index(op.f("ix_journal_entry_case_id"), "journal_entry", ["case_id"], unique=False)
    op.create_index(op.f("ix_journal_entry_region_day"), "journal_entry", ["region", "day"], unique=False)
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_outbox_message_kind_key")),
    )
    op.create_index(op.f("ix_outbox_message_case_id"), "outbox_message", ["case_id"], unique=False)
    op.create_index(
        "ix_outbox_message_due",
        "outbox_message",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND dead_at IS NULL"),
    )
    op.create_table(
        "payment_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("prepared_by", sa.String(length=40), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sampled_by", sa.String(length=40), nullable=True),
        sa.Column("sampled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certified_by", sa.String(length=40), nullable=True),
        sa.Column("certified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=40), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "starts_with(certified_by, 'staff:')", name=op.f("ck_payment_batch_certified_by_staff")
        ),
        sa.CheckConstraint(
            "starts_with(released_by, 'staff:')", name=op.f("ck_payment_batch_released_by_staff")
        ),
        sa.CheckConstraint(
            "starts_with(sampled_by, 'staff:')", name=op.f("ck_payment_batch_sampled_by_staff")
        ),
        sa.CheckConstraint(
            "status IN ('prepared', 'dissolved') OR (sampled_by IS NOT NULL AND sampled_at IS NOT NULL)",
            name=op.f("ck_payment_batch_sampled"),
        ),
        sa.CheckConstraint(
            "status IN ('prepared', 'sampled', 'certified', 'dissolved') OR (released_by IS NOT NULL AND released_at IS NOT NULL AND file_digest IS NOT NULL)",
            name=op.f("ck_payment_batch_released"),
        ),
        sa.CheckConstraint(
            "status IN ('prepared', 'sampled', 'certified', 'released', 'answered', 'closed', 'dissolved')",
            name=op.f("ck_payment_batch_status"),
        ),
        sa.CheckConstraint(
            "status IN ('prepared', 'sampled', 'dissolved') OR (certified_by IS NOT NULL AND certified_at IS NOT NULL)",
            name=op.f("ck_payment_batch_certified"),
        ),
        sa.CheckConstraint(
            "certified_by <> released_by",
            name=op.f("ck_payment_batch_certified_and_released_by_different_people"),
        ),
        sa.CheckConstraint(
            "prepared_by <> certified_by",
            name=op.f("ck_payment_batch_prepared_and_certified_by_different_people"),
        ),
        sa.CheckConstraint(
            "prepared_by <> released_by",
            name=op.f("ck_payment_batch_prepared_and_released_by_different_people"),
        ),
        sa.CheckConstraint(
            "sampled_by <> certified_by",
            name=op.f("ck_payment_batch_sampled_and_certified_by_different_people"),
        ),
        sa.CheckConstraint(
            "sampled_by <> released_by",
            name=op.f("ck_payment_batch_sampled_and_released_by_different_people"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_batch")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_batch_number")),
    )
    op.create_table(
        "process_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("diagram", sa.LargeBinary(), nullable=True),
        sa.Column("bundle", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=40), nullable=False),
        sa.Column("published_by", sa.String(length=40), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_version")),
        sa.UniqueConstraint("process_id", "digest", name=op.f("uq_process_version_process_id_digest")),
        sa.UniqueConstraint("process_id", "number", name=op.f("uq_process_version_process_id_number")),
    )
    op.create_table(
        "region",
        sa.Column("code", sa.String(length=6), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("english", sa.String(length=40), nullable=False),
        sa.Column("parent_code", sa.String(length=6), nullable=True),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["parent_code"], ["region.code"], name=op.f("fk_region_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    op.create_table(
        "staff_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("id_number_index", sa.LargeBinary(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("failed_sign_ins", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("post_revision", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("login = lower(login) AND login <> ''", name=op.f("ck_staff_member_login_lower")),
        sa.CheckConstraint("region_code ~ '^[0-9]{6}$'", name=op.f("ck_staff_member_region_six_digits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("id_number_index", name=op.f("uq_staff_member_id_number_index")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_member_login")),
    )
    op.create_table(
        "workflow_incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("retryable", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_incident")),
    )
    op.create_index(op.f("ix_workflow_incident_case_id"), "workflow_incident", ["case_id"], unique=False)
    op.create_index(
        "ix_workflow_incident_due",
        "workflow_incident",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND retryable"),
    )
    op.create_table(
        "bank_receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("paid_count", sa.Integer(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("returned_count", sa.Integer(), nullable=False),
        sa.Column("returned_fen", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("taken_by", sa.String(length=40), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["payment_batch.id"], name=op.f("fk_bank_receipt_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_receipt")),
        sa.UniqueConstraint("digest", name=op.f("uq_bank_receipt_digest")),
    )
    op.create_index(op.f("ix_bank_receipt_batch_id"), "bank_receipt", ["batch_id"], unique=False)
    op.create_table(
        "duty_conflict",
        sa.Column("duty_a", sa.String(length=40), autoincrement=False, nullable=False),
        sa.Column("duty_b", sa.String(length=40), autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["duty_a"], ["duty.id"], name=op.f("fk_duty_conflict_duty_a")),
        sa.ForeignKeyConstraint(["duty_b"], ["duty.id"], name=op.f("fk_duty_conflict_duty_b")),
        sa.PrimaryKeyConstraint("duty_a", "duty_b", name=op.f("pk_duty_conflict")),
    )
    op.create_table(
        "employer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_employer_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employer")),
        sa.UniqueConstraint("credit_code", name=op.f("uq_employer_credit_code")),
    )
    op.create_index(op.f("ix_employer_region_code"), "employer", ["region_code"], unique=False)
    op.create_table(
        "payment_purpose",
        sa.Column("purpose", sa.String(length=24), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("expense", sa.String(length=12), nullable=False),
        sa.Column("payable", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["expense"], ["account.code"], name=op.f("fk_payment_purpose_expense")),
        sa.ForeignKeyConstraint(["payable"], ["account.code"], name=op.f("fk_payment_purpose_payable")),
        sa.PrimaryKeyConstraint("purpose", name=op.f("pk_payment_purpose")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("id_number_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_index", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("birth", sa.Date(), nullable=False),
        sa.Column("sex", sa.String(length=6), nullable=False),
        sa.Column("phone_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sex IN ('male', 'female')", name=op.f("ck_person_sex_known")),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_person_region_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("id_number_index", name=op.f("uq_person_id_number_index")),
    )
    op.create_index("ix_person_region", "person", ["region_code"], unique=False)
    op.create_table(
        "post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("assigned_by", sa.String(length=40), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("region_code ~ '^[0-9]{6}$'", name=op.f("ck_post_region_six_digits")),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= valid_from", name=op.f("ck_post_ends_after_start")
        ),
        sa.ForeignKeyConstraint(["duty"], ["duty.id"], name=op.f("fk_post_duty")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_post_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    op.create_index("ix_post_staff", "post", ["staff_id", "duty"], unique=False)
    op.create_table(
        "posting",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(debit_fen > 0) <> (credit_fen > 0) AND debit_fen + credit_fen > 0",
            name=op.f("ck_posting_one_side"),
        ),
        sa.CheckConstraint("debit_fen >= 0 AND credit_fen >= 0", name=op.f("ck_posting_not_negative")),
        sa.ForeignKeyConstraint(["account"], ["account.code"], name=op.f("fk_posting_account")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_posting_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "line_no", name=op.f("pk_posting")),
    )
    op.create_index(op.f("ix_posting_account_entry_id"), "posting", ["account", "entry_id"], unique=False)
    op.create_table(
        "same_case_conflict",
        sa.Column("duty_a", sa.String(length=40), autoincrement=False, nullable=False),
        sa.Column("duty_b", sa.String(length=40), autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["duty_a"], ["duty.id"], name=op.f("fk_same_case_conflict_duty_a")),
        sa.ForeignKeyConstraint(["duty_b"], ["duty.id"], name=op.f("fk_same_case_conflict_duty_b")),
        sa.PrimaryKeyConstraint("duty_a", "duty_b", name=op.f("pk_same_case_conflict")),
    )
    op.create_table(
        "workflow_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_key", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.String(length=64), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_in", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"], ["process_version.id"], name=op.f("fk_workflow_case_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_case")),
        sa.UniqueConstraint("case_key", name=op.f("uq_workflow_case_case_key")),
    )
    op.create_index(op.f("ix_workflow_case_region_code"), "workflow_case", ["region_code"], unique=False)
    op.create_index(op.f("ix_workflow_case_status"), "workflow_case", ["status"], unique=False)
    op.create_index(op.f("ix_workflow_case_subject"), "workflow_case", ["subject"], unique=False)
    op.create_index(op.f("ix_workflow_case_version_id"), "workflow_case", ["version_id"], unique=False)
    op.create_table(
        "access_record",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_record_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_record")),
    )
    op.create_index("ix_access_record_actor", "access_record", ["actor", "at"], unique=False)
    op.create_index("ix_access_record_person", "access_record", ["person_id", "at"], unique=False)
    op.create_table(
        "benefit_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("first_month", sa.String(length=7), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("months_paid", sa.Integer(), nullable=False),
        sa.Column("monthly_fen", sa.BigInteger(), nullable=False),
        sa.Column("determination", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.CheckConstraint("monthly_fen > 0", name=op.f("ck_benefit_grant_monthly")),
        sa.CheckConstraint("months > 0 AND months <= 24", name=op.f("ck_benefit_grant_months")),
        sa.CheckConstraint("months_paid >= 0 AND months_paid <= months", name=op.f("ck_benefit_grant_paid")),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_benefit_grant_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_benefit_grant_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefit_grant")),
        sa.UniqueConstraint("case_id", name=op.f("uq_benefit_grant_case_id")),
    )
    op.create_index(
        "uq_benefit_grant_active",
        "benefit_grant",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "claim",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'granted', 'refused', 'withdrawn')", name=op.f("ck_claim_status")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_claim_person_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_person_id"), "claim", ["person_id"], unique=False)
    op.create_index(
        "uq_claim_open_person",
        "claim",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("plan_due", sa.Date(), nullable=False),
        sa.Column("done_due", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("circulars", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_finding_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("case_id", name=op.f("uq_finding_case_id")),
    )
    op.create_index(op.f("ix_finding_region_code"), "finding", ["region_code"], unique=False)
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("recipient", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_letter_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("key", name=op.f("uq_letter_key")),
    )
    op.create_index(op.f("ix_letter_case_id"), "letter", ["case_id"], unique=False)
    op.create_table(
        "payment_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payee_kind", sa.String(length=10), nullable=False),
        sa.Column("payee_id", sa.BigInteger(), nullable=False),
        sa.Column("payee_name", sa.Text(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("account_index", sa.LargeBinary(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=True),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "payee_kind IN ('person', 'employer', 'office')", name=op.f("ck_payment_order_payee_kind")
        ),
        sa.CheckConstraint(
            "status IN ('ordered', 'batched', 'sent', 'paid', 'returned', 'held', 'cancelled')",
            name=op.f("ck_payment_order_status"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_order_amount")),
        sa.ForeignKeyConstraint(
            ["purpose"], ["payment_purpose.purpose"], name=op.f("fk_payment_order_purpose")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_order")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_order_key")),
    )
    op.create_index(op.f("ix_payment_order_account_index"), "payment_order", ["account_index"], unique=False)
    op.create_index(op.f("ix_payment_order_case_id"), "payment_order", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_payment_order_payee_kind_payee_id"),
        "payment_order",
        ["payee_kind", "payee_id"],
        unique=False,
    )
    op.create_index(
        "ix_payment_order_waiting",
        "payment_order",
        ["region", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'ordered'"),
    )
    op.create_table(
        "retention_refund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("screening", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=14), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_retention_refund_case_id")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.id"], name=op.f("fk_retention_refund_employer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_refund")),
        sa.UniqueConstraint("employer_id", "year", name=op.f("uq_retention_refund_employer_id_year")),
    )
    op.create_table(
        "rights_transfer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transfer_number", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("from_region", sa.String(length=12), nullable=False),
        sa.Column("to_region", sa.String(length=12), nullable=False),
        sa.Column("months_paid", sa.Integer(), nullable=False),
        sa.Column("months_left", sa.Integer(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_rights_transfer_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_rights_transfer_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_transfer")),
        sa.UniqueConstraint("transfer_number", "side", name=op.f("uq_rights_transfer_transfer_number_side")),
    )
    op.create_table(
        "unemployment_registration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("exit_reason", sa.String(length=8), nullable=False),
        sa.Column("wants_work", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["workflow_case.id"], name=op.f("fk_unemployment_registration_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_unemployment_registration_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unemployment_registration")),
        sa.UniqueConstraint("case_id", name=op.f("uq_unemployment_registration_case_id")),
    )
    op.create_index(
        op.f("ix_unemployment_registration_person_id"),
        "unemployment_registration",
        ["person_id"],
        unique=False,
    )
    op.create_table(
        "workflow_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("control", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_workflow_history_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_history")),
    )
    op.create_index(op.f("ix_workflow_history_case_id"), "workflow_history", ["case_id"], unique=False)
    op.create_table(
        "workflow_subscription",
        sa.Column("task_id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("message", sa.String(length=120), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("correlation", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["workflow_case.id"], name=op.f("fk_workflow_subscription_case_id")
        ),
        sa.PrimaryKeyConstraint("task_id", "message", name=op.f("pk_workflow_subscription")),
    )
    op.create_index(
        op.f("ix_workflow_subscription_case_id"), "workflow_subscription", ["case_id"], unique=False
    )
    op.create_index(
        "ix_workflow_subscription_message", "workflow_subscription", ["message", "correlation"], unique=False
    )
    op.create_table(
        "workflow_task",
        sa.Column("id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("form", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("assignee", sa.String(length=40), nullable=True),
        sa.Column("draft", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_by", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_workflow_task_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_task")),
    )
    op.create_index(op.f("ix_workflow_task_case_id"), "workflow_task", ["case_id"], unique=False)
    op.create_index(
        "ix_workflow_task_done", "workflow_task", ["completed_by", "completed_at", "id"], unique=False
    )
    op.create_index(op.f("ix_workflow_task_due_at"), "workflow_task", ["due_at"], unique=False)
    op.create_index(
        "ix_workflow_task_mine",
        "workflow_task",
        ["assignee", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_index(
        "ix_workflow_task_open",
        "workflow_task",
        ["duty", "region_code", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'ready'"),
    )
    op.create_table(
        "workflow_timer",
        sa.Column("task_id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_workflow_timer_case_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_workflow_timer")),
    )
    op.create_index(op.f("ix_workflow_timer_case_id"), "workflow_timer", ["case_id"], unique=False)
    op.create_index(op.f("ix_workflow_timer_due_at"), "workflow_timer", ["due_at"], unique=False)
    op.create_table(
        "account_correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("account_index", sa.LargeBinary(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("corrected_by", sa.String(length=40), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["payment_order.id"], name=op.f("fk_account_correction_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_correction")),
    )
    op.create_index(op.f("ix_account_correction_order_id"), "account_correction", ["order_id"], unique=False)
    op.create_table(
        "payment_line",
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("account_index", sa.LargeBinary(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("return_code", sa.String(length=20), nullable=False),
        sa.Column("return_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('waiting', 'paid', 'returned')", name=op.f("ck_payment_line_status")),
        sa.ForeignKeyConstraint(["batch_id"], ["payment_batch.id"], name=op.f("fk_payment_line_batch_id")),
        sa.ForeignKeyConstraint(["order_id"], ["payment_order.id"], name=op.f("fk_payment_line_order_id")),
        sa.PrimaryKeyConstraint("batch_id", "line_no", name=op.f("pk_payment_line")),
    )
    op.create_index(
        "uq_payment_line_live_order",
        "payment_line",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'returned'"),
    )
    op.create_index(
        "uq_payment_line_paid_order",
        "payment_line",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("status = 'paid'"),
    )
    for statement in statements("0001_walking_office"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
