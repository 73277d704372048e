"""Declaring where one loads and unloads."""

from datetime import datetime
from uuid import UUID

from app.core.db import db
from app.core.errors import invalid
from app.places.models import Site
from app.places.position import about, ecef
from app.places.queries import current_ward


def add_site(
    *,
    organisation_id: UUID,
    name: str,
    ward_code: str,
    latitude: float,
    longitude: float,
    now: datetime,
) -> Site:
    """Declare a pick-up or delivery point.

    Raises:
        Invalid: there is no such ward today.
    """
    if current_ward(ward_code) is None:
        raise invalid("/ward_code", "Không có xã, phường này.", "There is no such ward.")
    x, y, z = ecef(about(latitude), about(longitude))
    site = Site(
        organisation_id=organisation_id,
        name=name,
        ward_code=ward_code,
        latitude=latitude,
        longitude=longitude,
        x=x,
        y=y,
        z=z,
        created_at=now,
    )
    db.session.add(site)
    db.session.flush()
    return site
