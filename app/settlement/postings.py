"""What each event means in the books: lines that sum to zero. Pure.

A debt that passes from one creditor to another (a commission, an advance of the cooperative) leaves
the payer's total as it was and is shown on the payer's side under both counterparties.
"""

from collections.abc import Sequence
from uuid import UUID

from app.orders.models import Carrier, Order
from app.settlement.ledger import Line
from app.settlement.models import ACCOUNT_OF, Account, Advance, AdvanceKind, Purpose, Settlement


def carrier_of(order: Order) -> UUID | None:
    """To whom the haulage is owed; None where nobody is named or it is the buyer's own affair."""
    named = {
        Carrier.SELLER: order.seller_id,
        Carrier.COOPERATIVE: order.carrier_id or order.seller_agent_id,
        Carrier.THIRD_PARTY: order.carrier_id,
    }.get(Carrier(order.carrier))
    return None if named == order.organisation_id else named


def slip_lines(order: Order, *, goods: int, haulage: int) -> list[Line]:
    """Goods owed to the seller, haulage to the carrier; held with the buyer while nobody is named.

    Source: domain.md, Haulage.
    """
    buyer, seller, carrier = order.organisation_id, order.seller_id, carrier_of(order)
    return [
        *_owed(buyer, seller, Account.RECEIVABLE, goods),
        *(
            _owed(buyer, carrier, Account.HAULAGE, haulage)
            if carrier
            else [
                Line(buyer, Account.PAYABLE, -haulage),
                Line(buyer, Account.HAULAGE, haulage),
            ]
        ),
    ]


def claim_filed_lines(order: Order, *, provisional: int) -> list[Line]:
    """The provisional credit is set aside out of what the seller is owed."""
    buyer, seller = order.organisation_id, order.seller_id
    return [
        Line(seller, Account.RECEIVABLE, -provisional, buyer),
        Line(seller, Account.CLAIMS_IN_SUSPENSE, provisional, buyer),
    ]


def claim_ended_lines(order: Order, *, provisional: int, credit: int) -> list[Line]:
    """What was granted lowers the buyer's debt; the rest goes back to the seller."""
    buyer, seller = order.organisation_id, order.seller_id
    return [
        Line(seller, Account.CLAIMS_IN_SUSPENSE, -provisional, buyer),
        Line(seller, Account.RECEIVABLE, provisional - credit, buyer),
        Line(buyer, Account.PAYABLE, credit, seller),
    ]


def commission_lines(order: Order, *, cooperative: UUID, amount: int) -> list[Line]:
    """A part of what the buyer owes the seller is owed to the seller's cooperative instead."""
    buyer, seller = order.organisation_id, order.seller_id
    return [
        Line(seller, Account.RECEIVABLE, -amount, cooperative),
        Line(cooperative, Account.COMMISSION, amount, seller),
        *_passed_on(buyer, seller, cooperative, amount),
    ]


def pool_lines(cooperative: UUID, member: UUID, *, amount: int, commission: int) -> list[Line]:
    """A member's share of what the cooperative was paid, less the commission it keeps."""
    return [
        *_owed(cooperative, member, Account.RECEIVABLE, amount),
        *_owed(cooperative, member, Account.RECEIVABLE, -commission),
    ]


def netting_lines(goods: Settlement, advance: Advance, *, amount: int) -> list[Line]:
    """The receiver pays an advance back out of what it is owed.

    Where the cooperative gave it, the buyer owes the cooperative that much instead of the seller.
    """
    buyer, seller, giver = goods.organisation_id, goods.payee_id, advance.organisation_id
    lines = [
        Line(seller, Account.RECEIVABLE, -amount, buyer),
        Line(seller, Account.ADVANCES, amount, giver),
        Line(giver, Account.ADVANCES, -amount, seller),
    ]
    if giver == buyer:
        return [*lines, Line(buyer, Account.PAYABLE, amount, seller)]
    return [
        *lines,
        Line(giver, Account.RECEIVABLE, amount, buyer),
        *_passed_on(buyer, seller, giver, amount),
    ]


def advance_lines(advance: Advance) -> list[Line]:
    """The giver is owed the advance back; money has moved outside, inputs have not."""
    giver, receiver, amount = advance.organisation_id, advance.receiver_id, advance.amount
    lines = [
        Line(giver, Account.ADVANCES, amount, receiver),
        Line(receiver, Account.ADVANCES, -amount, giver),
    ]
    if advance.kind == AdvanceKind.MONEY:
        lines += _sent(giver, receiver, amount)
    return lines


def payout_lines(payer: UUID, payee: UUID, shares: Sequence[tuple[Purpose, int]]) -> list[Line]:
    """Money moved outside from payer to payee, by what each share pays for."""
    total = sum(amount for _, amount in shares)
    return [
        Line(payer, Account.PAYABLE, total, payee),
        *(Line(payee, ACCOUNT_OF[purpose], -amount, payer) for purpose, amount in shares),
        *_sent(payer, payee, total),
    ]


def _owed(debtor: UUID, creditor: UUID, account: Account, amount: int) -> list[Line]:
    return [
        Line(debtor, Account.PAYABLE, -amount, creditor),
        Line(creditor, account, amount, debtor),
    ]


def _passed_on(debtor: UUID, before: UUID, after: UUID, amount: int) -> list[Line]:
    return [
        Line(debtor, Account.PAYABLE, amount, before),
        Line(debtor, Account.PAYABLE, -amount, after),
    ]


def _sent(giver: UUID, receiver: UUID, amount: int) -> list[Line]:
    return [
        Line(giver, Account.BANK, -amount, receiver),
        Line(receiver, Account.BANK, amount, giver),
    ]
