"""What anybody may know of a lot that was put on sale: produce, ward, day, certificates, photo."""

from uuid import UUID

from sqlalchemy import exists, select
from werkzeug.wrappers import Response

from app.accounts.access import PUBLIC, Caller
from app.catalogue.models import CertificateScheme
from app.catalogue.queries import commodities_by_code
from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.lots.models import Lot, LotPhoto
from app.lots.queries import get_lot
from app.market.models import Offer, OfferStatus
from app.places.queries import current_ward
from app.web.pages import Pages, show

pages = Pages("lots")
ON_SALE = exists().where(Offer.lot_id == Lot.id, Offer.status != OfferStatus.DRAFT).correlate(Lot)


@pages.page("GET", "/lots/<uuid:lot_id>/public", access=PUBLIC)
def public_lot(caller: Caller, lot_id: UUID) -> Response:
    """A lot to anybody: no names, no exact position."""
    lot = get_lot(lot_id, seen=ON_SALE)
    day = clock.local_date(lot.harvested_at or lot.ready_at)
    valid = [one for one in lot.certificates if one.covers(lot.commodity_code, day)]
    schemes = {one.scheme_code for one in valid}
    return show(
        "public_lot.html",
        lot=lot,
        commodity=commodities_by_code([lot.commodity_code])[lot.commodity_code],
        day=day,
        ward=current_ward(lot.site.ward_code),
        schemes=db.session.scalars(
            select(CertificateScheme).where(CertificateScheme.code.in_(schemes))
        ).all(),
        certificates=valid,
        photo=photo_of(lot_id),
    )


@pages.page("GET", "/photos/<uuid:photo_id>", access=PUBLIC)
def photo(caller: Caller, photo_id: UUID) -> Response:
    """The photo of a lot that was put on sale."""
    jpeg = db.session.scalar(
        select(LotPhoto.jpeg)
        .join(Lot, Lot.id == LotPhoto.lot_id)
        .where(LotPhoto.id == photo_id, ON_SALE)
    )
    if jpeg is None:
        raise NotFound
    answer = Response(jpeg, content_type="image/jpeg")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer


def photo_of(lot_id: UUID) -> UUID | None:
    """The id of a lot's photo, if it has one."""
    return db.session.scalar(select(LotPhoto.id).where(LotPhoto.lot_id == lot_id))
