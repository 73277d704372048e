"""The terms of a season contract: typed in a form, told in words, compared version by version."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request

from app.catalogue.models import Commodity
from app.contracts.models import Contract, QuantityForm
from app.contracts.pricing import CLEARING, FOLLOWS_MARKET, PriceForm
from app.contracts.schemas import MOST_WEEKS
from app.contracts.weeks import to_come
from app.core.errors import invalid
from app.web.forms import number, typed, whole
from app.web.language import day, money, named, price, quantity, t
from app.web.language import number as written

ADVANCES = 3
FIGURE = {
    PriceForm.FIXED: "price",
    PriceForm.FLOOR_PLUS_MARKET: "floor",
    PriceForm.MARKET_MINUS_DIFFERENTIAL: "differential",
    PriceForm.COST_PLUS: "cost",
}
Terms = Mapping[str, Any]


def stated(*, market: str | None = None) -> dict[str, Any]:
    """The form as the API takes terms, without weeks.

    Args:
        market: the market price that the terms followed before, if they did.
    """
    form = typed("quantity_form") or str(QuantityForm.FIXED)
    return {
        "commodity": typed("commodity"),
        "site_id": typed("site_id"),
        "quantity_form": form,
        "quantity": None if form == QuantityForm.ALL_OUTPUT else number("quantity"),
        "tolerance_percent": number("tolerance_percent", needed=False),
        "price": _price(market),
        "payment_days": whole("payment_days", needed=False),
        "carrier": typed("carrier"),
        "advances": _advances(),
        "remedies": {
            name: number(name, needed=False) or "0" for name in ("non_purchase", "side_selling")
        },
        "notice_days": whole("notice_days", needed=False),
        "force_majeure": typed("force_majeure"),
        "starts_on": typed("starts_on"),
        "ends_on": typed("ends_on"),
    }


def weeks_stated(terms: Terms, *, today: date) -> list[dict[str, Any]]:
    """What each week promises: as typed for it, or the same every week until the total is reached.

    Weeks that are over, or that the dates leave out, promise nothing.
    """
    for name in request.form:
        if name.startswith("week-") and not _is_monday(name.removeprefix("week-")):
            raise invalid(f"/{name}", "Phải là ngày thứ Hai.", "Must be a Monday.")
    left = terms["quantity"]
    weekly = number("weekly", needed=False)
    promised: list[dict[str, Any]] = []
    for week in to_come(terms["starts_on"], terms["ends_on"], today=today)[:MOST_WEEKS]:
        text = weekly or number(f"week-{week}", needed=False)
        part = _promise(text, f"/{'weekly' if weekly else f'week-{week}'}")
        if weekly and left is not None:
            part = min(part, left)
            left -= part
        if part:
            promised.append({"week": week, "promised": part})
    return promised


def typed_before(contract: Contract, *, site_id: object) -> dict[str, str]:
    """The terms of a contract as they would stand in the form."""
    formula = contract.price
    figure = FIGURE[PriceForm(formula["form"])]
    known = {
        "commodity": contract.commodity_code,
        "site_id": str(site_id or ""),
        "quantity_form": str(contract.quantity_form),
        "quantity": _figure(contract.quantity),
        "price": formula["form"],
        "figure": _figure(formula[figure]),
        "margin": _figure(formula.get("margin")),
        "tolerance_percent": _figure(contract.tolerance_percent),
        "payment_days": str(contract.payment_days),
        "carrier": str(contract.carrier),
        "notice_days": str(contract.notice_days),
        "force_majeure": contract.force_majeure,
        "starts_on": contract.starts_on.isoformat(),
        "ends_on": contract.ends_on.isoformat(),
    }
    known |= {name: _figure(percent) for name, percent in contract.remedies.items()}
    for row, one in enumerate(contract.advances, 1):
        known |= {
            f"advance-{row}": _figure(one["amount"]),
            f"advance-{row}-due": one["due_on"],
            f"advance-{row}-kind": one["kind"],
        }
    return known | {f"week-{one.week}": _figure(one.promised) for one in contract.weeks}


def told(terms: Terms, good: Commodity) -> dict[str, str]:
    """Every term in words, by its name."""
    total = terms["quantity"]
    forms = {
        "fixed": t("đúng số lượng", "fixed"),
        "minimum": t("ít nhất", "at least"),
        "all_output": t("toàn bộ sản lượng", "all that is grown"),
    }
    return {
        t("Số lượng", "Quantity"): " ".join(
            [forms[terms["quantity_form"]]]
            + ([quantity(Decimal(total), good.unit)] if total else [])
        ),
        t("Dung sai", "Tolerance"): _percent(terms["tolerance_percent"]),
        t("Giá tại vườn", "Price at the farm gate"): price_told(terms["price"], good.unit),
        t("Trả tiền trong", "Paid within"): _days(terms["payment_days"]),
        t("Ai chở", "Carrier"): carriers()[terms["carrier"]],
        t("Tạm ứng", "Advances"): "; ".join(map(advance_told, terms["advances"]))
        or t("không có", "none"),
        t("Bên mua bồi thường", "Buyer's remedy"): _percent(terms["remedies"]["non_purchase"]),
        t("Bên bán bồi thường", "Seller's remedy"): _percent(terms["remedies"]["side_selling"]),
        t("Báo thiếu trước", "Notice of a shortfall"): _days(terms["notice_days"]),
        t("Bất khả kháng", "Force majeure"): terms["force_majeure"],
        t("Từ ngày", "From"): day(date.fromisoformat(terms["starts_on"])),
        t("Đến hết ngày", "Until the end of"): day(date.fromisoformat(terms["ends_on"])),
    }


def changes(
    before: Terms, after: Terms, good: Commodity, other: Commodity
) -> list[tuple[str, ...]]:
    """What a version changed: the name of each term, how it was and how it is.

    Args:
        good: what the earlier version is about. other: what the later one is about.
    """
    produce = t("Nông sản", "Produce")
    was = {produce: named(good), **told(before, good)}
    now = {produce: named(other), **told(after, other)}
    for terms, words, of in ((before, was, good), (after, now, other)):
        for one in terms["weeks"]:
            label = t("Tuần từ {week}", "Week of {week}", week=day(date.fromisoformat(one["week"])))
            words[label] = quantity(Decimal(one["promised"]), of.unit)
    return [
        (name, was.get(name, "–"), now.get(name, "–"))
        for name in {**was, **now}
        if was.get(name) != now.get(name)
    ]


def advance_told(one: Terms) -> str:
    """An advance that was agreed, in words."""
    return t(
        "{amount} {kind}, ngày {due}",
        "{amount} {kind}, on {due}",
        amount=money(one["amount"]),
        kind=kinds()[one["kind"]],
        due=day(date.fromisoformat(one["due_on"])),
    )


def kinds() -> dict[str, str]:
    """What an advance is given in."""
    return {"money": t("bằng tiền", "in money"), "inputs": t("bằng vật tư", "in inputs")}


def carriers() -> dict[str, str]:
    """Who carries, by code."""
    return {
        "buyer": t("Bên mua", "The buyer"),
        "seller": t("Bên bán", "The seller"),
        "cooperative": t("Hợp tác xã", "The cooperative"),
        "third_party": t("Bên thứ ba", "A third party"),
    }


def price_told(formula: Terms, unit_code: str) -> str:
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


def _price(market: str | None) -> dict[str, Any]:
    """The formula: its figures, and where it follows the market, which price that is."""
    chosen = typed("price") or str(PriceForm.FIXED)
    if chosen not in FIGURE:
        raise invalid("/price", "Không có cách tính giá này.", "There is no such form of price.")
    form = PriceForm(chosen)
    formula: dict[str, Any] = {"form": str(form), FIGURE[form]: number("figure")}
    if form == PriceForm.COST_PLUS:
        formula["margin"] = number("margin")
    if form in FOLLOWS_MARKET:
        formula["market"] = market or CLEARING
    return formula


def _advances() -> list[dict[str, Any]]:
    return [
        {
            "amount": whole(f"advance-{row}"),
            "due_on": _due_on(f"advance-{row}-due"),
            "kind": typed(f"advance-{row}-kind") or "money",
        }
        for row in _rows()
        if typed(f"advance-{row}")
    ]


def _rows() -> Sequence[int]:
    """Numbers of the advances that the form states; a draft may have more than the page offers."""
    sent = [one for one in range(1, 21) if f"advance-{one}" in request.form]
    return sent or range(1, ADVANCES + 1)


def _is_monday(text: str) -> bool:
    try:
        return date.fromisoformat(text).weekday() == 0
    except ValueError:
        return False


def _due_on(name: str) -> str:
    try:
        return str(date.fromisoformat(typed(name)))
    except ValueError:
        raise invalid(f"/{name}", "Hãy chọn ngày ứng.", "Choose the day of the advance.") from None


def _promise(text: str | None, pointer: str) -> Decimal:
    part = Decimal(text or 0)
    if part < 0 or part != round(part, 3):
        raise invalid(
            pointer,
            "Hãy nhập số từ 0 trở lên, nhiều nhất ba số lẻ.",
            "Enter a number from 0 with at most three decimals.",
        )
    return part


def _figure(value: object) -> str:
    """A figure as it stands in a field, or nothing."""
    return "" if value is None else written(Decimal(str(value)))


def _percent(text: str) -> str:
    return f"{written(Decimal(text))}%"


def _days(count: int) -> str:
    return t("{n} ngày", "{n} day", "{n} days", n=count)
