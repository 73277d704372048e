"""The statements that write and forget the rows of roll-ups."""

from app.analytics.models import DIMENSIONS, MEASURES
from app.analytics.sources import SOURCES, TOUCHED, Scope, ended


def day_cells(scope: Scope) -> list[str]:
    """The statements that write the day rows of all roll-ups; none may be there yet."""
    return [
        f"WITH {scope.begin}counted AS ({_union('trade_cell', scope)})"
        f" {_insert('trade_cell', 'counted')}",
        f"WITH {scope.begin}{ended(scope)},"
        f" counted AS ({_union('fate_cell', scope)}),"
        f" fates AS ({_insert('fate_cell', 'counted')}),"
        f" delivered AS ({_union('delivery_cell', scope)})"
        f" {_insert('delivery_cell', 'delivered')}",
    ]


def _union(cell: str, scope: Scope) -> str:
    return " UNION ALL ".join(one.select(cell, scope) for one in SOURCES[cell])


def _insert(cell: str, rows: str) -> str:
    """What several sources say of the same cell becomes one row."""
    names = ", ".join((*DIMENSIONS[cell], *MEASURES[cell]))
    keys = ", ".join(DIMENSIONS[cell])
    sums = ", ".join(f"sum({one})" for one in MEASURES[cell])
    chosen = f"{keys}, {sums} FROM {rows} GROUP BY {keys}"
    if len(SOURCES[cell]) == 1:
        chosen = f"{names} FROM {rows}"
    return (
        f"INSERT INTO {cell} ({names}) SELECT {chosen}"
        " ORDER BY organisation_id, period, commodity_code"
    )


def coarser_cells(cell: str, grain: str, scope: Scope) -> str:
    """The statement that sums days to the weeks or months in question; none may be there yet."""
    replaced = {"grain": f"'{grain}'", "period": f"date_trunc('{grain}', c.period)::date"}
    dimensions = [replaced.get(one, f"c.{one}") for one in DIMENSIONS[cell]]
    names = ", ".join((*DIMENSIONS[cell], *MEASURES[cell]))
    sums = ", ".join(dimensions + [f"sum(c.{one})" for one in MEASURES[cell]])
    grouped = ", ".join(str(number + 1) for number in range(len(dimensions)))
    begin, among, within = "", "", "c.period >= :first AND c.period < :next"
    if scope is Scope.TOUCHED:
        begin = f"WITH {TOUCHED} "
        among = f"JOIN ({_periods(grain)}) again ON c.organisation_id = again.organisation_id"
        within = """c.commodity_code = again.commodity_code
            AND c.period >= again.first AND c.period < again.next"""
    return f"""{begin}INSERT INTO {cell} ({names}) SELECT {sums} FROM {cell} c {among}
        WHERE c.grain = 'day' AND {within} GROUP BY {grouped} ORDER BY 1, 3, 4"""  # noqa: S608


def forget_cells(cell: str, grain: str, scope: Scope) -> str:
    """The statement that deletes what is about to be written again."""
    if scope is Scope.SPAN:
        return f"""DELETE FROM {cell} WHERE grain = '{grain}'
            AND period >= :first AND period < :next"""  # noqa: S608
    return f"""WITH {TOUCHED} DELETE FROM {cell} c USING ({_periods(grain)}) again
        WHERE c.organisation_id = again.organisation_id AND c.grain = '{grain}'
        AND c.period = again.first AND c.commodity_code = again.commodity_code"""  # noqa: S608


def _periods(grain: str) -> str:
    return f"""SELECT DISTINCT organisation_id, commodity_code,
            date_trunc('{grain}', day)::date AS first,
            (date_trunc('{grain}', day) + interval '1 {grain}')::date AS next
        FROM touched"""  # noqa: S608
