"""The SQL of every figure that roll-ups keep, in one place. `docs/analytics.md` defines each.

A source says which rows of the trades count, on which day in Viet Nam, for which seller and
commodity, and what each row adds to the measures. The same text serves touched days and a span of
days of everybody, so counting a correction and rebuilding cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.analytics.models import DIMENSIONS, MEASURES

ZONE = "'Asia/Ho_Chi_Minh'"
TOUCHED = f"""touched AS MATERIALIZED (
    SELECT day, organisation_id, commodity_code,
        day::timestamp AT TIME ZONE {ZONE} AS since,
        (day + 1)::timestamp AT TIME ZONE {ZONE} AS until
    FROM unnest(CAST(:days AS date[]), CAST(:organisations AS uuid[]), CAST(:commodities AS text[]))
        AS k (day, organisation_id, commodity_code)
)"""  # noqa: S608


class Scope(StrEnum):
    """What is counted: days of sellers' commodities, or all from the day ``first`` to ``next``.

    Parameters are ``days``, ``organisations`` and ``commodities``, of one length; or ``first``
    and ``next``, which does not belong to it.
    """

    TOUCHED = "touched"
    SPAN = "span"

    @property
    def begin(self) -> str:
        """The common table expressions that a statement begins with."""
        return f"{TOUCHED}, " if self is Scope.TOUCHED else ""


@dataclass(frozen=True)
class Source:
    """Rows that count for a roll-up.

    ``at`` is the instant at which a row counts, or with ``dated`` the day; ``later`` is an interval
    after it at which it counts instead. Dimensions that are not named are null; ``measures`` are
    what one row adds. ``chosen`` rows are of the days in question already. Rows of a span are taken
    in the order of ``near``, in which what is joined to them lies together.
    """

    at: str
    seller: str
    commodity: str
    tables: str
    measures: Mapping[str, str]
    where: str = "true"
    dimensions: Mapping[str, str] = field(default_factory=dict)
    dated: bool = False
    chosen: bool = False
    near: str = ""
    later: str = ""

    @property
    def day(self) -> str:
        """The day on which a row counts."""
        instant = f"({self.at} + {self.later})" if self.later else self.at
        return self.at if self.dated else f"({instant} AT TIME ZONE {ZONE})::date"

    def select(self, cell: str, scope: Scope) -> str:
        """The source's rows summed by the dimensions of ``cell``."""
        own = {
            "organisation_id": self.seller,
            "grain": "'day'",
            "period": self.day,
            "commodity_code": self.commodity,
            **self.dimensions,
        }
        keys = [f"{own.get(name, _nothing(name))} AS {name}" for name in DIMENSIONS[cell]]
        sums = [f"{self._sum(name)}::{kind} AS {name}" for name, kind in MEASURES[cell].items()]
        grouped = ", ".join(str(number + 1) for number in range(len(keys)))
        return f"SELECT {', '.join(keys + sums)} {self.rows(scope)} GROUP BY {grouped}"

    def _sum(self, measure: str) -> str:
        return f"sum({self.measures[measure]})" if measure in self.measures else "NULL"

    def rows(self, scope: Scope) -> str:
        """FROM and WHERE: the source's rows of the days in question."""
        if self.chosen:
            return f"FROM {self.tables} WHERE {self.where}"
        within = self._within(scope)
        if scope is Scope.TOUCHED:
            return f"FROM touched CROSS JOIN {self.tables} WHERE {self.where} AND {within}"
        if not self.near:
            return f"FROM {self.tables} WHERE {self.where} AND {within}"
        table, alias, joins = self.tables.split(maxsplit=2)
        first = f"SELECT * FROM {table} {alias} WHERE {within} ORDER BY {self.near}"  # noqa: S608
        return f"FROM ({first}) {alias} {joins} WHERE {self.where}"

    def _within(self, scope: Scope) -> str:
        back = f" - {self.later}" if self.later else ""
        if scope is Scope.SPAN:
            first, following = "CAST(:first AS date)", "CAST(:next AS date)"
            if not self.dated:
                first, following = (
                    f"{day}::timestamp AT TIME ZONE {ZONE}" for day in (first, following)
                )
            return f"{self.at} >= {first}{back} AND {self.at} < {following}{back}"
        when = (
            f"{self.at} = touched.day"
            if self.dated
            else f"{self.at} >= touched.since{back} AND {self.at} < touched.until{back}"
        )
        return (
            f"{self.seller} = touched.organisation_id"
            f" AND {self.commodity} = touched.commodity_code AND {when}"
        )


def _nothing(name: str) -> str:
    return "NULL::uuid" if name.endswith("_id") else "NULL::text"


_LOST = "o.status IN ('cancelled', 'expired')"
_KEPT = f"NOT {_LOST}"


def _last(table: str, name: str) -> str:
    """A join to what was recorded last about a delivery."""
    return f"""LEFT JOIN LATERAL (SELECT * FROM {table} recorded
        WHERE recorded.delivery_id = d.id ORDER BY recorded.number DESC LIMIT 1) {name} ON true"""  # noqa: S608


_ENDED = Source(
    at="d.ended_at",
    seller="d.seller_id",
    commodity="l.commodity_code",
    tables=f"""delivery d
    JOIN order_line l ON l.id = d.order_line_id
    JOIN purchase_order o ON o.id = l.order_id
    JOIN lot t ON t.id = l.lot_id
    JOIN site s ON s.id = t.site_id
    LEFT JOIN demand w ON w.id = o.demand_id
    {_last("despatch", "sent")}
    {_last("weighing", "scale")}
    {_last("inspection", "look")}
    {_last("delivery_slip", "slip")}""",
    near="d.id",
    where="d.ended_at IS NOT NULL AND d.status IN ('accepted', 'partly_accepted', 'rejected')",
    measures={},
)


def ended(scope: Scope) -> str:
    """The deliveries that ended on the days in question, with what was recorded of them last."""
    return f"""ended AS MATERIALIZED (
    SELECT {_ENDED.day} AS day, d.seller_id, l.commodity_code, o.seller_agent_id AS agent_id,
        s.ward_code, o.organisation_id AS buyer_id, l.grade, w.processing_line, o.origin,
        o.carrier <> 'buyer' AS billed, l.unit_price, look.id AS inspection_id,
        coalesce(sent.quantity, scale.net, slip.accepted_quantity, 0) AS despatched,
        coalesce(scale.net, slip.accepted_quantity, 0) AS weighed,
        coalesce(slip.accepted_quantity, 0) AS accepted, sent.quantity - scale.net AS shrunk,
        coalesce(slip.payable_amount, 0) AS payable, coalesce(slip.haulage_amount, 0) AS haulage
    {_ENDED.rows(scope)}
)"""


_OFFERED = Source(
    at="f.listed_at",
    seller="f.organisation_id",
    commodity="f.commodity_code",
    tables="offer f",
    where="f.listed_at IS NOT NULL",
    dimensions={"agent_id": "f.agent_id"},
    measures={"offered_quantity": "f.quantity", "offered_amount": "f.quantity * f.ask_price"},
)

_FIRST = """NOT EXISTS (SELECT FROM order_line other
        WHERE other.order_id = l.order_id AND other.id < l.id{same})"""
_ORDERS = Source(
    at="o.placed_at",
    seller="o.seller_id",
    commodity="l.commodity_code",
    tables="""purchase_order o
    JOIN order_line l ON l.order_id = o.id
    JOIN offer f ON f.id = l.offer_id""",
    near="o.id",
    dimensions={"agent_id": "o.seller_agent_id", "origin": "o.origin"},
    measures={
        "ordered_quantity": f"CASE WHEN {_KEPT} THEN l.quantity ELSE 0 END",
        "ordered_amount": f"CASE WHEN {_KEPT} THEN l.amount ELSE 0 END",
        "cancelled_quantity": f"CASE WHEN {_LOST} THEN l.quantity ELSE 0 END",
        "orders": f"({_KEPT} AND {_FIRST.format(same='')})::int",
        "orders_of_commodity": f"({_KEPT} AND "
        + _FIRST.format(same=" AND other.commodity_code = l.commodity_code")
        + ")::int",
        "order_lines": f"({_KEPT})::int",
        "listing_seconds": f"CASE WHEN {_KEPT} THEN greatest(0, extract(epoch FROM"
        " o.placed_at - coalesce(f.listed_at, o.placed_at)))::bigint ELSE 0 END",
    },
)

_OF_ENDED: dict[str, Any] = {
    "at": "e.day",
    "dated": True,
    "chosen": True,
    "seller": "e.seller_id",
    "commodity": "e.commodity_code",
}
_DELIVERIES = Source(
    **_OF_ENDED,
    tables="ended e",
    dimensions={
        "agent_id": "e.agent_id",
        "ward_code": "e.ward_code",
        "buyer_id": "e.buyer_id",
        "grade": "e.grade",
        "processing_line": "e.processing_line",
        "origin": "e.origin",
    },
    measures={
        "deliveries": "1",
        "despatched_quantity": "e.despatched",
        "weighed_quantity": "e.weighed",
        "accepted_quantity": "e.accepted",
        "refused_quantity": "e.weighed - e.accepted",
        "refused_amount": "(e.weighed - e.accepted) * e.unit_price",
        "goods_amount": "e.payable",
        "carried_quantity": "CASE WHEN e.billed THEN e.accepted END",
        "carried_amount": "CASE WHEN e.billed THEN e.payable END",
        "haulage_amount": "e.haulage",
    },
)

_PAYMENTS = Source(
    at="p.due_on",
    dated=True,
    seller="p.payee_id",
    commodity="l.commodity_code",
    tables="""settlement p
    JOIN delivery d ON d.id = p.delivery_id
    JOIN order_line l ON l.id = d.order_line_id
    JOIN purchase_order o ON o.id = l.order_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(share.amount) FILTER (
                WHERE (payout.recorded_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date > p.due_on), 0)
            AS late, max(payout.recorded_at) AS last_at
        FROM payout_share share JOIN payout ON payout.id = share.payout_id
        WHERE share.settlement_id = p.id AND payout.status <> 'bounced') money
    CROSS JOIN LATERAL (SELECT
        greatest(0, p.amount - p.held - p.credited - p.netted - p.commission) AS amount) due""",
    near="p.delivery_id",
    where="p.purpose IN ('goods', 'pool_share')",
    dimensions={
        "agent_id": "CASE WHEN p.payee_id = o.seller_id THEN o.seller_agent_id END",
        "origin": "CASE p.purpose WHEN 'pool_share' THEN 'pool' END",
    },
    measures={
        "due_amount": "due.amount",
        "paid_amount": "least(p.paid, due.amount)",
        "late_amount": "least(money.late, p.paid, due.amount)",
        "payments": "(p.paid > 0 AND p.paid >= due.amount)::int",
        "payment_seconds": "CASE WHEN p.paid > 0 AND p.paid >= due.amount"
        " THEN coalesce(extract(epoch FROM money.last_at - o.placed_at)::bigint, 0) ELSE 0 END",
    },
)

_POOLED = Source(
    at="p.accepted_on",
    dated=True,
    seller="p.payee_id",
    commodity="l.commodity_code",
    tables="""settlement p
    JOIN delivery d ON d.id = p.delivery_id
    JOIN order_line l ON l.id = d.order_line_id""",
    where="p.purpose = 'pool_share'",
    dimensions={"origin": "'pool'"},
    measures={"pooled_quantity": "p.quantity", "pooled_amount": "p.amount"},
)

_CLAIMS = Source(
    at="c.filed_at",
    seller="c.seller_id",
    commodity="l.commodity_code",
    tables="""claim c
    JOIN delivery d ON d.id = c.delivery_id
    JOIN order_line l ON l.id = d.order_line_id
    JOIN purchase_order o ON o.id = l.order_id""",
    dimensions={"agent_id": "o.seller_agent_id"},
    measures={
        "claims": "1",
        "claims_granted": "(c.ended_at IS NOT NULL AND coalesce(c.credit, 0) > 0)::int",
        "claims_refused": "(c.ended_at IS NOT NULL AND coalesce(c.credit, 0) = 0)::int",
        "claim_credit": "CASE WHEN c.ended_at IS NOT NULL THEN coalesce(c.credit, 0) ELSE 0 END",
    },
)

_FORECASTS = Source(
    at="e.week",
    dated=True,
    seller="e.organisation_id",
    commodity="e.commodity_code",
    tables="forecast e",
    where=f"""e.made_at < e.week::timestamp AT TIME ZONE {ZONE}
        AND NOT EXISTS (SELECT FROM forecast later
            WHERE later.organisation_id = e.organisation_id
            AND later.commodity_code = e.commodity_code AND later.week = e.week
            AND later.made_at < e.week::timestamp AT TIME ZONE {ZONE}
            AND (later.made_at, later.id) > (e.made_at, e.id))""",
    dimensions={"agent_id": "e.agent_id"},
    measures={"forecast_quantity": "e.quantity"},
)

_HARVESTS = Source(
    at="t.harvested_at",
    seller="t.organisation_id",
    commodity="t.commodity_code",
    tables="lot t",
    where="t.harvested_at IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM lot_source x WHERE x.lot_id = t.id)",
    dimensions={"agent_id": "t.agent_id"},
    measures={"harvested_quantity": "t.quantity"},
)

_DISRUPTIONS = Source(
    at="b.found_at",
    seller="b.organisation_id",
    commodity="b.commodity_code",
    tables="disrupted_commitment b",
    dimensions={"agent_id": "b.seller_agent_id"},
    measures={
        "disruptions": "1",
        "disrupted_quantity": "b.quantity",
        "replaced_quantity": "b.replaced",
        "restored_quantity": "b.restored",
        "lost_quantity": "CASE WHEN b.ended_at IS NOT NULL"
        " THEN b.quantity - b.replaced - b.restored ELSE 0 END",
    },
)

_PARTS = "ended e JOIN inspection_part part ON part.inspection_id = e.inspection_id"
_JUDGED = Source(
    **_OF_ENDED,
    tables=_PARTS,
    where="part.accepted_quantity > 0",
    dimensions={
        "agent_id": "e.agent_id",
        "fate": "part.result",
        "detail": "coalesce(part.grade, e.grade, '')",
    },
    measures={
        "quantity": "part.accepted_quantity",
        "amount": "part.accepted_quantity * e.unit_price",
    },
)
_REJECTED = Source(
    **_OF_ENDED,
    tables=_PARTS,
    where="part.net > part.accepted_quantity",
    dimensions={
        "agent_id": "e.agent_id",
        "fate": "'rejected'",
        "detail": "lower(btrim(left(coalesce(part.reason, ''), 80)))",
    },
    measures={
        "quantity": "part.net - part.accepted_quantity",
        "amount": "(part.net - part.accepted_quantity) * e.unit_price",
    },
)
_SHRUNK = Source(
    **_OF_ENDED,
    tables="ended e",
    where="e.shrunk <> 0",
    dimensions={"agent_id": "e.agent_id", "fate": "'shrunk'", "detail": "''"},
    measures={"quantity": "e.shrunk", "amount": "e.shrunk * e.unit_price"},
)
_RUN_OUT = Source(
    at="t.harvested_at",
    later="make_interval(hours => g.shelf_life_hours)",
    seller="t.organisation_id",
    commodity="t.commodity_code",
    tables="lot t JOIN commodity g ON g.code = t.commodity_code",
    where="t.harvested_at IS NOT NULL AND t.status IN ('harvested', 'spoiled')"
    " AND t.quantity > t.reserved",
    dimensions={
        "agent_id": "t.agent_id",
        "fate": "CASE t.status WHEN 'spoiled' THEN 'spoiled' ELSE 'run_out' END",
        "detail": "''",
    },
    measures={"quantity": "t.quantity - t.reserved"},
)

SOURCES: Mapping[str, tuple[Source, ...]] = {
    "trade_cell": (
        *(_OFFERED, _ORDERS, _PAYMENTS, _POOLED),
        *(_CLAIMS, _FORECASTS, _HARVESTS, _DISRUPTIONS),
    ),
    "delivery_cell": (_DELIVERIES,),
    "fate_cell": (_JUDGED, _REJECTED, _SHRUNK, _RUN_OUT),
}
