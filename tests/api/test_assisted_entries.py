"""A collector enters for a farmer, who confirms by a code or on paper."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.collecting.models import Entry
from app.collecting.operations import entry_code
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.notifications.dispatch_operations import claim_dispatches
from app.notifications.models import Channel, Dispatch
from tests.factories import Account, Trade, a_membership, lot_body


@pytest.fixture
def cooperative(trade: Trade, farm: Account) -> Account:
    cooperative = trade.cooperative()
    a_membership(farm, cooperative, "mandate")
    return cooperative


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def entry_body(farm: Account, **changes: Any) -> dict[str, Any]:
    return lot_body(farm, on_behalf_of=farm.organisation_id, method="sms", **changes)


def code_of(trade: Trade, entry: dict[str, Any], number: int = 1) -> dict[str, str]:
    secret = trade.app.config["SECRET_KEY"]
    return {"code": entry_code(UUID(entry["id"]), number, secret=secret)}


WRONG = {"code": "00000000"}


def test_a_lot_is_declared_once_the_farmer_has_read_out_the_code(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    entry = cooperative.made("/assisted-entries", entry_body(farm))
    assert (entry["status"], entry["lot_id"]) == ("waiting", None)
    assert farm.read("/lots")["items"] == []
    assert len(entry["phone"]) == 4
    path = f"/assisted-entries/{entry['id']}/confirmation"
    confirmed = cooperative.made(path, code_of(trade, entry))
    assert confirmed["status"] == "confirmed"
    lot = farm.read(f"/lots/{confirmed['lot_id']}")
    assert (lot["capacity"], lot["quantity"]) == ("agent", "100.000")
    assert farm.read(f"/assisted-entries/{entry['id']}")["confirmed_at"] is not None
    again = cooperative.post(path, code_of(trade, entry))
    assert refused(again) == (409, "entry_not_waiting")


def test_what_was_entered_in_a_local_unit_is_told_as_the_lot_has_it(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    entry = cooperative.made("/assisted-entries", entry_body(farm, quantity="2", unit="tạ"))
    cooperative.made(f"/assisted-entries/{entry['id']}/confirmation", code_of(trade, entry))
    trade.relay()
    (told,) = [
        one["title"]
        for one in farm.read("/notifications")["items"]
        if one["topic"] == "entry.confirmed"
    ]
    assert "đã nhập 200 kg Cà phê nhân Robusta cho" in told


def test_the_code_goes_to_the_farms_owner_alone_and_is_kept_nowhere(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    entry = cooperative.made("/assisted-entries", entry_body(farm))
    trade.relay()
    code = code_of(trade, entry)["code"]
    with trade.app.app_context():
        (sms,) = db.session.scalars(select(Dispatch).where(Dispatch.channel == "sms"))
        kept = db.session.get_one(Entry, UUID(entry["id"]))
        assert sms.address == kept.phone
        assert sms.code_number == 1
        assert "{code}" in sms.body
        later = clock.now() + timedelta(days=1)
        mails = claim_dispatches(channel=Channel.EMAIL, now=later, most=99)
        assert len(mails) >= 2
        assert {one.channel for one in mails} == {"email"}
        for row in (sms, kept):
            assert code not in str({c.name: getattr(row, c.name) for c in row.__table__.columns})
    for reader in (farm, cooperative):
        assert code not in str(reader.read("/notifications"))


def test_a_code_is_good_for_five_tries_and_a_wrong_one_is_counted(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    entry = cooperative.made("/assisted-entries", entry_body(farm))
    path = f"/assisted-entries/{entry['id']}"
    for left in (4, 3, 2, 1, 0):
        answer = cooperative.post(f"{path}/confirmation", WRONG)
        assert refused(answer) == (422, "wrong_code")
        assert f"Tries left: {left}" in answer.json["detail"]
        assert cooperative.read(path)["tries_left"] == left
    used_up = cooperative.post(f"{path}/confirmation", code_of(trade, entry))
    assert refused(used_up) == (409, "code_used_up")
    assert cooperative.made(f"{path}/code")["tries_left"] == 5
    old = cooperative.post(f"{path}/confirmation", code_of(trade, entry))
    assert refused(old) == (422, "wrong_code")
    new = cooperative.made(f"{path}/confirmation", code_of(trade, entry, 2))
    assert new["status"] == "confirmed"


def test_codes_run_out_in_time_and_in_number(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    entry = cooperative.made("/assisted-entries", entry_body(farm))
    path = f"/assisted-entries/{entry['id']}"
    with trade.app.app_context(), transaction():
        db.session.execute(update(Entry).values(code_until=clock.now() - timedelta(seconds=1)))
    late = cooperative.post(f"{path}/confirmation", code_of(trade, entry))
    assert refused(late) == (409, "code_used_up")
    for _ in range(4):
        cooperative.made(f"{path}/code")
    assert refused(cooperative.post(f"{path}/code")) == (409, "no_more_codes")


def test_a_signed_paper_declares_at_once(farm: Account, cooperative: Account) -> None:
    body = entry_body(farm) | {"method": "paper", "paper_reference": "Sổ 12, trang 3"}
    entry = cooperative.made("/assisted-entries", body)
    assert (entry["status"], entry["paper_reference"]) == ("confirmed", "Sổ 12, trang 3")
    assert farm.read(f"/lots/{entry['lot_id']}")["quantity"] == "100.000"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"method": "paper"}, "/paper_reference"),
        ({"paper_reference": "Sổ 12"}, "/paper_reference"),
    ],
)
def test_a_paper_and_its_reference_go_together(
    farm: Account, cooperative: Account, changes: dict[str, Any], pointer: str
) -> None:
    answer = cooperative.post("/assisted-entries", entry_body(farm) | changes)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [pointer]


def test_what_cannot_be_declared_is_refused_before_the_farmer_is_asked(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    wrong = cooperative.post("/assisted-entries", entry_body(farm, commodity="gold"))
    assert [one["pointer"] for one in (wrong.json or {})["errors"]] == ["/commodity"]
    assert cooperative.read("/assisted-entries")["items"] == []


def test_a_mandate_is_needed_and_nobody_else_confirms(
    trade: Trade, farm: Account, cooperative: Account
) -> None:
    stranger, member = trade.cooperative(), trade.farm()
    a_membership(member, cooperative)
    answer = cooperative.post("/assisted-entries", entry_body(member))
    assert refused(answer) == (403, "mandate_missing")
    assert stranger.post("/assisted-entries", entry_body(farm)).status_code == 404
    entry = cooperative.made("/assisted-entries", entry_body(farm))
    path = f"/assisted-entries/{entry['id']}"
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/confirmation", code_of(trade, entry)).status_code == 404
    assert refused(farm.post(f"{path}/confirmation", WRONG)) == (403, "forbidden")
