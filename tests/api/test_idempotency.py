"""A request sent twice has one effect, and says so."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import db
from app.core.idempotency import LONGEST_KEY, Idempotency, SavedAnswer, forget_old_answers
from app.core.transaction import transaction
from tests.api.examples import EXAMPLES
from tests.api.world import World, declared, example_body, path_of, send
from tests.factories import Trade

REQUIRED = {
    "POST /orders",
    "POST /rematches/<rematch_id>/acceptance",
    "POST /rematches/<rematch_id>/refusal",
    "POST /orders/<order_id>/confirmation",
    "POST /orders/<order_id>/cancellation",
    "POST /orders/<order_id>/deliveries",
    "POST /lots/<lot_id>/shortage",
    "POST /orders/<order_id>/carriage",
    "POST /deliveries/<delivery_id>/cancellation",
    "POST /deliveries/<delivery_id>/despatch",
    "POST /deliveries/<delivery_id>/weighing",
    "POST /deliveries/<delivery_id>/inspection",
    "POST /deliveries/<delivery_id>/acceptance",
    "POST /contracts/<contract_id>/call-offs",
    "POST /deliveries/<delivery_id>/claims",
    "POST /claims/<claim_id>/answer",
    "POST /claims/<claim_id>/escalation",
    "POST /claims/<claim_id>/decision",
    "POST /claims/<claim_id>/withdrawal",
    "POST /matches/<match_id>/acceptance",
    "POST /matches/<match_id>/refusal",
    "POST /rounds",
    "POST /payouts",
    "POST /payouts/<payout_id>/confirmation",
    "POST /payouts/<payout_id>/bounce",
    "POST /advances",
    "POST /advances/<advance_id>/confirmation",
    "POST /imports/members",
    "POST /imports/sites",
    "POST /imports/lots",
    "POST /imports/offers",
    "POST /imports/demands",
    "POST /imports/prices",
    "POST /imports/<import_id>/application",
}
EXEMPT = {
    "POST /registrations",
    "POST /sign-in-codes",
    "POST /tokens",
    "POST /invitations/<invitation_id>/acceptance",
    "POST /dispatches/<dispatch_id>/receipts",
    "POST /webhooks",
    "POST /webhooks/<webhook_id>/secret",
}
POSTS = [route for route in EXAMPLES if route.startswith("POST ")]
KEYED = [route for route in POSTS if route not in EXEMPT]
ONCE = "the-one-and-only"


def twice(world: World, route: str, label: str | None = None) -> tuple[TestResponse, TestResponse]:
    return send(world, route, label, key=ONCE), send(world, route, label, key=ONCE)


def without_key(world: World, route: str) -> TestResponse:
    """The example's call with no `Idempotency-Key` at all."""
    shown = EXAMPLES[route]
    headers = {"Authorization": f"Bearer {world[shown.may[0]].token}"}
    body = example_body(world, route) if shown.body else None
    path = f"/api/v1{path_of(world, route)}"
    return world.app.test_client().post(path, json=body, headers=headers)


def test_every_post_says_what_it_makes_of_a_key(world: World) -> None:
    made = {
        route: view.idempotency
        for route, view in declared(world.app).items()
        if route.startswith("POST ")
    }
    assert all(isinstance(one, Idempotency) for one in made.values())
    assert {route for route, one in made.items() if one is Idempotency.REQUIRED} == REQUIRED
    assert {route for route, one in made.items() if one is Idempotency.EXEMPT} == EXEMPT
    others = {
        view.idempotency
        for route, view in declared(world.app).items()
        if not route.startswith("POST ")
    }
    assert others == {None}


@pytest.mark.parametrize("route", sorted(REQUIRED))
def test_a_key_is_needed_where_money_moves(world: World, route: str) -> None:
    before = world.rows()
    answer = without_key(world, route)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing")
    assert world.rows() == before


@pytest.mark.parametrize("route", KEYED)
def test_the_same_key_and_body_get_the_first_answer_again(world: World, route: str) -> None:
    first = send(world, route, key=ONCE)
    assert first.status_code in (200, 201, 202)
    assert "Idempotent-Replayed" not in first.headers
    after_once = world.rows()
    again = send(world, route, key=ONCE)
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content_type == "application/json"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert world.rows() == after_once


@pytest.mark.parametrize("route", KEYED)
def test_the_same_key_with_another_body_is_refused(world: World, route: str) -> None:
    assert send(world, route, key=ONCE).status_code in (200, 201, 202)
    before = world.rows()
    answer = send(world, route, key=ONCE, data=b'{"something": "else"}')
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert world.rows() == before


def test_white_space_and_the_order_of_names_make_no_other_body(world: World) -> None:
    body = example_body(world, "POST /orders")
    first = send(world, "POST /orders", key=ONCE, data=json.dumps(body).encode())
    turned = json.dumps(dict(reversed(body.items())), indent=3).encode()
    again = send(world, "POST /orders", key=ONCE, data=turned)
    assert first.status_code == again.status_code == 201
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")


def test_another_key_is_another_request(world: World) -> None:
    first, second = (send(world, "POST /orders", key=key) for key in ("one", "two"))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["id"] != second.json["id"]


def test_an_account_s_keys_are_its_own(world: World) -> None:
    for label in ("processor", "other_processor", "cooperative"):
        answer = send(world, "POST /demands", label, key=ONCE)
        assert answer.status_code == 201
        assert "Idempotent-Replayed" not in answer.headers
        assert answer.json["organisation_id"] == world[label].organisation_id


def test_a_colleague_who_sends_the_same_request_gets_the_first_answer(world: World) -> None:
    """An account is the organisation, so two of its people are one to a key."""
    colleague = Trade(world.app).colleague(world["processor"], "member")
    first = send(world, "POST /demands", key=ONCE)
    again = colleague.post("/demands", example_body(world, "POST /demands"), key=ONCE)
    assert (again.json["id"], again.headers["Idempotent-Replayed"]) == (first.json["id"], "true")


def test_a_viewer_gets_no_replay_of_what_a_writer_did(world: World) -> None:
    assert send(world, "POST /demands", key=ONCE).status_code == 201
    assert send(world, "POST /demands", "processor_viewer", key=ONCE).status_code == 403


def test_one_key_serves_on_several_routes(world: World) -> None:
    farm = world["farm"]
    sent = [
        send(world, "POST /sites", key=ONCE),
        send(world, "POST /lots", key=ONCE),
        send(world, "POST /lots/<lot_id>/spoilage", key=ONCE),
        send(world, "POST /lots/<lot_id>/harvest", key=ONCE),
    ]
    assert [one.status_code for one in sent] == [201, 201, 200, 200]
    other = farm.post(f"/lots/{sent[1].json['id']}/spoilage", key=ONCE)
    assert (other.status_code, other.json["id"]) == (200, sent[1].json["id"])


def test_a_refusal_is_not_kept(world: World) -> None:
    processor, path = world["processor"], f"/orders/{world.ids['order']}/cancellation"
    wrong = [
        send(world, "POST /demands", key=ONCE, data=b"{"),
        send(world, "POST /demands", key=ONCE, data=b"{}"),
        send(world, "POST /orders", key=ONCE, ids={"offer": world.ids["draft_offer"]}),
    ]
    assert [one.status_code for one in wrong] == [400, 422, 404]
    assert send(world, "POST /demands", key=ONCE).status_code == 201
    assert send(world, "POST /orders", key=ONCE).status_code == 201
    assert processor.post(path, key="first").status_code == 200
    for _ in range(2):
        again = processor.post(path, key="second")
        assert (again.status_code, again.json["code"]) == (409, "order_not_cancellable")


@pytest.mark.parametrize("route", KEYED)
def test_a_key_has_1_to_255_characters(world: World, route: str) -> None:
    for key in ("x" * (LONGEST_KEY + 1), ""):
        answer = send(world, route, Idempotency_Key=key)
        assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_unfit")
    assert send(world, route, key="x" * LONGEST_KEY).status_code in (200, 201, 202)


@pytest.mark.parametrize("route", sorted(EXEMPT))
def test_where_secrets_are_answered_a_key_changes_nothing(world: World, route: str) -> None:
    first, again = twice(world, route, EXAMPLES[route].may[0])
    assert first.status_code in (200, 201, 202, 204)
    assert "Idempotent-Replayed" not in again.headers
    if route == "POST /tokens":
        assert again.json["token"] != first.json["token"]
    elif "/webhooks" in route:
        assert again.json["secret"] != first.json["secret"]
    elif first.status_code in (202, 204):
        assert again.status_code == first.status_code
    else:
        assert again.status_code == 409


def test_no_secret_is_kept_with_an_answer(world: World) -> None:
    for route in POSTS:
        with world.untouched():
            send(world, route, key=ONCE)
            with world.app.app_context():
                mine = select(SavedAnswer.body).where(SavedAnswer.key == ONCE)
                kept = db.session.scalars(mine).all()
            assert len(kept) == (0 if route in EXEMPT else 1), route
            assert not any("blao_" in body or "password" in body for body in kept), route


def test_an_answer_is_kept_for_two_days(world: World) -> None:
    first = send(world, "POST /demands", key=ONCE)
    told = Counter()
    for hours in (25, 47):
        with world.app.app_context(), transaction():
            forget_old_answers(now=clock.now() + timedelta(hours=hours))
        again = send(world, "POST /demands", key=ONCE)
        told[again.json["id"] == first.json["id"]] += 1
    assert told == {True: 2}
    with world.app.app_context(), transaction():
        forget_old_answers(now=clock.now() + timedelta(hours=49))
    assert send(world, "POST /demands", key=ONCE).json["id"] != first.json["id"]
