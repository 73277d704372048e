"""the clearing engine."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = '0005'
down_revision: str | Sequence[str] | None = '0004'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = {
    'market': (
        ('smallholder_bonus', sa.Numeric(precision=12, scale=2), '0'),
        ('smallholder_hectares', sa.Numeric(precision=6, scale=2), '2'),
    ),
    'offer': (('min_quantity', sa.Numeric(precision=12, scale=3), None),),
    'demand': (
        ('min_delivery', sa.Numeric(precision=12, scale=3), None),
        ('max_suppliers', sa.Integer(), None),
    ),
    'clearing_round': (
        ('certificate', postgresql.JSONB(), None),
        ('fault', postgresql.JSONB(), None),
    ),
    'market_price': (('wards', postgresql.JSONB(), '[]'),),
}
CHECKS = {
    'market': {
        'smallholder_bonus_not_negative': 'smallholder_bonus >= 0',
        'smallholder_hectares_not_negative': 'smallholder_hectares >= 0',
    },
    'offer': {'min_quantity': 'min_quantity > 0 AND min_quantity <= quantity'},
    'demand': {
        'min_delivery': 'min_delivery > 0 AND min_delivery <= quantity',
        'max_suppliers': 'max_suppliers > 0',
    },
    'clearing_round': {"fault_while_open": "fault IS NULL OR status IN ('open', 'void')"},
}
# What PostgreSQL holds to be greater than every number is no quantity and no price.
NUMBERS = {
    'offer': {
        'quantity_positive': ('quantity > 0', 'quantity'),
        'ask_price_not_negative': ('ask_price >= 0', 'ask_price'),
    },
    'demand': {
        'quantity_positive': ('quantity > 0', 'quantity'),
        'bid_price_not_negative': ('bid_price >= 0', 'bid_price'),
    },
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind, default in columns:
            op.add_column(
                table, sa.Column(name, kind, server_default=default, nullable=default is None)
            )
        for name, check in CHECKS.get(table, {}).items():
            op.create_check_constraint(op.f(f'ck_{table}_{name}'), table, check)
    for table, checks in NUMBERS.items():
        for name, (check, column) in checks.items():
            op.drop_constraint(op.f(f'ck_{table}_{name}'), table)
            whole = f"{check} AND {column} <> 'NaN'"
            op.create_check_constraint(op.f(f'ck_{table}_{name}'), table, whole)


def downgrade() -> None:
    for table, checks in NUMBERS.items():
        for name, (check, _) in checks.items():
            op.drop_constraint(op.f(f'ck_{table}_{name}'), table)
            op.create_check_constraint(op.f(f'ck_{table}_{name}'), table, check)
    for table, columns in reversed(COLUMNS.items()):
        for name in reversed(CHECKS.get(table, {})):
            op.drop_constraint(op.f(f'ck_{table}_{name}'), table)
        for name, _, _ in reversed(columns):
            op.drop_column(table, name)
