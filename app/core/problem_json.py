"""Refusals on the wire: ``application/problem+json``, never a stack trace, never SQL."""

from typing import Any

import flask_smorest
import structlog
from flask import Flask, Response, g, json, request
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException

from app.core.errors import LANGUAGES, Forbidden, NotFound, Problem, Unavailable
from app.core.http import BodyTooLarge
from app.core.messages import in_vietnamese

log = structlog.get_logger()

LOCK_NOT_AVAILABLE, QUERY_CANCELED, UNIQUE_VIOLATION = "55P03", "57014", "23505"


class MethodNotAllowed(Problem):
    status, code = 405, "method_not_allowed"
    vi = "Địa chỉ này không nhận phương thức đó."
    en = "This address does not take that method."


class TooManyRequests(Problem):
    status, code = 429, "too_many_requests"
    vi = "Quá nhiều yêu cầu, xin thử lại sau."
    en = "Too many requests; please try again later."


class Conflict(Problem):
    """Two writers met at a constraint; the later one is told to look again."""

    status, code = 409, "conflict"
    vi = "Dữ liệu vừa được người khác thay đổi, xin thử lại."
    en = "Somebody else has just changed this; please try again."


class InternalError(Problem):
    status, code = 500, "internal_error"
    vi = "Hệ thống gặp lỗi. Lỗi đã được ghi lại."
    en = "Something went wrong on our side. It has been recorded."


_BY_STATUS: dict[int, type[Problem]] = {
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    429: TooManyRequests,
    503: Unavailable,
}
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest's Api, whose own error answers drop headers and are not problem+json."""

    def _register_error_handlers(self) -> None:
        app: Flask = self._app
        app.register_error_handler(Problem, answer)
        app.register_error_handler(HTTPException, http_exception)
        app.register_error_handler(exc.SQLAlchemyError, _database_error)
        app.register_error_handler(Exception, _unexpected)


def language() -> str:
    """The reader's language by ``Accept-Language``; Vietnamese unless English is preferred."""
    return request.accept_languages.best_match(LANGUAGES, default="vi")


def answer(problem: Problem) -> Response:
    """A refusal as an answer, in the reader's language."""
    spoken = language()
    body: dict[str, Any] = {
        "type": f"/api/docs#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail(spoken),
        "code": problem.code,
        "request_id": g.get("request_id", ""),
    }
    if problem.errors:
        body["errors"] = [
            {"pointer": error["pointer"], "detail": _sentence(error, spoken)}
            for error in problem.errors
        ]
    headers = {**problem.headers, "Content-Language": spoken, "Vary": "Accept-Language"}
    # A name that was sent may hold what no text can, and comes back in a pointer.
    told = json.dumps(body).encode(errors="replace")
    return Response(told, problem.status, headers, content_type="application/problem+json")


def _sentence(error: Any, spoken: str) -> str:
    if spoken == "vi":
        return str(error.get("vi") or in_vietnamese(error["en"]))
    return str(error["en"])


def http_exception(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(status=status, headers=dict(error.get_headers()))
    problem = _BY_STATUS.get(status, Problem if status < 500 else InternalError)()
    response = answer(problem)
    response.status_code = status
    for name in _KEPT_HEADERS:
        value = dict(error.get_headers()).get(name) or error.get_response().headers.get(name)
        if value:
            response.headers[name] = value
    return response


def _database_error(error: exc.SQLAlchemyError) -> Response:
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
    if sqlstate == UNIQUE_VIOLATION:
        return answer(Conflict())
    away = isinstance(error, exc.OperationalError | exc.TimeoutError | exc.InterfaceError)
    if away or sqlstate in {LOCK_NOT_AVAILABLE, QUERY_CANCELED}:
        log.warning("database_unavailable", reason=str(getattr(error, "orig", error))[:200])
        return answer(Unavailable())
    return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected_error", path=request.path, error=type(error).__name__)
    return answer(InternalError())
