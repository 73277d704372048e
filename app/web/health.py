"""What a supervisor asks: does the process live, and can it serve."""

import redis
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.access import open_to_all
from app.core.db import db

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
@open_to_all
def livez() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@open_to_all
def readyz() -> Response:
    """The database answers and is migrated; the queue's broker answers. 503 otherwise."""
    checks = {"database": _database(), "broker": broker()}
    ready = all(checks.values())
    answer = jsonify(status="ok" if ready else "unavailable", checks=checks)
    if not ready:
        answer.status_code = 503
        answer.headers["Retry-After"] = "2"
    return answer


def _database() -> bool:
    try:
        db.session.execute(text("SELECT count(*) FROM alembic_version"))
    except SQLAlchemyError:
        return False
    finally:
        db.session.rollback()
    return True


def broker() -> bool:
    """Whether the queue's broker answers."""
    url = current_app.config["SETTINGS"].redis_url
    client = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
