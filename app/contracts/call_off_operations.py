"""Calling off a week of a contract: the goods are set aside and ordered at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select, true

from app.accounts.models import Party
from app.catalogue.queries import get_commodity, get_market
from app.contracts.balance import called_and_promised, called_in_all
from app.contracts.models import (
    CallOff,
    Contract,
    ContractHold,
    ContractRelease,
    QuantityForm,
)
from app.contracts.pricing import FOLLOWS_MARKET, unit_price
from app.contracts.queries import MarketSays, market_says
from app.contracts.telling import tell
from app.contracts.weeks import WEEK, check_week
from app.core import clock
from app.core.db import db
from app.core.errors import Problem, invalid
from app.core.money import HIGHEST_AMOUNT, HIGHEST_PRICE, line_amount
from app.core.quantity import with_unit
from app.lots.models import Lot, LotStatus
from app.lots.operations import declare_lot, put_back
from app.lots.queries import get_lot, lot_for_update, lots
from app.market.models import Visibility
from app.market.offer_operations import list_offer
from app.orders.haulage import haulage_amount
from app.orders.models import Carrier, Order, Origin
from app.orders.operations import Terms, open_order
from app.places.models import Site
from app.places.restriction_operations import MovementRestricted, check_may_move


class BeyondContract(Problem):
    status, code = 409, "beyond_contract"
    vi = "Hợp đồng chỉ còn {left} có thể gọi, kể cả dung sai."
    en = "Only {left} may still be called under this contract, tolerance included."


class NoMarketPrice(Problem):
    status, code = 409, "no_market_price"
    vi = "Chưa có giá thị trường để tính giá hợp đồng."
    en = "There is no market price yet to compute the contract's price from."


class WeekReleased(Problem):
    status, code = 409, "week_released"
    vi = "Bên mua đã báo không nhận thêm trong tuần này."
    en = "The buyer has said that it takes no more in this week."


@dataclass(frozen=True)
class Portion:
    """What a call-off takes of one lot."""

    lot: Lot
    quantity: Decimal


def call_off(*, contract: Contract, week: date, quantity: Decimal, now: datetime) -> CallOff:
    """Order a quantity for a week at the price the formula gives now.

    What is held for the contract is taken first, then what the seller has not offered, the oldest
    first; for the rest a lot is forecast that the seller will harvest. Within what is promised for
    the week the order is confirmed at once; beyond it the seller confirms it or does not.

    Args:
        contract: locked.

    Raises:
        ContractNotActive: it is not in force. Invalid: the week is none of its season, or over.
        WeekReleased: the buyer takes no more in it. BeyondContract: more than the total with its
        tolerance. NoMarketPrice: the formula follows a market of which nothing is known.
        MovementRestricted: the goods may not travel now.
    """
    check_week(contract, week, now=now)
    if released(contract, week):
        raise WeekReleased
    left = left_to_call(contract)
    if left is not None and quantity > left:
        unit = get_commodity(contract.commodity_code).unit
        raise BeyondContract(left=with_unit(left, unit))
    market = _market(contract, now)
    price = unit_price(contract.price, market.price if market else None)
    if price > HIGHEST_PRICE or line_amount(quantity, price) > HIGHEST_AMOUNT // 2:
        raise invalid("/quantity", "Tổng tiền quá lớn.", "The total is too high.")
    bound = _is_promised(contract, week, quantity, now)
    portions = _portions(contract, week, quantity, now)
    order = _order(contract, portions, price, confirmed=bound, now=now)
    call = CallOff(
        contract_id=contract.id,
        organisation_id=contract.organisation_id,
        number=_calls(contract) + 1,
        week=week,
        quantity=quantity,
        unit_price=price,
        market_price=market.price if market else None,
        market_as_of=market.as_of if market else None,
        order_id=order.id,
        called_at=now,
    )
    db.session.add(call)
    db.session.flush()
    tell(
        "contract.called_off",
        contract,
        now=now,
        call_off_id=str(call.id),
        order_id=str(order.id),
        week=week.isoformat(),
        quantity=f"{quantity:.3f}",
        unit_price=f"{price:.2f}",
    )
    return call


def release_week(*, contract: Contract, week: date, now: datetime) -> ContractRelease:
    """The buyer can take no more in a week; what is held for it flows into the market.

    What was promised stays promised: a week not called is still judged.

    Args:
        contract: locked.

    Raises:
        ContractNotActive, Invalid: as for a call-off. WeekReleased: the buyer has said so before.
    """
    check_week(contract, week, now=now)
    if released(contract, week):
        raise WeekReleased
    release = ContractRelease(
        contract_id=contract.id,
        organisation_id=contract.organisation_id,
        week=week,
        released_at=now,
    )
    db.session.add(release)
    _release_holds(contract, week, now)
    tell("contract.week_released", contract, now=now, week=week.isoformat())
    return release


def released(contract: Contract, week: date) -> bool:
    """Whether the buyer has said that it can take no more in a week."""
    said = select(ContractRelease.id).where(
        ContractRelease.contract_id == contract.id, ContractRelease.week == week
    )
    return db.session.scalar(said) is not None


def left_to_call(contract: Contract) -> Decimal | None:
    """What may still be called with the tolerance; None where there is no upper bound."""
    if contract.quantity_form != QuantityForm.FIXED or contract.quantity is None:
        return None
    most = contract.quantity * (100 + contract.tolerance_percent) / 100
    return max(Decimal(0), most - called_in_all(contract.id))


def _market(contract: Contract, now: datetime) -> MarketSays | None:
    if contract.price["form"] not in FOLLOWS_MARKET:
        return None
    market = market_says(contract.commodity_code, contract.price["market"], as_of=now)
    if market is None:
        raise NoMarketPrice
    return market


def _is_promised(contract: Contract, week: date, quantity: Decimal, now: datetime) -> bool:
    """Whether a call-off stays within the week's promise and tolerance, so that it binds at once.

    Of all output whatever the seller has ready in an unplanned week is promised too.
    """
    called, promised = called_and_promised(contract, week)
    if called + quantity <= promised * (100 + contract.tolerance_percent) / 100:
        return True
    if contract.quantity_form != QuantityForm.ALL_OUTPUT or contract.weeks:
        return False
    _release_holds(contract, week, now)
    ready = sum(lot.left for lot in free_lots(contract=contract, week=week, now=now))
    return quantity <= ready


def _calls(contract: Contract) -> int:
    count = select(func.count()).where(CallOff.contract_id == contract.id)
    return db.session.scalar(count) or 0


def _portions(contract: Contract, week: date, quantity: Decimal, now: datetime) -> list[Portion]:
    """Free parts of lots that make up a quantity, a forecast lot for what no lot covers."""
    _release_holds(contract, week, now)
    portions, missing = [], quantity
    for lot in free_lots(contract=contract, week=week, now=now):
        part = min(lot.left, missing)
        portions.append(Portion(lot, part))
        missing -= part
        if not missing:
            return portions
    seller: Party = contract.selling
    assert contract.pickup_site_id is not None
    lot = declare_lot(
        party=seller,
        commodity=contract.commodity_code,
        site_id=contract.pickup_site_id,
        status=LotStatus.FORECAST,
        quantity=missing,
        unit=None,
        grade=None,
        qualities={},
        harvested_at=None,
        ready_at=max(now, clock.start_of_day(week)),
        certificates=[],
        now=now,
    )
    return [*portions, Portion(lot, missing)]


def free_lots(*, contract: Contract, week: date, now: datetime) -> Sequence[Lot]:
    """The seller's lots that are ready in time, good and free to move, locked, oldest first."""
    ids = db.session.scalars(
        select(Lot.id)
        .where(
            Lot.organisation_id == contract.seller_id,
            Lot.commodity_code == contract.commodity_code,
            Lot.status.in_((LotStatus.FORECAST, LotStatus.HARVESTED)),
            Lot.reserved < Lot.quantity,
            Lot.ready_at < clock.start_of_day(week + WEEK),
        )
        .order_by(Lot.id)
        .with_for_update()
    ).all()
    found = db.session.scalars(
        lots(Lot.id.in_(ids)).order_by(Lot.id).execution_options(populate_existing=True)
    ).all()
    needed = max(now, clock.start_of_day(week))
    good = [lot for lot in found if lot.can_be_sold(now=needed) and _may_come(lot, contract, now)]
    return sorted(good, key=lambda lot: (lot.ready_at, lot.id))


def _may_come(lot: Lot, contract: Contract, now: datetime) -> bool:
    """Whether no restriction keeps a lot from the buyer's place now."""
    assert contract.site_id is not None
    drop = db.session.get_one(Site, contract.site_id)
    try:
        check_may_move(pickup=lot.site, drop=drop, commodity=lot.commodity_code, now=now)
    except MovementRestricted:
        return False
    return True


def _release_holds(contract: Contract, week: date, now: datetime) -> None:
    """What is held for the week goes back to its lots, to be ordered in the same transaction."""
    held = db.session.scalars(
        select(ContractHold)
        .where(
            ContractHold.contract_id == contract.id,
            ContractHold.week == week,
            ContractHold.ended_at.is_(None),
        )
        .order_by(ContractHold.lot_id)
        .with_for_update()
    ).all()
    release_holds(holds=held, now=now)


def release_holds(*, holds: Sequence[ContractHold], now: datetime) -> None:
    """Give back to their lots what was held for a contract.

    Args:
        holds: locked, in the order of their lots.
    """
    for hold in holds:
        put_back(lot=lot_for_update(hold.lot_id), quantity=hold.quantity)
        hold.ended_at = now
    db.session.flush()


def _order(
    contract: Contract,
    portions: Sequence[Portion],
    price: Decimal,
    *,
    confirmed: bool,
    now: datetime,
) -> Order:
    """An order on private offers of the portions, at the contract's terms."""
    assert contract.site_id is not None
    site = db.session.get_one(Site, contract.site_id)
    market = get_market(get_commodity(contract.commodity_code).market_code)
    carrier = Carrier(contract.carrier)
    terms = []
    for portion in portions:
        lot = get_lot(portion.lot.id, seen=true(), lock=True)
        check_may_move(pickup=lot.site, drop=site, commodity=lot.commodity_code, now=now)
        offer = list_offer(
            party=contract.selling,
            lot=lot,
            quantity=portion.quantity,
            ask_price=price,
            price_per=None,
            open_until=max(lot.expires_at, now + timedelta(days=1)),
            firm=True,
            payment_days=contract.payment_days,
            visibility=Visibility.PRIVATE,
            visible_to=[contract.organisation_id],
            draft=False,
            now=now,
        )
        offer.take(portion.quantity, now=now)
        hauled = 0
        if carrier != Carrier.BUYER:
            hauled = haulage_amount(market=market, lot=lot, quantity=portion.quantity, drop=site)
        terms.append(
            Terms(offer, portion.quantity, price, lot.grade, hauled, contract.quality_schedule)
        )
    db.session.flush()
    return open_order(
        buyer=contract.buying,
        terms=terms,
        site=site,
        carrier=carrier,
        origin=Origin.CONTRACT,
        confirmed=confirmed,
        now=now,
    )
