"""A ward that closes, with farms inside and outside of it."""

from typing import Any

from tests.factories import WARD_1, Account, Trade, restriction_body


def outside(trade: Trade) -> Account:
    """A farm whose place is not in the ward of the others."""
    farm = trade.farm()
    farm.site_id = farm.made("/sites", {"name": "Rẫy ngoài", **WARD_1})["id"]
    return farm


def look(trade: Trade) -> None:
    """What a worker does about restrictions when told to look."""
    from workers.disruption import look

    with trade.app.app_context():
        look.run()


def closed(trade: Trade, authority: Account, **changes: Any) -> dict[str, Any]:
    """The ward of the farms is closed, and somebody has looked."""
    restriction = authority.made("/restrictions", restriction_body(**changes))
    look(trade)
    return restriction


def reopened(trade: Trade, authority: Account, restriction: dict[str, Any]) -> None:
    """The restriction is lifted, and somebody has looked."""
    authority.made(f"/restrictions/{restriction['id']}/end")
    look(trade)
