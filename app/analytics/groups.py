"""Which figures of the market may be shown: groups in which nobody can be made out.

The parts of a week of a commodity are its provinces. A part that is not safe by itself is put
together with the other unsafe ones; where they are not safe together either, the smallest safe
part joins them (complementary suppression), until all groups are safe or nothing is shown. So a
week is shown whole or not at all, in groups that are the same for every reader and every question:
whoever subtracts one answer from another is left with such groups.

A group is safe when at least five sold in it, nobody sold or bought more than 85 %, nor more than
85 % of what is left without the largest other seller, and when no cooperative can take its own
members away and be left with fewer than five others, or one of more than 85 %.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

FEWEST = 5
LARGEST_SHARE = Decimal("0.85")


@dataclass(frozen=True)
class Part:
    """What cannot be divided further: a province, and what each seller sold and buyer bought."""

    name: str
    sellers: Mapping[UUID, Decimal]
    buyers: Mapping[UUID, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.sellers.values(), Decimal(0))


def grouped(parts: Sequence[Part], circles: Iterable[Collection[UUID]]) -> list[list[Part]]:
    """Safe groups that hold every part, or none at all.

    Args:
        circles: for each cooperative its members, past and present, and itself.
    """
    circles = [set(one) for one in circles]
    shown = sorted(
        (one for one in parts if is_safe([one], circles)), key=lambda one: (-one.total, one.name)
    )
    rest = [one for one in parts if one not in shown]
    while rest and not is_safe(rest, circles):
        if not shown:
            return []
        rest.append(shown.pop())
    return [[one] for one in shown] + ([rest] if rest else [])


def is_safe(parts: Sequence[Part], circles: Iterable[Collection[UUID]]) -> bool:
    """Whether what these parts come to tells nothing of anybody in them."""
    sold = _together(one.sellers for one in parts)
    bought = _together(one.buyers for one in parts)
    if len(sold) < FEWEST or _dominated(sold.values()) or _dominated(bought.values()):
        return False
    total, ranked = (
        sum(sold.values(), Decimal(0)),
        sorted(sold, key=lambda one: sold[one], reverse=True),
    )
    if sold[ranked[0]] > LARGEST_SHARE * (total - sold[ranked[1]]):
        return False
    return all(_hides(one, sold, ranked, total) for one in circles)


def _hides(
    circle: Collection[UUID], sold: Mapping[UUID, Decimal], ranked: Sequence[UUID], total: Decimal
) -> bool:
    """Whether nobody is found out who is left when a circle takes its own away."""
    known = [one for one in circle if one in sold]
    left = len(sold) - len(known)
    if not known or not left:
        return True
    if left < FEWEST:
        return False
    largest = next(sold[one] for one in ranked if one not in circle)
    return largest <= LARGEST_SHARE * (total - sum(sold[one] for one in known))


def is_group(held: Mapping[UUID, Decimal]) -> bool:
    """Whether these parties, each with what it holds, may be told of together."""
    positive = {one: share for one, share in held.items() if share > 0}
    return len(positive) >= FEWEST and not _dominated(positive.values())


def _dominated(shares: Collection[Decimal]) -> bool:
    return bool(shares) and max(shares) > LARGEST_SHARE * sum(shares)


def _together(several: Iterable[Mapping[UUID, Decimal]]) -> dict[UUID, Decimal]:
    held: dict[UUID, Decimal] = {}
    for one in several:
        for party, share in one.items():
            if share > 0:
                held[party] = held.get(party, Decimal(0)) + share
    return held
