"""The SQL of every figure that roll-ups keep, in one place. `docs/analytics.md` defines each.

A source says which rows of the trades count, on which day in Viet Nam, for which seller and
commodity, and what each row adds to the measures. The same text serves a touched day and a
rebuild of everything, so the two cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.analytics.models import DIMENSIONS, MEASURES

ZONE = "'Asia/Ho_Chi_Minh'"

TOUCHED = f"""touched AS MATERIALIZED (
    SELECT day, organisation_id, commodity_code,
        day::timestamp AT TIME ZONE {ZONE} AS since,
        (day + 1)::timestamp AT TIME ZONE {ZONE} AS until
    FROM unnest(CAST(:days AS date[]), CAST(:organisations AS uuid[]), CAST(:commodities AS text[]))
        AS k (day, organisation_id, commodity_code)
)"""  # noqa: S608


@dataclass(frozen=True)
class Source:
    """Rows that count for a roll-up.

    ``at`` is the instant at which a row counts, or with ``dated`` the day; ``later`` is an interval
    after it at which it counts instead. Dimensions that are not
    named are null; ``measures`` are what one row adds.
    """

    at: str
    seller: str
    commodity: str
    tables: str
    measures: Mapping[str, str]
    where: str = "true"
    dimensions: Mapping[str, str] = field(default_factory=dict)
    dated: bool = False
    later: str = ""

    def select(self, cell: str, *, touched: bool) -> str:
        """The source's rows summed by the dimensions of ``cell``, of touched days or of all."""
        instant = f"({self.at} + {self.later})" if self.later else self.at
        day = self.at if self.dated else f"({instant} AT TIME ZONE {ZONE})::date"
        own = {
            "organisation_id": self.seller,
            "grain": "'day'",
            "period": day,
            "commodity_code": self.commodity,
            **self.dimensions,
        }
        keys = [f"{own.get(name, _nothing(name))} AS {name}" for name in DIMENSIONS[cell]]
        sums = [f"sum({self.measures[name]}) AS {name}" if name in self.measures else f"0 AS {name}"
                for name in MEASURES[cell]]  # fmt: skip
        join = f"touched CROSS JOIN {self.tables}" if touched else self.tables
        restricted = f" AND {self._within()}" if touched else ""
        grouped = ", ".join(str(number + 1) for number in range(len(keys)))
        return (
            f"SELECT {', '.join(keys + sums)} FROM {join}"  # noqa: S608
            f" WHERE {self.where}{restricted} GROUP BY {grouped}"
        )

    def _within(self) -> str:
        back = f" - {self.later}" if self.later else ""
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


_ORDERED = """purchase_order o
    JOIN order_line l ON l.order_id = o.id
    JOIN offer f ON f.id = l.offer_id
    JOIN lot t ON t.id = l.lot_id
    JOIN site s ON s.id = t.site_id
    LEFT JOIN demand w ON w.id = o.demand_id"""
_OF_ORDER = {
    "agent_id": "o.seller_agent_id",
    "buyer_id": "o.organisation_id",
    "grade": "l.grade",
    "ward_code": "s.ward_code",
    "processing_line": "w.processing_line",
    "origin": "o.origin",
}
_LOST = "o.status IN ('cancelled', 'expired')"
_KEPT = f"NOT {_LOST}"


def _last(table: str, name: str) -> str:
    """A join to what was recorded last about a delivery."""
    return f"""LEFT JOIN LATERAL (SELECT * FROM {table} recorded
        WHERE recorded.delivery_id = d.id ORDER BY recorded.number DESC LIMIT 1) {name} ON true"""  # noqa: S608


_DELIVERED = f"""delivery d
    JOIN order_line l ON l.id = d.order_line_id
    JOIN purchase_order o ON o.id = l.order_id
    JOIN lot t ON t.id = l.lot_id
    JOIN site s ON s.id = t.site_id
    LEFT JOIN demand w ON w.id = o.demand_id
    {_last("despatch", "sent")}
    {_last("weighing", "scale")}"""
_ENDED = "d.ended_at IS NOT NULL AND d.status IN ('accepted', 'partly_accepted', 'rejected')"
_ACCEPTED = "coalesce(slip.accepted_quantity, 0)"
_WEIGHED = f"coalesce(scale.net, {_ACCEPTED})"
_REFUSED = f"({_WEIGHED} - {_ACCEPTED})"
_BILLED = "o.carrier <> 'buyer'"

_OFFERED = Source(
    at="f.listed_at",
    seller="f.organisation_id",
    commodity="f.commodity_code",
    tables="offer f JOIN lot t ON t.id = f.lot_id JOIN site s ON s.id = t.site_id",
    where="f.listed_at IS NOT NULL",
    dimensions={"agent_id": "f.agent_id", "grade": "t.grade", "ward_code": "s.ward_code"},
    measures={"offered_quantity": "f.quantity", "offered_amount": "f.quantity * f.ask_price"},
)

_FIRST = """NOT EXISTS (SELECT FROM order_line other
        WHERE other.order_id = l.order_id AND other.id < l.id{same})"""
_ORDERS = Source(
    at="o.placed_at",
    seller="o.seller_id",
    commodity="l.commodity_code",
    tables=_ORDERED,
    dimensions=_OF_ORDER,
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

_DELIVERIES = Source(
    at="d.ended_at",
    seller="d.seller_id",
    commodity="l.commodity_code",
    tables=f"{_DELIVERED} {_last('delivery_slip', 'slip')}",
    where=_ENDED,
    dimensions=_OF_ORDER,
    measures={
        "deliveries": "1",
        "despatched_quantity": f"coalesce(sent.quantity, {_WEIGHED})",
        "weighed_quantity": _WEIGHED,
        "accepted_quantity": _ACCEPTED,
        "refused_quantity": _REFUSED,
        "refused_amount": f"{_REFUSED} * l.unit_price",
        "goods_amount": "coalesce(slip.payable_amount, 0)",
        "carried_quantity": f"CASE WHEN {_BILLED} THEN {_ACCEPTED} ELSE 0 END",
        "carried_amount": f"CASE WHEN {_BILLED} THEN coalesce(slip.payable_amount, 0) ELSE 0 END",
        "haulage_amount": "coalesce(slip.haulage_amount, 0)",
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
        WHERE share.settlement_id = p.id AND payout.status <> 'bounced') money""",
    where="p.purpose IN ('goods', 'pool_share')",
    dimensions={
        "agent_id": "CASE WHEN p.payee_id = o.seller_id THEN o.seller_agent_id END",
        "buyer_id": "p.organisation_id",
    },
    measures={
        "due_amount": "p.amount - p.held - p.credited - p.netted - p.commission",
        "paid_amount": "p.paid",
        "late_amount": "money.late",
        "payments": "(p.paid > 0 AND p.paid >= p.amount - p.held - p.credited - p.netted"
        " - p.commission)::int",
        "payment_seconds": "CASE WHEN p.paid > 0 AND p.paid >= p.amount - p.held - p.credited"
        " - p.netted - p.commission THEN coalesce(extract(epoch FROM"
        " money.last_at - o.placed_at)::bigint, 0) ELSE 0 END",
    },
)

_CLAIMS = Source(
    at="c.filed_at",
    seller="c.seller_id",
    commodity="l.commodity_code",
    tables="""claim c
    JOIN delivery d ON d.id = c.delivery_id
    JOIN order_line l ON l.id = d.order_line_id
    JOIN purchase_order o ON o.id = l.order_id""",
    dimensions={"agent_id": "o.seller_agent_id", "buyer_id": "c.organisation_id"},
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
    tables="lot t JOIN site s ON s.id = t.site_id",
    where="t.harvested_at IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM lot_source x WHERE x.lot_id = t.id)",
    dimensions={"agent_id": "t.agent_id", "grade": "t.grade", "ward_code": "s.ward_code"},
    measures={"harvested_quantity": "t.quantity"},
)

_DISRUPTIONS = Source(
    at="b.found_at",
    seller="b.organisation_id",
    commodity="b.commodity_code",
    tables="disrupted_commitment b",
    dimensions={"agent_id": "b.seller_agent_id", "buyer_id": "b.buyer_id"},
    measures={
        "disruptions": "1",
        "disrupted_quantity": "b.quantity",
        "replaced_quantity": "b.replaced",
        "restored_quantity": "b.restored",
        "lost_quantity": "CASE WHEN b.ended_at IS NOT NULL"
        " THEN b.quantity - b.replaced - b.restored ELSE 0 END",
    },
)

_OF_FATE = {"agent_id": "o.seller_agent_id", "ward_code": "s.ward_code"}
_PARTS = f"{_DELIVERED} {_last('inspection', 'look')}"
_PARTS += " JOIN inspection_part part ON part.inspection_id = look.id"
_JUDGED = Source(
    at="d.ended_at",
    seller="d.seller_id",
    commodity="l.commodity_code",
    tables=_PARTS,
    where=f"{_ENDED} AND part.accepted_quantity > 0",
    dimensions=_OF_FATE | {"fate": "part.result", "detail": "coalesce(part.grade, l.grade, '')"},
    measures={
        "quantity": "part.accepted_quantity",
        "amount": "part.accepted_quantity * l.unit_price",
    },
)
_REJECTED = Source(
    at="d.ended_at",
    seller="d.seller_id",
    commodity="l.commodity_code",
    tables=_PARTS,
    where=f"{_ENDED} AND part.net > part.accepted_quantity",
    dimensions=_OF_FATE
    | {"fate": "'rejected'", "detail": "lower(btrim(left(coalesce(part.reason, ''), 80)))"},
    measures={
        "quantity": "part.net - part.accepted_quantity",
        "amount": "(part.net - part.accepted_quantity) * l.unit_price",
    },
)
_SHRUNK = Source(
    at="d.ended_at",
    seller="d.seller_id",
    commodity="l.commodity_code",
    tables=_DELIVERED,
    where=f"{_ENDED} AND sent.quantity <> scale.net",
    dimensions=_OF_FATE | {"fate": "'shrunk'", "detail": "''"},
    measures={
        "quantity": "sent.quantity - scale.net",
        "amount": "(sent.quantity - scale.net) * l.unit_price",
    },
)
_RUN_OUT = Source(
    at="t.harvested_at",
    later="make_interval(hours => g.shelf_life_hours)",
    seller="t.organisation_id",
    commodity="t.commodity_code",
    tables="lot t JOIN site s ON s.id = t.site_id JOIN commodity g ON g.code = t.commodity_code",
    where="t.harvested_at IS NOT NULL AND t.status IN ('harvested', 'spoiled')"
    " AND t.quantity > t.reserved",
    dimensions={
        "agent_id": "t.agent_id",
        "ward_code": "s.ward_code",
        "fate": "CASE t.status WHEN 'spoiled' THEN 'spoiled' ELSE 'run_out' END",
        "detail": "''",
    },
    measures={"quantity": "t.quantity - t.reserved"},
)

SOURCES: Mapping[str, tuple[Source, ...]] = {
    "trade_cell": (
        _OFFERED,
        _ORDERS,
        _DELIVERIES,
        _PAYMENTS,
        _CLAIMS,
        _FORECASTS,
        _HARVESTS,
        _DISRUPTIONS,
    ),
    "fate_cell": (_JUDGED, _REJECTED, _SHRUNK, _RUN_OUT),
}


def day_cells(cell: str, *, touched: bool) -> str:
    """The statement that writes the day rows of a roll-up, of touched days or of all."""
    names = ", ".join(DIMENSIONS[cell] + MEASURES[cell])
    sums = ", ".join(DIMENSIONS[cell] + tuple(f"sum({one})" for one in MEASURES[cell]))
    keys = ", ".join(DIMENSIONS[cell])
    rows = " UNION ALL ".join(one.select(cell, touched=touched) for one in SOURCES[cell])
    begin = f"WITH {TOUCHED} " if touched else ""
    return (
        f"{begin}INSERT INTO {cell} ({names}) SELECT {sums} FROM ({rows}) counted"  # noqa: S608
        f" GROUP BY {keys} ORDER BY organisation_id, period, commodity_code"
    )


def coarser_cells(cell: str, grain: str, *, touched: bool) -> str:
    """The statement that sums days to weeks or months, of touched ones or of all."""
    replaced = {"grain": f"'{grain}'", "period": f"date_trunc('{grain}', c.period)::date"}
    dimensions = [replaced.get(one, f"c.{one}") for one in DIMENSIONS[cell]]
    names = ", ".join(DIMENSIONS[cell] + MEASURES[cell])
    sums = ", ".join(dimensions + [f"sum(c.{one})" for one in MEASURES[cell]])
    grouped = ", ".join(str(number + 1) for number in range(len(dimensions)))
    begin = f"WITH {TOUCHED} " if touched else ""
    among = f"""JOIN ({_periods(grain)}) again ON c.organisation_id = again.organisation_id
        AND c.commodity_code = again.commodity_code
        AND c.period >= again.first AND c.period < again.next"""
    return f"""{begin}INSERT INTO {cell} ({names}) SELECT {sums}
        FROM {cell} c {among if touched else ""} WHERE c.grain = 'day' GROUP BY {grouped}
        ORDER BY 1, 3, 4"""  # noqa: S608


def forget_cells(cell: str, grain: str) -> str:
    """The statement that deletes what is about to be written again."""
    return f"""WITH {TOUCHED} DELETE FROM {cell} c USING ({_periods(grain)}) again
        WHERE c.organisation_id = again.organisation_id AND c.grain = '{grain}'
        AND c.period = again.first AND c.commodity_code = again.commodity_code"""  # noqa: S608


def _periods(grain: str) -> str:
    return f"""SELECT DISTINCT organisation_id, commodity_code,
            date_trunc('{grain}', day)::date AS first,
            (date_trunc('{grain}', day) + interval '1 {grain}')::date AS next
        FROM touched"""  # noqa: S608
