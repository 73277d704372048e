"""The style of the printed delivery slip; the page itself is an answer of its own route."""

from flask import Blueprint, Response, render_template

from app.accounts.access import open_to_all

blueprint = Blueprint("slip", __name__, template_folder="templates")


@blueprint.get("/slip.css")
@open_to_all
def style() -> Response:
    """How a slip looks on a phone and on A4 paper."""
    return Response(render_template("slip.css"), content_type="text/css; charset=utf-8")
