"""What one owes or is owed read newest first, and payments that wait for a word found at once.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_settlement_owing", "settlement", ["organisation_id", "id"])
    op.create_index("ix_settlement_owed", "settlement", ["payee_id", "id"])
    op.create_index(
        "ix_payout_waiting",
        "payout",
        ["payee_id", "id"],
        postgresql_where=sa.text("status = 'recorded'"),
    )


def downgrade() -> None:
    op.drop_index("ix_payout_waiting", "payout")
    op.drop_index("ix_settlement_owed", "settlement")
    op.drop_index("ix_settlement_owing", "settlement")
