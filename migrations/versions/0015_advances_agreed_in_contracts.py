"""Advances name the contract in which they were agreed.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("advance", sa.Column("contract_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_advance_contract_id"), "advance", "contract", ["contract_id"], ["id"]
    )
    op.create_index(op.f("ix_advance_contract_id"), "advance", ["contract_id"])


def downgrade() -> None:
    op.drop_column("advance", "contract_id")
