"""How many orders one hot lot takes, against the same number spread over fifty lots."""

import secrets
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import click
from flask import Flask

from app.cli.bench.figures import Figure, report
from app.cli.environment import isolated_environment
from app.core import clock, logs

API = "/api/v1"
COMMODITY = "lotus-dried"
LOTS = 50
PLACE = {"ward_code": "24829", "latitude": 11.5268, "longitude": 107.8571}


@click.command()
@click.option("--orders", "count", default=1000, show_default=True, help="Orders in each run.")
@click.option("--threads", default=8, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def orders(count: int, threads: int, as_json: bool) -> None:
    """Đặt hàng vào một lô nóng và vào năm mươi lô · Orders on one hot lot and on fifty lots."""
    from app import create_app

    with isolated_environment():
        app = create_app()
        logs.quieten()
        seller, buyer = account(app, "farm"), account(app, "processor")
        hot = [offer_of(app, seller, count)] * count
        spread = [offer_of(app, seller, count) for _ in range(LOTS)]
        many = [spread[number % LOTS] for number in range(count)]
        place(app, buyer, hot[0])
        hot_seconds, hot_answers = _timed(app, buyer, hot, threads)
        many_seconds, many_answers = _timed(app, buyer, many, threads)
        sold = count - float(_remaining(app, seller, hot[0]))
    placed = hot_answers[201] + 1
    failed = many_answers.total() - many_answers[201]
    figures = {
        "hot_lot": Figure(hot_answers[201] / hot_seconds, "orders/s"),
        "fifty_lots": Figure(many_answers[201] / many_seconds, "orders/s"),
        "ratio": Figure(many_seconds / hot_seconds, "hot ÷ fifty, orders/s"),
        "sold_on_hot_lot": Figure(sold, "kg", f"{count}", sold == placed == count),
        "failed": Figure(failed, "orders", "0", failed == 0),
    }
    report(figures, as_json=as_json, orders=count, threads=threads)


def _timed(
    app: Flask, buyer: dict[str, str], offers: list[str], threads: int
) -> tuple[float, Counter[int]]:
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        answers = Counter(pool.map(lambda offer: place(app, buyer, offer), offers))
        return time.perf_counter() - start, answers


def place(app: Flask, buyer: dict[str, str], offer: str) -> int:
    body = {"lines": [{"offer_id": offer, "quantity": "1"}], "site_id": buyer["site_id"]}
    return int(_post(app, "/orders", body, buyer["token"]).status_code)


def account(app: Flask, kind: str) -> dict[str, str]:
    login, password = f"{kind}-{uuid4().hex}@example.com", uuid4().hex
    number = f"09{10_000_000 + secrets.randbelow(90_000_000)}"
    person = {"name": kind, "phone": number, "email": login, "password": password}
    body = {"organisation": {"name": kind, "kind": kind}, "person": {**person, "locale": "vi"}}
    _post(app, "/registrations", body)
    token = _post(app, "/tokens", {"login": login, "password": password}).json["token"]
    site = _post(app, "/sites", {"name": kind, **PLACE}, token).json
    return {"token": token, "site_id": site["id"]}


def offer_of(app: Flask, seller: dict[str, str], quantity: int) -> str:
    harvested = (clock.now() - timedelta(days=1)).isoformat()
    lot = {"commodity": COMMODITY, "site_id": seller["site_id"], "quantity": str(quantity)}
    lot_id = _post(app, "/lots", {**lot, "harvested_at": harvested}, seller["token"]).json["id"]
    offer = {"lot_id": lot_id, "quantity": str(quantity), "ask_price": "400000"}
    return str(_post(app, "/offers", offer, seller["token"]).json["id"])


def _remaining(app: Flask, seller: dict[str, str], offer: str) -> str:
    headers = {"Authorization": f"Bearer {seller['token']}"}
    answer: Any = app.test_client().get(f"{API}/offers/{offer}", headers=headers).json
    return str(answer["remaining"])


def _post(app: Flask, path: str, body: dict[str, Any], token: str | None = None) -> Any:
    headers = {"Idempotency-Key": uuid4().hex}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return app.test_client().post(API + path, json=body, headers=headers)
