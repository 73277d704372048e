"""One lot made of parts of others, and where the parts came from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Party
from app.catalogue.models import Commodity, QualityAttribute, QualityType
from app.core import clock
from app.core.db import db
from app.core.quantity import as_typed
from app.lots.models import Lot, LotSource, LotStatus, lot_certificate
from app.lots.queries import get_lot
from app.places.models import Site


@dataclass(frozen=True)
class Part:
    """A quantity of a lot, with what was measured of it."""

    lot: Lot
    quantity: Decimal
    grade: str | None
    qualities: Mapping[str, Any]


def mix_lots(
    *,
    party: Party,
    commodity: Commodity,
    site: Site,
    parts: Sequence[Part],
    schemes: Collection[str],
    now: datetime,
) -> Lot:
    """A harvested lot of all the parts, which must be of its commodity and set aside for it.

    It is as old as its oldest part and as good as its worst grade; see :func:`mixed` for the
    rest.

    Args:
        schemes: those under which every part is certified; the mixture keeps the certificates.
    """
    total = sum((part.quantity for part in parts), Decimal(0))
    harvests = [part.lot.harvested_at for part in parts if part.lot.harvested_at]
    lot = Lot(
        organisation_id=party.organisation_id,
        capacity=party.capacity,
        agent_id=party.agent_id,
        commodity=commodity,
        site=site,
        status=LotStatus.HARVESTED,
        quantity=total,
        quantity_as_typed=as_typed(total, None, commodity.unit),
        grade=_worst_grade(commodity, [part.grade for part in parts]),
        qualities=mixed(commodity.qualities, [(one.quantity, one.qualities) for one in parts]),
        harvested_at=min(harvests),
        ready_at=max([now, *(part.lot.ready_at for part in parts)]),
        created_at=now,
    )
    db.session.add(lot)
    db.session.flush()
    db.session.add_all(
        LotSource(
            lot_id=lot.id,
            source_id=part.lot.id,
            organisation_id=part.lot.organisation_id,
            quantity=part.quantity,
        )
        for part in parts
    )
    held = {one.id for part in parts for one in certificates_under(part.lot, schemes)}
    if held:
        rows = [
            {"lot_id": lot.id, "certificate_id": one, "organisation_id": lot.organisation_id}
            for one in sorted(held)
        ]
        db.session.execute(insert(lot_certificate), rows)
    db.session.flush()
    return get_lot(lot.id, seen=Lot.id == lot.id)


def certificates_under(lot: Lot, schemes: Collection[str]) -> list[Any]:
    """Those of a lot's certificates under the schemes that counted at its harvest."""
    harvest = clock.local_date(lot.harvested_at or lot.ready_at)
    return [
        one
        for one in lot.certificates
        if one.scheme_code in schemes and one.covers(lot.commodity_code, harvest)
    ]


def mixed(
    attributes: Sequence[QualityAttribute], parts: Sequence[tuple[Decimal, Mapping[str, Any]]]
) -> dict[str, Any]:
    """The qualities of a mixture, in their stored form, of those stated for every part.

    A number is the mean weighted by quantity, half to even in the attribute's decimals; yes only
    where every part says yes; of days the latest.
    """
    stated = [one for one in attributes if all(one.code in told for _, told in parts)]
    return {one.code: _mixed(one, [(q, told[one.code]) for q, told in parts]) for one in stated}


def descendants(lot_id: UUID) -> Sequence[UUID]:
    """The lots that hold something of a lot, near and far, without itself."""
    below = select(LotSource.lot_id).where(LotSource.source_id == lot_id).cte(recursive=True)
    further = select(LotSource.lot_id).join(below, LotSource.source_id == below.c.lot_id)
    every = below.union(further)
    return db.session.scalars(select(every.c.lot_id).order_by(every.c.lot_id)).all()


def _mixed(attribute: QualityAttribute, values: Sequence[tuple[Decimal, Any]]) -> Any:
    if attribute.type is QualityType.BOOLEAN:
        return all(value for _, value in values)
    if attribute.type is QualityType.DATE:
        return max(value for _, value in values)
    weight = sum(quantity for quantity, _ in values)
    mean = sum((quantity * Decimal(value) for quantity, value in values), Decimal(0)) / weight
    step = Decimal(1).scaleb(-(attribute.decimals or 0))
    return f"{mean.quantize(step, ROUND_HALF_EVEN):f}"


def _worst_grade(commodity: Commodity, grades: Sequence[str | None]) -> str | None:
    ranks = {grade.code: grade.rank for grade in commodity.grades}
    if any(grade is None for grade in grades):
        return None
    return max((grade for grade in grades if grade), key=ranks.__getitem__, default=None)
