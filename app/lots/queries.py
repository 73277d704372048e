"""Reading lots and certificates."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import joinedload, selectinload

from app.core.db import db
from app.core.errors import NotFound
from app.lots.models import Certificate, Forecast, Lot


def lots(condition: ColumnElement[bool]) -> Select[Lot]:
    """Lots with their commodity, site, plot and certificates."""
    return (
        select(Lot)
        .where(condition)
        .options(
            joinedload(Lot.commodity),
            joinedload(Lot.site),
            joinedload(Lot.plot),
            selectinload(Lot.certificates),
        )
    )


def get_lot(lot_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Lot:
    """A lot among those the caller may see, locked for a change if asked.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    statement = lots(seen).where(Lot.id == lot_id)
    if lock:
        statement = statement.with_for_update(of=Lot).execution_options(populate_existing=True)
    lot = db.session.scalar(statement)
    if lot is None:
        raise NotFound
    return lot


def lot_for_update(lot_id: UUID) -> Lot:
    """A lot locked for a change; it must exist."""
    return get_lot(lot_id, seen=true(), lock=True)


def get_certificate(
    certificate_id: UUID, *, seen: ColumnElement[bool], lock: bool = False
) -> Certificate:
    """A certificate among those the caller may see.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    statement = select(Certificate).where(Certificate.id == certificate_id, seen)
    if lock:
        statement = statement.with_for_update()
    certificate = db.session.scalar(statement)
    if certificate is None:
        raise NotFound
    return certificate


def get_forecast(forecast_id: UUID, *, seen: ColumnElement[bool]) -> Forecast:
    """A forecast among those the caller may see.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    forecast = db.session.scalar(select(Forecast).where(Forecast.id == forecast_id, seen))
    if forecast is None:
        raise NotFound
    return forecast
