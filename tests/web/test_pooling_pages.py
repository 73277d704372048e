"""What the pages of pools say and do, without a browser."""

import pytest
from sqlalchemy import text

from app.core.db import db
from app.core.transaction import transaction
from tests.api.world import World
from tests.factories import Account, Trade, a_lot, a_membership
from tests.factories_pools import a_pool
from tests.web.reader import Reader, reader


@pytest.mark.parametrize("deed", ["confirmation", "withdrawal"])
def test_a_part_of_another_pool_is_no_part_of_this_one(world: World, deed: str) -> None:
    here, other, part = (world.ids[name] for name in ("pool", "full_pool", "contribution"))
    farm = reader(world, "farm")
    form = {"contribution": part}
    away = farm.send(f"/pooling/{other}/{deed}", form, shown=f"/pooling/{here}")
    assert away.status_code == 404
    done = farm.send(f"/pooling/{here}/{deed}", form, shown=f"/pooling/{here}")
    assert done.status_code == 303


def test_a_pooled_load_is_given_back_only_where_something_can_be(world: World) -> None:
    pool = f"/pooling/{world.ids['full_pool']}"
    back = f'action="{pool}/return"'
    cooperative = reader(world, "cooperative")
    assert back in cooperative.get(pool).text
    world["cooperative"].made(f"/pools/{world.ids['full_pool']}/closing")
    assert back in cooperative.get(pool).text
    assert cooperative.send(f"{pool}/offer", {"ask_price": "90.000"}, shown=pool).status_code == 303
    assert back not in cooperative.get(pool).text


def test_a_new_harvest_goes_into_a_pool_without_going_on_sale(world: World) -> None:
    pool = f"/pooling/{world.ids['pool']}"
    farm, offers = reader(world, "farm"), world["farm"].read("/offers?mine=true&limit=100")["items"]
    assert f'href="{pool}/harvest"' in farm.get(pool).text
    form = {"quantity": "3", "unit": "tạ", "grade": "1", "quality-moisture": "12"}
    sent = farm.send(f"{pool}/harvest", form, shown=f"{pool}/harvest")
    assert (sent.status_code, sent.location) == (303, pool)
    brought_in = world["farm"].read(f"/pools/{world.ids['pool']}/contributions")["items"][0]
    assert (brought_in["quantity"], brought_in["status"]) == ("300.000", "confirmed")
    assert world["farm"].read(f"/lots/{brought_in['lot_id']}")["left"] == "0.000"
    assert world["farm"].read("/offers?mine=true&limit=100")["items"] == offers
    world["cooperative"].made(f"/pools/{world.ids['pool']}/return")
    again = farm.send(f"{pool}/harvest", form, shown=f"{pool}/harvest")
    assert again.status_code == 409
    assert 'id="refusal"' in again.text
    assert world["farm"].read("/lots")["items"][0]["id"] == brought_in["lot_id"]


def test_a_pool_is_filled_from_lots_that_are_good_and_that_members_show(trade: Trade) -> None:
    cooperative, farm = trade.cooperative(), trade.farm()
    membership = a_membership(farm, cooperative)
    lot, pool = a_lot(farm), a_pool(cooperative)

    def is_a_choice(account: Account) -> bool:
        page = Reader(trade.app, account.token).get(f"/pooling/{pool['id']}")
        return f'value="{lot["id"]}"' in page.text

    assert is_a_choice(farm)
    assert not is_a_choice(cooperative)
    farm.made(f"/memberships/{membership['id']}/consent")
    assert is_a_choice(cooperative)
    with trade.app.app_context(), transaction():
        db.session.execute(text("UPDATE lot SET harvested_at = harvested_at - interval '9 years'"))
    assert not is_a_choice(farm)
