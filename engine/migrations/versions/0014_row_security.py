"""Row security.

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
