"""Shares of pools say how much they are for, and are figures of the members.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# Of shares posted before, the quantity is in the message about them, where it is kept.
FILL = """
WITH told AS (
    SELECT DISTINCT ON (payload->>'settlement_id') (payload->>'settlement_id')::uuid AS settlement_id,
        (payload->>'accepted_quantity')::numeric AS quantity
    FROM outbox_message WHERE topic = 'pool.shared'
    ORDER BY payload->>'settlement_id', id DESC
), share AS (
    SELECT s.id, (d.ended_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS accepted_on, told.quantity
    FROM settlement s JOIN delivery d ON d.id = s.delivery_id
    LEFT JOIN told ON told.settlement_id = s.id
    WHERE s.purpose = 'pool_share'
)
UPDATE settlement SET accepted_on = share.accepted_on, quantity = share.quantity
    FROM share WHERE share.id = settlement.id
"""
# What was paid beyond what is due is no longer counted as paid.
NOTE_OVERPAID = """
INSERT INTO figure_touched (organisation_id, day, commodity_code)
SELECT DISTINCT s.payee_id, s.due_on, l.commodity_code
FROM settlement s JOIN delivery d ON d.id = s.delivery_id JOIN order_line l ON l.id = d.order_line_id
WHERE s.purpose = 'goods'
    AND s.paid > greatest(0, s.amount - s.held - s.credited - s.netted - s.commission)
"""
TOUCH = """
CREATE OR REPLACE FUNCTION touch_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(NEW.payee_id, counts.day, l.commodity_code)
        FROM delivery d JOIN order_line l ON l.id = d.order_line_id,
            unnest(ARRAY[{days}]) AS counts (day)
        WHERE d.id = NEW.delivery_id;
    RETURN NULL;
END $$
"""
DUE = "CASE WHEN TG_OP = 'UPDATE' THEN OLD.due_on END, NEW.due_on"
ACCEPTED = "CASE WHEN TG_OP = 'UPDATE' THEN OLD.accepted_on END, NEW.accepted_on"
MEASURES = {"pooled_quantity": sa.Numeric(20, 3), "pooled_amount": sa.BigInteger()}


def upgrade() -> None:
    op.add_column("settlement", sa.Column("quantity", sa.Numeric(12, 3)))
    op.add_column("settlement", sa.Column("accepted_on", sa.Date()))
    for name, kind in MEASURES.items():
        op.add_column("trade_cell", sa.Column(name, kind))
    op.execute(TOUCH.format(days=f"{DUE}, {ACCEPTED}"))
    op.execute(FILL)
    op.execute(NOTE_OVERPAID)
    op.create_check_constraint(
        op.f("ck_settlement_of_a_share"),
        "settlement",
        "purpose = 'pool_share' OR num_nonnulls(quantity, accepted_on) = 0",
    )
    op.create_index(
        "ix_settlement_shared",
        "settlement",
        ["accepted_on", "payee_id"],
        postgresql_where=sa.text("purpose = 'pool_share'"),
    )


def downgrade() -> None:
    op.execute(TOUCH.format(days=DUE))
    op.drop_index("ix_settlement_shared", "settlement")
    op.drop_constraint(op.f("ck_settlement_of_a_share"), "settlement")
    for name in MEASURES:
        op.drop_column("trade_cell", name)
    op.drop_column("settlement", "accepted_on")
    op.drop_column("settlement", "quantity")
