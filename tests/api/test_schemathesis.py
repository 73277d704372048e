"""The whole interface under schemathesis: whatever is sent, no answer says the fault is ours."""

import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis.errors import HypothesisWarning
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from app.accounts.models import Kind
from app.accounts.operations import issue_token
from app.accounts.queries import find_person
from app.core import clock
from app.core.transaction import transaction
from tests.factories import (
    B_LAO,
    COMMODITY,
    PASSWORD,
    Account,
    Trade,
    a_demand,
    a_lot,
    an_offer,
    an_order,
    day,
    demand_body,
    lot_body,
    offer_body,
    order_body,
)
from tests.factories_deliveries import a_claim, a_delivery, accepted_part
from workers.clearing import clear_round
from workers.notifications import relay_outbox

SEED = 20_260_723
PATIENCE_SECONDS = 900
NO_ROUTE = "(no such route)"
DESCRIPTION = "/api/v1/openapi.json"

# Values schemathesis cannot guess, by the name of a field or a part of a path. Each is offered
# beside what the description allows, so about half of what is sent stays as strange as before.
Known = dict[str, list[Any]]


@dataclass
class Gate:
    """Stands before the application: lends each request a token and counts the answers."""

    app: Flask
    people: dict[Kind, Account]
    leavers: list[str]
    known: Known
    examples: dict[str, Any]
    choice: random.Random = field(default_factory=lambda: random.Random(SEED))
    sent: Counter[str] = field(default_factory=Counter)
    fulfilled: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        self.sign_in(environ)
        label = f"{environ['REQUEST_METHOD']} {self.rule(environ) or NO_ROUTE}"

        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            code = int(status[:3])
            self.sent[label] += 1
            self.statuses[code] += 1
            self.fulfilled[label] += code < 300
            if code >= 500:
                where = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
                self.faults.append(f"{code} {label} · {where} · {body[:500]!r}")
            return start_response(status, headers, exc_info)

        answer = self.app(environ, start)
        if environ["PATH_INFO"] == DESCRIPTION:
            description = json.loads(b"".join(answer))
            return [json.dumps(enriched(description, self.known, self.examples)).encode()]
        return answer

    def sign_in(self, environ: dict[str, Any]) -> None:
        """Mostly as somebody who may call the route, sometimes as another, seldom as nobody."""
        chance = self.choice.random()
        if chance < 0.05:
            return
        rule = self.rule(environ)
        access = getattr(self.app.view_functions.get(rule.endpoint if rule else ""), "access", None)
        fit = [kind for kind in self.people if kind in getattr(access, "kinds", ())]
        kind = self.choice.choice(fit if fit and chance < 0.8 else list(self.people))
        token = self.people[kind].token
        if environ["REQUEST_METHOD"] == "DELETE" and "/tokens/" in environ["PATH_INFO"]:
            token = self.leavers.pop()
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        if environ["REQUEST_METHOD"] == "PATCH" and chance < 0.5:
            environ["HTTP_IF_MATCH"] = "*"

    def rule(self, environ: dict[str, Any]) -> Rule | None:
        try:
            matched = self.app.url_map.bind_to_environ(environ).match(return_rule=True)
        except HTTPException:
            return None
        return matched[0]


def enriched(description: dict[str, Any], known: Known, examples: dict[str, Any]) -> dict[str, Any]:
    """The description with known values as alternatives wherever a name has some, and examples."""

    def alternatives(name: str, schema: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [{"enum": known[name]}, schema]} if name in known else schema

    for name, schema in description["components"]["schemas"].items():
        if name.endswith(("In", "Change")):
            for prop, inner in schema.get("properties", {}).items():
                schema["properties"][prop] = alternatives(prop, inner)
        if name in examples:
            schema["examples"] = [examples[name]]
    for path in description["paths"].values():
        operations = [one for one in path.values() if isinstance(one, dict)]
        for holder in (path, *operations):
            for parameter in holder.get("parameters", []):
                if parameter["in"] in ("path", "query"):
                    place = parameter["schema"]
                    parameter["schema"] = alternatives(parameter["name"], place)
                if parameter["name"] == "X-Organisation-Id":
                    parameter["schema"] = {"enum": known["organisation_id"]}
    # The server's own name for itself is of no use here.
    description.pop("servers", None)
    return description


def a_world(app: Flask) -> Gate:
    """A market in which something of every kind has happened."""
    trade = Trade(app)
    farm, processor, cooperative = trade.farm(), trade.processor(), trade.cooperative()
    operator = trade.operator
    people = {
        Kind.FARM: farm,
        Kind.PROCESSOR: processor,
        Kind.COOPERATIVE: cooperative,
        Kind.OPERATOR: operator,
    }
    membership = farm.made("/memberships", {"cooperative_id": cooperative.organisation_id})
    farm.made(f"/memberships/{membership['id']}/mandate")
    invitation = cooperative.made("/invitations", {"name": "Bạn", "email": "ban@example.com"})
    certificate = {
        "scheme": "vietgap",
        "commodities": [COMMODITY],
        "valid_from": "2020-01-01",
        "valid_until": "2100-01-01",
    }
    certificates = [
        farm.made("/certificates", {**certificate, "number": f"VG-{number}"}) for number in range(2)
    ]
    operator.made(f"/certificates/{certificates[0]['id']}/verification")
    lots = [a_lot(farm, certificates=[certificates[0]["id"]]), a_lot(cooperative)]
    lots += [a_lot(farm, status="forecast", harvested_at=None, ready_at=day(3))]
    offers = [an_offer(farm, lots[0], firm=False), an_offer(cooperative, lots[1])]
    offers += [an_offer(farm, lots[2], draft=True)]
    kept = an_offer(cooperative, lots[1])
    demands = [a_demand(processor, firm=False), a_demand(processor, draft=True)]
    orders = [an_order(processor, offer, "5.000") for offer in offers[:2]]
    cleared = operator.made("/rounds", {"market": offers[0]["market"]})
    with app.app_context():
        clear_round.run(round_id=cleared["id"])
    waiting = operator.made("/rounds", {"market": "ginger"})
    with app.app_context():
        relay_outbox.run()
    running = an_order(processor, an_offer(farm, a_lot(farm)), "50")
    loads = [
        a_delivery(farm, processor, running, state, quantity="5", neutral_inspection=True)
        for state in ("scheduled", "despatched", "weighed", "inspected", "accepted", "accepted")
    ]
    claim = a_claim(farm, processor, loads[-1])
    schedule = processor.made("/quality-schedules", {"commodity": COMMODITY, "rules": []})
    little = a_lot(farm)
    an_order(processor, an_offer(farm, little), "50")
    short = farm.made(f"/lots/{little['id']}/shortage", {"available": "5", "reason": "Ít"})
    matches = operator.read(f"/rounds/{cleared['id']}/matches")["items"]
    assert matches
    notifications = [one.read("/notifications")["items"][0]["id"] for one in (farm, processor)]
    login = trade.farm().login
    with app.app_context(), transaction():
        leaver = find_person(str(login))
        assert leaver is not None
        leavers = [issue_token(person=leaver, now=clock.now())[0] for _ in range(2_000)]
    sites = [one.site_id for one in people.values() if one.site_id]
    known: Known = {
        "organisation_id": [one.organisation_id for one in people.values() if one.organisation_id],
        "cooperative_id": [cooperative.organisation_id],
        "on_behalf_of": [farm.organisation_id, None],
        "visible_to": [[], [processor.organisation_id]],
        "membership_id": [membership["id"]],
        "invitation_id": [invitation["id"]],
        "site_id": sites,
        "certificate_id": ids(certificates),
        "certificates": [[], [certificates[0]["id"]]],
        "lot_id": ids(lots),
        "offer_id": ids(offers),
        "demand_id": ids(demands),
        "order_id": [*ids(orders), running["id"]],
        "delivery_id": ids(loads),
        "claim_id": [claim["id"]],
        "shortage_id": [short["id"]],
        "schedule_id": [schedule["id"]],
        "line_id": [running["lines"][0]["id"], None],
        "seller_id": [farm.organisation_id, None],
        "carrier_organisation_id": [cooperative.organisation_id, None],
        "unit": ["kg", "tạ", None],
        "correction_reason": ["Nhầm", None],
        "round_id": [cleared["id"], waiting["id"]],
        "match_id": ids(matches),
        "notification_id": notifications,
        "commodity": [COMMODITY, "chrysanthemum-fresh"],
        "commodities": [[COMMODITY]],
        "market": [offers[0]["market"], "chrysanthemum"],
        "scheme": ["vietgap"],
        "ward_code": ["24829"],
        "grade": ["1", None],
        "min_grade": ["2", None],
        "qualities": [{"moisture": "12.0"}, {}],
        "quality_limits": [{"moisture": {"max": "12.5"}}, {}],
        "required_certificates": [[], ["vietgap"]],
        "quantity": ["1.000", "0.001"],
        "ask_price": ["90000.00"],
        "bid_price": ["130000.00"],
        "price_per": [None, {"quantity": "1", "unit": "ta"}],
        "harvested_at": [day(-2), None],
        "ready_at": [day(-1), day(2), None],
        "open_until": [day(20), None],
        "deliver_from": [day(0)],
        "deliver_until": [day(25)],
        "min_quantity": [None],
        "min_delivery": [None],
        "max_suppliers": [None],
        "processing_line": [None],
        "phone": ["+84901234567"],
        "email": ["ai@example.com"],
        "tax_id": [None],
        "login": [farm.login],
        "code": [COMMODITY, "vietgap", "green-tea", "ginger"],
        "near": ["11.55,107.80"],
    }
    examples = {
        "LotIn": lot_body(farm),
        "OfferIn": offer_body(lots[0]["id"], quantity="1.000", on_behalf_of=None),
        "OfferChange": {"ask_price": "90000.00"},
        "DemandIn": demand_body(processor),
        "OrderIn": order_body(processor, kept, "0.001"),
        "DeliveryIn": {"quantity": "1"},
        "DespatchIn": {"quantity": "5"},
        "WeighingIn": {"tickets": [{"gross": "6", "tare": "1"}]},
        "InspectionIn": {"parts": [accepted_part("5")]},
        "ClaimIn": {"share": "0.1", "reason": "Ẩm"},
        "AnswerIn": {"result": "refused"},
        "DecisionIn": {"credit": 0, "text": "Không"},
        "CarriageIn": {"carrier": "seller"},
        "ShortageIn": {"available": "1", "reason": "Ít"},
        "ScheduleIn": {
            "commodity": COMMODITY,
            "rules": [{"kind": "water_deduction", "attribute": "moisture"}],
        },
        "RoundIn": {"market": "shiitake"},
        "SiteIn": {"name": "Kho", **B_LAO},
        "CertificateIn": {**certificate, "number": "VG-9"},
        "InvitationIn": {"name": "Bạn", "email": "ban-khac@example.com"},
        "RegistrationIn": {
            "organisation": {"name": "Trại mới", "kind": "farm"},
            "person": {"name": "Ba", "phone": "+84907654321", "password": PASSWORD},
        },
        "TokenIn": {"login": farm.login, "password": PASSWORD},
    }
    return Gate(app, people, leavers, known, examples)


def ids(things: Iterable[dict[str, Any]]) -> list[Any]:
    return [one["id"] for one in things]


def own_trouble(fault: BaseException) -> bool:
    """Whether the tool tripped over itself: a drawn id with a "?", or a case too big to print."""
    return isinstance(fault, HypothesisWarning) or "Query string is defined" in str(fault)


@pytest.mark.parametrize(
    ("requests", "examples"),
    [(500, 3), pytest.param(5_000, 100, marks=pytest.mark.slow)],
)
def test_no_request_gets_an_answer_that_blames_us(
    committing: Flask, requests: int, examples: int
) -> None:
    gate = a_world(committing)
    before = gate.sent.total()
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "max-time": PATIENCE_SECONDS,
            "checks": {"enabled": False, "not_a_server_error": {"enabled": True}},
            "generation": {"max-examples": examples, "database": "none", "no-shrink": True},
            "phases": {"coverage": {"enabled": False}},
        }
    )
    schema = schemathesis.openapi.from_wsgi(DESCRIPTION, gate, config=config)
    scenarios: Counter[str] = Counter()
    broken: list[str] = []

    def missing() -> dict[str, object]:
        """What still has to be seen, with what has been."""
        routes = {rule for rule in gate.sent if NO_ROUTE not in rule}
        fulfilled = set(+gate.fulfilled)
        found = {
            "requests": (gate.sent.total() - before >= requests, gate.statuses),
            "fuzzing": (scenarios["fuzzing"] >= 40, scenarios),
            "stateful": (scenarios["stateful"] >= 1, scenarios),
            "routes": (len(routes) >= 60, sorted(routes)),
            "fulfilled": (len(fulfilled) >= 40, sorted(routes - fulfilled)),
        }
        return {name: seen for name, (enough, seen) in found.items() if not enough}

    stream = from_schema(schema).execute()
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            scenarios[event.phase.value] += 1
        elif isinstance(event, events.NonFatalError) and not own_trouble(event.value):
            broken.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            broken.append(repr(event.exception))
        if not missing():
            stream.stop()

    assert not gate.faults, "\n".join(sorted(set(gate.faults)))
    assert not broken, "\n".join(broken)
    assert not missing()


def test_a_forecast_that_fails_is_written_off(trade: Trade) -> None:
    farm = trade.farm()
    lot = a_lot(farm, status="forecast", harvested_at=None, ready_at=day(3))
    spoiled = farm.made(f"/lots/{lot['id']}/spoilage")
    assert (spoiled["status"], spoiled["harvested_at"]) == ("spoiled", None)


def test_an_order_beyond_all_counting_is_refused(trade: Trade) -> None:
    farm, buyer = trade.farm(), trade.processor()
    most, dearest = "999999999.999", "999999999.99"
    offers = [
        an_offer(farm, a_lot(farm, quantity=most), quantity=most, ask_price=dearest)
        for _ in range(10)
    ]
    lines = [{"offer_id": offer["id"], "quantity": most} for offer in offers]
    answer = buyer.post("/orders", {"lines": lines, "site_id": buyer.site_id})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/lines")
    assert farm.read(f"/offers/{offers[0]['id']}")["remaining"] == most
    order = buyer.made("/orders", {"lines": lines[:9], "site_id": buyer.site_id})
    assert order["goods_amount"] == 9 * 999_999_999_989_000_000
