"""How often a buyer may ask what a demand would get."""

from datetime import UTC, datetime, timedelta

import pytest
from limits.errors import StorageError

from app.core import clock
from app.core.limiting import install
from tests.factories import Account, Trade, a_lot, an_offer, day
from tests.web.reader import Reader, words_of

SHOWN = "/demands/new?commodity=tea-shoots-fresh"


def form(buyer: Account, **changes: str) -> dict[str, str]:
    stated = {
        "commodity": "tea-shoots-fresh",
        "quantity": "100",
        "bid_price": "14.000",
        "deliver_from": day(1)[:10],
        "deliver_until": day(3)[:10],
        "site": str(buyer.site_id),
    }
    return stated | changes


@pytest.fixture
def buyer(trade: Trade) -> Account:
    return trade.processor()


def test_a_price_cannot_be_searched_for_without_end(
    trade: Trade, buyer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Valkey counts by the time of day.
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC))
    browser = Reader(trade.app, buyer.token)
    for attempt in range(30):
        found = browser.send(
            "/demands/preview", form(buyer, bid_price=f"14.{attempt:03}"), shown=SHOWN
        )
        assert found.status_code == 200, attempt
    assert "Mỗi giờ xem thử được 30 lần" in found.get_data(as_text=True)
    refused = browser.send("/demands/preview", form(buyer, bid_price="15.123"), shown=SHOWN)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    page = refused.get_data(as_text=True)
    assert "phút nữa rồi xem tiếp" in page
    assert 'value="15.123"' in page, "what was typed is kept"
    assert browser.send("/demands", form(buyer), shown=SHOWN).status_code == 303
    other = trade.processor()
    allowed = Reader(trade.app, other.token).send("/demands/preview", form(other), shown=SHOWN)
    assert allowed.status_code == 200, "others look ahead as ever"


def test_what_is_refused_for_another_reason_is_not_counted(trade: Trade, buyer: Account) -> None:
    browser = Reader(trade.app, buyer.token)
    for _ in range(31):
        wrong = browser.send("/demands/preview", form(buyer, quantity="nhiều"), shown=SHOWN)
        assert wrong.status_code == 422
    assert browser.send("/demands/preview", form(buyer), shown=SHOWN).status_code == 200


def test_while_nobody_can_count_buyers_look_ahead_all_the_same(
    trade: Trade, buyer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(trade.app.extensions, "limiter", None)
    install(trade.app, "redis://127.0.0.1:1")
    with pytest.raises(StorageError):
        trade.app.extensions["limiter"].storage.incr("x", 1)
    found = Reader(trade.app, buyer.token).send("/demands/preview", form(buyer), shown=SHOWN)
    assert found.status_code == 200


def look(trade: Trade, buyer: Account, language: str = "vi", **changes: str) -> str:
    browser = Reader(trade.app, buyer.token)
    browser.client.set_cookie("blao_language", language)
    answer = browser.send(
        "/demands/preview", form(buyer, **{"bid_price": "14000"} | changes), shown=SHOWN
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return words_of(answer)


def test_where_no_price_would_do_the_preview_says_what_stood_in_the_way(
    trade: Trade, buyer: Account
) -> None:
    nobody = look(trade, buyer)
    assert "Lúc này không có hàng nào chào bán cho bạn." in nobody
    assert "Thử tăng giá" not in nobody
    late = {"status": "forecast", "harvested_at": None, "ready_at": day(20)}
    tea = {"commodity": "tea-shoots-fresh", "grade": None, "qualities": {}}
    farm = trade.farm()
    an_offer(farm, a_lot(farm, **tea, **late), ask_price="9000.00")
    outside = look(trade, buyer)
    assert "Không nguồn hàng phù hợp nào đến được trong khung giờ nhận của bạn" in outside
    assert "Thử tăng giá" not in outside
    english = look(trade, buyer, "en")
    assert "No fitting offer can arrive within your delivery window" in english
    assert "Try a higher price" not in english


def test_where_a_price_would_do_the_preview_says_so_but_not_which(
    trade: Trade, buyer: Account
) -> None:
    farm = trade.farm()
    soon = {"status": "forecast", "harvested_at": None, "ready_at": day(1)}
    tea = {"commodity": "tea-shoots-fresh", "grade": None, "qualities": {}}
    an_offer(farm, a_lot(farm, **tea, **soon), ask_price="15123.00")
    page = look(trade, buyer)
    assert "Thử tăng giá" in page
    assert "123" not in page


def test_the_size_of_the_book_is_counted_in_english(trade: Trade, buyer: Account) -> None:
    assert "0 offers, 1 demand. Nothing is saved yet." in look(trade, buyer, "en")


def test_a_window_that_began_before_today_is_told_of(trade: Trade, buyer: Account) -> None:
    told = "đã qua; hàng chỉ còn tới được từ bây giờ"
    today = clock.local_date(clock.now())
    assert told in look(trade, buyer, deliver_from=str(today - timedelta(days=1)))
    assert told not in look(trade, buyer, deliver_from=str(today))
