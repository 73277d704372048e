"""Forecasts and harvests found by an index of their own; how few kinds of goods a seller has.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_trade_cell_foreseen",
        "trade_cell",
        ["organisation_id", "period", "commodity_code"],
        postgresql_include=["forecast_quantity", "harvested_quantity"],
        postgresql_where=sa.text("grain = 'week' AND (forecast_quantity > 0 OR harvested_quantity > 0)"),
    )
    # A seller's commodities are few, its rows many: told so, PostgreSQL hashes instead of sorting.
    op.execute(
        "CREATE STATISTICS delivery_cell_kinds (ndistinct)"
        " ON organisation_id, commodity_code, grade, ward_code, origin FROM delivery_cell"
    )


def downgrade() -> None:
    op.execute("DROP STATISTICS delivery_cell_kinds")
    op.drop_index("ix_trade_cell_foreseen", "trade_cell")
