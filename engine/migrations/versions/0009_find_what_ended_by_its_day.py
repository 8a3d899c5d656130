"""Find what ended by its day.

Revision: 0009, after: 0008.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index(op.f("ix_workflow_case_ended_at"), "workflow_case", ["ended_at"], unique=False)
    op.create_index(op.f("ix_workflow_case_started_at"), "workflow_case", ["started_at"], unique=False)
    op.create_index(op.f("ix_workflow_task_completed_at"), "workflow_task", ["completed_at"], unique=False)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
