"""Contracts to test with."""

from typing import Any

from tests.factories import COMMODITY, Account, monday


def contract_body(buyer: Account, seller_id: str, **changes: Any) -> dict[str, Any]:
    """300 kg of coffee at 90,000 VND in three weeks from the present one, drawn up by the buyer."""
    body = {
        "side": "buyer",
        "counterparty_id": seller_id,
        "commodity": COMMODITY,
        "site_id": buyer.site_id,
        "quantity_form": "fixed",
        "quantity": "300",
        "price": {"form": "fixed", "price": "90000"},
        "starts_on": monday(0),
        "ends_on": monday(8),
        "weeks": [{"week": monday(week), "promised": "100"} for week in range(3)],
    }
    return body | changes


def a_draft(buyer: Account, farm: Account, **changes: Any) -> dict[str, Any]:
    body = contract_body(buyer, str(farm.organisation_id), **changes)
    return buyer.made("/contracts", body)


def signed(buyer: Account, farm: Account, contract: dict[str, Any]) -> dict[str, Any]:
    """Both sides sign the version that stands."""
    version = {"version": contract["version"]}
    path = f"/contracts/{contract['id']}/signature"
    buyer.made(path, version)
    return farm.made(path, version | {"site_id": farm.site_id})


def a_contract(buyer: Account, farm: Account, **changes: Any) -> dict[str, Any]:
    """An active contract."""
    return signed(buyer, farm, a_draft(buyer, farm, **changes))


def called(buyer: Account, contract: dict[str, Any], week: int, quantity: str) -> dict[str, Any]:
    body = {"week": monday(week), "quantity": quantity}
    return buyer.made(f"/contracts/{contract['id']}/call-offs", body)


def revision(draft: dict[str, Any], seller: Account, **changes: str) -> dict[str, str]:
    """The form of a revision by the seller, as it would be sent unchanged."""
    form = {
        "version": str(draft["version"]),
        "commodity": draft["commodity"],
        "site_id": str(seller.site_id),
        "quantity_form": "fixed",
        "quantity": "300",
        "price": "fixed",
        "figure": "90.000",
        "payment_days": "30",
        "notice_days": "3",
        "carrier": "buyer",
        "non_purchase": "0",
        "side_selling": "0",
        "tolerance_percent": "0",
        "force_majeure": draft["force_majeure"],
        "starts_on": draft["starts_on"],
        "ends_on": draft["ends_on"],
    }
    weeks = {f"week-{one['week']}": "100" for one in draft["weeks"]}
    return form | weeks | changes
