"""Deliveries."""

from app.core.http import Blueprint
from app.deliveries import models

assert models
blueprint = Blueprint("deliveries", __name__, description="Deliveries and claims")
