"""A made-up chain for measurements and tests: the same seed makes the same trades.

Farms of two commodities each sell to four processors each over some years; an order of four loads
takes four deliveries. Everything is written by PostgreSQL itself, a million deliveries in minutes.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from app.core.db import db

KINDS = {"person": 1, "cooperative": 2, "farm": 3, "processor": 4, "site": 5, "lot": 6, "offer": 7,
         "demand": 8, "order": 9, "line": 10, "delivery": 11, "despatch": 12, "weighing": 13,
         "inspection": 14, "part": 15, "slip": 16, "settlement": 17, "membership": 18,
         "grant": 19, "payout": 20, "share": 21, "round": 22}  # fmt: skip
LOADS = 4
TRADED = (
    "organisation",
    "site",
    "membership",
    "membership_grant",
    "lot",
    "offer",
    "demand",
    "purchase_order",
    "order_line",
    "delivery",
    "despatch",
    "weighing",
    "inspection",
    "inspection_part",
    "delivery_slip",
    "settlement",
    "payout",
    "payout_share",
    "forecast",
    "clearing_round",
    "market_price",
    "round_figures",
    "round_gain",
)
"""The tables that are written to."""


@dataclass(frozen=True)
class Chain:
    """How large: deliveries and organisations, ``days`` up to ``until``, drawn from ``seed``."""

    deliveries: int
    organisations: int
    until: date
    days: int = 1095
    commodities: int = 12
    seed: int = 0

    @property
    def cooperatives(self) -> int:
        return max(2, self.organisations // 50)

    @property
    def processors(self) -> int:
        return max(8, self.organisations // 5)

    @property
    def farms(self) -> int:
        return self.organisations - self.cooperatives - self.processors


def identity(kind: str, number: str) -> str:
    """The SQL of an id: ids of a kind sort by number."""
    head = f"{KINDS[kind]:08x}00007000" + "8000"
    return f"('{head}' || lpad(to_hex(({number})::bigint), 12, '0'))::uuid"


def found(chain: Chain) -> None:
    """Write who trades: organisations, sites, memberships with consent, lots, offers, demands,
    the farms' forecasts and a round of every market each day.
    """
    _run(chain, *_PEOPLE, *_BOOK, *_ROUNDS)


def trade(chain: Chain, *, first: int = 0, step: int = 1, left_out: int = 0) -> None:
    """Write orders and deliveries number ``first``, ``first + step`` … of the chain.

    Args:
        left_out: every so many-th order is left out, because it has been written before.
    """
    _run(chain, *_TRADES, first=first, step=step, left_out=left_out)


def _run(chain: Chain, *statements: str, **more: int) -> None:
    values: dict[str, Any] = {
        "farms": chain.farms,
        "cooperatives": chain.cooperatives,
        "processors": chain.processors,
        "orders": max(1, chain.deliveries // LOADS),
        "until": chain.until,
        "days": chain.days,
        "seed": chain.seed,
        "commodities": chain.commodities,
        **more,
    }
    for statement in statements:
        names = {name: value for name, value in values.items() if f":{name}" in statement}
        db.session.execute(text(statement), names)


def _chance(number: str, salt: int) -> str:
    """The SQL of a number from 0 to 1, drawn for each ``number`` from the seed."""
    return (
        f"(abs(hashint8extended({number}, CAST(:seed AS bigint) * 1000 + {salt}) % 1000000) / 1e6)"
    )


_NOON = "(CAST(:until AS date) - CAST(:days AS int))::timestamptz + interval '5 hours'"
_CODES = """(SELECT array_agg(code ORDER BY code) FROM (
    SELECT code FROM commodity WHERE unit = 'kg' ORDER BY code
        LIMIT CAST(:commodities AS int)) chosen)"""
_WARDS = """(SELECT array_agg(code ORDER BY code) FROM (
    (SELECT code FROM administrative_unit WHERE level = 'ward' AND valid_to IS NULL
        AND province_code = '68' ORDER BY code LIMIT 18)
    UNION ALL (SELECT code FROM administrative_unit WHERE level = 'ward' AND valid_to IS NULL
        AND province_code = '66' ORDER BY code LIMIT 18)
    UNION ALL (SELECT code FROM administrative_unit WHERE level = 'ward' AND valid_to IS NULL
        AND province_code = '52' ORDER BY code LIMIT 4)) chosen)"""
_COMMODITY = "({codes})[1 + (({farm}) * 5 + ({slot}) * 7) % array_length({codes}, 1)]"


def _organisations(kind: str, count: str, smallholder: str) -> str:
    return f"""INSERT INTO organisation (id, name, kind, smallholder, created_at)
        SELECT {identity(kind, "n")}, '{kind} ' || n, '{kind}', {smallholder}, {_NOON}
        FROM generate_series(0, CAST(:{count} AS int) - 1) n WHERE CAST(:until AS date) IS NOT NULL
            AND CAST(:days AS int) > 0"""  # noqa: S608


_PEOPLE = (
    f"""INSERT INTO person (id, name, phone, locale, created_at)
        VALUES ({identity("person", "1")}, 'Người mẫu', '+84000000001', 'vi', now())""",  # noqa: S608
    _organisations("cooperative", "cooperatives", "false"),
    _organisations("farm", "farms", "n % 3 <> 0"),
    _organisations("processor", "processors", "false"),
    f"""INSERT INTO site (id, organisation_id, name, ward_code, latitude, longitude, x, y, z,
            created_at)
        SELECT {identity("site", "n")}, {identity("farm", "n")}, '-',
            wards[1 + n % array_length(wards, 1)], 11.5, 107.8, 0, 0, 0, now()
        FROM generate_series(0, CAST(:farms AS int) - 1) n, (SELECT {_WARDS} AS wards) w""",  # noqa: S608
    f"""INSERT INTO site (id, organisation_id, name, ward_code, latitude, longitude, x, y, z,
            created_at)
        SELECT {identity("site", "1000000 + n")}, {identity("processor", "n")}, '-', '24823',
            11.55, 107.81, 0, 0, 0, now()
        FROM generate_series(0, CAST(:processors AS int) - 1) n""",  # noqa: S608
    f"""INSERT INTO membership (id, organisation_id, cooperative_id, started_on)
        SELECT {identity("membership", "n")}, {identity("farm", "n")},
            {identity("cooperative", "n % CAST(:cooperatives AS int)")},
            CAST(:until AS date) - CAST(:days AS int)
        FROM generate_series(0, CAST(:farms AS int) - 1) n WHERE n % 4 <> 3""",  # noqa: S608
    f"""INSERT INTO membership_grant (id, membership_id, organisation_id, kind, given_at,
            given_by_id)
        SELECT {identity("grant", "n")}, {identity("membership", "n")}, {identity("farm", "n")},
            'consent', now(), {identity("person", "1")}
        FROM generate_series(0, CAST(:farms AS int) - 1) n WHERE n % 4 < 2""",  # noqa: S608
)
_LOT = "n * 64 + slot * 32 + quarter"
_LOTS_FROM = f"""generate_series(0, CAST(:farms AS int) - 1) n, generate_series(0, 1) slot,
        generate_series(0, CAST(:days AS int) / 91) quarter,
        (SELECT {_CODES} AS codes) c"""
_HARVEST = f"{_NOON} + quarter * interval '91 days'"
_BOOK = (
    f"""INSERT INTO lot (id, organisation_id, capacity, commodity_code, site_id, status, quantity,
            reserved, grade, qualities, harvested_at, ready_at, created_at)
        SELECT {identity("lot", _LOT)}, {identity("farm", "n")}, 'own_account',
            {_COMMODITY.format(codes="codes", farm="n", slot="slot")}, {identity("site", "n")},
            'harvested', 900000, 890000 + n % 9000, NULL, '{{}}', {_HARVEST}, {_HARVEST}, now()
        FROM {_LOTS_FROM} WHERE CAST(:until AS date) IS NOT NULL""",  # noqa: S608
    f"""INSERT INTO offer (id, organisation_id, capacity, lot_id, commodity_code, market_code,
            ask_price, price_as_typed, open_until, visibility, visible_to, listed_at, created_at,
            quantity, taken, status, firm)
        SELECT {identity("offer", _LOT)}, {identity("farm", "n")}, 'own_account',
            {identity("lot", _LOT)}, g.code, g.market_code, 20000 + n % 500, '{{}}', now(),
            'public', '{{}}', {_HARVEST}, now(), 800000, 0, 'closed', true
        FROM {_LOTS_FROM},
            LATERAL (SELECT code, market_code FROM commodity
                WHERE code = {_COMMODITY.format(codes="c.codes", farm="n", slot="slot")}) g
        WHERE CAST(:until AS date) IS NOT NULL""",  # noqa: S608
    f"""INSERT INTO demand (id, organisation_id, capacity, market_code, bid_price, deliver_from,
            deliver_until, site_id, processing_line, shortage_rule, created_at, quantity, status,
            firm)
        SELECT {identity("demand", "n")}, {identity("processor", "n")}, 'own_account',
            (SELECT min(code) FROM market), 30000, now() - interval '2 days',
            now() - interval '1 day', {identity("site", "1000000 + n")},
            lines[1 + n % array_length(lines, 1)], 'pro_rata', now(), 900000, 'closed', true
        FROM generate_series(0, CAST(:processors AS int) - 1) n,
            (SELECT array_agg(code ORDER BY code) AS lines FROM processing_line) l""",  # noqa: S608
    f"""INSERT INTO forecast (organisation_id, capacity, commodity_code, week, quantity, low, high,
            trend, made_at)
        SELECT {identity("farm", "n")}, 'own_account',
            {_COMMODITY.format(codes="codes", farm="n", slot="slot")}, monday, said, said / 2,
            said * 2, 'even', monday - interval '3 days'
        FROM generate_series(0, CAST(:farms AS int) - 1) n, generate_series(0, 1) slot,
            generate_series(0, CAST(:days AS int) / 7 + 4) week,
            LATERAL (SELECT date_trunc('week', CAST(:until AS date) - CAST(:days AS int))::date
                + 7 * week AS monday, 500 + (n * 31 + week * 17) % 900 AS said) told,
            (SELECT {_CODES} AS codes) c""",  # noqa: S608
)
_PARTIES = 48
_ROUNDS = (
    "DROP TABLE IF EXISTS made_round",
    f"""CREATE TEMPORARY TABLE made_round AS
        SELECT row_number() OVER (ORDER BY day, market_code) AS r, market_code,
            {_NOON} + day * interval '1 day' AS at
        FROM generate_series(0, CAST(:days AS int) - 1) day, (SELECT DISTINCT market_code
            FROM commodity, (SELECT {_CODES} AS codes) c WHERE code = ANY(codes)) m
        WHERE CAST(:until AS date) IS NOT NULL""",  # noqa: S608
    f"""INSERT INTO clearing_round (id, market_code, status, opened_at, cleared_at, welfare,
            snapshot_hash)
        SELECT {identity("round", "r")}, market_code, 'cleared', at, at, 480000 + r % 100000, '-'
        FROM made_round""",  # noqa: S608
    f"""INSERT INTO market_price (round_id, market_code, cleared_at, quantity, seller_low,
            seller_average, seller_high, buyer_low, buyer_average, buyer_high)
        SELECT {identity("round", "r")}, market_code, at, 4800, 20000, 21000 + r % 999, 23000,
            20500, 22000 + r % 999, 24000
        FROM made_round""",  # noqa: S608
    f"""INSERT INTO round_figures (round_id, market_code, cleared_at, welfare, rules)
        SELECT {identity("round", "r")}, market_code, at, 480000 + r % 100000,
            jsonb_build_object('first come', 300000 + r % 90000, 'best price', 420000)
        FROM made_round""",  # noqa: S608
    f"""INSERT INTO round_gain (round_id, side, organisation_id, market_code, month, smallholder,
            quantity, gain)
        SELECT {identity("round", "r")}, CASE WHEN party < 40 THEN 'seller' ELSE 'buyer' END,
            CASE WHEN party < 40 THEN {identity("farm", "(r * 40 + party) % CAST(:farms AS int)")}
                ELSE {identity("processor", "(r * 8 + party) % CAST(:processors AS int)")} END,
            market_code, date_trunc('month', at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date,
            party < 40 AND (r * 40 + party) % CAST(:farms AS int) % 3 <> 0, 100 + party, 10000
        FROM made_round, generate_series(0, {_PARTIES} - 1) party""",  # noqa: S608
)
_SPAN = "CAST(:days AS int) - 8"
_TRADES = (
    "DROP TABLE IF EXISTS made_order",
    f"""CREATE TEMPORARY TABLE made_order AS
        SELECT n, farm, slot, n % 4 AS partner,
            (farm * 7 + (n % 4) * 13) % CAST(:processors AS int) AS processor, placed_at,
            farm * 64 + slot * 32 + (placed_at::date
                - (CAST(:until AS date) - CAST(:days AS int))) / 91 AS lot,
            50 + floor(400 * {_chance("n", 3)})::int AS quantity,
            20000 + floor(9000 * {_chance("n", 4)})::int AS unit_price,
            CASE WHEN {_chance("n", 5)} < 0.6 THEN 'round'
                WHEN {_chance("n", 5)} < 0.9 THEN 'direct' ELSE 'contract' END AS origin,
            {_chance("n", 6)} < 0.03 AS lost
        FROM (SELECT n, floor(CAST(:farms AS int) * {_chance("n", 1)})::int AS farm,
                (n / 7 % 2)::int AS slot,
                {_NOON} + (n::float8 / CAST(:orders AS int)) * ({_SPAN}) * interval '1 day'
                    AS placed_at
            FROM generate_series(CAST(:first AS bigint), CAST(:orders AS bigint) - 1,
                CAST(:step AS bigint)) n
            WHERE CAST(:left_out AS int) = 0 OR n % greatest(1, CAST(:left_out AS int)) <> 0
        ) drawn""",  # noqa: S608
    f"""INSERT INTO purchase_order (id, organisation_id, capacity, seller_id, seller_capacity,
            site_id, demand_id, demand_quantity, origin, status, carrier, goods_amount,
            haulage_amount, placed_at, confirmed_at)
        SELECT {identity("order", "n")}, {identity("processor", "processor")}, 'own_account',
            {identity("farm", "farm")}, 'own_account', {identity("site", "1000000 + processor")},
            CASE origin WHEN 'round' THEN {identity("demand", "processor")} END,
            CASE origin WHEN 'round' THEN 4 * quantity END, origin,
            CASE WHEN lost THEN 'cancelled' ELSE 'received' END,
            CASE origin WHEN 'round' THEN 'seller' ELSE 'buyer' END,
            4::bigint * quantity * unit_price,
            CASE origin WHEN 'round' THEN 4 * quantity * 300 ELSE 0 END, placed_at, placed_at
        FROM made_order ORDER BY n""",  # noqa: S608
    f"""INSERT INTO order_line (id, order_id, organisation_id, seller_id, offer_id, lot_id,
            commodity_code, quantity, unit_price, amount, haulage_amount)
        SELECT {identity("line", "n")}, {identity("order", "n")},
            {identity("processor", "processor")}, {identity("farm", "farm")},
            {identity("offer", "lot")}, {identity("lot", "lot")},
            {_COMMODITY.format(codes="codes", farm="farm", slot="slot")}, 4 * quantity,
            unit_price, 4::bigint * quantity * unit_price,
            CASE origin WHEN 'round' THEN 4 * quantity * 300 ELSE 0 END
        FROM made_order, (SELECT {_CODES} AS codes) c ORDER BY n""",  # noqa: S608
    "DROP TABLE IF EXISTS made_load",
    f"""CREATE TEMPORARY TABLE made_load AS
        SELECT d, n, load, farm, processor, origin, quantity, unit_price, ended_at,
            CASE WHEN chance < 0.03 THEN 'rejected' WHEN chance < 0.08 THEN 'partly_accepted'
                ELSE 'accepted' END AS status,
            (quantity * (1 - 0.02 * {_chance("d", 8)}))::numeric(12,3) AS net,
            {_chance("d", 9)} AS pays
        FROM (SELECT o.*, load, o.n * 4 + load AS d,
                placed_at + (1 + load) * interval '1 day' + {_chance("n", 7)} * interval '8 hours'
                    AS ended_at,
                {_chance("(o.n * 4 + load)", 10)} AS chance
            FROM made_order o, generate_series(0, 3) load WHERE NOT lost) one""",  # noqa: S608
    "ALTER TABLE made_load ADD COLUMN accepted numeric(12,3)",
    """UPDATE made_load SET accepted = CASE status WHEN 'rejected' THEN 0
            WHEN 'partly_accepted' THEN round(net * 0.9, 3) ELSE net END""",
    f"""INSERT INTO delivery (id, organisation_id, seller_id, order_id, order_line_id, number,
            status, scheduled_quantity, scheduled_at, inspected_at, ended_at)
        SELECT {identity("delivery", "d")}, {identity("processor", "processor")},
            {identity("farm", "farm")}, {identity("order", "n")}, {identity("line", "n")},
            load + 1, status, quantity, ended_at, ended_at, ended_at
        FROM made_load ORDER BY d""",  # noqa: S608
    f"""INSERT INTO despatch (id, delivery_id, organisation_id, recorded_by_id, number,
            recorded_at, quantity, as_typed, lot_id)
        SELECT {identity("despatch", "d")}, {identity("delivery", "d")},
            {identity("farm", "farm")}, {identity("person", "1")}, 1, ended_at, quantity, '{{}}',
            {identity("lot", "farm * 64")}
        FROM made_load ORDER BY d""",  # noqa: S608
    f"""INSERT INTO weighing (id, delivery_id, organisation_id, recorded_by_id, number,
            recorded_at, tickets, gross, tare, net)
        SELECT {identity("weighing", "d")}, {identity("delivery", "d")},
            {identity("processor", "processor")}, {identity("person", "1")}, 1, ended_at, '[]',
            net, 0, net
        FROM made_load ORDER BY d""",  # noqa: S608
    f"""INSERT INTO inspection (id, delivery_id, organisation_id, recorded_by_id, number,
            recorded_at, inspector, neutral)
        SELECT {identity("inspection", "d")}, {identity("delivery", "d")},
            {identity("processor", "processor")}, {identity("person", "1")}, 1, ended_at, '-',
            false
        FROM made_load ORDER BY d""",  # noqa: S608
    f"""INSERT INTO inspection_part (id, inspection_id, organisation_id, position, net,
            accepted_quantity, qualities, result, reason)
        SELECT {identity("part", "d")}, {identity("inspection", "d")},
            {identity("processor", "processor")}, 1, net, accepted, '{{}}',
            CASE status WHEN 'rejected' THEN 'rejected' ELSE 'accepted' END,
            CASE WHEN status <> 'accepted' THEN 'mốc' END
        FROM made_load WHERE net > 0 ORDER BY d""",  # noqa: S608
    f"""INSERT INTO delivery_slip (id, delivery_id, organisation_id, recorded_by_id, number,
            recorded_at, document, accepted_quantity, base_amount, payable_amount, haulage_amount)
        SELECT {identity("slip", "d")}, {identity("delivery", "d")},
            {identity("processor", "processor")}, {identity("person", "1")}, 1, ended_at, '{{}}',
            accepted, round(accepted * unit_price), round(accepted * unit_price),
            CASE origin WHEN 'round' THEN round(accepted * 300) ELSE 0 END
        FROM made_load ORDER BY d""",  # noqa: S608
    f"""INSERT INTO settlement (id, organisation_id, payee_id, delivery_id, order_id, purpose,
            status, amount, paid, due_on, claims_until, created_at, final_at)
        SELECT {identity("settlement", "d")}, {identity("processor", "processor")},
            {identity("farm", "farm")}, {identity("delivery", "d")}, {identity("order", "n")},
            'goods', 'final', round(accepted * unit_price),
            CASE WHEN pays < 0.9 THEN round(accepted * unit_price) ELSE 0 END,
            ended_at::date + 7, ended_at + interval '2 days', ended_at, ended_at
        FROM made_load ORDER BY d""",  # noqa: S608
    f"""INSERT INTO payout (id, organisation_id, capacity, payee_id, status, amount,
            recorded_by_id, recorded_at, confirmed_at)
        SELECT {identity("payout", "d")}, {identity("processor", "processor")}, 'own_account',
            {identity("farm", "farm")}, 'confirmed', round(accepted * unit_price),
            {identity("person", "1")}, paid_at, paid_at
        FROM made_load, LATERAL (SELECT ended_at + 16 * pays * interval '1 day' AS paid_at) p
        WHERE pays < 0.9 AND round(accepted * unit_price) > 0 ORDER BY d""",  # noqa: S608
    f"""INSERT INTO payout_share (id, payout_id, organisation_id, settlement_id, position, amount)
        SELECT {identity("share", "d")}, {identity("payout", "d")},
            {identity("processor", "processor")}, {identity("settlement", "d")}, 1,
            round(accepted * unit_price)
        FROM made_load WHERE pays < 0.9 AND round(accepted * unit_price) > 0 ORDER BY d""",  # noqa: S608
)
