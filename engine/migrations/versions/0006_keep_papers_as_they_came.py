"""Keep papers as they came.

Revision: 0006, after: 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.migrations import statements

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say which papers were volunteered, then put up the guards that PostgreSQL keeps."""
    op.add_column(
        "attachment", sa.Column("volunteered", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_attachment_scan"), "attachment", "scan IN ('waiting', 'clean', 'infected', 'unscanned')"
    )
    op.create_check_constraint(
        op.f("ck_attachment_removed"), "attachment", "(removed_by IS NULL) = (removed_at IS NULL)"
    )
    for statement in statements("0006_keep_papers_as_they_came"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
