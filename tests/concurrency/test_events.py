"""The feed misses nothing: rows commit out of order, and a reader sees every one, once, in order.

Writers hold their transactions open for as long as chance says while a reader follows.
"""

import random
import threading
import time
from typing import Any
from uuid import UUID

from flask import Flask

from app.core import clock, outbox
from app.core.db import db
from app.core.paging import page
from app.core.transaction import transaction
from app.events.queries import ORDER, events
from tests.concurrency.threads import at_once
from tests.factories import Account, Trade

WRITERS, EACH, SEED = 8, 25, 20_261_125
PATIENCE_SECONDS = 900


def spoil(organisation_id: UUID, number: int) -> None:
    outbox.add(
        "lot.spoiled",
        concerns=[organisation_id],
        payload={"lot_id": str(number), "commodity": "x"},
        now=clock.now(),
    )
    db.session.flush()


def write(organisation_id: UUID, number: int, *, holding: float = 0.0) -> None:
    with transaction():
        spoil(organisation_id, number)
        time.sleep(holding)


def followed(farm: Account, seen: list[dict[str, Any]]) -> int:
    """Read on behind what has been seen until there is no more for now; how much that was."""
    before = len(seen)
    while True:
        cursor = f"&cursor={seen[-1]['cursor']}" if seen else ""
        answer = farm.read(f"/events?topics=lot.spoiled&limit=7{cursor}")
        seen += answer["items"]
        if answer["next_cursor"] is None:
            return len(seen) - before


def all_followed(farm: Account, seen: list[dict[str, Any]], count: int) -> None:
    """Read on until so much has been seen.

    Whatever writes anywhere on the server, be it another test, holds back what comes later.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while followed(farm, seen) or len(seen) < count:
        assert time.monotonic() < deadline, numbers(seen)
        time.sleep(0.02)


def numbers(seen: list[dict[str, Any]]) -> list[int]:
    return [int(one["data"]["lot_id"]) for one in seen]


def test_a_reader_misses_nothing_that_commits_late(committing: Flask) -> None:
    farm = Trade(committing).farm()
    organisation_id, seen = UUID(farm.organisation_id), list[dict[str, Any]]()
    naive: set[int] = set()
    chance, late = random.Random(SEED), WRITERS * EACH
    begun, passed, ended = threading.Event(), threading.Event(), threading.Event()
    waits = [[chance.choice([0, 0, 0.002, 0.03]) for _ in range(EACH)] for _ in range(WRITERS)]

    def overtaken() -> None:
        with committing.app_context(), transaction():
            spoil(organisation_id, late)
            begun.set()
            assert passed.wait(PATIENCE_SECONDS)

    def writer(number: int) -> None:
        with committing.app_context():
            for turn, wait in enumerate(waits[number]):
                write(organisation_id, number * EACH + turn, holding=wait)
            db.session.remove()

    def reader() -> None:
        last = UUID(int=0)
        while not ended.is_set() or followed(farm, seen):
            followed(farm, seen)
            with committing.app_context(), transaction():
                newer = outbox.OutboxMessage.id > last
                for one in db.session.query(outbox.OutboxMessage).filter(newer):
                    last = max(last, one.id)
                    if one.topic == "lot.spoiled":
                        naive.add(int(one.payload["lot_id"]))
            if naive:
                passed.set()

    first, following = threading.Thread(target=overtaken), threading.Thread(target=reader)
    first.start()
    assert begun.wait(PATIENCE_SECONDS)
    following.start()
    at_once([lambda number=number: writer(number) for number in range(WRITERS)])
    first.join(PATIENCE_SECONDS)
    ended.set()
    following.join(PATIENCE_SECONDS)
    all_followed(farm, seen, WRITERS * EACH + 1)
    assert sorted(numbers(seen)) == list(range(WRITERS * EACH + 1))
    assert late not in naive, "a reader by number alone passes by what commits late"
    again: list[dict[str, Any]] = []
    all_followed(farm, again, len(seen))
    assert again == seen, "whoever reads later reads the same in the same order"


def test_what_could_still_be_preceded_waits(committing: Flask) -> None:
    farm = Trade(committing).farm()
    organisation_id, seen = UUID(farm.organisation_id), list[dict[str, Any]]()
    began, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with committing.app_context(), transaction():
            spoil(organisation_id, 1)
            began.set()
            may_commit.wait(PATIENCE_SECONDS)

    thread = threading.Thread(target=slow)
    thread.start()
    assert began.wait(PATIENCE_SECONDS)
    with committing.app_context():
        write(organisation_id, 2)
    assert followed(farm, seen) == 0
    may_commit.set()
    thread.join(PATIENCE_SECONDS)
    all_followed(farm, seen, 2)
    assert numbers(seen) == [1, 2]


def test_a_feed_goes_on_behind_its_cursor(committing: Flask) -> None:
    farm = Trade(committing).farm()
    with committing.app_context(), transaction():
        for number in range(30):
            spoil(UUID(farm.organisation_id), number)
    all_followed(farm, [], 30)
    with committing.app_context(), transaction():
        mine = events(UUID(farm.organisation_id), topics=["lot.spoiled"])
        first = page(mine, order=ORDER, query={"limit": 20})
        assert len(first.items) == 20
        rest = page(mine, order=ORDER, query={"limit": 20, "cursor": first.next_cursor})
        assert len(rest.items) == 10
