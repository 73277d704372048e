"""A small world in which every route has something to act on."""

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Flask
from PIL import Image
from sqlalchemy import Connection, select, text, update
from werkzeug.test import TestResponse

from app.accounts.models import REGISTRABLE, Kind
from app.contracts.breach_operations import find_breaches
from app.core import clock, outbox
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.core.transaction import transaction
from app.disruption.operations import meet_restrictions
from app.lots.models import Lot
from app.lots.photo import keep_photo
from app.notifications.models import Dispatch, DispatchStatus
from app.settlement.operations import finalise_settlements
from app.webhooks.models import WebhookDelivery
from tests.api.example import Ids
from tests.api.examples import EXAMPLES
from tests.factories import (
    NOW,
    PASSWORD,
    WARD_1,
    Account,
    Trade,
    a_certificate,
    a_demand,
    a_lot,
    a_membership,
    a_plot,
    an_offer,
    an_order,
    day,
    forecast_body,
    lot_body,
    restriction_body,
    today,
)
from tests.factories_contracts import a_contract, a_draft, called
from tests.factories_deliveries import a_claim, a_delivery, brought, scheduled
from tests.factories_pools import a_pool
from tests.factories_pools import brought as brought_in

NO_ID = "00000000-0000-7000-8000-000000000000"
BIG_AND_STILL = ("administrative_unit", "administrative_unit_predecessor", "spatial_ref_sys")
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
# These counters also count what was taken back by a savepoint, never less than what was written.
TOUCHED = """
SELECT relname FROM pg_stat_xact_user_tables
WHERE schemaname = 'public' AND n_tup_ins + n_tup_upd + n_tup_del > 0
"""
Rows = dict[str, tuple[int, str]]
PROMPT = {"commodity": "ginger-dried", "qualities": {}, "grade": None}


@dataclass
class World:
    """Accounts by label, and ids of what they have. Most things belong to `farm` or `processor`."""

    app: Flask
    connection: Connection
    people: dict[str, Account] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    bodies: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    unchanged: Rows = field(default_factory=dict)

    def __getitem__(self, label: str) -> Account:
        return self.people[label]

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Take back whatever happens inside."""
        within = self.connection.in_transaction()
        begin = self.connection.begin_nested if within else self.connection.begin
        with begin() as changes:
            yield
            changes.rollback()

    def rows(self) -> Rows:
        """How many rows every table has, and a digest of all they hold.

        Only what this transaction has written to is read again.
        """
        touched = self.connection.scalars(text(TOUCHED)).all()
        return self.unchanged | self._read(touched)

    def remember(self) -> None:
        """Note what every table holds, for :meth:`rows`."""
        tables = self.connection.scalars(text(TABLES)).all()
        assert len(tables) > 20
        self.unchanged = self._read(tables)

    def _read(self, tables: Sequence[str]) -> Rows:
        content = "md5(string_agg(t::text, '|' ORDER BY t::text))"
        found = " UNION ALL ".join(
            f"SELECT '{name}', count(*), {'NULL' if name in BIG_AND_STILL else content} "
            f'FROM "{name}" t'
            for name in tables
        )
        if not found:
            return {}
        return {
            name: (count, digest) for name, count, digest in self.connection.execute(text(found))
        }


def a_photo(app: Flask, lot_id: str) -> str:
    """A photo of a lot; no call of the API takes one."""
    picture = BytesIO()
    Image.new("RGB", (40, 30), "green").save(picture, "PNG")
    with app.app_context(), transaction():
        lot = db.session.get_one(Lot, UUID(lot_id))
        return str(keep_photo(lot=lot, data=picture.getvalue(), now=NOW).id)


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
    for kind in REGISTRABLE:
        people[f"{kind}_viewer"] = trade.colleague(people[kind])
    for office in (Kind.AUTHORITY, Kind.OPERATOR):
        people[f"{office}_viewer"] = trade.office_viewer(office)
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

    ids["plot"] = a_plot(farm)["id"]
    later = restriction_body(commodity="lotus-dried", **{"from": day(3)})
    ids["restriction"] = people["authority"].made("/restrictions", later)["id"]
    ids["forecast_word"] = farm.made("/forecasts", forecast_body())["id"]
    lot = a_lot(farm)
    ids["photo"] = a_photo(app, lot["id"])
    ids["lot"], ids["spare_lot"] = lot["id"], a_lot(farm)["id"]
    ids["lot_of_another"] = a_lot(people["other_farm"])["id"]
    ids["forecast"] = a_lot(farm, status="forecast", harvested_at=None, ready_at=day(3))["id"]
    ids["offer"] = an_offer(farm, lot, quantity="20")["id"]
    ids["draft_offer"] = an_offer(farm, lot, draft=True, quantity="1")["id"]
    loose = an_offer(farm, lot, firm=False, quantity="30")
    ids["order"] = an_order(processor, loose)["id"]
    rule = {"kind": "reject_limit", "attribute": "moisture", "above": "20"}
    made_for = {"seller_id": farm.organisation_id, "commodity": "green-coffee-robusta"}
    ids["schedule"] = processor.made("/quality-schedules", made_for | {"rules": [rule]})["id"]
    _deliver(world)
    _promise(world)
    _pool(world)
    _disrupt(world)
    _connect(world)
    ids["demand"] = a_demand(processor)["id"]
    ids["draft_demand"] = a_demand(processor, draft=True)["id"]

    matched = an_offer(farm, a_lot(farm, **PROMPT), firm=False)
    wanted = a_demand(processor, accepts=[{"commodity": "ginger-dried"}])
    ids["round"] = trade.clear("ginger")["id"]
    ids["matched_offer"], ids["matched_demand"] = matched["id"], wanted["id"]
    ids["match"] = farm.read(f"/rounds/{ids['round']}/matches")["items"][0]["id"]
    trade.relay()
    _settle(world)
    trade.relay()
    _tell(world)
    ids["unit"] = farm.read("/administrative-units?q=b+lao")["items"][0]["id"]
    for name in ("site", "organisation"):
        for label in ("farm", "processor", "other_farm", "other_processor"):
            ids[f"{label}_{name}"] = str(getattr(people[label], f"{name}_id"))
    ids["statistics"] = "2026-01.csv"
    trade.count()
    world.remember()
    return world


def _deliver(world: World) -> None:
    """An order under way, with a delivery in each state."""
    farm, processor, ids = world["farm"], world["processor"], world.ids
    order = an_order(processor, an_offer(farm), "50")
    ids["running_order"], ids["running_line"] = order["id"], order["lines"][0]["id"]
    ids["running_lot"] = order["lines"][0]["lot_id"]
    short = an_order(processor, an_offer(farm), "50")["lines"][0]["lot_id"]
    little = {"available": "10", "reason": "Chuột cắn"}
    ids["shortage"] = farm.made(f"/lots/{short}/shortage", little)["id"]
    for state in ("scheduled", "weighed", "inspected", "accepted"):
        wanted = {"quantity": "5", "neutral_inspection": state == "weighed"}
        planned = scheduled(farm, order, **wanted)
        ids[f"{state}_delivery"] = brought(farm, processor, planned, state)["id"]
    for state in ("open", "refused", "escalated"):
        delivery = a_delivery(farm, processor, order, quantity="5")
        ids[f"{state}_claim"] = a_claim(farm, processor, delivery, state)["id"]


def _settle(world: World) -> None:
    """What is owed for the accepted delivery is final; a payout, an advance, a closed period."""
    farm, processor, cooperative = world["farm"], world["processor"], world["cooperative"]
    ids = world.ids
    with world.app.app_context(), transaction():
        finalise_settlements(now=clock.now() + timedelta(days=60), most=9)
    delivery = f"?delivery_id={ids['accepted_delivery']}"
    ids["settlement"] = farm.read(f"/settlements{delivery}")["items"][0]["id"]
    part = {"payee_id": farm.organisation_id, "amount": 1000}
    ids["payout"] = processor.made("/payouts", part)["id"]
    advance = {"receiver_id": farm.organisation_id, "kind": "inputs", "amount": 5000}
    ids["advance"] = processor.made("/advances", advance)["id"]
    rule = {"percent": "2.5", "valid_from": today()}
    ids["commission"] = cooperative.made("/commissions", rule)["id"]
    period = {"period_from": "2020-01-01", "period_until": "2020-01-31"}
    ids["statement"] = farm.made("/statements", period)["id"]
    ids["identity"] = farm.made("/seller-identities", {"number": "068099000123"})["id"]


def _promise(world: World) -> None:
    """A draft, an active contract with a breach by its buyer, and a price series."""
    farm, processor, ids = world["farm"], world["processor"], world.ids
    ids["draft_contract"] = a_draft(processor, farm)["id"]
    ids["contract"] = a_contract(processor, farm)["id"]
    called(processor, {"id": ids["contract"]}, 0, "10")
    with world.app.app_context(), transaction():
        find_breaches(now=clock.now() + timedelta(days=40))
    breaches = farm.read(f"/contracts/{ids['contract']}/breaches")["items"]
    ids["breach"] = breaches[0]["id"]
    series = {
        "code": "a-series",
        "name": {"vi": "Giá", "en": "Price"},
        "commodity": "green-coffee-robusta",
        "source": "Sở Công Thương",
    }
    world["operator"].made("/reference-series", series)


def _pool(world: World) -> None:
    """An open pool with a contribution that waits for the farm's word, and a full one."""
    farm, cooperative, ids = world["farm"], world["cooperative"], world.ids
    ids["pool"], ids["full_pool"] = (
        a_pool(cooperative, full_load=load)["id"] for load in ("5000", "10")
    )
    mandate = f"/memberships/{ids['membership']}/mandate"
    assert farm.request("DELETE", mandate).status_code == 204
    proposed = brought_in(cooperative, {"id": ids["pool"]}, a_lot(farm), "10")
    farm.made(mandate)
    ids["contribution"] = proposed["id"]
    brought_in(farm, {"id": ids["full_pool"]}, a_lot(farm), "10")


def _disrupt(world: World) -> None:
    """An order stuck behind a closed border, another source, a recalled lot; an assisted entry."""
    farm, group, buyer = world["farm"], world["farmer_group"], world["other_processor"]
    other, ids = world["other_farm"], world.ids
    herb = {"commodity": "lemongrass-dried", "qualities": {}, "grade": None}
    an_order(buyer, an_offer(group, a_lot(group, **herb)))
    away = other.made("/sites", {"name": "Rẫy ngoài", **WARD_1})["id"]
    an_offer(other, a_lot(other, **herb, site_id=away), ask_price="90000")
    body = restriction_body(commodity="lemongrass-dried")
    world["authority"].made("/restrictions", body)
    with world.app.app_context(), transaction():
        assert meet_restrictions(now=clock.now()) == 1
    ids["disruption"] = buyer.read("/disruptions")["items"][0]["id"]
    ids["rematch"] = buyer.read("/rematches")["items"][0]["id"]
    entered = lot_body(world["cooperative"], on_behalf_of=farm.organisation_id, method="sms")
    ids["entry"] = world["cooperative"].made("/assisted-entries", entered)["id"]
    recalled = a_lot(farm, **herb)["id"]
    ids["recall"] = farm.made(f"/lots/{recalled}/recall", {"reason": "Mốc"})["id"]


def _tell(world: World) -> None:
    """A mail to the farm and a message that were set aside, and a saved search."""
    farm, ids = world["farm"], world.ids
    ids["notification"] = farm.read("/notifications")["items"][0]["id"]
    ids["dispatch"] = farm.read("/dispatches")["items"][0]["id"]
    search = {"name": "Cà phê", "commodity": "green-coffee-arabica"}
    ids["search"] = farm.made("/saved-searches", search)["id"]
    with world.app.app_context(), transaction():
        db.session.get_one(Dispatch, UUID(ids["dispatch"])).status = DispatchStatus.DEAD
        outbox.add("no.such.topic", concerns=[], payload={}, now=clock.now())
        dead = db.session.scalars(select(OutboxMessage).filter_by(topic="no.such.topic")).one()
        dead.dead_at, ids["dead_message"] = clock.now(), str(dead.id)


def _connect(world: World) -> None:
    """A webhook with a ping that was given up, and a file that was checked."""
    from workers.imports import work_on_import

    farm, ids = world["farm"], world.ids
    hook = {"url": "https://example.com/blao", "topics": ["claim.filed"]}
    ids["webhook"] = farm.made("/webhooks", hook)["id"]
    ids["webhook_delivery"] = farm.made(f"/webhooks/{ids['webhook']}/test")["id"]
    file = f"name,ward_code,latitude,longitude\nKho,{WARD_1['ward_code']},11.5301,107.8402\n"
    sent = farm.made("/imports/sites", data=file.encode(), Content_Type="text/csv")
    ids["import"] = sent["id"]
    with world.app.app_context():
        work_on_import.run(import_id=sent["id"])
        with transaction():
            db.session.execute(update(WebhookDelivery).values(status="dead"))


def declared(app: Flask) -> dict[str, Callable[..., Any]]:
    """The view of every route below ``/api/v1`` by method and rule, as `EXAMPLES` names them."""
    found = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and rule.endpoint != "api-docs.openapi_json":
            path = re.sub(r"<\w+:", "<", rule.rule.removeprefix("/api/v1"))
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                found[f"{method} {path}"] = app.view_functions[rule.endpoint]
    return found


def is_list(view: Callable[..., Any]) -> bool:
    """Whether a view answers in pages."""
    answers = view._apidoc["response"]["responses"].get(200)  # type: ignore[attr-defined]
    schema = answers[0].get("schema") if answers else None
    return schema is not None and "next_cursor" in schema.fields


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
    if shown.file is not None and "data" not in options:
        options |= {"data": shown.file, "Content_Type": shown.media_type}
    caller = world[label or shown.may[0]]
    path = path_of(world, route, ids) + query
    return caller.request(route.split()[0], path, **{**shown.headers, **options})
