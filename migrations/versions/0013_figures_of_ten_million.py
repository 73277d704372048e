"""Roll-ups in narrower cells, found by day; groups of forecasts; trades found by their day.

Whatever the cells held before is noted down to be counted again.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BY_DAY = {
    "offer": "listed_at",
    "purchase_order": "placed_at",
    "delivery": "ended_at",
    "settlement": "due_on",
    "claim": "filed_at",
    "lot": "harvested_at",
    "forecast": "week",
}
"""What a row of a trade counts by; rows come nearly in that order."""
QUANTITY, VALUE, WHOLE = sa.Numeric(20, 3), sa.Numeric(26, 5), sa.BigInteger()
TRADE = {
    "offered_quantity": QUANTITY,
    "offered_amount": VALUE,
    "ordered_quantity": QUANTITY,
    "ordered_amount": WHOLE,
    "cancelled_quantity": QUANTITY,
    "orders": WHOLE,
    "orders_of_commodity": WHOLE,
    "order_lines": WHOLE,
    "listing_seconds": WHOLE,
    "due_amount": WHOLE,
    "paid_amount": WHOLE,
    "late_amount": WHOLE,
    "payments": WHOLE,
    "payment_seconds": WHOLE,
    "claims": WHOLE,
    "claims_granted": WHOLE,
    "claims_refused": WHOLE,
    "claim_credit": WHOLE,
    "forecast_quantity": QUANTITY,
    "harvested_quantity": QUANTITY,
    "disruptions": WHOLE,
    "disrupted_quantity": QUANTITY,
    "replaced_quantity": QUANTITY,
    "restored_quantity": QUANTITY,
    "lost_quantity": QUANTITY,
}
DELIVERY = {
    "deliveries": WHOLE,
    "despatched_quantity": QUANTITY,
    "weighed_quantity": QUANTITY,
    "accepted_quantity": QUANTITY,
    "refused_quantity": QUANTITY,
    "refused_amount": VALUE,
    "goods_amount": WHOLE,
    "carried_quantity": QUANTITY,
    "carried_amount": WHOLE,
    "haulage_amount": WHOLE,
}
TEXTS = ("ward_code", "grade", "processing_line", "origin")
NOTE_AGAIN = """
INSERT INTO figure_touched (organisation_id, day, commodity_code)
SELECT organisation_id, period, commodity_code FROM trade_cell WHERE grain = 'day'
UNION
SELECT organisation_id, period, commodity_code FROM fate_cell WHERE grain = 'day'
"""
NOTE_MONTHS = """
INSERT INTO month_gain (month, market_code, rounds)
SELECT date_trunc('month', cleared_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, market_code, count(*)
FROM round_figures GROUP BY 1, 2
"""
TOUCH_GROUPS = """
CREATE OR REPLACE FUNCTION touch_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO group_stale (week, commodity_code)
        SELECT period, commodity_code FROM {delivered}
        WHERE organisation_id IN (NEW.organisation_id, NEW.cooperative_id)
            AND grain = 'week' AND deliveries > 0
        {forecast}
        ORDER BY period, commodity_code
    ON CONFLICT {again};
    RETURN NULL;
END $$;
"""
FORECAST = """UNION
        SELECT period, commodity_code FROM trade_cell
        WHERE organisation_id IN (NEW.organisation_id, NEW.cooperative_id)
            AND grain = 'week' AND forecast_quantity > 0"""


def upgrade() -> None:
    op.execute(NOTE_AGAIN)
    op.drop_table("trade_cell")
    op.drop_table("fate_cell")
    _cell("trade_cell", {"origin": sa.Text()}, TRADE)
    op.create_index(
        "ix_trade_cell_disrupted",
        "trade_cell",
        ["period"],
        postgresql_where=sa.text("grain = 'month' AND disruptions > 0"),
    )
    _cell(
        "delivery_cell",
        {"ward_code": sa.Text(), "buyer_id": sa.Uuid()} | {name: sa.Text() for name in TEXTS[1:]},
        DELIVERY,
    )
    _cell(
        "fate_cell",
        {"fate": sa.Text(), "detail": sa.Text()},
        {"quantity": QUANTITY, "amount": VALUE},
        required=("fate", "detail"),
    )
    op.create_table(
        "forecast_group",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("commodity_code", sa.Text(), nullable=False),
        sa.Column("farms", sa.Integer(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.CheckConstraint("farms >= 5", name=op.f("ck_forecast_group_enough_farms")),
        sa.PrimaryKeyConstraint("week", "commodity_code", name=op.f("pk_forecast_group")),
    )
    op.add_column(
        "group_stale",
        sa.Column("forecast_told", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.execute(
        "INSERT INTO group_stale (week, commodity_code)"
        " SELECT DISTINCT week, commodity_code FROM group_cell ON CONFLICT DO NOTHING"
    )
    op.execute("DELETE FROM group_cell")
    op.add_column("group_cell", sa.Column("despatched_quantity", QUANTITY, nullable=False))
    op.create_table(
        "month_gain",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("market_code", sa.Text(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("told", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["market_code"], ["market.code"], name=op.f("fk_month_gain_market_code")
        ),
        sa.PrimaryKeyConstraint("month", "market_code", name=op.f("pk_month_gain")),
    )
    op.execute(NOTE_MONTHS)
    op.execute(
        TOUCH_GROUPS.format(
            delivered="delivery_cell",
            forecast=FORECAST,
            again="(week, commodity_code) DO UPDATE SET forecast_told = false",
        )
    )
    for table, column in BY_DAY.items():
        op.create_index(f"ix_{table}_by_day", table, [column], postgresql_using="brin")


def downgrade() -> None:
    for table in BY_DAY:
        op.drop_index(f"ix_{table}_by_day", table_name=table)
    op.drop_column("group_cell", "despatched_quantity")
    op.drop_column("group_stale", "forecast_told")
    op.drop_table("forecast_group")
    op.drop_table("month_gain")
    op.execute(NOTE_AGAIN)
    for name in ("trade_cell", "delivery_cell", "fate_cell"):
        op.drop_table(name)
    zero = {name: sa.Uuid() if name == "buyer_id" else sa.Text()
            for name in ("ward_code", "buyer_id", "grade", "processing_line", "origin")}  # fmt: skip
    _cell("trade_cell", zero, TRADE | DELIVERY, zeros=True)
    _cell(
        "fate_cell",
        {"ward_code": sa.Text(), "fate": sa.Text(), "detail": sa.Text()},
        {"quantity": QUANTITY, "amount": VALUE},
        required=("fate", "detail"),
        zeros=True,
    )
    week = sa.text("grain = 'week'")
    op.create_index(
        "ix_trade_cell_market", "trade_cell", ["period", "commodity_code"], postgresql_where=week
    )
    op.create_index(
        "ix_trade_cell_forecast",
        "trade_cell",
        ["period", "commodity_code"],
        postgresql_where=sa.text("grain = 'week' AND forecast_quantity > 0"),
    )
    op.execute(TOUCH_GROUPS.format(delivered="trade_cell", forecast="", again="DO NOTHING"))


def _cell(name, dimensions, measures, *, required=(), zeros=False):
    op.create_table(
        name,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("commodity_code", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        *(sa.Column(one, kind, nullable=one not in required) for one, kind in dimensions.items()),
        *(
            sa.Column(one, kind, nullable=not zeros, server_default="0" if zeros else None)
            for one, kind in measures.items()
        ),
        sa.CheckConstraint(
            "grain IN ('day', 'week', 'month')", name=op.f(f"ck_{name}_grain")
        ),
    )
    if zeros:
        op.create_foreign_key(
            f"fk_{name}_organisation_id", name, "organisation", ["organisation_id"], ["id"]
        )
    op.create_index(
        f"ix_{name}_seller", name, ["organisation_id", "grain", "period", "commodity_code"]
    )
    if not zeros:
        op.create_index(f"ix_{name}_period", name, ["grain", "period", "commodity_code"])
    op.create_index(
        f"ix_{name}_agent",
        name,
        ["agent_id", "grain", "period"],
        postgresql_where=sa.text("agent_id IS NOT NULL"),
    )
