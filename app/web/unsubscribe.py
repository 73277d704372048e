"""The page behind the link that ends mails of a kind; it works without signing in (RFC 8058)."""

from uuid import UUID

from flask import Blueprint, Response, current_app, g
from werkzeug.exceptions import NotFound

from app.accounts.access import open_to_all
from app.accounts.models import Person
from app.core.db import db
from app.core.transaction import transaction
from app.notifications.links import is_signed
from app.notifications.models import Channel, Wanted
from app.notifications.preference_operations import prefer
from app.web.pages import show

blueprint = Blueprint("unsubscribe", __name__, template_folder="templates")
LINK = "/unsubscribe/<uuid:person_id>/<topic>/<signature>"


@blueprint.get(LINK)
@open_to_all
def ask(person_id: UUID, topic: str, signature: str) -> Response:
    """Whether no more such mails are wanted; reading the page changes nothing."""
    with transaction():
        return _page(_reader(person_id, topic, signature), done=False)


@blueprint.post(LINK)
@open_to_all
def unsubscribe(person_id: UUID, topic: str, signature: str) -> Response:
    """No more mails about this; a mail program may post this with one click."""
    with transaction():
        person = _reader(person_id, topic, signature)
        prefer(person_id=person.id, topic=topic, channel=Channel.EMAIL, wanted=Wanted.NEVER)
        return _page(person, done=True)


def _reader(person_id: UUID, topic: str, signature: str) -> Person:
    secret = current_app.config["SECRET_KEY"]
    if not is_signed(signature, "unsubscribe", person_id, topic, secret=secret):
        raise NotFound
    person = db.session.get(Person, person_id)
    if person is None:
        raise NotFound
    return person


def _page(person: Person, *, done: bool) -> Response:
    """The page in the language of whoever the mail went to; nobody has to be signed in."""
    g.reader = person
    return show("unsubscribe.html", done=done)
