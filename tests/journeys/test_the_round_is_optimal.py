"""A round over a mixed book, posted over HTTP, against a linear program that shares no code."""

import json
import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.optimize import linprog
from scipy.sparse import coo_array

from app.clearing.snapshot import clear_snapshot
from app.cli.clear import clear as clear_command
from tests.conftest import a_database, an_app
from tests.factories import Account, Trade, day
from workers.clearing import clear_round

OFFERS, DEMANDS = 32, 22
DRIED, FRESH = "chrysanthemum-dried", "chrysanthemum-fresh"
EARTH_RADIUS_M = 6_371_008.8
DONG, KILO = Decimal(1), Decimal("0.001")


@dataclass
class Posted:
    """A round that has been held, and what everybody knows of it."""

    operator: Account
    people: dict[str, Account]
    round: dict[str, Any]
    snapshot: dict[str, Any]
    matches: list[dict[str, Any]]

    def offer(self, match: dict[str, Any]) -> dict[str, Any]:
        return next(o for o in self.snapshot["offers"] if o["offer_id"] == match["offer_id"])

    def demand(self, match: dict[str, Any]) -> dict[str, Any]:
        return next(d for d in self.snapshot["demands"] if d["demand_id"] == match["demand_id"])


@pytest.fixture(scope="module")
def posted(worker_id: str) -> Iterator[Posted]:
    """The round, held once for all tests here, which only read."""
    with a_database(f"blao_optimal_{worker_id}") as environment, an_app(environment) as app:
        yield a_round(Trade(app))


def a_round(trade: Trade) -> Posted:
    """A book of farms and factories with grades, certificates, windows, secrets and two forms."""
    draw = random.Random(2026)
    operator = trade.operator
    farms = [trade.farm(smallholder=number % 3 == 0) for number in range(8)]
    buyers = [trade.processor() for _ in range(6)]

    def site(owner: Account) -> str:
        place = {
            "ward_code": "24829",
            "latitude": round(11.54 + draw.uniform(-0.25, 0.25), 6),
            "longitude": round(107.81 + draw.uniform(-0.25, 0.25), 6),
        }
        return str(owner.made("/sites", {"name": "Nơi giao", **place})["id"])

    def certificate(farm: Account, scheme: str, verified: bool) -> str:
        body = {
            "scheme": scheme,
            "number": f"{scheme}-{farm.login}",
            "commodities": [DRIED, FRESH],
            "valid_from": "2020-01-01",
            "valid_until": "2100-12-31",
        }
        made = farm.made("/certificates", body)
        if verified:
            operator.made(f"/certificates/{made['id']}/verification")
        return str(made["id"])

    held = {
        farm.organisation_id: [certificate(farm, "vietgap", number % 4 != 3)]
        + ([certificate(farm, "organic-vn", True)] if number % 2 else [])
        for number, farm in enumerate(farms)
    }
    for number in range(OFFERS):
        farm, fresh = farms[number % len(farms)], number % 5 == 4
        later = number % 7 == 6
        lot = farm.made(
            "/lots",
            {
                "commodity": FRESH if fresh else DRIED,
                "site_id": site(farm),
                "status": "forecast" if later else "harvested",
                "ready_at" if later else "harvested_at": day(draw.choice([2, 6]) if later else -1),
                "quantity": "5000",
                "grade": draw.choice(["1", "1", "2", "3"]),
                "qualities": {"stems": "1.0", "whole_heads": "80.0"}
                if fresh
                else {
                    "moisture": str(draw.choice(["9.5", "11.0", "12.5"])),
                    "whole_heads": str(draw.choice(["70.0", "90.0"])),
                },
                "certificates": held[farm.organisation_id] if draw.random() < 0.7 else [],
            },
        )
        dried_price = draw.randrange(140_000_00, 200_000_00)
        price = Decimal(round(dried_price * 0.15) if fresh else dried_price) / 100
        private = number % 9 == 8
        farm.made(
            "/offers",
            {
                "lot_id": lot["id"],
                "quantity": f"{draw.lognormvariate(5, 0.8):.3f}",
                "ask_price": f"{price:.2f}",
                "firm": draw.random() < 0.8,
                **(
                    {
                        "visibility": "private",
                        "visible_to": [one.organisation_id for one in draw.sample(buyers, 2)],
                    }
                    if private
                    else {}
                ),
            },
        )
    for number in range(DEMANDS):
        buyer = buyers[number % len(buyers)]
        dried: dict[str, Any] = {"commodity": DRIED}
        if number % 2:
            dried["min_grade"] = draw.choice(["1", "2"])
        if number % 3 == 0:
            dried["quality_limits"] = {"moisture": {"max": draw.choice(["10.0", "12.0"])}}
        if number % 4 == 0:
            dried["required_certificates"] = [draw.choice(["vietgap", "organic-vn"])]
        accepts = [dried, {"commodity": FRESH}] if number % 3 == 1 else [dried]
        begins = draw.choice([0, 1, 3])
        buyer.made(
            "/demands",
            {
                "accepts": accepts,
                "quantity": f"{draw.lognormvariate(5.2, 0.9):.3f}",
                "bid_price": f"{Decimal(draw.randrange(150_000_00, 215_000_00)) / 100:.2f}",
                "deliver_from": day(begins),
                "deliver_until": day(begins + draw.choice([1, 2, 20])),
                "site_id": site(buyer),
                "firm": draw.random() < 0.8,
            },
        )
    asked = operator.made("/rounds", {"market": "chrysanthemum"})
    with trade.app.app_context():
        clear_round.run(round_id=asked["id"])
    path = f"/rounds/{asked['id']}"
    return Posted(
        operator,
        {str(one.organisation_id): one for one in (*farms, *buyers)},
        operator.read(path),
        operator.read(f"{path}/snapshot"),
        operator.read(f"{path}/matches?limit=100")["items"],
    )


def ecef(row: dict[str, Any]) -> tuple[int, int, int]:
    latitude, longitude = math.radians(row["latitude"]), math.radians(row["longitude"])
    across = EARTH_RADIUS_M * math.cos(latitude)
    return (
        round(across * math.cos(longitude)),
        round(across * math.sin(longitude)),
        round(EARTH_RADIUS_M * math.sin(latitude)),
    )


def kilometres(offer: dict[str, Any], demand: dict[str, Any], tariff: dict[str, str]) -> Decimal:
    """Of road: the road factor × the straight line between whole earth-centred metres."""
    square = sum((a - b) ** 2 for a, b in zip(ecef(offer), ecef(demand), strict=True))
    with localcontext(prec=50):
        return Decimal(tariff["road_factor"]) * Decimal(square).sqrt() / 1000


def haulage(offer: dict[str, Any], demand: dict[str, Any], tariff: dict[str, str]) -> Decimal:
    """Whole VND per unit of the base commodity."""
    with localcontext(prec=50):
        per_kg = Decimal(tariff["base"]) + Decimal(tariff["rate_per_km"]) * kilometres(
            offer, demand, tariff
        )
        return (Decimal(tariff["unit_weight_kg"]) * per_kg).quantize(DONG, ROUND_HALF_EVEN)


def reasons_against(
    offer: dict[str, Any], demand: dict[str, Any], tariff: dict[str, str]
) -> set[str]:
    """The gates a pair fails; none where it may trade."""
    goods, wishes = offer["gates"], demand["gates"]
    failed = set()
    travel = float(kilometres(offer, demand, tariff)) / float(tariff["speed_kmh"]) * 3600
    there = instant(goods["available_from"]) + timedelta(seconds=travel)
    earliest = max(there, instant(wishes["deliver_from"]))
    if earliest > min(instant(goods["expires_at"]), instant(wishes["deliver_until"])):
        failed.add("window")
    if goods["buyers"] is not None and demand["buyer_id"] not in goods["buyers"]:
        failed.add("private")
    if offer["seller_id"] == demand["buyer_id"]:
        failed.add("own")
    accepted = [one for one in wishes["accepts"] if one["commodity"] == goods["commodity"]]
    if not accepted:
        return failed | {"commodity"}
    (wish,) = accepted
    worst = wish["worst_grade_rank"]
    if worst is not None and (goods["grade_rank"] is None or goods["grade_rank"] > worst):
        failed.add("grade")
    if not set(wish["certificates"]) <= set(goods["certificates"]):
        failed.add("certificate")
    for code, limit in wish["quality_limits"].items():
        stated = goods["qualities"].get(code)
        low, high = limit.get("min", "-999"), limit.get("max", "999")
        if stated is None or not Decimal(low) <= Decimal(stated) <= Decimal(high):
            failed.add("quality")
    return failed


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@dataclass(frozen=True)
class Program:
    """The book as a linear program: a column for each pair that may trade with a gain."""

    pairs: list[tuple[int, int]]
    gains: list[Decimal]
    barred: Counter[str]


def program(snapshot: dict[str, Any]) -> Program:
    pairs, gains, barred = [], [], Counter[str]()
    for row, offer in enumerate(snapshot["offers"]):
        for column, demand in enumerate(snapshot["demands"]):
            failed = reasons_against(offer, demand, snapshot["haulage"])
            barred.update(failed)
            gain = Decimal(demand["bid_price"]) - Decimal(offer["ask_price"])
            gain -= haulage(offer, demand, snapshot["haulage"])
            if not failed and gain > 0:
                pairs.append((row, column))
                gains.append(gain)
    return Program(pairs, gains, barred)


def optimum(snapshot: dict[str, Any], program: Program) -> Decimal:
    """The greatest welfare, exact: the solver's vertex has whole thousandths, and is checked."""
    offers, demands = snapshot["offers"], snapshot["demands"]
    limits = [Decimal(row["quantity"]) for row in (*offers, *demands)]
    columns = range(len(program.pairs))
    places = [row for row, _ in program.pairs] + [len(offers) + col for _, col in program.pairs]
    matrix = coo_array(
        (np.ones(2 * len(columns)), (places, [*columns, *columns])),
        shape=(len(limits), len(columns)),
    )
    solved = linprog(
        [-float(gain) for gain in program.gains],
        A_ub=matrix.tocsr(),
        b_ub=[float(limit) for limit in limits],
        method="highs-ds",
    )
    assert solved.success, solved.message
    flow = [Decimal(round(1000 * value)) * KILO for value in solved.x]
    used = [Decimal(0)] * len(limits)
    for (row, column), quantity in zip(program.pairs, flow, strict=True):
        assert quantity >= 0
        used[row] += quantity
        used[len(offers) + column] += quantity
    assert all(one <= limit for one, limit in zip(used, limits, strict=True))
    # No price of any row allows more: the duals of the solver bound every other allocation.
    duals = [-Decimal(str(round(value, 2))) for value in solved.ineqlin.marginals]
    bound = sum(dual * limit for dual, limit in zip(duals, limits, strict=True))
    for (row, column), gain in zip(program.pairs, program.gains, strict=True):
        assert duals[row] + duals[len(offers) + column] >= gain
    welfare = sum(
        (gain * quantity for gain, quantity in zip(program.gains, flow, strict=True)), Decimal(0)
    )
    assert welfare == bound
    return welfare


def test_no_allocation_is_worth_a_dong_more_than_the_rounds(posted: Posted) -> None:
    snapshot = posted.snapshot
    assert (len(snapshot["offers"]), len(snapshot["demands"])) == (OFFERS, DEMANDS)
    stated = program(snapshot)
    gates = ("window", "private", "commodity", "grade", "certificate", "quality")
    assert all(stated.barred[gate] >= 10 for gate in gates), stated.barred
    assert len(stated.pairs) >= 60

    welfare = optimum(snapshot, stated)

    assert posted.round["status"] == "cleared"
    assert posted.round["welfare"] == welfare.quantize(DONG, ROUND_HALF_EVEN)
    assert posted.round["upper_bound"] == posted.round["welfare"]
    assert posted.round["optimality_gap"] == 0
    assert posted.round["matches"] == len(posted.matches) >= 15


def test_every_match_is_allowed_and_nobody_trades_at_a_loss(posted: Posted) -> None:
    welfare, sold, bought = Decimal(0), Counter[str](), Counter[str]()
    for match in posted.matches:
        offer, demand = posted.offer(match), posted.demand(match)
        assert reasons_against(offer, demand, posted.snapshot["haulage"]) == set()
        seller_price, buyer_price = Decimal(match["seller_price"]), Decimal(match["buyer_price"])
        cost = Decimal(match["transport_cost"])
        assert cost == haulage(offer, demand, posted.snapshot["haulage"])
        assert buyer_price - seller_price == cost
        assert seller_price >= Decimal(offer["ask_price"])
        assert buyer_price <= Decimal(demand["bid_price"])
        quantity = Decimal(match["quantity"])
        assert quantity > 0
        sold[match["offer_id"]] += quantity
        bought[match["demand_id"]] += quantity
        gain = Decimal(demand["bid_price"]) - Decimal(offer["ask_price"]) - cost
        welfare += gain * quantity
    assert len(posted.matches) >= 15
    assert all(sold[o["offer_id"]] <= Decimal(o["quantity"]) for o in posted.snapshot["offers"])
    demands = posted.snapshot["demands"]
    assert all(bought[d["demand_id"]] <= Decimal(d["quantity"]) for d in demands)
    assert posted.round["welfare"] == welfare.quantize(DONG, ROUND_HALF_EVEN)
    assert Decimal(posted.round["cleared_quantity"]) == sum(sold.values())
    one_price: dict[str, set[str]] = {}
    for match in posted.matches:
        one_price.setdefault(match["offer_id"], set()).add(match["seller_price"])
        one_price.setdefault(match["demand_id"], set()).add(match["buyer_price"])
    assert all(len(prices) == 1 for prices in one_price.values())


def test_what_buyers_pay_is_what_sellers_and_hauliers_get(posted: Posted) -> None:
    ordered = 0
    for match in posted.matches:
        offer, demand = posted.offer(match), posted.demand(match)
        seller, buyer = posted.people[offer["seller_id"]], posted.people[demand["buyer_id"]]
        if match["status"] == "proposed":
            assert match["order_id"] is None
            held = Decimal(buyer.read(f"/demands/{match['demand_id']}")["held"])
            assert held >= Decimal(match["quantity"])
            continue
        ordered += 1
        order = buyer.read(f"/orders/{match['order_id']}")
        assert seller.read(f"/orders/{match['order_id']}") == order
        assert order["total_amount"] == order["goods_amount"] + order["haulage_amount"]
        due = Decimal(match["quantity"]) * Decimal(match["buyer_price"])
        assert order["total_amount"] == due.quantize(DONG, ROUND_HALF_EVEN)
        (line,) = order["lines"]
        goods = Decimal(line["quantity"]) * Decimal(line["unit_price"])
        assert order["goods_amount"] == goods.quantize(DONG, ROUND_HALF_EVEN)
        if offer["gates"]["commodity"] == DRIED:
            assert line["quantity"] == match["quantity"]
            assert line["unit_price"] == match["seller_price"]
    statuses = Counter(match["status"] for match in posted.matches)
    assert set(statuses) == {"accepted", "proposed"}
    assert ordered == statuses["accepted"] >= 5


def test_the_snapshot_clears_the_same_elsewhere_in_any_order(
    posted: Posted, tmp_path: Path
) -> None:
    hashes = ("snapshot_hash", "solution_hash", "welfare", "matches", "cleared_quantity")
    expected = [posted.round[name] for name in hashes]
    assert all(expected)
    draw = random.Random(7)
    for _ in range(5):
        shuffled = {
            **posted.snapshot,
            **{
                side: draw.sample(posted.snapshot[side], len(posted.snapshot[side]))
                for side in ("offers", "demands")
            },
        }
        cleared = clear_snapshot(shuffled)
        assert [cleared["round"][name] for name in hashes] == expected
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(shuffled))
    result = CliRunner().invoke(clear_command, [str(file), "--json"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.output)
    assert [printed["round"][name] for name in hashes] == expected
    columns = ("offer_id", "demand_id", "quantity", "seller_price", "buyer_price")
    assert {tuple(match[name] for name in columns) for match in printed["matches"]} == {
        tuple(match[name] for name in columns) for match in posted.matches
    }
