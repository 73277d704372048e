"""Season contracts: draw up, sign, call goods off, say what will be missing, answer a breach."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Response as File
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.access import BUYERS, READERS, SELLERS, TRADE_MANAGERS, TRADERS, Caller
from app.accounts.models import Kind, Organisation
from app.catalogue.models import Commodity
from app.catalogue.queries import commodities, commodities_by_code, get_commodity
from app.contracts import api as contracts
from app.contracts import queries
from app.contracts.balance import Row, balance_of
from app.contracts.models import Breach, CallOff, Contract, QuantityForm, ShortfallNotice, Side
from app.contracts.paper import contract_paper
from app.contracts.pricing import CLEARING, FOLLOWS_MARKET, PriceForm
from app.contracts.schemas import (
    MOST_WEEKS,
    BreachAnswerIn,
    CallOffIn,
    ContractIn,
    ContractQuery,
    ShortfallIn,
    SignatureIn,
    TerminationIn,
)
from app.core import clock
from app.core.db import db
from app.core.paper import CONTENT_TYPE
from app.orders.models import Order
from app.orders.queries import buying, selling
from app.places.models import Site
from app.places.queries import sites
from app.web.forms import asked_for, loaded, number, ticked, typed, whole
from app.web.language import day, price, t
from app.web.language import number as written
from app.web.pages import Pages, go, show

pages = Pages("contracts")
FIGURE = {
    PriceForm.FIXED: "price",
    PriceForm.FLOOR_PLUS_MARKET: "floor",
    PriceForm.MARKET_MINUS_DIFFERENTIAL: "differential",
}
MOST_WEEKS_SHOWN, MOST_NOTED = 30, 20


@pages.page("GET", "/contracts", access=READERS)
def my_contracts(caller: Caller) -> Response:
    """Contracts I take part in, newest first."""
    asked = asked_for("cursor", "status")
    found = contracts.list_contracts(caller=caller, query=loaded(ContractQuery, asked))
    goods = commodities_by_code(one.commodity_code for one in found.items)
    return show("contracts.html", found=found, goods=goods)


@pages.page("GET", "/contracts/<uuid:contract_id>", access=READERS)
def contract(caller: Caller, contract_id: UUID) -> Response:
    """One contract: its terms, its weeks, what was called and missed, and what I can do."""
    found = _seen(caller, contract_id)
    good = get_commodity(found.commodity_code)
    balance = balance_of(found)
    return show(
        "contract.html",
        contract=found,
        good=good,
        price_told=_price_told(found.price, good.unit),
        side=_side(caller, found),
        signed={one.side for one in found.signatures if one.version == found.version},
        balance=balance,
        rows=[_row(one) for one in balance.weeks],
        call_offs=_newest(CallOff, found),
        shortfalls=_newest(ShortfallNotice, found),
        breaches=_newest(Breach, found),
        weeks=_weeks_to_come(found, caller),
        sites=_own_sites(caller),
    )


@pages.page("GET", "/contracts/<uuid:contract_id>/paper", access=READERS)
def printed(caller: Caller, contract_id: UUID) -> Response:
    """The contract as a paper."""
    found = _seen(caller, contract_id)
    answer = File(contract_paper(found, queries.words_of(found)), content_type=CONTENT_TYPE)
    name = f"hop-dong-{found.id}-{found.version}.pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.page("GET", "/contracts/new", access=TRADE_MANAGERS)
def contract_form(caller: Caller) -> Response:
    """The form; a farm draws up as seller, everybody else as buyer."""
    side = _drawing_side(caller)
    return show(
        "contract_form.html",
        side=side,
        partners=_partners(caller, side),
        commodities=db.session.scalars(commodities().order_by(Commodity.sort_key)).all(),
        sites=_own_sites(caller),
        today=clock.local_date(caller.now),
    )


@pages.page("POST", "/contracts", access=TRADE_MANAGERS, again=contract_form)
def draft(caller: Caller) -> Response:
    """Draw it up; nothing binds until both have signed."""
    form = typed("quantity_form") or str(QuantityForm.FIXED)
    total = None if form == QuantityForm.ALL_OUTPUT else number("quantity")
    body: dict[str, Any] = {
        "side": str(_drawing_side(caller)),
        "counterparty_id": typed("counterparty_id"),
        "commodity": typed("commodity"),
        "site_id": typed("site_id"),
        "quantity_form": form,
        "quantity": total,
        "price": _price(),
        "payment_days": whole("payment_days", needed=False),
        "starts_on": typed("starts_on"),
        "ends_on": typed("ends_on"),
    }
    terms = loaded(ContractIn, body)
    terms["weeks"] = _promises(terms, weekly=number("weekly", needed=False))
    made = contracts.draft_contract(caller=caller, body=terms)
    return go(f"/contracts/{made.id}?new=1")


@pages.page(
    "POST", "/contracts/<uuid:contract_id>/signature", access=TRADE_MANAGERS, again=contract
)
def sign(caller: Caller, contract_id: UUID) -> Response:
    """Agree to the version that was shown."""
    body = loaded(SignatureIn, {"version": whole("version"), "site_id": typed("site_id")})
    contracts.sign_contract(caller=caller, contract_id=contract_id, body=body)
    return go(f"/contracts/{contract_id}")


@pages.page(
    "POST", "/contracts/<uuid:contract_id>/termination", access=TRADE_MANAGERS, again=contract
)
def terminate(caller: Caller, contract_id: UUID) -> Response:
    """Give up a draft, or propose or agree to end it early."""
    body = loaded(TerminationIn, {"reason": typed("reason")})
    contracts.terminate_contract(caller=caller, contract_id=contract_id, body=body)
    return go(f"/contracts/{contract_id}")


@pages.page("POST", "/contracts/<uuid:contract_id>/call-offs", access=BUYERS, again=contract)
def call_off(caller: Caller, contract_id: UUID) -> Response:
    """Call a quantity for a week; it is an order at once."""
    body = loaded(CallOffIn, {"week": typed("week"), "quantity": number("quantity")})
    made = contracts.call_off(caller=caller, contract_id=contract_id, body=body)
    return go(f"/orders/{made.order_id}")


@pages.page("POST", "/contracts/<uuid:contract_id>/shortfalls", access=SELLERS, again=contract)
def tell_shortfall(caller: Caller, contract_id: UUID) -> Response:
    """Say beforehand that a week will bring less."""
    body = {
        "week": typed("week"),
        "expected": number("expected"),
        "reason": typed("reason"),
        "force_majeure": ticked("force_majeure"),
    }
    contracts.tell_shortfall(caller=caller, contract_id=contract_id, body=loaded(ShortfallIn, body))
    return go(f"/contracts/{contract_id}#weeks")


@pages.page("POST", "/breaches/<uuid:breach_id>/answer", access=TRADERS)
def answer(caller: Caller, breach_id: UUID) -> Response:
    """Say why, as the side in breach."""
    body = loaded(BreachAnswerIn, {"text": typed("text")})
    return _back(contracts.answer_breach(caller=caller, breach_id=breach_id, body=body))


@pages.page("POST", "/breaches/<uuid:breach_id>/excuse", access=TRADERS)
def excuse(caller: Caller, breach_id: UUID) -> Response:
    """Let it go, as the other side."""
    return _back(contracts.excuse_breach(caller=caller, breach_id=breach_id))


def _back(breach: Breach) -> Response:
    return go(f"/contracts/{breach.contract_id}#breaches")


def _seen(caller: Caller, contract_id: UUID) -> Contract:
    mine = queries.concerning(caller.acting.id, everything=caller.sees_all)
    return queries.get_contract(contract_id, seen=mine)


def _newest(model: type[CallOff | ShortfallNotice | Breach], found: Contract) -> Sequence[Any]:
    """What was last noted of a contract that the reader may see."""
    noted = select(model).where(model.contract_id == found.id)
    return db.session.scalars(noted.order_by(model.id.desc()).limit(MOST_NOTED)).all()


def _side(caller: Caller, found: Contract) -> Side | None:
    """The side the reader stands on, itself or as agent."""
    own = caller.acting.id
    if own in (found.organisation_id, found.agent_id):
        return Side.BUYER
    return Side.SELLER if own in (found.seller_id, found.seller_agent_id) else None


def _drawing_side(caller: Caller) -> Side:
    grows = caller.acting.kind in (Kind.FARM, Kind.FARMER_GROUP)
    return Side.SELLER if grows else Side.BUYER


def _partners(caller: Caller, side: Side) -> Sequence[Organisation]:
    """Whom I have traded with on the other side, by name."""
    own = caller.acting.id
    known = (
        select(Order.seller_id).where(buying(own))
        if side == Side.BUYER
        else select(Order.organisation_id).where(selling(own))
    )
    found = select(Organisation).where(Organisation.id.in_(known), Organisation.id != own)
    return db.session.scalars(found.order_by(Organisation.name)).all()


def _own_sites(caller: Caller) -> Sequence[Site]:
    mine = sites(Site.organisation_id == caller.acting.id)
    return db.session.scalars(mine.order_by(Site.id)).all()


def _price() -> dict[str, Any]:
    """The formula: one figure, and the platform's clearing price where it follows the market."""
    form = PriceForm(typed("price")) if typed("price") in FIGURE else PriceForm.FIXED
    stated: dict[str, Any] = {"form": str(form), FIGURE[form]: number("figure")}
    if form in FOLLOWS_MARKET:
        stated["market"] = CLEARING
    return stated


def _price_told(formula: dict[str, Any], unit_code: str) -> str:
    """The formula in words."""
    figure = {
        name: price(Decimal(formula[name]), unit_code)
        for name in ("price", "floor", "differential", "cost", "margin")
        if name in formula
    }
    clears = formula.get("market") == CLEARING
    market = t("giá khớp", "the clearing price") if clears else formula.get("market")
    match PriceForm(formula["form"]):
        case PriceForm.FIXED:
            return figure["price"]
        case PriceForm.FLOOR_PLUS_MARKET:
            return t(
                "{market}, không dưới {floor}",
                "{market}, not below {floor}",
                market=market,
                **figure,
            )
        case PriceForm.MARKET_MINUS_DIFFERENTIAL:
            return t(
                "{market} trừ {differential}",
                "{market} less {differential}",
                market=market,
                **figure,
            )
        case PriceForm.COST_PLUS:
            return t(
                "giá thành {cost} cộng lãi {margin}", "cost {cost} and margin {margin}", **figure
            )


def _row(week: Row) -> list[str]:
    """A week of the balance as a row of the table."""
    told = (week.promised, week.forecast, week.called, week.delivered, week.accepted)
    figures = [written(one) if one is not None else "–" for one in (*told, week.remaining)]
    return [day(week.week), *figures]


def _promises(terms: dict[str, Any], *, weekly: str | None) -> list[dict[str, Any]]:
    """So much every week until the total is reached; nothing where no weekly figure is given."""
    left = terms["quantity"]
    promised: list[dict[str, Any]] = []
    if weekly is None or Decimal(weekly) <= 0:
        return promised
    for week in _mondays(terms["starts_on"], terms["ends_on"])[:MOST_WEEKS]:
        part = Decimal(weekly) if left is None else min(Decimal(weekly), left)
        if part <= 0:
            break
        promised.append({"week": week, "promised": part})
        left = None if left is None else left - part
    return promised


def _mondays(begins: date, ends: date) -> list[date]:
    first = begins - timedelta(days=begins.weekday())
    return [first + timedelta(weeks=week) for week in range((ends - first).days // 7 + 1)]


def _weeks_to_come(found: Contract, caller: Caller) -> list[date]:
    """The weeks for which something can still be called or missed, soonest first."""
    today = clock.local_date(caller.now)
    begins = max(found.starts_on, today)
    return _mondays(begins, found.ends_on)[:MOST_WEEKS_SHOWN] if begins <= found.ends_on else []
