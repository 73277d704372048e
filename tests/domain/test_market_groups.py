"""Who may see groups only finds nobody out, whatever they ask and subtract."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text

from app.accounts.models import Kind, Organisation
from app.accounts.queries import consenting_members
from app.analytics import bench, prices, summary
from app.analytics.groups import Part, grouped, is_safe
from app.analytics.models import GroupCell
from app.analytics.reading import Period, Question, View
from app.analytics.rebuild import rebuild
from app.core import clock
from app.core.db import db

LAST = date(2026, 9, 30)
CHAIN = bench.Chain(deliveries=5000, organisations=160, until=LAST, days=105, seed=7, commodities=4)
Held = dict[UUID, Decimal]
Cell = tuple[date, str, str]


def part(name: str, *sold: int, buyers: tuple[int, ...] = (5, 5)) -> Part:
    share = {uuid4(): Decimal(one) for one in buyers}
    return Part(name, {uuid4(): Decimal(one) for one in sold}, share)


@pytest.mark.parametrize(
    "parts, names",
    [
        ([part("a", 1, 1, 1, 1, 1)], [["a"]]),
        ([part("a", 1, 1, 1, 1)], []),
        ([part("a", 90, 1, 1, 1, 1)], []),
        ([part("a", 40, 4, 1, 1, 1)], []),
        ([part("a", 40, 6, 6, 1, 1)], [["a"]]),
        ([part("a", 1, 1, 1, 1, 1, buyers=(9, 1))], []),
        ([part("a", 1, 1, 1, 1, 1, 1), part("b", 1)], [["a", "b"]]),
        ([part("a", 1, 1, 1, 1, 1), part("b", 1, 1), part("c", 1, 1, 1)], [["a"], ["b", "c"]]),
        ([part("a", 9, 9, 9, 9, 9), part("b", 1, 1, 1, 1, 1), part("c", 1)], [["a"], ["b", "c"]]),
        ([part("a", 1, 1, 1, 1, 0)], []),
    ],
)
def test_a_small_part_is_put_together_with_others(parts: list[Part], names: list[Any]) -> None:
    found = [sorted(one.name for one in group) for group in grouped(parts, [])]
    assert sorted(found) == names


def test_a_cooperative_cannot_take_its_own_members_away_and_be_left_with_few() -> None:
    six = part("a", 1, 1, 1, 1, 1, 1)
    sellers = list(six.sellers)
    assert grouped([six], [sellers[:1], sellers]) == [[six]]
    assert grouped([six], [sellers[:2]]) == []
    ten = part("b", 50, 9, 4, 4, 1, 1)
    assert is_safe([ten], [])
    assert not is_safe([part("c", 50, 9, 1, 1, 1)], [])


@pytest.fixture
def history(database: None) -> None:
    """Half a year of a small chain, counted."""
    bench.found(CHAIN)
    bench.trade(CHAIN)
    rebuild(now=clock.start_of_day(LAST + timedelta(days=30)))


class Attacker:
    """A cooperative that asks for the market, and knows its own members; and what is true."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        found = db.session.scalars(
            select(Organisation)
            .where(Organisation.kind == Kind.COOPERATIVE)
            .order_by(Organisation.id)
        ).all()
        self.cooperative = found[0]
        self.own = set(db.session.scalars(consenting_members(self.cooperative.id)))
        self.sold: dict[Cell, Held] = defaultdict(lambda: defaultdict(Decimal))
        for week, commodity, province, seller, quantity in db.session.execute(text(TRUTH)):
            self.sold[week, commodity, province][seller] += quantity
        self.commodities = sorted({commodity for _, commodity, _ in self.sold})
        shown = db.session.execute(
            select(GroupCell.week, GroupCell.commodity_code, GroupCell.province_code)
        )
        self.groups: dict[tuple[date, str], set[str]] = defaultdict(set)
        for week, commodity, province in shown:
            self.groups[week, commodity].add(province)

    def filter(self) -> Question:
        since = LAST - timedelta(days=self.dice.randrange(0, 65))
        until = since + timedelta(days=self.dice.randrange(0, 60))
        commodity = self.dice.choice([None, *self.commodities])
        return Question(self.cooperative, View.MARKET, Period(since, until), commodity)

    def cells(self, question: Question) -> set[Cell]:
        """The true cells whose sum the answer ought to be."""
        return {
            (week, commodity, province)
            for week, commodity, province in self.sold
            if (week, commodity) in self.groups
            and question.period.since <= week <= question.period.until - timedelta(days=6)
            and question.commodity in (None, commodity)
        }

    def held(self, cells: set[Cell]) -> Held:
        together: Held = defaultdict(Decimal)
        for cell in cells:
            for seller, quantity in self.sold[cell].items():
                together[seller] += quantity
        return together


TRUTH = """
SELECT date_trunc('week', d.ended_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, l.commodity_code,
    u.province_code, d.seller_id, s.accepted_quantity
FROM delivery d JOIN order_line l ON l.id = d.order_line_id
JOIN delivery_slip s ON s.delivery_id = d.id JOIN lot t ON t.id = l.lot_id
JOIN site p ON p.id = t.site_id
JOIN administrative_unit u ON u.code = p.ward_code AND u.level = 'ward' AND u.valid_to IS NULL
WHERE s.accepted_quantity > 0
"""


def check_group(held: Held, own: set[UUID]) -> None:
    """At least five, none above 85 %, also for one who takes its own members away."""
    others = {seller: quantity for seller, quantity in held.items() if seller not in own}
    for group in (held, others):
        if group:
            assert len(group) >= 5
            assert max(group.values()) <= Decimal("0.85") * sum(group.values())


def attack(pairs: int) -> int:
    """So many pairs of filters; how many left a difference."""
    attacker, differences = Attacker(Random(11)), 0
    for _ in range(pairs):
        questions = attacker.filter(), attacker.filter()
        cells = [attacker.cells(one) for one in questions]
        for question, among in zip(questions, cells, strict=True):
            told = {
                row["commodity"]: row["accepted_quantity"] for row in summary.summary(question).rows
            }
            truth: dict[str, Decimal] = defaultdict(Decimal)
            for cell in among:
                truth[cell[1]] += sum(attacker.sold[cell].values())
            assert told == truth
            check_group(attacker.held(among), attacker.own)
        for left in (cells[0] - cells[1], cells[1] - cells[0]):
            check_group(attacker.held(left), attacker.own)
            differences += bool(left)
    return differences


def check_groups(attacker: Attacker) -> None:
    """Every group shown is one; some provinces are told alone, some only together."""
    assert attacker.own
    provinces = {cell[2] for cell in attacker.sold}
    assert len(provinces) == 3
    weeks = {(week, commodity) for week, commodity, _ in attacker.sold}
    assert 15 < len(attacker.groups) <= len(weeks)
    for (week, commodity), shown in attacker.groups.items():
        for name in shown:
            parts = {name} if name else provinces - shown
            check_group(
                attacker.held({(week, commodity, one) for one in parts} & attacker.sold.keys()),
                attacker.own,
            )
    assert any("" in shown and len(shown) > 1 for shown in attacker.groups.values())


def test_two_answers_never_leave_a_small_group(history: None) -> None:
    check_groups(Attacker(Random(1)))
    check_provinces(Attacker(Random(3)))
    assert attack(300) > 100


@pytest.mark.slow
def test_ten_thousand_pairs_of_answers_never_leave_a_small_group(history: None) -> None:
    assert attack(10_000) > 2_000


def check_provinces(attacker: Attacker) -> None:
    """The market by province adds up to the market."""
    period = Period(date(2026, 8, 1), date(2026, 9, 30), "month")
    question = Question(attacker.cooperative, View.MARKET, period)
    whole = {(row["period"], row["commodity"]): row["accepted_quantity"]
             for row in summary.summary(question).rows}  # fmt: skip
    parts: dict[Any, Decimal] = defaultdict(Decimal)
    for row in prices.prices(question):
        parts[row["period"], row["commodity"]] += row["quantity"]
    assert len(whole) > 4
    assert parts == whole
