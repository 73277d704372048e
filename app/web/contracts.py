"""Season contracts: draw up, sign, call goods off, say what will be missing, answer a breach."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
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
from app.contracts import operations, queries
from app.contracts.balance import Row, balance_of
from app.contracts.models import (
    Breach,
    CallOff,
    Contract,
    ContractRelease,
    ContractStatus,
    ShortfallNotice,
    Side,
)
from app.contracts.paper import contract_paper
from app.contracts.pricing import price_formula, unit_price
from app.contracts.schemas import (
    MOST_WEEKS,
    BreachAnswerIn,
    CallOffIn,
    ContractIn,
    ContractQuery,
    ReleaseIn,
    ShortfallIn,
    SignatureIn,
    TerminationIn,
    TermsIn,
)
from app.contracts.weeks import open_weeks, to_come
from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.core.paper import CONTENT_TYPE
from app.orders.models import Order
from app.orders.queries import buying, selling
from app.places.models import Site
from app.places.queries import sites
from app.settlement import api as settlement
from app.settlement.models import Advance
from app.settlement.queries import advances
from app.settlement.schemas import AdvanceIn
from app.web import contract_terms
from app.web.forms import asked_for, loaded, number, ticked, typed, whole
from app.web.language import day, t
from app.web.language import number as written
from app.web.pages import Pages, go, show
from app.web.produce import check_likely, price_today
from app.web.suppliers import is_known

pages = Pages("contracts")
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
    released = {one.week for one in _newest(ContractRelease, found)}
    given = _advances(found)
    today = clock.local_date(caller.now)
    return show(
        "contract.html",
        contract=found,
        good=good,
        price_told=contract_terms.price_told(found.price, good.unit),
        terms=contract_terms.told(operations.terms_of(found), good),
        changed=_changes(found),
        side=_side(caller, found),
        known=is_known(found.seller_id, caller),
        signed={one.side for one in found.signatures if one.version == found.version},
        balance=balance,
        rows=[_row(one, released) for one in balance.weeks],
        late=found.starts_on < clock.monday(today),
        over=found.ends_on < today,
        agreed=_agreed(found, given),
        kinds=contract_terms.kinds(),
        advances=given,
        call_offs=_newest(CallOff, found),
        shortfalls=_newest(ShortfallNotice, found),
        breaches=_newest(Breach, found),
        weeks=open_weeks(found, now=caller.now)[:MOST_WEEKS_SHOWN],
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
    return _form(caller, side=side, partners=_partners(caller, side), known={}, weeks=[])


@pages.page("POST", "/contracts", access=TRADE_MANAGERS, again=contract_form, makes=True)
def draft(caller: Caller) -> Response:
    """Draw it up; nothing binds until both have signed."""
    party = {
        "side": str(_drawing_side(caller)),
        "counterparty_id": typed("counterparty_id"),
    }
    terms = loaded(ContractIn, party | contract_terms.stated())
    terms["weeks"] = contract_terms.weeks_stated(terms, today=clock.local_date(caller.now))
    _check_likely(terms)
    made = contracts.draft_contract(caller=caller, body=terms)
    return go(f"/contracts/{made.id}?new=1")


@pages.page("GET", "/contracts/<uuid:contract_id>/revision", access=TRADE_MANAGERS)
def revision_form(caller: Caller, contract_id: UUID) -> Response:
    """The form with the terms of a draft as they stand."""
    found = _seen(caller, contract_id)
    side = _side(caller, found)
    if side is None:
        raise NotFound
    if found.status != ContractStatus.DRAFT:
        return go(f"/contracts/{contract_id}")
    own = found.site_id if side == Side.BUYER else found.pickup_site_id
    return _form(
        caller,
        side=side,
        partners=[],
        known=contract_terms.typed_before(found, site_id=own),
        weeks=to_come(found.starts_on, found.ends_on, today=clock.local_date(caller.now))[
            :MOST_WEEKS
        ],
        revised=found,
    )


@pages.page(
    "POST", "/contracts/<uuid:contract_id>/revision", access=TRADE_MANAGERS, again=revision_form
)
def revise(caller: Caller, contract_id: UUID) -> Response:
    """Propose other terms: a new version, which both sides have to sign."""
    found, side = contracts.own(caller, contract_id)
    version = found.version
    if whole("version") != version:
        raise operations.VersionChanged
    terms = loaded(TermsIn, contract_terms.stated(market=found.price.get("market")))
    terms["weeks"] = contract_terms.weeks_stated(terms, today=clock.local_date(caller.now))
    if price_formula(terms["price"]) != found.price:
        _check_likely(terms)
    revised = operations.revise_contract(
        contract=found,
        party=found.buying if side == Side.BUYER else found.selling,
        person=caller.signed_in,
        side=side,
        now=caller.now,
        **terms,
    )
    return go(f"/contracts/{contract_id}" + ("" if revised.version == version else "?new=1"))


def _form(caller: Caller, **facts: Any) -> Response:
    return show(
        "contract_form.html",
        commodities=db.session.scalars(commodities().order_by(Commodity.sort_key)).all(),
        sites=_own_sites(caller),
        today=clock.local_date(caller.now),
        carriers=contract_terms.carriers(),
        kinds=contract_terms.kinds(),
        advances=range(1, max(contract_terms.ADVANCES, _most_advances(facts["known"])) + 1),
        **facts,
    )


def _check_likely(terms: dict[str, Any]) -> None:
    """Ask once about a formula that comes to a price far from today's."""
    good = commodities_by_code({terms["commodity"]}).get(terms["commodity"])
    today = price_today(good) if good else None
    if good is not None and today is not None:
        asked = unit_price(price_formula(terms["price"]), today)
        check_likely(good, asked, field="figure")


def _most_advances(known: dict[str, str]) -> int:
    return sum(1 for name in known if name.startswith("advance-") and name.endswith("-due"))


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


@pages.page(
    "POST", "/contracts/<uuid:contract_id>/call-offs", access=BUYERS, again=contract, makes=True
)
def call_off(caller: Caller, contract_id: UUID) -> Response:
    """Call a quantity for a week; it is an order at once."""
    body = loaded(CallOffIn, {"week": typed("week"), "quantity": number("quantity")})
    made = contracts.call_off(caller=caller, contract_id=contract_id, body=body)
    return go(f"/orders/{made.order_id}")


@pages.page("POST", "/contracts/<uuid:contract_id>/releases", access=BUYERS, again=contract)
def release(caller: Caller, contract_id: UUID) -> Response:
    """Take no more in a week, so that what is held for it can be sold to others."""
    body = loaded(ReleaseIn, {"week": typed("week")})
    contracts.release_week(caller=caller, contract_id=contract_id, body=body)
    return go(f"/contracts/{contract_id}#weeks")


@pages.page(
    "POST", "/contracts/<uuid:contract_id>/advances", access=BUYERS, again=contract, makes=True
)
def advance(caller: Caller, contract_id: UUID) -> Response:
    """Note what I have given the seller beforehand; it counts once the seller says so too."""
    found = _seen(caller, contract_id)
    body = {
        "receiver_id": str(found.seller_id),
        "kind": typed("kind") or "money",
        "amount": whole("advanced"),
        "note": typed("note"),
        "contract_id": str(found.id),
    }
    settlement.record_advance(caller=caller, body=loaded(AdvanceIn, body))
    return go(f"/contracts/{contract_id}#advances")


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


def _newest(
    model: type[CallOff | ShortfallNotice | Breach | ContractRelease], found: Contract
) -> Sequence[Any]:
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


def _changes(found: Contract) -> dict[int, list[tuple[str, ...]]]:
    """What each version but the first changed, by its number."""
    versions = found.versions
    goods = commodities_by_code(one.terms["commodity"] for one in versions)
    return {
        after.number: contract_terms.changes(
            before.terms,
            after.terms,
            goods[before.terms["commodity"]],
            goods[after.terms["commodity"]],
        )
        for before, after in pairwise(versions)
    }


def _advances(found: Contract) -> Sequence[Advance]:
    """What the buyer has given the seller beforehand under the contract, newest first."""
    given = advances(Advance.contract_id == found.id)
    return db.session.scalars(given.order_by(Advance.id.desc()).limit(MOST_NOTED)).all()


def _agreed(found: Contract, given: Sequence[Advance]) -> list[tuple[dict[str, Any], str, bool]]:
    """Each advance that was agreed, in words, and whether it is still to be recorded."""
    noted = Counter((one.kind, one.amount) for one in given)
    left: Counter[str] = Counter()
    for one in found.advances:
        left[one["kind"]] += one["amount"]
    for other in given:
        left[other.kind] -= other.amount
    rows = []
    for one in found.advances:
        told, key = contract_terms.advance_told(one), (one["kind"], one["amount"])
        rows.append((one, told, noted[key] <= 0 and one["amount"] <= left[one["kind"]]))
        noted[key] -= 1
    return rows


def _row(week: Row, released: set[date]) -> list[str]:
    """A week of the balance as a row of the table."""
    told = (week.promised, week.forecast, week.called, week.delivered, week.accepted)
    figures = [written(one) if one is not None else "–" for one in (*told, week.remaining)]
    given_up = t(" (thôi nhận)", " (released)") if week.week in released else ""
    return [day(week.week) + given_up, *figures]
