"""Money: what is still to come or to pay, and what has been paid."""

from uuid import UUID

from flask import request
from sqlalchemy import case, func, select
from werkzeug.wrappers import Response

from app.accounts.access import READERS, SELLERS, Caller
from app.core.db import db
from app.settlement import api as settlement
from app.settlement.models import Payout, PayoutStatus, Settlement
from app.settlement.queries import payouts
from app.settlement.schemas import SettlementQuery
from app.web.forms import loaded
from app.web.pages import Pages, go, show

pages = Pages("money")


@pages.page("GET", "/money", access=READERS)
def money(caller: Caller) -> Response:
    """Every sum I am owed or owe, newest first, with the totals above."""
    own = caller.acting.id
    asked = {"cursor": request.args["cursor"]} if "cursor" in request.args else {}
    found = settlement.list_settlements(caller=caller, query=loaded(SettlementQuery, asked))
    waiting = db.session.scalars(
        payouts(Payout.payee_id == own)
        .where(Payout.status == PayoutStatus.RECORDED)
        .order_by(Payout.id.desc())
        .limit(20)
    ).all()
    return show("money.html", found=found, totals=totals(own), waiting=waiting)


@pages.page("POST", "/payouts/<uuid:payout_id>/confirmation", access=SELLERS)
def confirm(caller: Caller, payout_id: UUID) -> Response:
    """The money has come."""
    settlement.confirm_payout(caller=caller, payout_id=payout_id)
    return go("/money")


def totals(organisation_id: UUID) -> dict[str, int]:
    """What is to come and has come, what is to be paid and has been; whole VND."""
    mine = case((Settlement.payee_id == organisation_id, "in"), else_="out")
    rows = db.session.execute(
        select(mine, func.sum(Settlement.outstanding), func.sum(Settlement.paid))
        .where(
            (Settlement.payee_id == organisation_id)
            | (Settlement.organisation_id == organisation_id)
        )
        .group_by(mine)
    )
    found = {"in_open": 0, "in_paid": 0, "out_open": 0, "out_paid": 0}
    for side, outstanding, paid in rows:
        found[f"{side}_open"], found[f"{side}_paid"] = int(outstanding), int(paid)
    return found
