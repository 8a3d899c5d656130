"""Bind substitutes and signers: both names of an agency, and every hand in a case, count for what nobody may combine.

Revision: 0008, after: 0007.
"""

from __future__ import annotations

from alembic import op

from engine.migrations import statements

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put up the guards that PostgreSQL keeps on posts, agencies and history."""
    for statement in statements("0008_bind_substitutes_and_signers"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
