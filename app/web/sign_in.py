"""Coming in and going out: sign-in by password or code, registration, sign-out."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import request
from werkzeug.wrappers import Response

from app.accounts import api as accounts
from app.accounts import schemas, session
from app.accounts.access import NEWCOMERS, PUBLIC, SIGNED_IN, Caller
from app.accounts.models import AccessToken, Person
from app.accounts.operations import issue_token
from app.accounts.queries import roles_of
from app.core.db import db
from app.web.forms import loaded, ticked, typed
from app.web.language import language
from app.web.pages import KEPT, KEPT_FOR, Pages, go, here_or, show

pages = Pages("sign_in")


@pages.page("GET", "/sign-in", access=NEWCOMERS)
def sign_in_form(caller: Caller) -> Response:
    """The door."""
    onward = here_or("/home", request.values.get("next"))
    return show("sign_in.html", onward=onward, **_kept())


@pages.page("POST", "/sign-in", access=NEWCOMERS, again=sign_in_form)
def come_in(caller: Caller) -> Response:
    """Sign in by phone number or e-mail address and password."""
    given = {"login": typed("login"), "password": request.form.get("password", "")}
    return _let_in(given, caller)


@pages.page("GET", "/sign-in/code", access=NEWCOMERS)
def code_form(caller: Caller) -> Response:
    """Where the code that was sent is typed, and what to do if none came."""
    return show(
        "sign_in_code.html",
        login=request.values.get("login", ""),
        onward=here_or("/home", request.values.get("next")),
        **_kept(),
    )


@pages.page("POST", "/sign-in/code", access=NEWCOMERS, again=code_form)
def come_in_by_code(caller: Caller) -> Response:
    """Sign in by the code that was sent."""
    return _let_in({"login": typed("login"), "code": typed("code")}, caller)


@pages.page("POST", "/sign-in/codes", access=NEWCOMERS, again=sign_in_form)
def send_code(caller: Caller) -> Response:
    """Send a code; the page after it is the same whether there is such a person or not."""
    given = loaded(schemas.SignInCodeIn, {"login": typed("login")})
    accounts.send_code(caller=caller, body=given)
    onward = here_or("/home", typed("next"))
    if KEPT in request.form:
        return show("sign_in_code.html", sent=True, login=given["login"], onward=onward, **_kept())
    return go("/sign-in/code?" + urlencode({"login": given["login"], "next": onward, "sent": 1}))


@pages.page("GET", "/register", access=NEWCOMERS)
def register_form(caller: Caller) -> Response:
    """A new organisation."""
    return show("register.html")


@pages.page("POST", "/register", access=NEWCOMERS, again=register_form)
def register(caller: Caller) -> Response:
    """Open an organisation and go in."""
    person = {name: typed(name) for name in ("name", "phone", "email")}
    organisation = {"name": typed("organisation") or typed("name"), "kind": typed("kind")}
    given = loaded(
        schemas.RegistrationIn,
        {
            "organisation": {
                **{name: value for name, value in organisation.items() if value},
                "smallholder": typed("kind") == "farm" and ticked("smallholder"),
            },
            "person": {
                **{name: value for name, value in person.items() if value},
                "password": request.form.get("password", ""),
                "locale": language(),
            },
        },
    )
    made = accounts.register(caller=caller, body=given)
    token, row = issue_token(person=db.session.get_one(Person, made["person_id"]), now=caller.now)
    return _inside("/home", token, row)


@pages.page("POST", "/sign-out", access=SIGNED_IN)
def leave(caller: Caller) -> Response:
    """End this session."""
    accounts.sign_out(caller=caller)
    answer = go("/")
    session.end(answer)
    return answer


@pages.page("GET", "/sign-out", access=PUBLIC)
def left(caller: Caller) -> Response:
    """An address typed by hand changes nothing."""
    return go("/")


def _let_in(given: dict[str, str], caller: Caller) -> Response:
    token, row = accounts.let_in(loaded(schemas.TokenIn, given), now=caller.now)
    if KEPT in request.form:
        return _given_back(token, row)
    return _inside(here_or("/home", typed("next")), token, row)


def _kept() -> dict[str, Any]:
    """The form that the sign-in page keeps for who was signed out while filling it in."""
    return {name: request.form.get(name, "") for name in (KEPT, KEPT_FOR)}


def _given_back(token: str, row: AccessToken) -> Response:
    """On to the form that was kept, as it was filled in, and in the same organisation."""
    session.renew(token)
    answer = show(
        "given_back.html",
        address=here_or("/home", typed(KEPT_FOR)),
        fields=parse_qsl(request.form[KEPT], keep_blank_values=True),
    )
    session.begin(answer, token, row)
    acting = request.cookies.get(session.ORGANISATION)
    if acting in {str(role.organisation_id) for role in roles_of(row.person_id)}:
        session.act_in(answer, str(acting))
    return answer


def _inside(onward: str, token: str, row: AccessToken) -> Response:
    answer = go(onward)
    session.begin(answer, token, row)
    return answer
