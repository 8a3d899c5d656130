"""Keep ratings and complaints.

Revision: 0014, after: 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.migrations import statements

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table(
        "complaint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("case_key", sa.String(length=40), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("of_case_id", sa.BigInteger(), nullable=True),
        sa.Column("about_staff", sa.Text(), nullable=False),
        sa.Column("complainant", sa.String(length=40), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("entered_by", sa.String(length=40), nullable=False),
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("passed_to", sa.String(length=120), nullable=True),
        sa.Column("passed_why", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finding", sa.String(length=12), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("object_until", sa.Date(), nullable=True),
        sa.Column("objected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objection", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_finding", sa.String(length=12), nullable=True),
        sa.Column("review_answer", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('web', 'counter', 'phone', 'letter')", name=op.f("ck_complaint_channel")
        ),
        sa.CheckConstraint(
            "status IN ('received', 'accepted', 'passed_on', 'answered', 'objected', 'closed')",
            name=op.f("ck_complaint_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('answered', 'objected', 'closed') OR answer IS NOT NULL OR passed_to IS NOT NULL",
            name=op.f("ck_complaint_answer"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("case_id", name=op.f("uq_complaint_case_id")),
        sa.UniqueConstraint("code_index", name=op.f("uq_complaint_code_index")),
    )
    op.create_index(
        "ix_complaint_complainant",
        "complaint",
        ["complainant"],
        unique=False,
        postgresql_where=sa.text("complainant <> ''"),
    )
    op.create_index("ix_complaint_region", "complaint", ["region_code", "id"], unique=False)
    op.create_table(
        "public_form_use",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("visitor", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_form_use")),
    )
    op.create_index(op.f("ix_public_form_use_at"), "public_form_use", ["at"], unique=False)
    op.create_index("ix_public_form_use_visitor", "public_form_use", ["form", "visitor", "at"], unique=False)
    op.create_table(
        "rating_invitation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("of_case_id", sa.BigInteger(), nullable=False),
        sa.Column("process_id", sa.String(length=64), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("rater", sa.String(length=40), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("finished_on", sa.Date(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open_until", sa.Date(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("wrong_codes", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("round IN (1, 2)", name=op.f("ck_rating_invitation_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_invitation")),
        sa.UniqueConstraint(
            "of_case_id", "rater", "round", name=op.f("uq_rating_invitation_of_case_id_rater_round")
        ),
    )
    op.create_index(
        "ix_rating_invitation_phone",
        "rating_invitation",
        ["phone_index", "id"],
        unique=False,
        postgresql_where=sa.text("phone_index IS NOT NULL"),
    )
    op.create_index("ix_rating_invitation_rater", "rating_invitation", ["rater", "id"], unique=False)
    op.create_table(
        "case_avoidance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("of_case_id", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "(of_case_id IS NULL) <> (staff_id IS NULL)", name=op.f("ck_case_avoidance_one_of_two")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_case_avoidance_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_avoidance")),
    )
    op.create_index("uq_case_avoidance_case", "case_avoidance", ["case_id", "of_case_id"], unique=True)
    op.create_index("uq_case_avoidance_staff", "case_avoidance", ["case_id", "staff_id"], unique=True)
    op.create_table(
        "service_rating",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("invitation_id", sa.BigInteger(), nullable=False),
        sa.Column("of_case_id", sa.BigInteger(), nullable=False),
        sa.Column("process_id", sa.String(length=64), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("rater", sa.String(length=40), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("grounds", postgresql.ARRAY(sa.String(length=20)), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rated_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("call_back_by", sa.Date(), nullable=True),
        sa.Column("fix_by", sa.Date(), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'none') = (score > 2 OR round = 2)", name=op.f("ck_service_rating_bad_is_followed")
        ),
        sa.CheckConstraint(
            "channel IN ('web', 'link', 'sms', 'kiosk')", name=op.f("ck_service_rating_channel")
        ),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_service_rating_score")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["rating_invitation.id"], name=op.f("fk_service_rating_invitation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_rating")),
        sa.UniqueConstraint("case_id", name=op.f("uq_service_rating_case_id")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_service_rating_invitation_id")),
    )
    op.create_index(op.f("ix_service_rating_of_case_id"), "service_rating", ["of_case_id"], unique=False)
    op.create_index(op.f("ix_service_rating_rater"), "service_rating", ["rater"], unique=False)
    op.create_index("ix_service_rating_region", "service_rating", ["region_code", "rated_on"], unique=False)
    op.create_index(
        "ix_service_rating_waiting",
        "service_rating",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_table(
        "sms_reply",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_number", sa.String(length=80), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("rating_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["rating_id"], ["service_rating.id"], name=op.f("fk_sms_reply_rating_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_reply")),
        sa.UniqueConstraint("message_number", name=op.f("uq_sms_reply_message_number")),
    )
    for statement in statements("0014_keep_ratings_and_complaints"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
