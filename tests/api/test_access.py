"""Nobody gets what is not theirs, and what is another's looks like what does not exist."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.accounts.access import Acting
from app.accounts.models import AccessToken
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from tests.api.examples import EXAMPLES
from tests.api.world import NO_ID, World, declared, send
from tests.factories import (
    B_LAO,
    Account,
    Trade,
    a_lot,
    an_offer,
    an_order,
    demand_body,
    lot_body,
    offer_body,
)


def told(answer: TestResponse) -> dict[str, Any]:
    """A refusal without what differs from request to request."""
    return {name: value for name, value in answer.json.items() if name != "request_id"}


def test_every_route_has_an_example(world: World) -> None:
    assert set(EXAMPLES) == set(declared(world.app))


@pytest.mark.parametrize("route", EXAMPLES)
def test_only_those_with_a_right_get_an_answer(world: World, route: str) -> None:
    shown = EXAMPLES[route]
    answers = {}
    for label in world.people:
        with world.untouched():
            answers[label] = send(world, route, label)
    for label, answer in answers.items():
        told = (label, answer.status_code, answer.get_data(as_text=True)[:200])
        if label in shown.may:
            assert answer.status_code in (200, 201, 202, 204), told
            continue
        code = answer.json["code"]
        if label in shown.lost:
            assert (answer.status_code, code) == (404, "not_found"), told
        elif label == "visitor":
            assert (answer.status_code, code) == (401, "token_missing"), told
        else:
            assert (answer.status_code, code) == (403, "forbidden"), told
    assert len(answers) == 16


@pytest.mark.parametrize("route", [name for name, shown in EXAMPLES.items() if shown.lost])
def test_a_foreign_thing_is_told_like_a_missing_one(world: World, route: str) -> None:
    shown = EXAMPLES[route]
    for label in shown.lost:
        foreign = send(world, route, label)
        missing = send(world, route, label, ids={shown.subject: NO_ID})
        assert (foreign.status_code, told(foreign)) == (missing.status_code, told(missing)), label


FOR_NEWCOMERS = (
    "POST /registrations",
    "POST /sign-in-codes",
    "POST /tokens",
    "POST /dispatches/<dispatch_id>/receipts",
)


@pytest.mark.parametrize("route", EXAMPLES)
def test_a_token_that_is_wrong_opens_nothing(world: World, route: str) -> None:
    if route in FOR_NEWCOMERS:
        assert send(world, route, Authorization="Bearer blao_wrong").status_code in (201, 202, 204)
        return
    answer = send(world, route, Authorization="Bearer blao_wrong")
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "given", ["Basic YTpi", "Bearer \xff", "nonsense", "Bearer", "Bearer ", ""]
)
def test_what_is_no_token_opens_nothing(world: World, given: str) -> None:
    code = "token_invalid" if given in ("Basic YTpi", "Bearer \xff") else "token_missing"
    for route in ("GET /me", "GET /offers", "POST /orders"):
        answer = send(world, route, Authorization=given)
        assert (answer.status_code, answer.json["code"]) == (401, code), route


@pytest.mark.parametrize("route", EXAMPLES)
def test_a_foreign_organisation_cannot_be_named(world: World, route: str) -> None:
    if declared(world.app)[route].access.public and EXAMPLES[route].may[0] == "visitor":
        return
    other = world.ids["other_farm_organisation"]
    answers = [send(world, route, X_Organisation_Id=one) for one in (other, NO_ID)]
    assert told(answers[0]) == told(answers[1])
    assert (answers[0].status_code, told(answers[0])["code"]) == (404, "organisation_not_found")


def test_somebody_signed_in_may_not_name_a_foreign_organisation_on_a_public_route(
    world: World,
) -> None:
    other = world.ids["other_farm_organisation"]
    answer = world["farm"].get("/offers", X_Organisation_Id=other)
    assert (answer.status_code, answer.json["code"]) == (404, "organisation_not_found")


def sites_of_the_member(world: World) -> dict[str, Any]:
    member = world["farm"].organisation_id
    return {"on_behalf_of": member, "site_id": world["farm"].site_id}


def test_an_agent_acts_for_its_member_and_both_see_what_it_did(world: World) -> None:
    agent, member = world["cooperative"], world["farm"]
    lot = agent.made("/lots", lot_body(agent, **sites_of_the_member(world)))
    assert (lot["capacity"], lot["on_behalf_of"]) == ("agent", member.organisation_id)
    body = offer_body(lot["id"], on_behalf_of=member.organisation_id)
    offer = agent.made("/offers", body)
    for account in (agent, member):
        assert account.read(f"/offers/{offer['id']}")["organisation_id"] == member.organisation_id
    order = an_order(world["processor"], offer)
    assert order["seller_id"] == member.organisation_id
    assert agent.read(f"/orders/{order['id']}")["seller_capacity"] == "agent"


def test_a_withdrawn_mandate_stops_an_agent_at_once(world: World) -> None:
    agent, member = world["cooperative"], world["farm"]
    theirs = sites_of_the_member(world)
    lot = agent.made("/lots", lot_body(agent, **theirs))
    offer = agent.made("/offers", offer_body(lot["id"], on_behalf_of=member.organisation_id))
    order = an_order(world["processor"], offer)
    path = f"/memberships/{world.ids['membership']}/mandate"
    assert member.request("DELETE", path).status_code == 204
    etag = agent.get(f"/offers/{offer['id']}").headers["ETag"]
    changed = {"ask_price": "1.00"}
    refused = [
        agent.post("/lots", lot_body(agent, **theirs)),
        agent.post("/sites", {"name": "Kho", **B_LAO, "on_behalf_of": member.organisation_id}),
        agent.post("/offers", offer_body(lot["id"], on_behalf_of=member.organisation_id)),
        agent.post("/demands", demand_body(agent, on_behalf_of=member.organisation_id)),
        agent.post(f"/lots/{lot['id']}/spoilage"),
        agent.post(f"/offers/{offer['id']}/withdrawal"),
        agent.request("PATCH", f"/offers/{offer['id']}", changed, If_Match=etag),
        agent.post(f"/orders/{order['id']}/cancellation"),
    ]
    for answer in refused:
        assert (answer.status_code, answer.json["code"]) == (403, "mandate_missing")
    assert member.made(path)["mandate_given_at"] is not None
    assert agent.post(f"/offers/{offer['id']}/withdrawal").status_code == 200


def test_nobody_acts_for_a_farm_that_is_no_member(world: World) -> None:
    stranger = str(world["other_farm"].organisation_id)
    for label in ("cooperative", "farm", "farmer_group"):
        for other in (stranger, NO_ID):
            body = {"name": "Kho", **B_LAO, "on_behalf_of": other}
            answer = world[label].post("/sites", body)
            assert answer.status_code == 404
            assert [one["pointer"] for one in answer.json["errors"]] == ["/on_behalf_of"]


def test_an_ended_membership_ends_mandate_and_consent(world: World) -> None:
    agent, member = world["cooperative"], world["farm"]
    path = f"/memberships/{world.ids['membership']}"
    assert agent.request("DELETE", path).status_code == 204
    left = member.read(path)
    assert left["ended_on"] is not None
    assert (left["consent_given_at"], left["mandate_given_at"]) == (None, None)
    answer = agent.post("/lots", lot_body(agent, on_behalf_of=member.organisation_id))
    assert answer.status_code == 404
    assert agent.read("/analytics/summary")["consenting_members"] == 0
    for method in ("POST", "DELETE"):
        assert member.request(method, f"{path}/mandate").status_code == (
            409 if method == "POST" else 204
        )
    assert member.request("DELETE", path).json["code"] == "membership_ended"


def test_withdrawn_consent_empties_the_figures_at_once(world: World) -> None:
    cooperative = world["cooperative"]
    before = cooperative.read("/analytics/summary")
    assert (before["consenting_members"], before["orders"]) == (1, 4)
    assert {row["commodity"] for row in before["commodities"]} == {
        "ginger-dried",
        "green-coffee-robusta",
    }
    path = f"/memberships/{world.ids['membership']}/consent"
    assert world["farm"].request("DELETE", path).status_code == 204
    after = cooperative.read("/analytics/summary")
    assert (after["members"], after["consenting_members"]) == (1, 0)
    assert (after["orders"], after["goods_amount"], after["commodities"]) == (0, 0, [])
    world["farm"].made(path)
    assert cooperative.read("/analytics/summary") == before


def test_a_revoked_token_is_worth_nothing(world: World) -> None:
    farm = world["farm"]
    other = Account(farm.app, farm.token)
    assert farm.request("DELETE", "/tokens/current").status_code == 204
    answer = other.get("/me")
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_an_expired_token_is_worth_nothing(world: World) -> None:
    farm = world["farm"]
    assert farm.get("/me").status_code == 200
    with world.app.app_context(), transaction():
        past = clock.now() - timedelta(seconds=1)
        db.session.execute(update(AccessToken).values(expires_at=past))
    answer = farm.get("/me")
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


@pytest.fixture
def two_hats(world: World) -> Account:
    """The farm's owner, who is also a member of the processor."""
    trade = Trade(world.app)
    invited = {"name": "Hai vai", "email": "hai@example.com", "role": "member"}
    trade.accept(world["processor"].made("/invitations", invited)["id"], world["farm"])
    return world["farm"]


def test_somebody_with_two_roles_names_the_organisation(world: World, two_hats: Account) -> None:
    refused = 0
    for route, view in declared(world.app).items():
        if isinstance(view.access, Acting):
            with world.untouched():
                answer = send(world, route, "farm")
            assert (answer.status_code, answer.json["code"]) == (400, "organisation_needed"), route
            refused += 1
    assert refused > 30
    roles = {one["id"]: one["role"] for one in two_hats.read("/me")["organisations"]}
    processor = str(world["processor"].organisation_id)
    assert roles == {two_hats.organisation_id: "owner", processor: "member"}

    in_farm = {"X_Organisation_Id": str(two_hats.organisation_id)}
    in_processor = {"X_Organisation_Id": processor.upper()}
    lot = two_hats.made("/lots", lot_body(two_hats), **in_farm)
    assert lot["organisation_id"] == two_hats.organisation_id
    assert two_hats.post("/lots", lot_body(two_hats), **in_processor).status_code == 403
    assert two_hats.get(f"/lots/{lot['id']}", **in_processor).status_code == 404
    body = demand_body(two_hats, site_id=world["processor"].site_id)
    assert two_hats.post("/demands", body, **in_farm).status_code == 403
    assert two_hats.made("/demands", body, **in_processor)["organisation_id"] == processor


def test_an_appointed_person_has_one_role_and_names_nothing(world: World) -> None:
    roles = world["operator"].read("/me")["organisations"]
    assert [(one["kind"], one["role"]) for one in roles] == [("operator", "owner")]
    assert world["operator"].get("/rounds").status_code == 200


def test_a_private_offer_is_there_for_those_it_names(world: World) -> None:
    named, farm = world["processor"], world["farm"]
    offer = an_offer(farm, a_lot(farm), visibility="private", visible_to=[named.organisation_id])
    path = f"/offers/{offer['id']}"
    missing = world["other_processor"].get(f"/offers/{NO_ID}")
    for label in world.people:
        answer = world[label].get(path)
        if label in ("farm", "farm_viewer", "processor", "processor_viewer") or label.startswith(
            "operator"
        ):
            assert answer.status_code == 200, label
        else:
            assert (answer.status_code, told(answer)) == (404, told(missing)), label


def test_what_a_test_does_to_the_world_is_taken_back(world: World) -> None:
    before = world.rows()
    with world.untouched():
        send(world, "POST /orders")
        assert world.rows() != before
    assert world.rows() == before
