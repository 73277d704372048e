"""Find open offers by age, price and commodity without reading them all.

Revision ID: 0011
Revises: 0010
"""

from alembic import op
import sqlalchemy as sa

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OPEN = sa.text("status = 'open'")


def upgrade() -> None:
    op.create_index("ix_offer_owner", "offer", ["organisation_id", "id"])
    op.create_index(
        "ix_offer_newest", "offer", ["commodity_code", "id"], postgresql_where=OPEN
    )
    op.create_index(
        "ix_offer_cheapest", "offer", ["ask_price", sa.text("id DESC")], postgresql_where=OPEN
    )
    op.create_index(
        "ix_offer_cheapest_of_commodity",
        "offer",
        ["commodity_code", "ask_price", sa.text("id DESC")],
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    for name in (
        "ix_offer_cheapest_of_commodity",
        "ix_offer_cheapest",
        "ix_offer_newest",
        "ix_offer_owner",
    ):
        op.drop_index(name, "offer")
