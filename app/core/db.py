"""The database: one declarative base, one session per request or task."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, MetaData, Numeric, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from app.core.ids import uuid7

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Quantity = Annotated[Decimal, mapped_column(Numeric(12, 3))]
UnitPrice = Annotated[Decimal, mapped_column(Numeric(11, 2))]
Amount = Annotated[int, mapped_column(BigInteger())]

_registry = registry(
    metadata=MetaData(naming_convention=NAMES),
    type_annotation_map={
        str: Text(),
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        list[dict[str, Any]]: JSONB(),
        list[str]: ARRAY(Text()),
        list[UUID]: ARRAY(Uuid()),
    },
)


class Base(DeclarativeBase):
    """What every table shares: names for its constraints and PostgreSQL's own types."""

    registry = _registry
    metadata = _registry.metadata


class Identified:
    """Mixin: a UUIDv7 key, so that ids sort by age.

    An object knows its id from the start, so that many can be written without asking the database
    for each; rows that are written otherwise get theirs there.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))

    def __init__(self, **values: Any) -> None:
        super().__init__(**{"id": uuid7(), **values})


db = SQLAlchemy(
    model_class=Base,
    engine_options={
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 30,
        "pool_pre_ping": True,
        "connect_args": {
            "application_name": "blao",
            "connect_timeout": 5,
            "options": "-c statement_timeout=5000 -c lock_timeout=2000"
            " -c idle_in_transaction_session_timeout=30000 -c timezone=UTC",
        },
    },
    session_options={"expire_on_commit": False},
)
