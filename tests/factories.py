"""People and things to test with. Everything goes over HTTP, as a client would do it."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from werkzeug.test import TestResponse

from app.accounts.models import Kind, RoleName
from app.accounts.operations import appoint, invitation_code, issue_token
from app.accounts.queries import find_person, roles_of
from app.core import clock
from app.core.transaction import transaction

API = "/api/v1"
PASSWORD = "mot-mat-khau-dai"
COMMODITY = "green-coffee-robusta"
SCHEME = "vietgap"
B_LAO = {"ward_code": "24829", "latitude": 11.5301, "longitude": 107.8402}
WARD_1 = {"ward_code": "24823", "latitude": 11.5503, "longitude": 107.8104}

NOW = datetime.now(UTC).replace(microsecond=0)
_numbers = itertools.count(1)


def day(offset: int = 0) -> str:
    """An instant so many days from when the tests began, so that it is the same each time."""
    instant = NOW + timedelta(days=offset)
    return instant.isoformat().replace("+00:00", "Z")


def today(offset: int = 0) -> str:
    """The day on which the tests began in Viet Nam, or one so many days from it."""
    return str(clock.local_date(NOW) + timedelta(days=offset))


@dataclass
class Account:
    """Somebody signed in, and the calls they make."""

    app: Flask
    token: str | None = None
    organisation_id: str | None = None
    login: str | None = None
    site_id: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        key: str | None = None,
        data: bytes | None = None,
        **headers: str,
    ) -> TestResponse:
        """Any call; a POST gets a fresh idempotency key unless one is given.

        ``data`` are the bytes of a body that no encoder would write, sent as JSON unless a
        ``Content_Type`` is given.
        """
        sent = {"Accept-Language": "en", **self.headers}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if method == "POST":
            sent["Idempotency-Key"] = key or str(uuid4())
        if data is not None:
            sent["Content-Type"] = "application/json"
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.app.test_client().open(
            API + path, method=method, json=json, data=data, headers=sent
        )

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.request("GET", path, **headers)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.request("POST", path, json, **options)

    def made(self, path: str, json: Any = None, **options: Any) -> dict[str, Any]:
        """A POST that has to succeed."""
        answer = self.post(path, json, **options)
        assert answer.status_code in (200, 201, 202), answer.get_data(as_text=True)
        return dict(answer.json or {})

    def read(self, path: str, **headers: str) -> dict[str, Any]:
        """A GET that has to succeed."""
        answer = self.get(path, **headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.json or {})


class Trade:
    """Makes accounts and what they trade."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    @property
    def visitor(self) -> Account:
        return Account(self.app)

    def account(self, kind: str, **organisation: Any) -> Account:
        """A registered organisation whose owner has signed in, with one site."""
        number = next(_numbers)
        login = f"person{number}@example.com"
        visitor = Account(self.app)
        ids = visitor.made(
            "/registrations",
            {
                "organisation": {"name": f"{kind} {number}", "kind": kind, **organisation},
                "person": {
                    "name": f"Người {number}",
                    "phone": f"+8490{number:07d}",
                    "email": login,
                    "password": PASSWORD,
                    "locale": "vi",
                },
            },
        )
        token = visitor.made("/tokens", {"login": login, "password": PASSWORD})["token"]
        account = Account(self.app, token, ids["organisation_id"], login)
        place = B_LAO if kind in ("farm", "farmer_group") else WARD_1
        account.site_id = account.made("/sites", {"name": f"Nơi {number}", **place})["id"]
        return account

    def farm(self, **organisation: Any) -> Account:
        return self.account("farm", **organisation)

    def processor(self, **organisation: Any) -> Account:
        return self.account("processor", **organisation)

    def cooperative(self, **organisation: Any) -> Account:
        return self.account("cooperative", **organisation)

    def colleague(self, of: Account, role: str = "viewer") -> Account:
        """Somebody else in an organisation, invited by mail, with a role of their own."""
        number = next(_numbers)
        login = f"colleague{number}@example.com"
        invitation = {"name": f"Đồng nghiệp {number}", "email": login, "role": role}
        self.accept(of.made("/invitations", invitation)["id"], password=PASSWORD)
        token = self.visitor.made("/tokens", {"login": login, "password": PASSWORD})["token"]
        return Account(self.app, token, of.organisation_id, login, of.site_id)

    def office_viewer(self, kind: Kind) -> Account:
        """Somebody who may only look on in an office; no call makes one."""
        account = self.appointed(kind)
        with self.app.app_context(), transaction():
            person = find_person(str(account.login))
            assert person is not None
            for role in roles_of(person.id):
                role.name = RoleName.VIEWER
        return account

    def accept(self, invitation_id: str, person: Account | None = None, **body: Any) -> None:
        """Take up an invitation with the code that went to its addressee."""
        code = invitation_code(UUID(invitation_id), secret=self.app.config["SECRET_KEY"])
        path = f"/invitations/{invitation_id}/acceptance"
        (person or self.visitor).made(path, {"code": code, **body})

    def clear(self, market: str) -> dict[str, Any]:
        """A round of a market, asked for by an operator and cleared by a worker."""
        from workers.clearing import clear_round

        operator = self.operator
        round_id = operator.made("/rounds", {"market": market})["id"]
        with self.app.app_context():
            clear_round.run(round_id=round_id)
        return operator.read(f"/rounds/{round_id}")

    def relay(self) -> None:
        """What a worker does with the outbox when told to look."""
        from workers.notifications import relay_outbox

        with self.app.app_context():
            relay_outbox.run()

    def count(self) -> None:
        """What a worker does with touched days and cleared rounds when told to look."""
        from workers.analytics import count_again, measure_rounds

        with self.app.app_context():
            count_again.run()
            measure_rounds.run()

    def appointed(self, kind: Kind) -> Account:
        """An operator or authority, who can only come from the console."""
        login = f"{kind}{next(_numbers)}@example.com"
        with self.app.app_context(), transaction():
            person = appoint(login=login, kind=kind, now=clock.now())
            token, _ = issue_token(person=person, now=clock.now())
        return Account(self.app, token, None, login)

    @property
    def operator(self) -> Account:
        return self.appointed(Kind.OPERATOR)

    @property
    def authority(self) -> Account:
        return self.appointed(Kind.AUTHORITY)


def lot_body(farm: Account, **changes: Any) -> dict[str, Any]:
    """A harvested lot of green coffee; what a plot bore is of the season it is declared in."""
    body = {
        "commodity": COMMODITY,
        "site_id": farm.site_id,
        "status": "harvested",
        "quantity": "100.000",
        "grade": "1",
        "qualities": {"moisture": "12.0"},
        "harvested_at": day(0) if changes.get("plot_id") else day(-2),
    }
    return body | changes


def a_lot(farm: Account, **changes: Any) -> dict[str, Any]:
    return farm.made("/lots", lot_body(farm, **changes))


def monday(weeks: int = 0) -> str:
    """The Monday so many weeks from the present week's, in Viet Nam."""
    today = clock.local_date(NOW)
    return str(today - timedelta(days=today.weekday()) + timedelta(weeks=weeks))


def forecast_body(**changes: Any) -> dict[str, Any]:
    """100 kg of coffee next week, as in the week before."""
    body = {"commodity": COMMODITY, "week": monday(1), "quantity": "100", "trend": "even"}
    return body | changes


def plot_body(farm: Account, **changes: Any) -> dict[str, Any]:
    """Half a hectare of coffee that bears 2,000 kg per hectare: 1,000 kg a season."""
    body = {
        "site_id": farm.site_id,
        "commodity": COMMODITY,
        "area_ha": "0.5",
        "expected_yield": "2000",
    }
    return body | changes


def a_plot(farm: Account, **changes: Any) -> dict[str, Any]:
    return farm.made("/plots", plot_body(farm, **changes))


def restriction_body(**changes: Any) -> dict[str, Any]:
    """Nothing leaves or enters the ward of the farms from now on."""
    body = {
        "ward_code": B_LAO["ward_code"],
        "kind": "closed",
        "reason": "human_epidemic",
        "from": day(0),
    }
    return body | changes


def offer_body(lot_id: str, **changes: Any) -> dict[str, Any]:
    """Half of a lot at 100,000 VND."""
    body = {
        "lot_id": lot_id,
        "quantity": "50.000",
        "ask_price": "100000.00",
        "open_until": day(30),
        "firm": True,
    }
    return body | changes


def an_offer(farm: Account, lot: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    lot = lot or a_lot(farm)
    return farm.made("/offers", offer_body(lot["id"], **changes))


def demand_body(buyer: Account, **changes: Any) -> dict[str, Any]:
    """30 kg of green coffee within a month at up to 120,000 VND delivered."""
    body = {
        "accepts": [{"commodity": COMMODITY}],
        "quantity": "30.000",
        "bid_price": "120000.00",
        "deliver_from": day(0),
        "deliver_until": day(30),
        "site_id": buyer.site_id,
        "firm": True,
    }
    return body | changes


def a_demand(buyer: Account, **changes: Any) -> dict[str, Any]:
    return buyer.made("/demands", demand_body(buyer, **changes))


def a_membership(farm: Account, cooperative: Account, *grants: str) -> dict[str, Any]:
    """The farm joins the cooperative and gives it these grants: consent, mandate."""
    membership = farm.made("/memberships", {"cooperative_id": cooperative.organisation_id})
    for grant in grants:
        membership = farm.made(f"/memberships/{membership['id']}/{grant}")
    return membership


def a_certificate(holder: Account, **changes: Any) -> dict[str, Any]:
    """A claimed certificate for green coffee, valid since a year ago."""
    body = {
        "scheme": SCHEME,
        "number": f"VG-{next(_numbers)}",
        "commodities": [COMMODITY],
        "valid_from": day(-365)[:10],
        "valid_until": day(365)[:10],
    }
    return holder.made("/certificates", body | changes)


def order_body(buyer: Account, offer: dict[str, Any], quantity: str = "10.000") -> dict[str, Any]:
    return {"lines": [{"offer_id": offer["id"], "quantity": quantity}], "site_id": buyer.site_id}


def an_order(buyer: Account, offer: dict[str, Any], quantity: str = "10.000") -> dict[str, Any]:
    return buyer.made("/orders", order_body(buyer, offer, quantity))
