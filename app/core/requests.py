"""What every request and answer has: an id, a log line, and headers that keep browsers careful."""

import re
import time
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger()
LARGEST_BODY = 1024 * 1024
ACCEPTED_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def install(app: Flask) -> None:
    """Give every request of ``app`` its id and every answer its headers."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.before_request(_begin)
    app.after_request(_finish)


def _begin() -> None:
    stated = request.headers.get("X-Request-Id", "")
    g.request_id = stated if ACCEPTED_ID.fullmatch(stated) else str(uuid4())
    g.began = time.perf_counter()


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if "Authorization" in request.headers or "Cookie" in request.headers:
        response.headers.setdefault("Cache-Control", "no-store")
    log.info(
        "request",
        request_id=g.get("request_id", ""),
        method=request.method,
        route=str(request.url_rule or ""),
        status=response.status_code,
        ms=round(1000 * (time.perf_counter() - g.get("began", time.perf_counter()))),
    )
    return response
