"""A small world in which every route has something to act on, and an example of every call.

Whoever adds a route adds an example here; the tests of input, access and repetition then cover it.
"""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from app.accounts.models import Kind
from app.accounts.operations import invitation_code
from tests.factories import (
    PASSWORD,
    Account,
    Trade,
    a_certificate,
    a_demand,
    a_lot,
    a_membership,
    an_offer,
    an_order,
    day,
    demand_body,
    lot_body,
    offer_body,
    order_body,
)

NO_ID = "00000000-0000-7000-8000-000000000000"
BIG_AND_STILL = ("administrative_unit", "administrative_unit_predecessor", "spatial_ref_sys")
PROMPT = {"commodity": "ginger-dried", "qualities": {}, "grade": None}

Ids = Mapping[str, str]


@dataclass
class World:
    """Accounts by label, and ids of what they have. Most things belong to `farm` or `processor`."""

    app: Flask
    connection: Connection
    people: dict[str, Account] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    bodies: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)

    def __getitem__(self, label: str) -> Account:
        return self.people[label]

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Take back whatever happens inside."""
        with self.connection.begin_nested() as savepoint:
            yield
            savepoint.rollback()

    def rows(self) -> dict[str, tuple[int, str]]:
        """How many rows every table has, and a digest of all they hold."""
        tables = self.connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        ).all()
        assert len(tables) > 20
        content = "md5(string_agg(t::text, '|' ORDER BY t::text))"
        found = " UNION ALL ".join(
            f"SELECT '{name}', count(*), {'NULL' if name in BIG_AND_STILL else content} "
            f'FROM "{name}" t'
            for name in tables
        )
        return {
            name: (count, digest) for name, count, digest in self.connection.execute(text(found))
        }


def populated(app: Flask, connection: Connection) -> World:
    """The world, traded in a little: a placed order, a proposed match, drafts, a membership."""
    trade = Trade(app)
    world = World(app, connection)
    people, ids = world.people, world.ids
    people["visitor"] = trade.visitor
    for kind in ("farm", "farmer_group", "processor", "cooperative"):
        people[kind] = trade.account(kind)
    for kind in ("farm", "processor", "cooperative"):
        people[f"other_{kind}"] = trade.account(kind)
    people["operator"], people["authority"] = trade.operator, trade.authority
    for kind in Kind:
        people[f"{kind}_viewer"] = trade.colleague(people[kind])
    farm, processor, cooperative = people["farm"], people["processor"], people["cooperative"]

    ids["membership"] = a_membership(farm, cooperative, "consent", "mandate")["id"]
    ids["cooperative"] = str(people["other_cooperative"].organisation_id)
    ids["certificate"] = a_certificate(farm)["id"]
    invited = {"name": "Khách", "email": "guest@example.com"}
    ids["invitation"] = farm.made("/invitations", invited)["id"]
    ids["token"] = farm.read("/tokens")["items"][0]["id"]
    second = {"login": farm.login, "password": PASSWORD}
    people["farm"] = Account(
        app, farm.made("/tokens", second)["token"], farm.organisation_id, farm.login, farm.site_id
    )

    lot = a_lot(farm)
    ids["lot"], ids["spare_lot"] = lot["id"], a_lot(farm)["id"]
    ids["forecast"] = a_lot(farm, status="forecast", harvested_at=None, ready_at=day(3))["id"]
    ids["offer"] = an_offer(farm, lot, quantity="20")["id"]
    ids["draft_offer"] = an_offer(farm, lot, draft=True, quantity="1")["id"]
    loose = an_offer(farm, lot, firm=False, quantity="30")
    ids["order"] = an_order(processor, loose)["id"]
    ids["demand"] = a_demand(processor)["id"]
    ids["draft_demand"] = a_demand(processor, draft=True)["id"]

    matched = an_offer(farm, a_lot(farm, **PROMPT), firm=False)
    wanted = a_demand(processor, accepts=[{"commodity": "ginger-dried"}])
    ids["round"] = trade.clear("ginger")["id"]
    ids["matched_offer"], ids["matched_demand"] = matched["id"], wanted["id"]
    ids["match"] = farm.read(f"/rounds/{ids['round']}/matches")["items"][0]["id"]
    trade.relay()
    ids["notification"] = farm.read("/notifications")["items"][0]["id"]
    ids["unit"] = farm.read("/administrative-units?q=b+lao")["items"][0]["id"]
    for name in ("site", "organisation"):
        for label in ("farm", "processor", "other_farm"):
            ids[f"{label}_{name}"] = str(getattr(people[label], f"{name}_id"))
    return world


def _words(*groups: str) -> tuple[str, ...]:
    return tuple(" ".join(groups).split())


SELLERS = "farm farmer_group cooperative other_farm other_cooperative"
BUYERS = "processor cooperative other_processor other_cooperative"
TRADERS = f"{SELLERS} processor other_processor"
OWNERS = f"{TRADERS} authority operator"
VIEWERS = " ".join(f"{kind}_viewer" for kind in Kind)
SIGNED_IN = f"{OWNERS} {VIEWERS}"
EVERYBODY = f"visitor {SIGNED_IN}"
FARM = "farm farm_viewer operator operator_viewer"
PROCESSOR = "processor processor_viewer operator operator_viewer"
BOTH_SIDES = f"farm processor {FARM} {PROCESSOR}"


@dataclass(frozen=True)
class Example:
    """A call that succeeds: who may make it, who is told that there is no such thing.

    Everybody else is refused: a visitor with 401, the others with 403. The first of ``may`` makes
    the call in tests that need only one caller.
    """

    may: tuple[str, ...]
    lost: tuple[str, ...] = ()
    path: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[Account, Ids], dict[str, Any]] | None = None
    subject: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def example(
    may: str,
    *,
    among: str = "",
    subject: str = "",
    body: Callable[[Account, Ids], dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
    code: str = "",
) -> Example:
    """An example about the ``subject`` (a key of ``ids``), which those ``among`` may not find."""
    path = {"id": subject} | ({"code": code} if code else {})
    allowed = tuple(dict.fromkeys(_words(may)))
    lost = tuple(label for label in dict.fromkeys(_words(among)) if label not in allowed)
    return Example(allowed, lost, path, body, subject, headers or {})


def _registration(_: Account, __: Ids) -> dict[str, Any]:
    return {
        "organisation": {
            "name": "Nông hộ Mới",
            "kind": "farm",
            "tax_id": "0100109106",
            "smallholder": True,
        },
        "person": {
            "name": "Người Mới",
            "phone": "0912345678",
            "email": "moi@example.com",
            "password": PASSWORD,
            "locale": "vi",
        },
    }


def _site(_: Account, __: Ids) -> dict[str, Any]:
    return {
        "name": "Kho",
        "ward_code": "24829",
        "latitude": 11.5,
        "longitude": 107.8,
        "on_behalf_of": None,
    }


def _lot(caller: Account, _: Ids) -> dict[str, Any]:
    return lot_body(caller, ready_at=day(-1), certificates=[], on_behalf_of=None)


def _certificate(caller: Account, _: Ids) -> dict[str, Any]:
    return {
        "scheme": "vietgap",
        "number": "VG-1",
        "site_id": caller.site_id,
        "commodities": ["green-coffee-robusta"],
        "valid_from": "2026-01-01",
        "valid_until": "2027-01-01",
        "on_behalf_of": None,
    }


def _offer(_: Account, ids: Ids) -> dict[str, Any]:
    return offer_body(
        ids["spare_lot"],
        price_per={"quantity": "100", "unit": "kg"},
        min_quantity=None,
        visibility="public",
        visible_to=[],
        draft=False,
        on_behalf_of=None,
    )


def _demand(caller: Account, _: Ids) -> dict[str, Any]:
    accepts = {
        "commodity": "green-coffee-robusta",
        "min_grade": "1",
        "quality_limits": {"moisture": {"min": "5.0", "max": "12.5"}},
        "required_certificates": ["vietgap"],
    }
    return demand_body(
        caller,
        accepts=[accepts],
        min_delivery=None,
        max_suppliers=None,
        processing_line="functional-coffee",
        draft=False,
        shortage_rule="pro_rata",
        on_behalf_of=None,
    )


def _order(caller: Account, ids: Ids) -> dict[str, Any]:
    body = order_body(caller, {"id": ids["offer"]}) | {"carrier": "seller", "on_behalf_of": None}
    body["lines"][0]["offer_version"] = 1
    return body


def _acceptance(caller: Account, ids: Ids) -> dict[str, Any]:
    code = invitation_code(UUID(ids["invitation"]), secret=caller.app.config["SECRET_KEY"])
    return {"code": code, "name": "Khách Quen", "password": PASSWORD}


def _price(_: Account, __: Ids) -> dict[str, Any]:
    price_per = {"quantity": "1", "unit": "tonne"}
    return {"ask_price": "90000000", "price_per": price_per, "open_until": day(20)}


IF_MATCH = {"If_Match": "*"}

EXAMPLES: dict[str, Example] = {
    "POST /registrations": example(EVERYBODY, body=_registration),
    "POST /tokens": example(
        EVERYBODY, body=lambda _, ids: {"login": ids["login"], "password": PASSWORD}
    ),
    "GET /tokens": example(SIGNED_IN),
    "DELETE /tokens/current": example(SIGNED_IN),
    "DELETE /tokens/<token_id>": example("farm", among=SIGNED_IN, subject="token"),
    "GET /me": example(SIGNED_IN),
    "POST /invitations": example(
        OWNERS,
        body=lambda _, __: {
            "name": "Bạn",
            "email": "ban@example.com",
            "role": "member",
            "locale": "en",
        },
    ),
    "GET /invitations": example(OWNERS),
    "GET /invitations/<invitation_id>": example(
        "farm operator", among=OWNERS, subject="invitation"
    ),
    "POST /invitations/<invitation_id>/acceptance": example(
        EVERYBODY, subject="invitation", body=_acceptance
    ),
    "POST /memberships": example(
        "farm farmer_group other_farm", body=lambda _, ids: {"cooperative_id": ids["cooperative"]}
    ),
    "GET /memberships": example(SIGNED_IN),
    "GET /memberships/<membership_id>": example(
        f"{FARM} cooperative cooperative_viewer", among=SIGNED_IN, subject="membership"
    ),
    "DELETE /memberships/<membership_id>": example(
        "farm cooperative", among=TRADERS, subject="membership"
    ),
    **{
        f"{method} /memberships/<membership_id>/{grant}": example(
            "farm", among="farmer_group other_farm", subject="membership"
        )
        for method in ("POST", "DELETE")
        for grant in ("consent", "mandate")
    },
    "GET /commodities": example(EVERYBODY),
    "GET /commodities/<code>": example(EVERYBODY, code="ginger-dried"),
    "GET /markets": example(EVERYBODY),
    "GET /markets/<code>": example(EVERYBODY, code="ginger"),
    "GET /markets/<code>/prices": example(EVERYBODY, code="ginger"),
    "GET /processing-lines": example(EVERYBODY),
    "GET /processing-lines/<code>": example(EVERYBODY, code="silk-reeling"),
    "GET /certificate-schemes": example(EVERYBODY),
    "GET /certificate-schemes/<code>": example(EVERYBODY, code="vietgap"),
    "GET /administrative-units": example(EVERYBODY),
    "GET /administrative-units/<unit_id>": example(EVERYBODY, subject="unit"),
    "POST /sites": example(TRADERS, body=_site),
    "GET /sites": example(SIGNED_IN),
    "GET /sites/<site_id>": example(FARM, among=SIGNED_IN, subject="farm_site"),
    "POST /lots": example(SELLERS, body=_lot),
    "GET /lots": example(SIGNED_IN),
    "GET /lots/<lot_id>": example(FARM, among=SIGNED_IN, subject="lot"),
    "POST /lots/<lot_id>/harvest": example(
        "farm",
        among=SELLERS,
        subject="forecast",
        body=lambda _, __: {"harvested_at": day(-1), "quantity": "90"},
    ),
    "POST /lots/<lot_id>/spoilage": example("farm", among=SELLERS, subject="spare_lot"),
    "POST /certificates": example(TRADERS, body=_certificate),
    "GET /certificates": example(SIGNED_IN),
    "GET /certificates/<certificate_id>": example(
        f"{FARM} authority authority_viewer", among=SIGNED_IN, subject="certificate"
    ),
    "POST /certificates/<certificate_id>/verification": example(
        "authority operator", subject="certificate"
    ),
    "POST /offers": example("farm", among=SELLERS, subject="spare_lot", body=_offer),
    "GET /offers": example(EVERYBODY),
    "GET /offers/<offer_id>": example(EVERYBODY, subject="offer"),
    "PATCH /offers/<offer_id>": example(
        "farm", among=SELLERS, subject="offer", body=_price, headers=IF_MATCH
    ),
    "POST /offers/<offer_id>/publication": example("farm", among=SELLERS, subject="draft_offer"),
    "POST /offers/<offer_id>/withdrawal": example("farm", among=SELLERS, subject="offer"),
    "GET /offers/<offer_id>/explanation": example(FARM, among=SIGNED_IN, subject="matched_offer"),
    "POST /demands": example(BUYERS, body=_demand),
    "GET /demands": example(SIGNED_IN),
    "GET /demands/<demand_id>": example(PROCESSOR, among=SIGNED_IN, subject="demand"),
    "POST /demands/<demand_id>/publication": example(
        "processor", among=BUYERS, subject="draft_demand"
    ),
    "POST /demands/<demand_id>/cancellation": example("processor", among=BUYERS, subject="demand"),
    "GET /demands/<demand_id>/explanation": example(
        PROCESSOR, among=SIGNED_IN, subject="matched_demand"
    ),
    "POST /orders": example(BUYERS, subject="offer", body=_order),
    "GET /orders": example(SIGNED_IN),
    "GET /orders/<order_id>": example(BOTH_SIDES, among=SIGNED_IN, subject="order"),
    "POST /orders/<order_id>/confirmation": example("farm", among=SELLERS, subject="order"),
    "POST /orders/<order_id>/cancellation": example(
        "farm processor", among=TRADERS, subject="order"
    ),
    "POST /rounds": example("operator", body=lambda _, __: {"market": "shiitake"}),
    "GET /rounds": example(SIGNED_IN),
    "GET /rounds/<round_id>": example(SIGNED_IN, subject="round"),
    "GET /rounds/<round_id>/snapshot": example("operator", subject="round"),
    "GET /rounds/<round_id>/matches": example(SIGNED_IN, subject="round"),
    "GET /matches/<match_id>": example(BOTH_SIDES, among=SIGNED_IN, subject="match"),
    "POST /matches/<match_id>/acceptance": example(
        "farm processor", among=TRADERS, subject="match"
    ),
    "POST /matches/<match_id>/refusal": example("farm processor", among=TRADERS, subject="match"),
    "GET /notifications": example(SIGNED_IN),
    "GET /notifications/<notification_id>": example(
        "farm", among=SIGNED_IN, subject="notification"
    ),
    "POST /notifications/<notification_id>/reading": example(
        "farm", among=SIGNED_IN, subject="notification"
    ),
    "GET /analytics/summary": example("cooperative cooperative_viewer other_cooperative"),
}


def declared(app: Flask) -> dict[str, Callable[..., Any]]:
    """The view of every route below ``/api/v1`` by method and rule, as `EXAMPLES` names them."""
    found = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and rule.endpoint != "api-docs.openapi_json":
            path = re.sub(r"<\w+:", "<", rule.rule.removeprefix("/api/v1"))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                found[f"{method} {path}"] = app.view_functions[rule.endpoint]
    return found


def example_body(
    world: World, route: str, label: str | None = None, ids: Ids | None = None
) -> dict[str, Any]:
    """The body of an example, the same however often asked though its instants come from now."""
    shown = EXAMPLES[route]
    assert shown.body is not None
    label = label or shown.may[0]
    known = world.ids | {"login": str(world["farm"].login)} | dict(ids or {})
    name = (route, label, str(ids))
    if name not in world.bodies:
        world.bodies[name] = shown.body(world[label], known)
    return copy.deepcopy(world.bodies[name])


def path_of(world: World, route: str, ids: Ids | None = None) -> str:
    """Where an example's call goes."""
    shown = EXAMPLES[route]
    known = world.ids | dict(ids or {})
    path = route.split()[1].replace("<code>", shown.path.get("code", ""))
    return re.sub(r"<\w+>", lambda _: known[shown.subject], path)


def send(
    world: World,
    route: str,
    label: str | None = None,
    *,
    ids: Ids | None = None,
    query: str = "",
    **options: Any,
) -> TestResponse:
    """Make the example's call, as its first caller unless told otherwise.

    ``json`` or ``data`` among the options stand in for its body.
    """
    shown = EXAMPLES[route]
    if shown.body is not None and "data" not in options and "json" not in options:
        options["json"] = example_body(world, route, label, ids)
    caller = world[label or shown.may[0]]
    path = path_of(world, route, ids) + query
    return caller.request(route.split()[0], path, **{**shown.headers, **options})
