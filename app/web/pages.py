"""One way to declare a page: who may see it, and what becomes of a form that is refused.

A page runs in one transaction like a call of the API and uses the same operations and queries.
A form is answered with a redirect; sent twice, by a double click or the back button, it has one
effect, because it carries an idempotency key. A refused form is shown again as it was typed.
"""

import gzip
import re
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import flask
import structlog
from flask import Response, current_app, g, redirect, render_template, request
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as WerkzeugResponse

from app.accounts import session
from app.accounts.access import Acting, OrganisationNeeded, TokenMissing
from app.core import clock
from app.core.errors import NotFound, Problem, Unavailable
from app.core.http import Access, BodyTooLarge
from app.core.idempotency import (
    KeyReused,
    KeyUnfit,
    RequestInFlight,
    is_fit,
    replay_or_run,
    saved_alike,
)
from app.core.problem_json import InternalError, http_exception
from app.core.transaction import retried, transaction
from app.web import language
from app.web.navigation import menu
from app.web.refusals import SentBefore, label_of, told
from app.web.states import state, tone

log = structlog.get_logger()
KEY = "idempotency_key"
LEAST_COMPRESSED = 600
PATIENCE, PAUSE = 8.0, 0.2
_UNFIT = re.compile(r"[\\\x00-\x20\x7f]|//")
ANEW = "anew"
UNSENT = ("csrf_token", KEY, ANEW)
LATELY = timedelta(minutes=30)
KEPT, KEPT_FOR, GIVEN_BACK = "kept", "kept_for", "given_back"
View = Callable[..., Any]


def install(app: flask.Flask) -> None:
    """Give templates what they are written with."""
    app.jinja_env.globals.update(
        t=language.t,
        language=language.language,
        csrf_token=session.csrf_token,
        new_key=new_key,
        opens=opens,
        takes=takes,
        with_query=with_query,
        state=state,
        tone=tone,
        label_of=label_of,
    )
    app.jinja_env.filters.update({one.__name__: one for one in language.FILTERS})
    for status in (404, 405, 413):
        app.register_error_handler(status, _no_page)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _no_page(error: HTTPException) -> WerkzeugResponse:
    """An address without a page, told as a page; the API's own are told as ever.

    What only takes forms and is opened like a page leads to the page that shows the form.
    """
    if request.path.startswith("/api/"):
        return http_exception(error)
    if error.code == 405 and request.method == "GET":
        return go(request.path.rpartition("/")[0] or "/")
    g.refusal = told(BodyTooLarge() if error.code == 413 else NotFound())
    return show("refused.html", status=error.code or 404)


class SignedInAgain(Problem):
    status, code = 409, "signed_in_again"
    vi = "Đã đăng nhập lại, chưa gửi gì. Hãy xem lại rồi gửi; ảnh và tệp phải chọn lại."
    en = "Signed in again, nothing sent. Look it over, then send; choose photos and files again."


class Pages(flask.Blueprint):
    """A group of pages; :meth:`page` is the only way to add one."""

    def __init__(self, name: str) -> None:
        super().__init__(f"pages_{name}", __name__, template_folder="templates")
        self.declared: list[tuple[str, str]] = []

    def page(
        self,
        method: str,
        rule: str,
        *,
        access: Access,
        again: View | None = None,
        largest: int | None = None,
        shows: bool = False,
        makes: bool = False,
    ) -> Callable[[View], View]:
        """Declare a page.

        The view is called with ``caller`` and its path variables. A GET returns the page. A POST
        returns a redirect, or raises a refusal, which ``again`` shows: it is called like the view,
        in a transaction of its own, and its page knows the ``refusal``. ``largest`` is how many
        bytes a form with a file may have. A POST that ``shows`` changes nothing and returns a page.
        One that ``makes`` something each time asks before it makes the very same again within half
        an hour, because a browser that goes back gives the form a new key.
        """

        def decorate(view: View) -> View:
            @wraps(view)
            def edge(**path: Any) -> WerkzeugResponse:
                if largest is not None:
                    request.max_content_length = largest
                try:
                    return _answered(view, path, access, shows=shows, makes=makes)
                except Exception as fault:
                    return _refused(_named(fault), again, path, access)

            edge.access = access  # type: ignore[attr-defined]
            endpoint = f"{method.lower()}_{view.__name__}"
            self.add_url_rule(rule, endpoint, edge, methods=[method])
            self.declared.append((method, rule))
            return view

        return decorate

    def rules(self, method: str) -> list[str]:
        """The addresses of the group's pages that take a method."""
        return [rule for taken, rule in self.declared if taken == method]


def show(template: str, *, status: int = 200, **facts: Any) -> Response:
    """A page in the reader's language."""
    built = current_app.extensions["pages"]
    caller = g.get("caller")
    refusal = g.get("refusal")
    text = render_template(
        template,
        built=built,
        caller=caller,
        refusal=refusal,
        form=request.form if refusal and status != BodyTooLarge.status else {},
        menu=menu(caller),
        **facts,
    )
    answer = Response(text, status, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = built.policy
    answer.headers["Content-Language"] = language.language()
    answer.headers["Vary"] = "Cookie, Accept-Encoding"
    answer.headers["Cache-Control"] = "no-store"
    session.remember_visitor(answer)
    return _compressed(answer)


def go(address: str) -> WerkzeugResponse:
    """On to another page after a form."""
    return redirect(address, 303)


def here_or(fallback: str, address: str | None) -> str:
    """An address on this site that a form asks to go back to, or else the fallback."""
    parts = urlsplit(address or "")
    plain = not parts.scheme and not parts.netloc and (address or "").startswith("/")
    return address if address and plain and not _UNFIT.search(address) else fallback


def _answered(
    view: View, path: dict[str, Any], access: Access, *, shows: bool, makes: bool
) -> WerkzeugResponse:
    if request.method in session.SAFE:
        return retried(lambda: _within(lambda caller: view(caller=caller, **path), access))
    session.check_csrf()
    if GIVEN_BACK in request.form:
        raise SignedInAgain
    key = request.form.get(KEY)
    if not key or shows:
        return retried(lambda: _within(lambda caller: view(caller=caller, **path), access))
    return _once(view, path, access, key, alone=makes and ANEW not in request.form)


def _within(work: View, access: Access) -> WerkzeugResponse:
    refusal = None
    with transaction():
        caller = g.caller = access.admit(now=clock.now())
        _check_account(caller)
        g.spoken = language.chosen()
        try:
            answer: WerkzeugResponse = work(caller)
        except Problem as fault:
            if not fault.leaves_trace:
                raise
            refusal = fault
    if refusal is not None:
        raise refusal
    return answer


def _check_account(caller: Any) -> None:
    """A part of a page is for whom the page was; another tab may have signed somebody else in."""
    account = request.headers.get("Blao-Account")
    if account is not None and (caller.person is None or account != str(caller.account_id)):
        raise TokenMissing


def _once(
    view: View, path: dict[str, Any], access: Access, key: str, *, alone: bool
) -> WerkzeugResponse:
    """Do it, or go where the same form has led before; wait for a twin that is under way.

    Args:
        alone: whether to refuse what was lately sent in the same words under another key.
    """
    if not is_fit(key):
        raise KeyUnfit
    body = "&".join(
        f"{quote(name)}={quote(value)}"
        for name, value in sorted(request.form.items(multi=True))
        if name not in UNSENT
    ).encode()
    for name, sent in request.files.items(multi=True):
        body += f"&{quote(name)}={sha256(sent.read()).hexdigest()}".encode()
        sent.seek(0)

    def keep(caller: Any) -> WerkzeugResponse:
        def led() -> Response:
            return Response(view(caller=caller, **path).headers["Location"], 200)

        if caller.person is None:
            return view(caller=caller, **path)  # type: ignore[no-any-return]
        account, since = caller.account_id, caller.now - LATELY
        if alone and (made := saved_alike(account=account, key=key, body=body, since=since)):
            raise SentBefore(made.body)
        try:
            saved = replay_or_run(led, account=account, key=key, now=caller.now, body=body)
        except KeyReused as fault:
            raise SentBefore(str(fault.facts["first"])) from None
        return go(saved.get_data(as_text=True))

    until = time.monotonic() + PATIENCE
    while True:
        try:
            return retried(lambda: _within(keep, access))
        except RequestInFlight:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE)


def _named(fault: Exception) -> Problem:
    """What went wrong as something that can be told."""
    if isinstance(fault, Problem):
        return fault
    if isinstance(fault, RequestEntityTooLarge):
        return BodyTooLarge()
    if isinstance(fault, exc.OperationalError | exc.TimeoutError | exc.InterfaceError):
        log.warning("database_unavailable", reason=str(getattr(fault, "orig", fault))[:200])
        return Unavailable()
    log.exception("unexpected_error", path=request.path, error=type(fault).__name__)
    return InternalError()


def _refused(
    refusal: Problem, again: View | None, path: dict[str, Any], access: Access
) -> WerkzeugResponse:
    if _signed_out(refusal, access):
        return _to_the_door(again)
    if isinstance(refusal, OrganisationNeeded):
        return go(f"/organisations?next={quote(request.full_path.rstrip('?'))}")
    g.refusal = told(refusal)
    lost = isinstance(refusal, NotFound | InternalError | Unavailable | BodyTooLarge)
    if again is not None and not lost:
        try:
            answer = _within(lambda caller: again(caller=caller, **path), access)
        except TokenMissing:
            return _to_the_door(again)
        except Problem as further:
            g.refusal = told(further)
            return show("refused.html", status=further.status)
        if answer.location:
            answer = show("refused.html")
        answer.status_code = refusal.status
    else:
        answer = show("refused.html", status=refusal.status)
    answer.headers.update(refusal.headers)
    return answer


def _signed_out(refusal: Problem, access: Access) -> bool:
    """Whether the reader's session is over, or was never there."""
    if isinstance(refusal, session.CsrfFailed):
        return not access.public and not session.cookie_token()
    return isinstance(refusal, TokenMissing)


def _to_the_door(again: View | None) -> WerkzeugResponse:
    """To the sign-in page; it keeps a form that was sent, to give it back filled in.

    A part of a page is not answered with a page. What another site has sent is not kept.
    """
    if "HX-Request" in request.headers:
        return Response(status=401)
    ours = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    if request.method in session.SAFE or again is None or not ours:
        return go(f"/sign-in?next={quote(request.full_path.rstrip('?'))}")
    typed = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in ("csrf_token", GIVEN_BACK) and "password" not in name
    ]
    g.refusal = None
    return show(
        "sign_in.html", status=401, onward="/home", kept=urlencode(typed), kept_for=request.path
    )


def new_key() -> str:
    """An idempotency key for a form, kept when the form is shown again.

    A form that was sent before gets another, so that it can be sent once more.
    """
    sent_before = (g.get("refusal") or {}).get("made")
    return (request.form.get(KEY) if not sent_before else None) or str(uuid4())


def opens(address: str) -> bool:
    """Whether the page at an address lets in whoever reads this one."""
    return _lets_in(address, "GET")


def takes(address: str) -> bool:
    """Whether an address takes a form from whoever reads this page."""
    return _lets_in(address, "POST")


def _lets_in(address: str, method: str) -> bool:
    endpoint, _ = current_app.url_map.bind("").match(urlsplit(address).path, method)
    access: Any = vars(current_app.view_functions[endpoint])["access"]
    if isinstance(access, Acting):
        return access.admits(g.caller)
    return bool(access.public or g.caller.person)


def with_query(**changes: Any) -> str:
    """The present query with some of it changed, or left out where the change is None."""
    query = {**request.args, **changes}
    return urlencode({name: value for name, value in query.items() if value is not None})


def _compressed(answer: Response) -> Response:
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = answer.get_data()
        if len(body) >= LEAST_COMPRESSED:
            answer.set_data(gzip.compress(body, 6))
            answer.headers["Content-Encoding"] = "gzip"
    return answer
