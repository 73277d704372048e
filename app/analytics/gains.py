"""What the rounds of a month created and for whom, where it can be told of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from app.analytics.groups import is_group
from app.analytics.reading import dong, share_of

FIGURES = (
    "welfare",
    "best_rule",
    "best_rule_welfare",
    "first_come_welfare",
    "created_beyond_rules",
    "sellers_gain",
    "buyers_gain",
    "sellers_share",
    "smallholders_gain",
    "large_farms_gain",
    "smallholders_share",
    "smallholders_quantity_share",
)


class Held(NamedTuple):
    """What a party traded in a round, in the market's base unit, and gained by it, VND."""

    side: str
    smallholder: bool
    party: UUID
    quantity: Decimal
    gain: Decimal


Rounds = Mapping[UUID, list[Held]]


def told_of(created: Mapping[str, Any], rounds: Rounds) -> dict[str, Any]:
    """The figures of a month of a market, all null where they would tell of single parties.

    They are told where at least five sold and five bought, nobody more than 85 %, and where the
    rounds that tell nothing of themselves are such a group too: else it would be what is left
    without the others. Smallholders are told against large farms where both are such groups.

    Args:
        created: welfare of all rounds, and by rule what it had reached, whole VND.
    """
    told: dict[str, Any] = dict.fromkeys(FIGURES)
    everything = [one for some in rounds.values() for one in some]
    silent = [one for some in rounds.values() if not _both_sides(some) for one in some]
    if not _both_sides(everything) or (silent and not _both_sides(silent)):
        return told
    rules = created["rules"]
    best = max(rules, key=lambda rule: (rules[rule], rule))
    sellers = [one for one in everything if one.side == "seller"]
    gained, saved = _gain(sellers), _gain([one for one in everything if one.side == "buyer"])
    told |= {
        "welfare": created["welfare"],
        "best_rule": best,
        "best_rule_welfare": rules[best],
        "first_come_welfare": rules.get("first come"),
        "created_beyond_rules": created["welfare"] - rules[best],
        "sellers_gain": dong(gained),
        "buyers_gain": dong(saved),
        "sellers_share": share_of(gained, gained + saved),
    }
    small = [one for one in sellers if one.smallholder]
    large = [one for one in sellers if not one.smallholder]
    if _told(small) and _told(large):
        told |= {
            "smallholders_gain": dong(_gain(small)),
            "large_farms_gain": dong(_gain(large)),
            "smallholders_share": share_of(_gain(small), gained),
            "smallholders_quantity_share": share_of(_quantity(small), _quantity(sellers)),
        }
    return told


def _both_sides(held: Sequence[Held]) -> bool:
    return all(_told([one for one in held if one.side == side]) for side in ("seller", "buyer"))


def _told(held: Sequence[Held]) -> bool:
    by_party: dict[UUID, Decimal] = defaultdict(Decimal)
    for one in held:
        by_party[one.party] += one.quantity
    return is_group(by_party)


def _gain(held: Sequence[Held]) -> Decimal:
    return sum((one.gain for one in held), Decimal(0))


def _quantity(held: Sequence[Held]) -> Decimal:
    return sum((one.quantity for one in held), Decimal(0))
