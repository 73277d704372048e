"""Charts as geometry: where each mark stands, in per cent of the field it is drawn in.

`charts.html` draws it as SVG within the page: no script, and the colours are the reader's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, log10
from statistics import median

from app.web.language import number

Amount = Decimal | int | float
LEAST_BANDS, MOST_STEPS = 4, 5
NODE_GAP = 8.5
NODE_AREA, COLUMNS_REACH = 100.0, 78.0
TONES = 3


@dataclass(frozen=True)
class Scale:
    """A vertical axis between two round figures."""

    low: float
    high: float
    step: float

    def at(self, value: Amount) -> float:
        """How far below the top a value lies."""
        return _cut(100 * (self.high - float(value)) / (self.high - self.low))

    def ticks(self) -> list[tuple[float, str]]:
        """The round figures of the axis: where, and as they are written."""
        steps = round((self.high - self.low) / self.step)
        values = (self.low + self.step * at for at in range(steps + 1))
        return [(self.at(value), number(round(Decimal(str(value)), 6))) for value in values]


def scale(values: Iterable[Amount], *, from_zero: bool) -> Scale:
    """An axis of at most six round figures that holds all values, zero too if asked for."""
    told = [float(one) for one in values] + ([0.0] if from_zero else [])
    least, most = min(told), max(told)
    if least == most:
        least, most = (0.0, 1.0) if not most else (least - abs(least) / 20, most + abs(most) / 20)
    magnitude = 10 ** floor(log10((most - least) / MOST_STEPS))
    for rounding in (1, 2, 5, 10, 20):
        step = rounding * magnitude
        low, high = floor(least / step) * step, ceil(most / step) * step
        if round((high - low) / step) <= MOST_STEPS:
            break
    return Scale(low, high, step)


@dataclass(frozen=True)
class Plot:
    """A field with an axis: columns, whiskers, a band, a line, dots, and notes at its right edge.

    ``columns`` are (x, y, width, height, kind), ``whiskers`` (x, top, bottom), ``notes``
    (y, text, whether a line is ruled at it).
    """

    ticks: Sequence[tuple[float, str]]
    names: Sequence[tuple[float, str]] = ()
    columns: Sequence[tuple[float, float, float, float, str]] = ()
    whiskers: Sequence[tuple[float, float, float]] = ()
    band: str = ""
    line: str = ""
    dots: Sequence[tuple[float, float]] = ()
    notes: Sequence[tuple[float, str, bool]] = ()
    shape = "plot"


def line_with_band(
    names: Sequence[str],
    values: Sequence[Amount],
    lows: Sequence[Amount],
    highs: Sequence[Amount],
    latest: str,
) -> Plot:
    """A line within the band from the lowest to the highest, its last value written beside it."""
    axis = scale([*values, *lows, *highs], from_zero=False)
    centres = [_cut(100 * (at + 0.5) / len(names)) for at in range(len(names))]
    there = list(zip(centres, (axis.at(one) for one in highs), strict=True))
    back = list(zip(centres, (axis.at(one) for one in lows), strict=True))[::-1]
    dots = list(zip(centres, (axis.at(one) for one in values), strict=True))
    return Plot(
        axis.ticks(),
        list(zip(centres, names, strict=True)),
        band=_points([*there, *back]),
        line=_points(dots),
        dots=dots,
        notes=[(dots[-1][1], latest, False)],
    )


def paired_columns(
    names: Sequence[str],
    filled: Sequence[Amount],
    outlined: Sequence[Amount],
    ranges: Sequence[tuple[Amount, Amount] | None],
) -> Plot:
    """A filled and an outlined column for each name, with a whisker where a range is known."""
    known = [end for one in ranges if one for end in one]
    axis = scale([*filled, *outlined, *known], from_zero=True)
    band = 100 / max(len(names), LEAST_BANDS)
    columns, whiskers = [], []
    for at, pair in enumerate(zip(filled, outlined, ranges, strict=True)):
        for value, offset, kind in ((pair[0], 0.12, "filled"), (pair[1], 0.54, "outlined")):
            top = axis.at(value)
            x, height = _cut(band * (at + offset)), _cut(axis.at(0) - top)
            columns.append((x, top, _cut(band * 0.34), height, kind))
        if pair[2]:
            low, high = pair[2]
            whiskers.append((_cut(band * (at + 0.29)), axis.at(high), axis.at(low)))
    centres = (_cut(band * (at + 0.5)) for at in range(len(names)))
    return Plot(
        axis.ticks(), list(zip(centres, names, strict=True)), columns=columns, whiskers=whiskers
    )


def sorted_dots(values: Sequence[Decimal], middle: str) -> Plot:
    """A dot for each value, from the lowest to the highest, with a line at the median."""
    axis = scale(values, from_zero=False)
    dots = [
        (_cut(100 * (at + 0.5) / len(values)), axis.at(value))
        for at, value in enumerate(sorted(values))
    ]
    return Plot(axis.ticks(), dots=dots, notes=[(axis.at(median(values)), middle, True)])


@dataclass(frozen=True)
class Cell:
    """One of several small charts; ``columns`` are (x, y, width, height, kind)."""

    name: str
    latest: str
    columns: Sequence[tuple[float, float, float, float, str]]


@dataclass(frozen=True)
class Multiples:
    """Small charts side by side, each on a scale of its own from zero."""

    cells: Sequence[Cell]
    shape = "multiples"


def cell(name: str, latest: str, values: Sequence[Amount], kinds: Sequence[str]) -> Cell:
    """A small chart of columns, the highest as high as the field."""
    most = max((float(one) for one in values), default=0.0) or 1.0
    band = 100 / len(values)
    columns = []
    for at, (value, kind) in enumerate(zip(values, kinds, strict=True)):
        height = _cut(100 * float(value) / most)
        columns.append(
            (_cut(band * (at + 0.1)), _cut(100 - height), _cut(band * 0.8), height, kind)
        )
    return Cell(name, latest, columns)


@dataclass(frozen=True)
class Ranked:
    """Bars under their names, which are whole on any screen: (name, text, width, mark or None)."""

    bars: Sequence[tuple[str, str, float, float | None]]
    shape = "ranked"


def ranked(
    names: Sequence[str],
    values: Sequence[Amount],
    texts: Sequence[str],
    marks: Sequence[Amount] | None = None,
) -> Ranked:
    """Bars from zero, in the order given, each with a mark at another value if there is one."""
    most = float(max([*values, *(marks or ()), 0])) or 1.0
    at = [None] * len(names) if marks is None else [_width(mark, most) for mark in marks]
    widths = [_width(value, most) for value in values]
    return Ranked(list(zip(names, texts, widths, at, strict=True)))


Node = tuple[int, str]
"""A stage of the flow, and a name at that stage."""
Link = tuple[Node, Node]


@dataclass(frozen=True)
class Flow:
    """A flow through stages, and where it ends as ranked bars for narrow screens.

    ``nodes`` are (x, y, height, tone, name), ``ribbons`` (path, tone), ``order`` the nodes in the
    same order with what passes each.
    """

    nodes: Sequence[tuple[float, float, float, int, str]]
    ribbons: Sequence[tuple[str, int]]
    ends: Ranked
    order: dict[Node, int]
    shape = "flow"


def flow(links: dict[Link, int], ends: Ranked, last: str) -> Flow:
    """Nodes stage by stage, the largest on top, and the ribbons between them by what they carry.

    Args:
        last: the name that is at the bottom of its stage, however large it is.
    """
    sizes = {node: _through(node, links) for link in links for node in link}
    stages = sorted({stage for stage, _ in sizes})
    columns = {stage: _in_order(sizes, stage, last) for stage in stages}
    fullest = max(len(column) for column in columns.values())
    unit = (NODE_AREA - NODE_GAP * (fullest - 1)) / max(
        sum(sizes[node] for node in column) for column in columns.values()
    )
    place = {stage: COLUMNS_REACH * at / max(1, len(stages) - 1) for at, stage in enumerate(stages)}
    tops: dict[Node, float] = {}
    tones: dict[Node, int] = {}
    for column in columns.values():
        taken = sum(sizes[node] for node in column) * unit + NODE_GAP * (len(column) - 1)
        top = (NODE_AREA - taken) / 2
        for at, node in enumerate(column):
            tops[node], tones[node] = top, at % TONES + 1
            top += sizes[node] * unit + NODE_GAP
    nodes = [
        (_cut(place[node[0]]), _cut(top), _cut(sizes[node] * unit), tones[node], node[1])
        for node, top in tops.items()
    ]
    order = {node: sizes[node] for node in tops}
    return Flow(nodes, _ribbons(links, tops, place, unit, tones), ends, order)


def _ribbons(
    links: dict[Link, int],
    tops: dict[Node, float],
    place: dict[int, float],
    unit: float,
    tones: dict[Node, int],
) -> list[tuple[str, int]]:
    leaving, reaching = dict(tops), dict(tops)
    drawn = []
    for source, target in sorted(links, key=lambda link: (tops[link[0]], tops[link[1]])):
        width = links[source, target] * unit
        start, end = leaving[source], reaching[target]
        leaving[source] += width
        reaching[target] += width
        left, right = place[source[0]], place[target[0]]
        drawn.append((_ribbon(left, start, right, end, width), tones[source]))
    return drawn


def _ribbon(left: float, start: float, right: float, end: float, width: float) -> str:
    half = (left + right) / 2
    there = f"M{_cut(left)} {_cut(start)}C{_cut(half)} {_cut(start)} {_cut(half)} {_cut(end)}"
    down = f"{_cut(right)} {_cut(end)}V{_cut(end + width)}"
    low = _cut(start + width)
    back = f"C{_cut(half)} {_cut(end + width)} {_cut(half)} {low} {_cut(left)} {low}Z"
    return f"{there} {down}{back}"


def _through(node: Node, links: dict[Link, int]) -> int:
    """What passes a node: what reaches it, or what leaves it where that is more."""
    reaching = sum(amount for (_, target), amount in links.items() if target == node)
    return max(reaching, sum(amount for (source, _), amount in links.items() if source == node))


def _in_order(sizes: dict[Node, int], stage: int, last: str) -> list[Node]:
    own = [node for node in sizes if node[0] == stage]
    return sorted(own, key=lambda node: (node[1] == last, -sizes[node], node[1]))


def _width(value: Amount, most: float) -> float:
    return _cut(100 * max(0.0, float(value)) / most)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _cut(value: float) -> float:
    return round(value, 2)
