"""Cooperatives see the chain: roll-ups of the trades, and triggers that say what to count."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0010'
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


# Triggers note which day of which seller's commodity a change is about; the roll-ups count it again.
TOUCHING = """
CREATE FUNCTION local_day(instant timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT (instant AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
$$;
CREATE FUNCTION touch_day(organisation uuid, day date, commodity text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO figure_touched (organisation_id, day, commodity_code)
    SELECT organisation, day, commodity WHERE day IS NOT NULL
$$;

CREATE FUNCTION touch_offer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(NEW.organisation_id, local_day(NEW.listed_at), NEW.commodity_code);
    IF TG_OP = 'UPDATE' AND OLD.listed_at IS DISTINCT FROM NEW.listed_at THEN
        PERFORM touch_day(OLD.organisation_id, local_day(OLD.listed_at), OLD.commodity_code);
        PERFORM touch_day(o.seller_id, local_day(o.placed_at), l.commodity_code)
            FROM order_line l JOIN purchase_order o ON o.id = l.order_id
            WHERE l.offer_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_offer AFTER INSERT OR UPDATE OF listed_at, quantity, ask_price ON offer
    FOR EACH ROW EXECUTE FUNCTION touch_offer();

CREATE FUNCTION touch_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(seller_id, local_day(placed_at), NEW.commodity_code)
        FROM purchase_order WHERE id = NEW.order_id;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_line AFTER INSERT ON order_line
    FOR EACH ROW EXECUTE FUNCTION touch_line();

CREATE FUNCTION touch_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(NEW.seller_id, local_day(day.placed_at), line.commodity_code)
        FROM order_line line, unnest(ARRAY[OLD.placed_at, NEW.placed_at]) AS day (placed_at)
        WHERE line.order_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_order AFTER UPDATE OF status, placed_at ON purchase_order FOR EACH ROW
    WHEN (OLD.placed_at <> NEW.placed_at
        OR (OLD.status IN ('cancelled', 'expired')) <> (NEW.status IN ('cancelled', 'expired')))
    EXECUTE FUNCTION touch_order();

CREATE FUNCTION touch_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(NEW.seller_id, local_day(NEW.ended_at), commodity_code)
        FROM order_line WHERE id = NEW.order_line_id;
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS DISTINCT FROM NEW.ended_at THEN
        PERFORM touch_day(OLD.seller_id, local_day(OLD.ended_at), commodity_code)
            FROM order_line WHERE id = OLD.order_line_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_delivery AFTER INSERT OR UPDATE OF status, ended_at ON delivery
    FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL) EXECUTE FUNCTION touch_delivery();

CREATE FUNCTION touch_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(d.seller_id, local_day(d.ended_at), l.commodity_code)
        FROM delivery d JOIN order_line l ON l.id = d.order_line_id
        WHERE d.id = NEW.delivery_id;
    RETURN NULL;
END $$;

CREATE FUNCTION touch_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(NEW.seller_id, local_day(NEW.filed_at), l.commodity_code)
        FROM delivery d JOIN order_line l ON l.id = d.order_line_id
        WHERE d.id = NEW.delivery_id;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_claim AFTER INSERT OR UPDATE ON claim
    FOR EACH ROW EXECUTE FUNCTION touch_claim();

CREATE FUNCTION touch_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(NEW.payee_id, due.due_on, l.commodity_code)
        FROM delivery d JOIN order_line l ON l.id = d.order_line_id,
            unnest(ARRAY[CASE WHEN TG_OP = 'UPDATE' THEN OLD.due_on END, NEW.due_on]) AS due (due_on)
        WHERE d.id = NEW.delivery_id;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_settlement AFTER INSERT OR UPDATE ON settlement
    FOR EACH ROW WHEN (NEW.purpose IN ('goods', 'pool_share')) EXECUTE FUNCTION touch_settlement();

CREATE FUNCTION touch_forecast() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(NEW.organisation_id, NEW.week, NEW.commodity_code);
    RETURN NULL;
END $$;
CREATE TRIGGER touch_forecast AFTER INSERT ON forecast
    FOR EACH ROW EXECUTE FUNCTION touch_forecast();

CREATE FUNCTION touch_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(NEW.organisation_id, local_day(at.instant), NEW.commodity_code)
        FROM commodity g,
            unnest(ARRAY[NEW.harvested_at, CASE WHEN TG_OP = 'UPDATE' THEN OLD.harvested_at END])
                AS harvest (instant),
            LATERAL (VALUES (harvest.instant),
                (harvest.instant + make_interval(hours => g.shelf_life_hours))) AS at (instant)
        WHERE g.code = NEW.commodity_code;
    IF TG_OP = 'UPDATE' AND OLD.grade IS DISTINCT FROM NEW.grade THEN
        PERFORM touch_day(organisation_id, local_day(listed_at), commodity_code)
            FROM offer WHERE lot_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_lot
    AFTER INSERT OR UPDATE OF status, quantity, reserved, grade, harvested_at ON lot
    FOR EACH ROW EXECUTE FUNCTION touch_lot();

CREATE FUNCTION touch_lot_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(organisation_id, local_day(harvested_at), commodity_code)
        FROM lot WHERE id = NEW.lot_id;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_lot_source AFTER INSERT ON lot_source
    FOR EACH ROW EXECUTE FUNCTION touch_lot_source();

CREATE FUNCTION touch_disrupted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM touch_day(NEW.organisation_id, local_day(NEW.found_at), NEW.commodity_code);
    RETURN NULL;
END $$;
CREATE TRIGGER touch_disrupted AFTER INSERT OR UPDATE ON disrupted_commitment
    FOR EACH ROW EXECUTE FUNCTION touch_disrupted();

CREATE FUNCTION touch_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO group_stale (week, commodity_code)
        SELECT DISTINCT period, commodity_code FROM trade_cell
        WHERE organisation_id IN (NEW.organisation_id, NEW.cooperative_id)
            AND grain = 'week' AND deliveries > 0
        ORDER BY period, commodity_code
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_groups AFTER INSERT ON membership
    FOR EACH ROW EXECUTE FUNCTION touch_groups();
"""
RECORDED = ("despatch", "weighing", "inspection", "delivery_slip")
TRIGGERS = {
    "touch_offer": "offer",
    "touch_line": "order_line",
    "touch_order": "purchase_order",
    "touch_delivery": "delivery",
    "touch_claim": "claim",
    "touch_settlement": "settlement",
    "touch_forecast": "forecast",
    "touch_lot": "lot",
    "touch_lot_source": "lot_source",
    "touch_disrupted": "disrupted_commitment",
    "touch_groups": "membership",
}


def upgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table('group_cell',
    sa.Column('week', sa.Date(), nullable=False),
    sa.Column('commodity_code', sa.Text(), nullable=False),
    sa.Column('province_code', sa.Text(), nullable=False),
    sa.Column('parties', sa.Integer(), nullable=False),
    sa.Column('deliveries', sa.Integer(), nullable=False),
    sa.Column('weighed_quantity', sa.Numeric(precision=20, scale=3), nullable=False),
    sa.Column('accepted_quantity', sa.Numeric(precision=20, scale=3), nullable=False),
    sa.Column('refused_quantity', sa.Numeric(precision=20, scale=3), nullable=False),
    sa.Column('goods_amount', sa.BigInteger(), nullable=False),
    sa.Column('carried_quantity', sa.Numeric(precision=20, scale=3), nullable=False),
    sa.Column('carried_amount', sa.BigInteger(), nullable=False),
    sa.Column('haulage_amount', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('parties >= 5', name=op.f('ck_group_cell_enough_parties')),
    sa.PrimaryKeyConstraint('week', 'commodity_code', 'province_code', name=op.f('pk_group_cell'))
    )
    op.create_table('group_stale',
    sa.Column('week', sa.Date(), nullable=False),
    sa.Column('commodity_code', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('week', 'commodity_code', name=op.f('pk_group_stale'))
    )
    op.create_table('fate_cell',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('grain', sa.Text(), nullable=False),
    sa.Column('period', sa.Date(), nullable=False),
    sa.Column('commodity_code', sa.Text(), nullable=False),
    sa.Column('agent_id', sa.Uuid(), nullable=True),
    sa.Column('ward_code', sa.Text(), nullable=True),
    sa.Column('fate', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('amount', sa.Numeric(precision=26, scale=5), server_default='0', nullable=False),
    sa.CheckConstraint("grain IN ('day', 'week', 'month')", name=op.f('ck_fate_cell_grain')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_fate_cell_organisation_id'))
    )
    op.create_index('ix_fate_cell_agent', 'fate_cell', ['agent_id', 'grain', 'period'], unique=False, postgresql_where=sa.text('agent_id IS NOT NULL'))
    op.create_index('ix_fate_cell_seller', 'fate_cell', ['organisation_id', 'grain', 'period', 'commodity_code'], unique=False)
    op.create_table('figure_touched',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('commodity_code', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_figure_touched_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_figure_touched'))
    )
    op.create_table('trade_cell',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('grain', sa.Text(), nullable=False),
    sa.Column('period', sa.Date(), nullable=False),
    sa.Column('commodity_code', sa.Text(), nullable=False),
    sa.Column('agent_id', sa.Uuid(), nullable=True),
    sa.Column('ward_code', sa.Text(), nullable=True),
    sa.Column('buyer_id', sa.Uuid(), nullable=True),
    sa.Column('grade', sa.Text(), nullable=True),
    sa.Column('processing_line', sa.Text(), nullable=True),
    sa.Column('origin', sa.Text(), nullable=True),
    sa.Column('offered_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('offered_amount', sa.Numeric(precision=26, scale=5), server_default='0', nullable=False),
    sa.Column('ordered_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('ordered_amount', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cancelled_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('orders', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('orders_of_commodity', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('order_lines', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('listing_seconds', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('deliveries', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('despatched_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('weighed_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('accepted_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('refused_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('refused_amount', sa.Numeric(precision=26, scale=5), server_default='0', nullable=False),
    sa.Column('goods_amount', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('carried_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('carried_amount', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('haulage_amount', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('due_amount', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('paid_amount', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('late_amount', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('payments', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('payment_seconds', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('claims', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('claims_granted', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('claims_refused', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('claim_credit', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('forecast_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('harvested_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('disruptions', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('disrupted_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('replaced_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('restored_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.Column('lost_quantity', sa.Numeric(precision=20, scale=3), server_default='0', nullable=False),
    sa.CheckConstraint("grain IN ('day', 'week', 'month')", name=op.f('ck_trade_cell_grain')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_trade_cell_organisation_id'))
    )
    op.create_index('ix_trade_cell_agent', 'trade_cell', ['agent_id', 'grain', 'period'], unique=False, postgresql_where=sa.text('agent_id IS NOT NULL'))
    op.create_index('ix_trade_cell_market', 'trade_cell', ['period', 'commodity_code'], unique=False, postgresql_where=sa.text("grain = 'week'"))
    op.create_index('ix_trade_cell_forecast', 'trade_cell', ['period', 'commodity_code'], unique=False, postgresql_where=sa.text("grain = 'week' AND forecast_quantity > 0"))
    op.create_index('ix_trade_cell_seller', 'trade_cell', ['organisation_id', 'grain', 'period', 'commodity_code'], unique=False)
    op.create_table('round_figures',
    sa.Column('round_id', sa.Uuid(), nullable=False),
    sa.Column('market_code', sa.Text(), nullable=False),
    sa.Column('cleared_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('welfare', sa.Numeric(precision=30, scale=0), nullable=False),
    sa.Column('rules', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['market_code'], ['market.code'], name=op.f('fk_round_figures_market_code')),
    sa.ForeignKeyConstraint(['round_id'], ['clearing_round.id'], name=op.f('fk_round_figures_round_id')),
    sa.PrimaryKeyConstraint('round_id', name=op.f('pk_round_figures'))
    )
    op.create_index(op.f('ix_round_figures_market_code'), 'round_figures', ['market_code'], unique=False)
    op.create_table('round_gain',
    sa.Column('round_id', sa.Uuid(), nullable=False),
    sa.Column('side', sa.Text(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('market_code', sa.Text(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('smallholder', sa.Boolean(), nullable=False),
    sa.Column('quantity', sa.Numeric(precision=20, scale=3), nullable=False),
    sa.Column('gain', sa.Numeric(precision=26, scale=5), nullable=False),
    sa.CheckConstraint("side IN ('seller', 'buyer')", name=op.f('ck_round_gain_side')),
    sa.CheckConstraint('quantity > 0 AND gain >= 0', name=op.f('ck_round_gain_positive')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_round_gain_organisation_id')),
    sa.ForeignKeyConstraint(['round_id'], ['clearing_round.id'], name=op.f('fk_round_gain_round_id')),
    sa.PrimaryKeyConstraint('round_id', 'side', 'organisation_id', name=op.f('pk_round_gain'))
    )
    op.create_index('ix_round_gain_cell', 'round_gain', ['market_code', 'month'], unique=False)
    op.drop_index(op.f('ix_delivery_seller_id'), table_name='delivery')
    op.create_index('ix_delivery_ended', 'delivery', ['seller_id', 'ended_at'], unique=False)
    op.create_index('ix_lot_harvested', 'lot', ['organisation_id', 'harvested_at'], unique=False)
    op.create_index('ix_offer_listed', 'offer', ['organisation_id', 'listed_at'], unique=False)
    op.drop_index(op.f('ix_purchase_order_seller_id'), table_name='purchase_order')
    op.create_index('ix_purchase_order_placed', 'purchase_order', ['seller_id', 'placed_at'], unique=False)
    op.drop_index(op.f('ix_settlement_payee_id'), table_name='settlement')
    op.create_index('ix_settlement_payee', 'settlement', ['payee_id', 'due_on'], unique=False)
    # ### end Alembic commands ###
    op.execute(TOUCHING)
    for table in RECORDED:
        op.execute(
            f"CREATE TRIGGER touch_recorded AFTER INSERT ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION touch_recorded()"
        )


def downgrade() -> None:
    for name, table in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
    for table in RECORDED:
        op.execute(f"DROP TRIGGER touch_recorded ON {table}")
    op.execute("DROP FUNCTION touch_recorded()")
    op.execute("DROP FUNCTION touch_day(uuid, date, text)")
    op.execute("DROP FUNCTION local_day(timestamptz)")
    # ### commands auto generated by Alembic - please adjust! ###
    op.drop_index('ix_settlement_payee', table_name='settlement')
    op.create_index(op.f('ix_settlement_payee_id'), 'settlement', ['payee_id'], unique=False)
    op.drop_index('ix_purchase_order_placed', table_name='purchase_order')
    op.create_index(op.f('ix_purchase_order_seller_id'), 'purchase_order', ['seller_id'], unique=False)
    op.drop_index('ix_offer_listed', table_name='offer')
    op.drop_index('ix_lot_harvested', table_name='lot')
    op.drop_index('ix_delivery_ended', table_name='delivery')
    op.create_index(op.f('ix_delivery_seller_id'), 'delivery', ['seller_id'], unique=False)
    op.drop_index('ix_round_gain_cell', table_name='round_gain')
    op.drop_table('round_gain')
    op.drop_index(op.f('ix_round_figures_market_code'), table_name='round_figures')
    op.drop_table('round_figures')
    op.drop_index('ix_trade_cell_seller', table_name='trade_cell')
    op.drop_index('ix_trade_cell_market', table_name='trade_cell', postgresql_where=sa.text("grain = 'week'"))
    op.drop_index('ix_trade_cell_forecast', table_name='trade_cell', postgresql_where=sa.text("grain = 'week' AND forecast_quantity > 0"))
    op.drop_index('ix_trade_cell_agent', table_name='trade_cell', postgresql_where=sa.text('agent_id IS NOT NULL'))
    op.drop_table('trade_cell')
    op.drop_table('figure_touched')
    op.drop_index('ix_fate_cell_seller', table_name='fate_cell')
    op.drop_index('ix_fate_cell_agent', table_name='fate_cell', postgresql_where=sa.text('agent_id IS NOT NULL'))
    op.drop_table('fate_cell')
    op.drop_table('group_stale')
    op.drop_table('group_cell')
    # ### end Alembic commands ###
