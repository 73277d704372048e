"""Deliveries that are under way found by an index: few of all there ever were.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_delivery_under_way",
        "delivery",
        ["id"],
        postgresql_where=sa.text("status IN ('despatched', 'weighed', 'inspected')"),
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_under_way", "delivery")
