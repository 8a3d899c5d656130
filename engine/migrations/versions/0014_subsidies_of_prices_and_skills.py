"""Subsidies of prices and skills.

Revision: 0014, after: 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from engine.migrations import statements

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards that PostgreSQL keeps on them."""
    op.create_table('price_index',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('cpi_rise', sa.Integer(), nullable=False),
    sa.Column('food_rise', sa.Integer(), nullable=False),
    sa.Column('low_income_rise', sa.Integer(), nullable=False),
    sa.Column('living_allowance_fen', sa.BigInteger(), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('status', sa.String(length=10), nullable=False),
    sa.Column('entered_by', sa.String(length=40), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_by', sa.String(length=40), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('why', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint("(status IN ('confirmed', 'withdrawn')) = (confirmed_by IS NOT NULL)", name=op.f('ck_price_index_confirmed_by')),
    sa.CheckConstraint("status IN ('entered', 'confirmed', 'rejected', 'withdrawn')", name=op.f('ck_price_index_status')),
    sa.CheckConstraint('confirmed_by <> entered_by', name=op.f('ck_price_index_four_eyes')),
    sa.CheckConstraint('living_allowance_fen > 0', name=op.f('ck_price_index_living_allowance')),
    sa.ForeignKeyConstraint(['region'], ['region.code'], name=op.f('fk_price_index_region')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_price_index'))
    )
    op.create_index('uq_price_index_confirmed', 'price_index', ['region', 'month'], unique=True, postgresql_where=sa.text("status = 'confirmed'"))
    op.create_index('uq_price_index_entered', 'price_index', ['region', 'month'], unique=True, postgresql_where=sa.text("status = 'entered'"))
    op.create_index('uq_payment_order_subsidy', 'payment_order', ['payee_id', 'month'], unique=True, postgresql_where=sa.text("purpose = 'subsidy' AND status <> 'cancelled'"))
    for statement in statements("0014_subsidies_of_prices_and_skills"):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Refused: records of a public fund are not thrown away; restore a backup instead."""
    raise NotImplementedError("数据库不能降级：请恢复备份 (restore a backup instead)")
