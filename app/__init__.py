"""Blao: farms list produce, processors place orders, cooperatives see the chain."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings
    from app.core.http import Blueprint
    from app.web.pages import Pages


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The web application: the one place that knows every package.

    Imports stand inside, so that the pure parts can be used without the web.

    Raises:
        SettingsFault: the environment is not fit to start in.
    """
    from flask import Flask

    from app.accounts import session
    from app.config import load_settings
    from app.core import limiting, logs, problem_json, queue, requests
    from app.core.db import db
    from app.core.openapi import describe, show_examples
    from app.web import built, docs, health, pages, slip, unsubscribe

    settings = settings or load_settings()
    logs.configure()
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SETTINGS=settings,
        API_TITLE="Blao",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    db.init_app(app)
    queue.configure(settings.redis_url)
    limiting.install(app, settings.redis_url)
    requests.install(app)
    session.install(app, secure=settings.public_url.startswith("https://"))
    built.install(app)
    pages.install(app)
    api = problem_json.Api(app)
    describe(api)
    for blueprint in blueprints():
        api.register_blueprint(blueprint, url_prefix="/api/v1")
    show_examples(api)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(slip.blueprint)
    app.register_blueprint(unsubscribe.blueprint)
    for group in page_groups():
        app.register_blueprint(group)
    return app


def page_groups() -> "list[Pages]":
    """The pages, by what people come for."""
    from app.web.analytics import pages as analytics
    from app.web.contracts import pages as contracts
    from app.web.demands import pages as demands
    from app.web.disruptions import pages as disruptions
    from app.web.forecasts import pages as forecasts
    from app.web.front import pages as front
    from app.web.home import pages as home
    from app.web.imports import pages as imports
    from app.web.lots import pages as lots
    from app.web.market import pages as market
    from app.web.me import pages as me
    from app.web.members import pages as members
    from app.web.message_log import pages as message_log
    from app.web.messages import pages as messages
    from app.web.money import pages as money
    from app.web.offers import pages as offers
    from app.web.operator import pages as operator
    from app.web.orders import pages as orders
    from app.web.people import pages as people
    from app.web.pooling import pages as pooling
    from app.web.receiving import pages as receiving
    from app.web.rounds import pages as rounds
    from app.web.searches import pages as searches
    from app.web.selling import pages as selling
    from app.web.sharing import pages as sharing
    from app.web.sign_in import pages as sign_in
    from app.web.sites import pages as sites
    from app.web.statements import pages as statements
    from app.web.suppliers import pages as suppliers
    from app.web.wishes import pages as wishes

    return [
        front,
        sign_in,
        me,
        wishes,
        sharing,
        people,
        lots,
        home,
        selling,
        forecasts,
        offers,
        market,
        demands,
        orders,
        receiving,
        suppliers,
        contracts,
        rounds,
        searches,
        money,
        statements,
        sites,
        messages,
        message_log,
        analytics,
        members,
        pooling,
        disruptions,
        imports,
        operator,
    ]


def blueprints() -> "list[Blueprint]":
    """The JSON routes of every package; importing them declares every table."""
    from app.accounts.api import blueprint as accounts
    from app.analytics.api import blueprint as analytics
    from app.analytics.open_data_api import blueprint as open_data
    from app.catalogue.api import blueprint as catalogue
    from app.clearing.api import blueprint as clearing
    from app.collecting.api import blueprint as collecting
    from app.contracts.api import blueprint as contracts
    from app.deliveries.api import blueprint as deliveries
    from app.deliveries.claim_api import blueprint as claims
    from app.deliveries.shortage_api import blueprint as shortages
    from app.disruption.api import blueprint as disruption
    from app.disruption.recall_api import blueprint as recalls
    from app.events.api import blueprint as events
    from app.imports.api import blueprint as imports
    from app.lots.api import blueprint as lots
    from app.market.api import blueprint as market
    from app.notifications.api import blueprint as notifications
    from app.orders.api import blueprint as orders
    from app.places.api import blueprint as places
    from app.pools.api import blueprint as pools
    from app.settlement.api import blueprint as settlement
    from app.settlement.papers_api import blueprint as papers
    from app.webhooks.api import blueprint as webhooks

    return [
        accounts,
        catalogue,
        places,
        lots,
        collecting,
        pools,
        market,
        orders,
        clearing,
        contracts,
        deliveries,
        claims,
        shortages,
        settlement,
        papers,
        disruption,
        recalls,
        notifications,
        events,
        webhooks,
        imports,
        analytics,
        open_data,
    ]
