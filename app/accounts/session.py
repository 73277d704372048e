"""A browser's session: an access token in a cookie, and proof that a form came from our own page.

The cookie holds the same opaque token the API takes, so that it is listed, ends and is revoked
like any other. Behind https it is a ``__Host-`` cookie, which no other host can plant.
"""

import hmac
import secrets

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

from app.accounts.models import AccessToken
from app.core.errors import Forbidden

SAFE = ("GET", "HEAD", "OPTIONS")
ORGANISATION = "blao_organisation"
VISITOR = "blao_visitor"
FIELD, HEADER = "csrf_token", "X-CSRF-Token"


class CsrfFailed(Forbidden):
    code = "csrf_failed"
    vi = "Trang đã cũ hoặc yêu cầu không đến từ Blao. Hãy tải lại trang rồi làm lại."
    en = "This page is too old, or the request is not from Blao. Reload the page and try again."


def install(app: Flask, *, secure: bool) -> None:
    """Choose the cookie's name and whether it may travel in the clear."""
    app.config["SESSION_TOKEN_COOKIE"] = "__Host-blao" if secure else "blao"
    app.config["SESSION_SECURE"] = secure


def cookie_token() -> str | None:
    """The token of the browser that asks, if it has one."""
    return request.cookies.get(current_app.config["SESSION_TOKEN_COOKIE"])


def begin(response: Response, token: str, row: AccessToken) -> None:
    """Keep a new token in the browser; the one before is overwritten, so none can be planted."""
    _keep(response, current_app.config["SESSION_TOKEN_COOKIE"], token, until=row)
    response.delete_cookie(ORGANISATION)
    response.delete_cookie(VISITOR)


def renew(token: str) -> None:
    """Bind the forms of the page now being made to a token that the browser does not have yet."""
    g.new_session = token


def act_in(response: Response, organisation: str) -> None:
    """Act in one organisation of several until somebody signs in."""
    response.set_cookie(ORGANISATION, organisation, httponly=True, samesite="Lax")


def end(response: Response) -> None:
    """Forget the browser's token."""
    secure = current_app.config["SESSION_SECURE"]
    name = current_app.config["SESSION_TOKEN_COOKIE"]
    response.delete_cookie(name, secure=secure, httponly=True, samesite="Lax")
    response.delete_cookie(ORGANISATION)


def csrf_token() -> str:
    """Proof for one form: it differs every time, and is worth nothing in another browser."""
    nonce = secrets.token_hex(8)
    return nonce + _seal(_bound_to(), nonce)


def check_csrf() -> None:
    """Refuse a change that was not asked for by one of our own pages.

    Raises:
        CsrfFailed: the form's field or the header is missing, or is another browser's.
    """
    stated = request.headers.get(HEADER) or request.form.get(FIELD, "")
    nonce, seal = stated[:16], stated[16:]
    bound = cookie_token() or request.cookies.get(VISITOR)
    if not bound or not hmac.compare_digest(_seal(bound, nonce).encode(), seal.encode()):
        raise CsrfFailed


def remember_visitor(response: Response) -> None:
    """Keep what a visitor's form was bound to."""
    if "new_visitor" in g:
        _keep(response, VISITOR, g.new_visitor)


def _bound_to() -> str:
    bound = g.get("new_session") or cookie_token()
    bound = bound or request.cookies.get(VISITOR) or g.get("new_visitor")
    if bound is None:
        bound = g.new_visitor = secrets.token_urlsafe(24)
    return str(bound)


def _seal(bound: str, nonce: str) -> str:
    secret: str = current_app.config["SECRET_KEY"]
    return hmac.digest(secret.encode(), f"csrf:{bound}:{nonce}".encode(), "sha256").hex()


def _keep(response: Response, name: str, value: str, *, until: AccessToken | None = None) -> None:
    response.set_cookie(
        name,
        value,
        expires=until.expires_at if until else None,
        secure=current_app.config["SESSION_SECURE"],
        httponly=True,
        samesite="Lax",
        path="/",
    )
