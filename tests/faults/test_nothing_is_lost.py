"""Between an order and the mail about it anything may die: the mail comes all the same. So it is
between a round's book and its result.

Workers, beat, Valkey and mail server are real processes or servers; what is killed is killed
with SIGKILL. Only clocks are helped along: leases and waits are set back in the database.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import pytest

from app.clearing.snapshot import clear_snapshot
from app.clearing.verifier.records import verify_round
from app.cli.bench.rounds import MARKET, write_book
from app.core import clock, outbox, queue
from app.core.embedded.ports import free_ports
from app.core.transaction import transaction
from tests.conftest import an_app
from tests.factories import Trade, a_lot, an_offer
from tests.faults.house import House, MailBox, Shop, a_mail_server, forget_connections, wait_until


@pytest.fixture
def house(own_database: dict[str, str]) -> Iterator[House]:
    mailbox = MailBox()
    (port,) = free_ports(1)
    with (
        tempfile.TemporaryDirectory(prefix="blao-lost-", dir="/tmp") as folder,
        a_mail_server(mailbox) as smtp_url,
    ):
        ours = own_database | {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "SMTP_URL": smtp_url}
        with an_app(ours) as app:
            house = House(app, {**os.environ, **ours}, Path(folder), mailbox, port)
            forget_connections()
            try:
                house.start_valkey()
                yield house
            finally:
                house.kill_all()
                queue.configure(os.environ["REDIS_URL"])
                forget_connections()


@pytest.fixture
def shop(house: House) -> Shop:
    trade = Trade(house.app)
    farm, buyer = trade.farm(), trade.processor()
    return Shop(farm, buyer, an_offer(farm, a_lot(farm, quantity="9000"), quantity="9000"))


def test_mail_outlives_a_killed_worker_and_a_killed_queue(house: House, shop: Shop) -> None:
    house.start_beat()
    house.mailbox.stalls = True
    house.start_worker()
    house.order(shop, 3)
    wait_until(lambda: house.mailbox.stalled > 0, house.log)
    house.kill("worker")
    house.mailbox.stalls = False
    assert house.under_way() > 0
    house.order(shop, 2)
    house.start_worker()
    house.end_leases()
    house.wait_until_delivered()
    house.check_nothing_is_lost()

    with house.standing_still("worker"):
        house.kill("valkey")
        house.order(shop, 3)
        assert house.under_way() > 0
    house.start_valkey()
    house.wait_until_delivered()
    house.check_nothing_is_lost()

    with house.standing_still("worker"):
        house.order(shop, 3)
        house.flush()
    house.wait_until_delivered()
    house.check_nothing_is_lost()
    assert len(house.ordered) == 11


def test_a_mail_server_that_refuses_for_a_while_gets_the_mail_later(
    house: House, shop: Shop
) -> None:
    house.mailbox.refusals = 7
    house.start_worker()
    house.order(shop, 2)
    wait_until(lambda: house.mailbox.refused >= 3, house.log)

    def tried_again() -> bool:
        house.end_waits()
        outbox.nudge_relay()
        queue.nudge("workers.notifications.send_mail")
        return not house.under_way()

    wait_until(tried_again, house.log)
    assert house.mailbox.refused == 7
    house.check_nothing_is_lost()
    tries = house.sql("SELECT sum(attempts) FROM dispatch")
    assert tries == [(len(house.mailbox.mails) + 7,)]


def test_a_round_outlives_the_worker_that_clears_it(house: House) -> None:
    """Killed between closing and settling, it is cleared by another from the same book."""
    operator = Trade(house.app).operator
    with house.app.app_context(), transaction():
        write_book(size=500, dice=Random(7))
    house.start_worker()

    def status() -> str:
        ((now,),) = house.sql("SELECT status FROM clearing_round WHERE id = %s", round_id)
        return str(now)

    with house.locked("match"):
        round_id = operator.made("/rounds", {"market": MARKET})["id"]
        wait_until(lambda: status() != "open", house.log)
        house.kill("worker")
    assert status() == "closed"
    assert house.sql("SELECT count(*) FROM match") == [(0,)]
    closed = operator.read(f"/rounds/{round_id}")
    snapshot = operator.read(f"/rounds/{round_id}/snapshot")

    house.sql("UPDATE clearing_round SET lease_until = now() WHERE lease_until > now()")
    house.start_worker()
    house.start_beat()
    wait_until(lambda: status() == "cleared", house.log)

    cleared = operator.read(f"/rounds/{round_id}")
    expected = clear_snapshot(snapshot)["round"]
    assert cleared["snapshot_hash"] == closed["snapshot_hash"] == expected["snapshot_hash"]
    assert cleared["solution_hash"] == expected["solution_hash"]
    assert cleared["matches"] == expected["matches"] > 300
    with house.app.app_context():
        assert verify_round(UUID(round_id)).faults == []
    assert house.sql("SELECT count(*) FROM purchase_order") == [(cleared["matches"],)]
    assert house.sql("SELECT sum(round_held) FROM offer") == [(0,)]


def test_a_poisoned_message_stops_no_other_and_is_set_aside(house: House, shop: Shop) -> None:
    def poison() -> None:
        with house.app.app_context(), transaction():
            outbox.add("no.such.topic", concerns=[], payload={"order_id": "-"}, now=clock.now())

    house.start_worker()
    poison()
    house.order(shop, 2)
    poison()
    house.order(shop, 2)
    state = "SELECT attempts, dead_at IS NOT NULL, last_error FROM outbox_message WHERE topic = %s"

    def attempts() -> list[int]:
        return sorted(row[0] for row in house.sql(state, "no.such.topic"))

    good = "SELECT count(*) FROM outbox_message WHERE delivered_at IS NULL AND topic <> %s"
    wait_until(lambda: house.sql(good, "no.such.topic") == [(0,)], house.log)
    for number in range(1, outbox.MOST_ATTEMPTS + 1):
        wait_until(lambda number=number: attempts()[0] >= number, house.log)
        house.end_waits()
        outbox.nudge_relay()
    house.wait_until_delivered()
    house.check_nothing_is_lost()
    poisoned = house.sql(state, "no.such.topic")
    assert [row[:2] for row in poisoned] == [(outbox.MOST_ATTEMPTS, True)] * 2
    assert all("no.such.topic" in row[2] for row in poisoned)
    assert house.sql("SELECT count(*) FROM outbox_message WHERE dead_at IS NOT NULL") == [(2,)]


@pytest.mark.slow
def test_thirty_killed_workers_and_ten_killed_queues_lose_nothing(house: House, shop: Shop) -> None:
    """The queue keeps nothing on disk, and forgets everything ten times more."""
    struck = ["worker"] * 30 + ["valkey"] * 10 + ["flush"] * 10
    Random(18).shuffle(struck)
    house.start_beat()
    house.start_worker()
    for number, what in enumerate(struck):
        house.order(shop, 2)
        if what == "valkey":
            house.kill("valkey")
            house.order(shop, 1)
            house.start_valkey()
        elif what == "flush":
            house.flush()
            house.kill("beat")
            house.start_beat()
        else:
            taken = len(house.mailbox.mails)
            house.mailbox.stalls = number % 2 == 1
            wait_until(
                lambda taken=taken: (
                    len(house.mailbox.mails) > taken
                    or house.mailbox.stalled > 0
                    or house.under_way() == 0
                ),
                house.log,
            )
            house.kill("worker")
            house.mailbox.stalls, house.mailbox.stalled = False, 0
            house.start_worker()
        house.end_leases()
        house.end_waits()
    wait_until(lambda: house.end_waits() or house.under_way() == 0, house.log)
    house.check_nothing_is_lost()
    assert len(house.ordered) == 50 * 2 + 10


@pytest.mark.slow
def test_a_hundred_poisoned_messages_among_a_thousand_are_the_only_dead_ones(house: House) -> None:
    trade, dice = Trade(house.app), Random(33)
    farms = [trade.farm() for _ in range(6)]
    facts = {"period_from": "2026-09-01", "period_until": "2026-09-30", "amount": 5}
    numbers = dice.sample(range(100_000, 999_999), 1_000)
    poisoned = set(dice.sample(numbers, 100))
    owners = {number: farms[number % 6] for number in numbers}
    with house.app.app_context(), transaction():
        for number in numbers:
            outbox.add(
                "no.such.topic" if number in poisoned else "statement.issued",
                concerns=[UUID(str(owners[number].organisation_id))],
                payload=facts | {"statement_id": str(uuid4()), "number": number},
                now=clock.now(),
            )
    house.start_beat()
    house.start_worker()
    wait_until(lambda: len(house.mailbox.mails) > 100, house.log)
    house.kill("worker")
    house.start_worker()
    house.end_leases()
    dead = "SELECT (payload->>'number')::int FROM outbox_message WHERE dead_at IS NOT NULL"

    def over() -> bool:
        house.end_waits()
        return house.under_way() == 0

    wait_until(over, house.log)
    assert {number for (number,) in house.sql(dead)} == poisoned
    told = Counter(
        int(number)
        for (number,) in house.sql(
            "SELECT m.payload->>'number' FROM notification n"
            " JOIN outbox_message m ON m.id = n.message_id WHERE n.topic = 'statement.issued'"
        )
    )
    good = set(numbers) - poisoned
    assert told == dict.fromkeys(good, 1)
    for number in good:
        assert house.mailbox.of(owners[number].login, str(number)) >= 1
    assert house.sql("SELECT count(*) FROM dispatch WHERE status <> 'sent'") == [(0,)]
