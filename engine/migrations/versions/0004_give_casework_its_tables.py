"""Give casework its tables.

Revision: 0004, after: 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "calendar_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.String(length=40), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=40), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_why", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "approved_by IS NULL OR approved_by <> entered_by", name=op.f("ck_calendar_edition_four_eyes")
        ),
        sa.CheckConstraint("year BETWEEN 2004 AND 2100", name=op.f("ck_calendar_edition_year")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_edition")),
    )
    op.create_index(op.f("ix_calendar_edition_year"), "calendar_edition", ["year"], unique=False)
    op.create_table(
        "kept_answer",
        sa.Column("caller", sa.String(length=40), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=80), autoincrement=False, nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_kept_answer")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("shared_with", sa.String(length=6), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("owner", "name", name=op.f("uq_saved_view_owner_name")),
    )
    op.create_table(
        "stock_phrase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_phrase")),
        sa.UniqueConstraint("owner", "words", name=op.f("uq_stock_phrase_owner_words")),
    )
    op.create_table(
        "stored_file",
        sa.Column("digest", sa.String(length=64), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_stored_file")),
    )
    op.create_table(
        "agency",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("substitute_id", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("principal_id <> substitute_id", name=op.f("ck_agency_two_people")),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_agency_ends_after_start")),
        sa.ForeignKeyConstraint(["duty"], ["duty.id"], name=op.f("fk_agency_duty")),
        sa.ForeignKeyConstraint(["principal_id"], ["staff_member.id"], name=op.f("fk_agency_principal_id")),
        sa.ForeignKeyConstraint(["substitute_id"], ["staff_member.id"], name=op.f("fk_agency_substitute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
    )
    op.create_index("ix_agency_principal", "agency", ["principal_id", "duty"], unique=False)
    op.create_index("ix_agency_substitute", "agency", ["substitute_id", "duty"], unique=False)
    op.create_table(
        "calendar_day",
        sa.Column("edition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.CheckConstraint("kind IN ('holiday', 'workday')", name=op.f("ck_calendar_day_kind")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["calendar_edition.id"], name=op.f("fk_calendar_day_edition_id")
        ),
        sa.PrimaryKeyConstraint("edition_id", "day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("scan", sa.String(length=12), nullable=False),
        sa.Column("scan_note", sa.Text(), nullable=False),
        sa.Column("added_by", sa.String(length=40), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.String(length=40), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_attachment_case_id")),
        sa.ForeignKeyConstraint(["digest"], ["stored_file.digest"], name=op.f("fk_attachment_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_case_id"), "attachment", ["case_id"], unique=False)
    op.create_table(
        "case_copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=40), nullable=False),
        sa.Column("sent_by", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_case_copy_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_copy")),
        sa.UniqueConstraint("case_id", "reader", name=op.f("uq_case_copy_case_id_reader")),
    )
    op.create_index(op.f("ix_case_copy_case_id"), "case_copy", ["case_id"], unique=False)
    op.create_index("ix_case_copy_reader", "case_copy", ["reader", "at", "id"], unique=False)
    op.create_table(
        "limit_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.String(length=40), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resumed_by", sa.String(length=40), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_limit_pause_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_pause")),
    )
    op.create_index(op.f("ix_limit_pause_case_id"), "limit_pause", ["case_id"], unique=False)
    op.create_index(
        "ix_limit_pause_open",
        "limit_pause",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("resumed_at IS NULL"),
    )
    op.create_table(
        "held_completion",
        sa.Column("task_id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["workflow_task.id"], name=op.f("fk_held_completion_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_held_completion")),
    )
    op.create_table(
        "limit_breach",
        sa.Column("task_id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("element_id", sa.String(length=120), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assignee", sa.String(length=40), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("escalated_to", sa.String(length=12), nullable=False),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_limit_breach_case_id")),
        sa.ForeignKeyConstraint(["task_id"], ["workflow_task.id"], name=op.f("fk_limit_breach_task_id")),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_limit_breach")),
    )
    op.create_index(op.f("ix_limit_breach_case_id"), "limit_breach", ["case_id"], unique=False)
    op.create_index(op.f("ix_limit_breach_due_at"), "limit_breach", ["due_at"], unique=False)
    op.create_index(op.f("ix_limit_breach_region_code"), "limit_breach", ["region_code"], unique=False)
    op.create_table(
        "limit_reminder",
        sa.Column("task_id", sa.String(length=32), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=12), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["workflow_task.id"], name=op.f("fk_limit_reminder_task_id")),
        sa.PrimaryKeyConstraint("task_id", "kind", name=op.f("pk_limit_reminder")),
    )
    op.create_table(
        "task_signer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("signer", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("opinion", sa.String(length=8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("opinion IN ('', 'agree', 'disagree')", name=op.f("ck_task_signer_opinion")),
        sa.CheckConstraint("place IN ('before', 'after')", name=op.f("ck_task_signer_place")),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_task_signer_case_id")),
        sa.ForeignKeyConstraint(["task_id"], ["workflow_task.id"], name=op.f("fk_task_signer_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_signer")),
        sa.UniqueConstraint("task_id", "signer", name=op.f("uq_task_signer_task_id_signer")),
    )
    op.create_index(op.f("ix_task_signer_case_id"), "task_signer", ["case_id"], unique=False)
    op.create_index(op.f("ix_task_signer_task_id"), "task_signer", ["task_id"], unique=False)
    op.create_index(
        "ix_task_signer_waiting",
        "task_signer",
        ["signer"],
        unique=False,
        postgresql_where=sa.text("signed_at IS NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "task_urge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(length=32), nullable=False),
        sa.Column("urged_by", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["workflow_task.id"], name=op.f("fk_task_urge_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_urge")),
    )
    op.create_index(op.f("ix_task_urge_task_id"), "task_urge", ["task_id"], unique=False)
    op.add_column("workflow_case", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "workflow_history", sa.Column("on_behalf_of", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column("workflow_task", sa.Column("owner", sa.String(length=40), nullable=True))
    for statement in statements("0004_give_casework_its_tables"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
