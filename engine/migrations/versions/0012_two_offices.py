"""Two offices.

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
        "exchange_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("peer", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("transfer_number", sa.String(length=40), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("body_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ack_state", sa.String(length=12), nullable=False),
        sa.Column("ack", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("outcome_text", sa.Text(), nullable=False),
        sa.CheckConstraint("(transfer_number = '') = (step = 0)", name=op.f("ck_exchange_message_step")),
        sa.CheckConstraint(
            "ack_state IN ('', 'taken', 'repeated', 'contradicted')",
            name=op.f("ck_exchange_message_ack_state"),
        ),
        sa.CheckConstraint("direction IN ('out', 'in')", name=op.f("ck_exchange_message_direction")),
        sa.CheckConstraint(
            "outcome IN ('', 'heard', 'contradicted')", name=op.f("ck_exchange_message_outcome")
        ),
        sa.CheckConstraint("number > 0 AND step >= 0", name=op.f("ck_exchange_message_numbers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_message")),
        sa.UniqueConstraint("direction", "key", name=op.f("uq_exchange_message_direction_key")),
        sa.UniqueConstraint(
            "direction", "peer", "number", name=op.f("uq_exchange_message_direction_peer_number")
        ),
    )
    op.create_index(op.f("ix_exchange_message_case_id"), "exchange_message", ["case_id"], unique=False)
    op.create_index("ix_exchange_message_transfer", "exchange_message", ["transfer_number"], unique=False)
    op.create_index(
        "uq_exchange_message_step",
        "exchange_message",
        ["direction", "peer", "transfer_number", "step"],
        unique=True,
        postgresql_where=sa.text("transfer_number <> ''"),
    )
    op.create_table(
        "exchange_statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("peer", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", name=op.f("ck_exchange_statement_direction")),
        sa.CheckConstraint("part BETWEEN 1 AND parts", name=op.f("ck_exchange_statement_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_statement")),
        sa.UniqueConstraint(
            "direction",
            "peer",
            "number",
            "part",
            name=op.f("uq_exchange_statement_direction_peer_number_part"),
        ),
    )
    op.create_table(
        "exchange_fault",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("peer", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["exchange_message.id"], name=op.f("fk_exchange_fault_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_fault")),
    )
    op.create_index("ix_exchange_fault_at", "exchange_fault", ["at"], unique=False)
    op.create_index("ix_exchange_fault_peer", "exchange_fault", ["peer", "at"], unique=False)
    op.add_column(
        "rights_transfer", sa.Column("peer", sa.String(length=20), server_default="", nullable=False)
    )
    op.add_column(
        "rights_transfer",
        sa.Column("employed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column(
        "rights_transfer",
        sa.Column("carried_months", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("rights_transfer", sa.Column("announced_fen", sa.BigInteger(), nullable=True))
    op.add_column("rights_transfer", sa.Column("paid_on", sa.Date(), nullable=True))
    op.add_column(
        "rights_transfer",
        sa.Column("bank_reference", sa.String(length=80), server_default="", nullable=False),
    )
    op.add_column("rights_transfer", sa.Column("arrived_on", sa.Date(), nullable=True))
    op.add_column("rights_transfer", sa.Column("arrived_fen", sa.BigInteger(), nullable=True))
    op.add_column("rights_transfer", sa.Column("reason", sa.Text(), server_default="", nullable=False))
    op.add_column("rights_transfer", sa.Column("paid_used_by", sa.Integer(), nullable=True))
    op.add_column("rights_transfer", sa.Column("carried_used_by", sa.Integer(), nullable=True))
    op.create_index("ix_rights_transfer_person_id", "rights_transfer", ["person_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_rights_transfer_paid_used_by"), "rights_transfer", "benefit_grant", ["paid_used_by"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_rights_transfer_carried_used_by"),
        "rights_transfer",
        "benefit_grant",
        ["carried_used_by"],
        ["id"],
    )
    for statement in statements("0012_two_offices"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
