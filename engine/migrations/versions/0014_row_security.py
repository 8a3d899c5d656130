"""Row security.

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
        "checklist",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("self_check_due", sa.Date(), nullable=True),
        sa.Column("plan_due", sa.Date(), nullable=True),
        sa.Column("done_due", sa.Date(), nullable=True),
        sa.Column("milestones", sa.Text(), server_default="[]", nullable=False),
        sa.Column("issued_by", sa.String(length=40), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("escalated_on", sa.Date(), nullable=True),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=40), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('checklist', 'plan')", name=op.f("ck_checklist_kind")),
        sa.CheckConstraint("status IN ('issuing', 'open', 'closed')", name=op.f("ck_checklist_status")),
        sa.CheckConstraint("cells > 0", name=op.f("ck_checklist_cells")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist")),
        sa.UniqueConstraint("number", name=op.f("uq_checklist_number")),
    )
    op.create_index(op.f("ix_checklist_region"), "checklist", ["region"], unique=False)
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
        "contact_point",
        sa.Column("owner", sa.String(length=40), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=8), autoincrement=False, nullable=False),
        sa.Column("address_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('sms', 'mail')", name=op.f("ck_contact_point_known_channel")),
        sa.PrimaryKeyConstraint("owner", "channel", name=op.f("pk_contact_point")),
    )
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
        "refund_notice_list",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_notice_list")),
        sa.UniqueConstraint(
            "region", "year", "published_on", name=op.f("uq_refund_notice_list_region_year_published_on")
        ),
    )
    op.create_table(
        "year_end",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_why", sa.Text(), server_default="", nullable=False),
        sa.Column("surplus_fen", sa.BigInteger(), nullable=True),
        sa.Column("books", sa.Integer(), nullable=True),
        sa.CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name=op.f("ck_year_end_decided")),
        sa.CheckConstraint("status IN ('proposed', 'carried', 'declined')", name=op.f("ck_year_end_status")),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_year_end_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_end")),
    )
    op.create_index(op.f("ix_year_end_region"), "year_end", ["region"], unique=False)
    op.create_index(
        "ix_year_end_waiting",
        "year_end",
        ["region", "year"],
        unique=True,
        postgresql_where=sa.text("status = 'proposed'"),
    )
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
        "checklist_topic",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("checklist_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("benchmark", sa.Text(), server_default="", nullable=False),
        sa.Column("group_title", sa.String(length=100), server_default="", nullable=False),
        sa.Column("task", sa.Text(), server_default="", nullable=False),
        sa.Column("done_due", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_checklist_topic_checklist_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_topic")),
        sa.UniqueConstraint("checklist_id", "code", name=op.f("uq_checklist_topic_checklist_id_code")),
        sa.UniqueConstraint("checklist_id", "id", name=op.f("uq_checklist_topic_checklist_id_id")),
        sa.UniqueConstraint(
            "checklist_id", "position", name=op.f("uq_checklist_topic_checklist_id_position")
        ),
    )
    op.create_table(
        "checklist_unit",
        sa.Column("checklist_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("region_code", sa.String(length=6), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_checklist_unit_checklist_id")
        ),
        sa.ForeignKeyConstraint(["region_code"], ["region.code"], name=op.f("fk_checklist_unit_region_code")),
        sa.PrimaryKeyConstraint("checklist_id", "region_code", name=op.f("pk_checklist_unit")),
    )
    op.create_table(
        "hand_voucher",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paper", sa.String(length=60), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("takes_back", sa.BigInteger(), nullable=True),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_why", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL)", name=op.f("ck_hand_voucher_decided")
        ),
        sa.CheckConstraint(
            "(status IN ('posted', 'taken_back')) = (entry_id IS NOT NULL)",
            name=op.f("ck_hand_voucher_posted"),
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'posted', 'declined', 'taken_back')", name=op.f("ck_hand_voucher_status")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_hand_voucher_not_nothing")),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_hand_voucher_two_people")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_hand_voucher_entry_id")),
        sa.ForeignKeyConstraint(["takes_back"], ["hand_voucher.id"], name=op.f("fk_hand_voucher_takes_back")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_voucher")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_hand_voucher_entry_id")),
    )
    op.create_index(
        "ix_hand_voucher_paper",
        "hand_voucher",
        ["region", "kind", "paper"],
        unique=True,
        postgresql_where=sa.text("takes_back IS NULL AND status IN ('proposed', 'posted')"),
    )
    op.create_index(op.f("ix_hand_voucher_region"), "hand_voucher", ["region"], unique=False)
    op.create_index(
        "ix_hand_voucher_takes_back",
        "hand_voucher",
        ["takes_back"],
        unique=True,
        postgresql_where=sa.text("status IN ('proposed', 'posted')"),
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
        "rectification_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("checklist_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("city", sa.String(length=12), nullable=False),
        sa.Column("lead_unit", sa.String(length=60), server_default="", nullable=False),
        sa.Column("cooperating", sa.Text(), server_default="[]", nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=12), server_default="unchecked", nullable=False),
        sa.Column("self_check_due", sa.Date(), nullable=True),
        sa.Column("plan_due", sa.Date(), nullable=True),
        sa.Column("done_due", sa.Date(), nullable=True),
        sa.Column("overdue_on_receipt", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("milestones", sa.Text(), server_default="[]", nullable=False),
        sa.Column("problem_type", sa.String(length=10), server_default="", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("measures", sa.Text(), server_default="", nullable=False),
        sa.Column("responsible", sa.String(length=100), server_default="", nullable=False),
        sa.Column("statement_by", sa.String(length=40), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("evidence", sa.Text(), server_default="", nullable=False),
        sa.Column("progress", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_back_on", sa.Date(), nullable=True),
        sa.Column("sent_back_why", sa.Text(), server_default="", nullable=False),
        sa.Column("returned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reopened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reminders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("circulars", sa.Integer(), server_default="0", nullable=False),
        sa.Column("government_notices", sa.Integer(), server_default="0", nullable=False),
        sa.Column("referrals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("supervised", sa.Integer(), server_default="0", nullable=False),
        sa.Column("supervised_on", sa.Date(), nullable=True),
        sa.Column("supervised_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "CASE status WHEN 'unchecked' THEN self_check_due WHEN 'planning' THEN plan_due WHEN 'doing' THEN done_due ELSE DATE '2000-01-01' END IS NOT NULL",
            name=op.f("ck_rectification_item_due_runs"),
        ),
        sa.CheckConstraint(
            "problem_type IN ('', 'not_done', 'half_done')", name=op.f("ck_rectification_item_problem_type")
        ),
        sa.CheckConstraint(
            "status <> 'done' OR verified_on IS NOT NULL", name=op.f("ck_rectification_item_done_verified")
        ),
        sa.CheckConstraint(
            "status <> 'no_problem' OR statement_by IS NOT NULL",
            name=op.f("ck_rectification_item_statement_signed"),
        ),
        sa.CheckConstraint(
            "status IN ('unchecked', 'no_problem', 'planning', 'planned', 'doing', 'verifying', 'done')",
            name=op.f("ck_rectification_item_status"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_rectification_item_progress")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["workflow_case.id"], name=op.f("fk_rectification_item_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id", "region_code"],
            ["checklist_unit.checklist_id", "checklist_unit.region_code"],
            name="fk_item_unit",
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id", "topic_id"],
            ["checklist_topic.checklist_id", "checklist_topic.id"],
            name="fk_item_topic",
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_rectification_item_checklist_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_item")),
        sa.UniqueConstraint(
            "checklist_id", "topic_id", "region_code", "lead_unit", name="uq_rectification_item_cell"
        ),
    )
    op.create_index("ix_rectification_item_case_id", "rectification_item", ["case_id"], unique=True)
    op.create_index("ix_rectification_item_region_code", "rectification_item", ["region_code"], unique=False)
    op.create_index(
        "ix_rectification_item_unopened",
        "rectification_item",
        ["id"],
        unique=False,
        postgresql_where=sa.text("case_id IS NULL"),
    )
    op.create_index(
        "ix_rectification_item_wall",
        "rectification_item",
        ["checklist_id", "region_code", "topic_id"],
        unique=False,
    )
    op.create_table(
        "reduction_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("case_key", sa.String(length=40), nullable=False),
        sa.Column("employer_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("exit_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=4), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("reported_by", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notice_given_on", sa.Date(), nullable=True),
        sa.Column("notice_received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(status = 'reported') = (decided_at IS NULL)", name=op.f("ck_reduction_report_decided")
        ),
        sa.CheckConstraint("channel IN ('web', 'sheet', 'api')", name=op.f("ck_reduction_report_channel")),
        sa.CheckConstraint(
            "status IN ('reported', 'counted', 'returned')", name=op.f("ck_reduction_report_status")
        ),
        sa.CheckConstraint("exit_day <= reported_on", name=op.f("ck_reduction_report_exit_before_report")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_reduction_report_revision")),
        sa.ForeignKeyConstraint(
            ["employer_id"], ["employer.id"], name=op.f("fk_reduction_report_employer_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reduction_report_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reduction_report")),
        sa.UniqueConstraint("case_id", name=op.f("uq_reduction_report_case_id")),
        sa.UniqueConstraint("case_key", name=op.f("uq_reduction_report_case_key")),
    )
    op.create_index(
        op.f("ix_reduction_report_employer_id"), "reduction_report", ["employer_id"], unique=False
    )
    op.create_index("ix_reduction_report_person", "reduction_report", ["person_id", "exit_day"], unique=False)
    op.create_index("ix_reduction_report_region", "reduction_report", ["region_code", "id"], unique=False)
    op.create_index(
        "uq_reduction_report_exit",
        "reduction_report",
        ["employer_id", "person_id", "exit_day"],
        unique=True,
        postgresql_where=sa.text("status <> 'returned'"),
    )
    op.create_index(
        "uq_reduction_report_open",
        "reduction_report",
        ["employer_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("status = 'reported'"),
    )
    op.create_table(
        "refund_campaign",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("screen_run_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(length=40), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode IN ('disburse', 'prepay')", name=op.f("ck_refund_campaign_mode")),
        sa.CheckConstraint(
            "status IN ('opening', 'running', 'closed')", name=op.f("ck_refund_campaign_status")
        ),
        sa.ForeignKeyConstraint(
            ["screen_run_id"], ["screen_run.id"], name=op.f("fk_refund_campaign_screen_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_campaign")),
        sa.UniqueConstraint("region", "year", name=op.f("uq_refund_campaign_region_year")),
    )
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
    op.create_table(
        "escalation_paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("checklist_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('reminder', 'circular', 'government', 'referral')",
            name=op.f("ck_escalation_paper_stage"),
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklist.id"], name=op.f("fk_escalation_paper_checklist_id")
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_escalation_paper_letter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_paper")),
        sa.UniqueConstraint("number", name=op.f("uq_escalation_paper_number")),
    )
    op.create_index(
        "ix_escalation_paper_checklist_id",
        "escalation_paper",
        ["checklist_id", "stage", "region_code", "issued_on"],
        unique=False,
    )
    op.create_index(
        op.f("ix_escalation_paper_region_code"), "escalation_paper", ["region_code"], unique=False
    )
    op.create_table(
        "item_case",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["workflow_case.id"], name=op.f("fk_item_case_case_id")),
        sa.ForeignKeyConstraint(["item_id"], ["rectification_item.id"], name=op.f("fk_item_case_item_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_item_case")),
    )
    op.create_index(op.f("ix_item_case_item_id"), "item_case", ["item_id"], unique=False)
    op.create_table(
        "reduction_correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.String(length=8), nullable=False),
        sa.Column("before", sa.String(length=10), nullable=False),
        sa.Column("after", sa.String(length=10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("btrim(why) <> ''", name=op.f("ck_reduction_correction_why")),
        sa.CheckConstraint("field IN ('reason', 'exit_day')", name=op.f("ck_reduction_correction_field")),
        sa.CheckConstraint(
            "starts_with(decided_by, 'staff:')", name=op.f("ck_reduction_correction_decided_by_staff")
        ),
        sa.CheckConstraint("asked_by <> decided_by", name=op.f("ck_reduction_correction_decided_by_another")),
        sa.CheckConstraint("before <> after", name=op.f("ck_reduction_correction_changes")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reduction_report.id"], name=op.f("fk_reduction_correction_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reduction_correction")),
    )
    op.create_index(
        op.f("ix_reduction_correction_report_id"), "reduction_correction", ["report_id"], unique=False
    )
    op.create_table(
        "reduction_objection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("claimed_reason", sa.String(length=4), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("employer_answer_by", sa.Date(), nullable=True),
        sa.Column("employer_agrees", sa.Boolean(), nullable=True),
        sa.Column("employer_statement", sa.Text(), nullable=True),
        sa.Column("employer_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'open') = (decided_at IS NULL)", name=op.f("ck_reduction_objection_decided")
        ),
        sa.CheckConstraint("btrim(statement) <> ''", name=op.f("ck_reduction_objection_statement")),
        sa.CheckConstraint(
            "status IN ('open', 'upheld', 'dismissed')", name=op.f("ck_reduction_objection_status")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reduction_report.id"], name=op.f("fk_reduction_objection_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reduction_objection")),
        sa.UniqueConstraint("case_id", name=op.f("uq_reduction_objection_case_id")),
    )
    op.create_index(
        op.f("ix_reduction_objection_report_id"), "reduction_objection", ["report_id"], unique=False
    )
    op.create_index(
        "uq_reduction_objection_open",
        "reduction_objection",
        ["report_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "refund_campaign_part",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("screen_run_id", sa.BigInteger(), nullable=False),
        sa.Column("first_employer", sa.Integer(), nullable=False),
        sa.Column("last_employer", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("dealt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('waiting', 'done')", name=op.f("ck_refund_campaign_part_status")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["refund_campaign.id"], name=op.f("fk_refund_campaign_part_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["screen_run_id"], ["screen_run.id"], name=op.f("fk_refund_campaign_part_screen_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_campaign_part")),
        sa.UniqueConstraint("run_id", "number", name=op.f("uq_refund_campaign_part_run_id_number")),
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
    op.create_table(
        "escalation",
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("due_kind", sa.String(length=10), autoincrement=False, nullable=False),
        sa.Column("due_on", sa.Date(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(length=12), autoincrement=False, nullable=False),
        sa.Column("paper_id", sa.BigInteger(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.CheckConstraint("due_kind IN ('self_check', 'plan', 'done')", name=op.f("ck_escalation_due_kind")),
        sa.ForeignKeyConstraint(["item_id"], ["rectification_item.id"], name=op.f("fk_escalation_item_id")),
        sa.ForeignKeyConstraint(["paper_id"], ["escalation_paper.id"], name=op.f("fk_escalation_paper_id")),
        sa.PrimaryKeyConstraint("item_id", "due_kind", "due_on", "stage", name=op.f("pk_escalation")),
    )
    op.create_index("ix_escalation_paper_id", "escalation", ["paper_id"], unique=False)
    op.create_table(
        "refund_notice_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("employer_name", sa.String(length=200), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["refund_notice_list.id"], name=op.f("fk_refund_notice_line_list_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["retention_refund.id"], name=op.f("fk_refund_notice_line_refund_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_notice_line")),
    )
    op.create_index(op.f("ix_refund_notice_line_list_id"), "refund_notice_line", ["list_id"], unique=False)
    op.create_index("ix_refund_notice_line_refund_id", "refund_notice_line", ["refund_id"], unique=False)
    op.create_table(
        "refund_repayment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refund_repayment_amount")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_refund_repayment_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["retention_refund.id"], name=op.f("fk_refund_repayment_refund_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_repayment")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_refund_repayment_entry_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_refund_repayment_reference")),
    )
    op.create_index(op.f("ix_refund_repayment_refund_id"), "refund_repayment", ["refund_id"], unique=False)
    op.create_table(
        "notice_objection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=True),
        sa.Column("contactable", sa.Boolean(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'open') = (decided_at IS NULL)", name=op.f("ck_notice_objection_decided")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'dismissed', 'upheld')", name=op.f("ck_notice_objection_status")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["refund_notice_line.id"], name=op.f("fk_notice_objection_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["retention_refund.id"], name=op.f("fk_notice_objection_refund_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_objection")),
    )
    op.create_index(
        op.f("ix_notice_objection_address_index"), "notice_objection", ["address_index"], unique=False
    )
    op.create_index(
        "ix_notice_objection_open",
        "notice_objection",
        ["refund_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.drop_index(op.f("ix_finding_region_code"), table_name="finding")
    op.drop_table("finding")
    op.create_index(
        "uq_payment_order_subsidy",
        "payment_order",
        ["payee_id", "month"],
        unique=True,
        postgresql_where=sa.text("purpose = 'subsidy' AND status <> 'cancelled'"),
    )
    op.add_column("retention_refund", sa.Column("settlement_case_id", sa.Integer(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("kind", sa.String(length=10), server_default="general", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("region", sa.String(length=6), server_default="", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("city", sa.String(length=6), server_default="", nullable=False)
    )
    op.add_column("retention_refund", sa.Column("campaign_id", sa.BigInteger(), nullable=True))
    op.add_column("retention_refund", sa.Column("screen_run_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("size", sa.String(length=6), server_default="", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("industry", sa.String(length=1), server_default="", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("mode", sa.String(length=8), server_default="disburse", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("screened_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "retention_refund",
        sa.Column("late_entrant", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("retention_refund", sa.Column("pushed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("confirm_until", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("objected_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("confirmed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("account_index", sa.LargeBinary(), nullable=True))
    op.add_column(
        "retention_refund",
        sa.Column("account_masked", sa.String(length=40), server_default="", nullable=False),
    )
    op.add_column("retention_refund", sa.Column("noticed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("notice_until", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("ordered_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("paid_on", sa.Date(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("prepaid_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("retention_refund", sa.Column("prepaid_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("commitment_until", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("committed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("settled_fen", sa.BigInteger(), nullable=True))
    op.add_column("retention_refund", sa.Column("settled_on", sa.Date(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("topped_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("recover_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("recovered_fen", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("retention_refund", sa.Column("lapsed_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("uses", sa.Text(), server_default="{}", nullable=False))
    op.add_column("retention_refund", sa.Column("uses_told_on", sa.Date(), nullable=True))
    op.add_column("retention_refund", sa.Column("looked_on", sa.Date(), nullable=True))
    op.add_column(
        "retention_refund", sa.Column("looked_by", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column(
        "retention_refund", sa.Column("look_result", sa.String(length=8), server_default="", nullable=False)
    )
    op.add_column("retention_refund", sa.Column("look_note", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_retention_refund_campaign_id_status", "retention_refund", ["campaign_id", "status"], unique=False
    )
    op.create_index("ix_retention_refund_case_id", "retention_refund", ["case_id"], unique=False)
    op.create_index(
        "ix_retention_refund_city_year_status", "retention_refund", ["city", "year", "status"], unique=False
    )
    op.create_index(
        "ix_retention_refund_settlement_case_id", "retention_refund", ["settlement_case_id"], unique=False
    )
    op.create_foreign_key(
        op.f("fk_retention_refund_campaign_id"),
        "retention_refund",
        "refund_campaign",
        ["campaign_id"],
        ["id"],
    )
    op.create_foreign_key(
        op.f("fk_retention_refund_screen_run_id"), "retention_refund", "screen_run", ["screen_run_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_retention_refund_settlement_case_id"),
        "retention_refund",
        "workflow_case",
        ["settlement_case_id"],
        ["id"],
    )
    op.create_index(
        "ix_workflow_history_actor",
        "workflow_history",
        ["actor", "case_id"],
        unique=False,
        postgresql_where=sa.text("starts_with(actor, 'staff:')"),
    )
    op.create_index(
        "ix_workflow_history_on_behalf_of",
        "workflow_history",
        ["on_behalf_of", "case_id"],
        unique=False,
        postgresql_where=sa.text("on_behalf_of <> ''"),
    )
    for statement in statements("0014_row_security"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
