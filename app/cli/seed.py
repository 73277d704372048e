"""What every installation starts with: the catalogue and the administrative units."""

from app import create_app
from app.catalogue.seed import seed_catalogue
from app.core import clock
from app.core.db import db
from app.core.transaction import transaction
from app.orders.seed import seed_quality_schedules
from app.places.seed import seed_administrative_units


def seed_everything() -> None:
    """Bring the seed data into the database of the environment; again changes nothing."""
    with create_app().app_context():
        with transaction():
            seed_catalogue(now=clock.now())
            seed_quality_schedules(now=clock.now())
        with transaction():
            seed_administrative_units()
        db.engine.dispose()
