"""A day of the chain, played over HTTP: list, demand, clear, order, notify, see."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import click

from app.cli.demo_client import Person, wait_for
from app.cli.demo_table import Day, print_day
from app.config import var_dir
from app.core import clock
from app.core.embedded.datafolder import make_folder, secrets_of

DEMO = tomllib.loads(files("app.cli").joinpath("demo.toml").read_text("utf-8"))
OFFICES = {"operator@example.com": "operator", "authority@example.com": "authority"}
SOLD_BY_COOPERATIVE = ("farm10@example.com", "farm11@example.com")
SEASON = timedelta(days=20)


@dataclass
class Trader:
    """A person, their organisation and their site."""

    person: Person
    organisation_id: str
    site_id: str
    name: str


@click.command()
@click.option("--url", default=None, help="Address of the running system.")
def demo(url: str | None) -> None:
    """Diễn một ngày của chuỗi · Play a day of the chain against the running system."""
    from app.cli.environment import environment
    from app.config import load_settings

    with environment():
        play(url or load_settings().public_url)


def play(base_url: str) -> None:
    """Play the day and print what came of it; playing again adds another day.

    Raises:
        Refused: the system refused a call.
    """
    visitor = Person(base_url)
    password = secrets_of(make_folder(var_dir())).demo
    offices = {login: _appointed(visitor, login, password) for login in OFFICES}
    cooperative = _trader(visitor, "cooperative", DEMO["cooperative"], "0912000000", password)
    farms = {
        entry["login"]: _trader(visitor, "farm", entry, f"09120001{number:02d}", password)
        for number, entry in enumerate(DEMO["farm"], 1)
    }
    processors = {
        entry["login"]: _trader(visitor, "processor", entry, f"09120002{number:02d}", password)
        for number, entry in enumerate(DEMO["processor"], 1)
    }
    day, now = Day(), clock.now()
    day.names = {one["code"]: one["name"]["vi"] for one in visitor.all("/commodities")}
    markets = {one["code"]: one["market"] for one in visitor.all("/commodities")}
    for entry in DEMO["farm"]:
        _join(farms[entry["login"]], cooperative)
        certificates = _certify(farms[entry["login"]], entry, offices["authority@example.com"])
        for offer in entry["offers"]:
            _list(entry["login"], farms, cooperative, offer, certificates, now)
            day.offers += 1
    for entry in DEMO["processor"]:
        for demand in entry["demands"]:
            _demand(processors[entry["login"]], demand, now)
            day.demands += 1
    before = cooperative.person.get("/analytics/summary")["orders"]
    wanted = {markets[one["commodity"]] for entry in DEMO["processor"] for one in entry["demands"]}
    day.rounds = _clear(offices["operator@example.com"], sorted(wanted))
    _order_directly(processors[DEMO["direct"]["buyer"]], DEMO["direct"])
    traders = [cooperative, *farms.values(), *processors.values()]
    day.mails = _mails_sent(traders)
    day.orders = _orders_since(processors.values(), now)
    day.summary = _summary(cooperative, orders=before + len(day.orders))
    print_day(day)


def _appointed(visitor: Person, login: str, password: str) -> Person:
    """The operator or authority, who can come only from the console."""
    from app import create_app
    from app.accounts.models import Kind
    from app.accounts.operations import appoint, set_password
    from app.core.transaction import transaction

    signed_in = visitor.signed_in(login, password)
    if signed_in is None:
        with create_app().app_context(), transaction():
            person = appoint(login=login, kind=Kind(OFFICES[login]), now=clock.now())
            set_password(person=person, password=password)
        signed_in = visitor.signed_in(login, password)
    assert signed_in is not None
    return signed_in


def _trader(visitor: Person, kind: str, entry: dict[str, Any], phone: str, password: str) -> Trader:
    """A registered organisation with its site; found again when the demo is played again."""
    person = visitor.signed_in(entry["login"], password)
    if person is None:
        organisation = {"name": entry["name"], "kind": kind}
        if kind == "farm":
            organisation["smallholder"] = entry.get("smallholder", False)
        owner = {"name": entry["person"], "phone": phone, "email": entry["login"]}
        owner |= {"password": password, "locale": "vi"}
        visitor.post("/registrations", {"organisation": organisation, "person": owner})
        person = visitor.signed_in(entry["login"], password)
    assert person is not None
    sites = person.get("/sites")["items"] or [person.post("/sites", entry["site"])]
    organisation_id = person.get("/me")["organisations"][0]["id"]
    return Trader(person, organisation_id, sites[0]["id"], entry["name"])


def _join(farm: Trader, cooperative: Trader) -> None:
    if farm.person.get("/memberships")["items"]:
        return
    body = {"cooperative_id": cooperative.organisation_id}
    membership = farm.person.post("/memberships", body)["id"]
    farm.person.post(f"/memberships/{membership}/consent")
    farm.person.post(f"/memberships/{membership}/mandate")


def _certify(farm: Trader, entry: dict[str, Any], authority: Person) -> list[str]:
    """The farm's certificate, verified by the authority."""
    if "certificate" not in entry:
        return []
    held = farm.person.get("/certificates")["items"]
    if not held:
        year = clock.now().year
        dates = {"valid_from": f"{year - 1}-01-01", "valid_until": f"{year + 1}-12-31"}
        body = {**entry["certificate"], **dates, "site_id": farm.site_id}
        held = [farm.person.post("/certificates", body)]
        authority.post(f"/certificates/{held[0]['id']}/verification")
    return [held[0]["id"]]


def _list(
    login: str,
    farms: dict[str, Trader],
    cooperative: Trader,
    offer: dict[str, Any],
    certificates: list[str],
    now: datetime,
) -> None:
    """Declare a lot and offer all of it, by the farm or by its cooperative on its behalf."""
    farm = farms[login]
    behalf = {"on_behalf_of": farm.organisation_id} if login in SOLD_BY_COOPERATIVE else {}
    seller = cooperative.person if behalf else farm.person
    lot = {
        "commodity": offer["commodity"],
        "site_id": farm.site_id,
        "status": "harvested",
        "quantity": offer["quantity"],
        "grade": offer["grade"],
        "qualities": offer.get("qualities", {}),
        "harvested_at": _instant(now - timedelta(hours=1)),
        "certificates": certificates,
        **behalf,
    }
    lot_id = seller.post("/lots", lot)["id"]
    seller.post(
        "/offers",
        {
            "lot_id": lot_id,
            "quantity": offer["quantity"],
            "ask_price": offer["price"],
            "firm": True,
            **behalf,
        },
    )


def _demand(buyer: Trader, demand: dict[str, Any], now: datetime) -> None:
    accepted: dict[str, Any] = {
        "commodity": demand["commodity"],
        "quality_limits": demand.get("limits", {}),
        "required_certificates": demand.get("certificates", []),
    }
    if "min_grade" in demand:
        accepted["min_grade"] = demand["min_grade"]
    accepts = [accepted] + ([{"commodity": demand["also"]}] if "also" in demand else [])
    window = timedelta(hours=demand["window"]) if "window" in demand else SEASON
    buyer.person.post(
        "/demands",
        {
            "accepts": accepts,
            "quantity": demand["quantity"],
            "bid_price": demand["price"],
            "deliver_from": _instant(now),
            "deliver_until": _instant(now + window),
            "site_id": buyer.site_id,
            "processing_line": demand["line"],
            "firm": demand.get("firm", True),
        },
    )


def _clear(operator: Person, markets: list[str]) -> list[dict[str, Any]]:
    """Ask for a round of each market and wait until all are done."""
    asked = [operator.post("/rounds", {"market": market})["id"] for market in markets]
    done: dict[str, dict[str, Any]] = {}

    def all_done() -> bool:
        for round_id in asked:
            if round_id not in done:
                found = operator.get(f"/rounds/{round_id}")
                if found["status"] in ("cleared", "void"):
                    done[round_id] = found
        return len(done) == len(asked)

    if not wait_for(all_done):
        raise click.ClickException("Phiên ghép chưa xong · A round did not finish")
    return [done[round_id] for round_id in asked]


def _order_directly(buyer: Trader, wanted: dict[str, str]) -> None:
    """Order from the cheapest open offer, without waiting for a round."""
    search = {"commodity": wanted["commodity"], "sort": "price", "limit": 1}
    offers = buyer.person.get("/offers", **search)["items"]
    if offers:
        line = {"offer_id": offers[0]["id"], "quantity": wanted["quantity"]}
        buyer.person.post("/orders", {"lines": [line], "site_id": buyer.site_id})


def _mails_sent(traders: list[Trader]) -> int:
    """How many mails have reached the mail server, once none is under way any more."""
    sent = 0

    def all_sent() -> bool:
        nonlocal sent
        told = [one for trader in traders for one in trader.person.all("/notifications")]
        mails = [one["email"] for one in told if one["email"] is not None]
        sent = mails.count("sent")
        return bool(mails) and "queued" not in mails

    wait_for(all_sent)
    return sent


def _summary(cooperative: Trader, *, orders: int) -> dict[str, Any]:
    """What the cooperative sees once so many orders are counted; all farms are its members."""
    summary: dict[str, Any] = {}

    def counted() -> bool:
        summary.update(cooperative.person.get("/analytics/summary"))
        return bool(summary["orders"] >= orders)

    wait_for(counted)
    return summary


def _orders_since(processors: Any, start: datetime) -> list[dict[str, Any]]:
    return [
        order
        for trader in processors
        for order in trader.person.all("/orders")
        if datetime.fromisoformat(order["placed_at"]) >= start
    ]


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()
