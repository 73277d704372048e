"""What an office reads of the market, and what it is told where nothing can be told."""

import pytest
from sqlalchemy import insert, text

from app.analytics.models import ForecastGroup, GroupCell
from app.core.db import db
from app.core.transaction import transaction
from app.web.analytics import PARTS
from tests.factories import Trade, an_offer, an_order, monday
from tests.factories_deliveries import A_WEEK_OF_TEA, TEA
from tests.factories_disruption import closed
from tests.web.reader import Reader
from tests.web.test_figures import plain


def test_an_office_reads_losses_and_disruption_of_groups(trade: Trade) -> None:
    buyer = trade.processor()
    for _ in range(6):
        an_order(buyer, an_offer(trade.farm()), "10")
    closed(trade, trade.authority)
    with trade.app.app_context(), transaction():
        found_at = "UPDATE disrupted_commitment SET found_at = '2026-03-10'"
        db.session.execute(text(found_at))
        db.session.execute(insert(GroupCell).values(**A_WEEK_OF_TEA))
    trade.count()
    office = Reader(trade.app, trade.authority.token)
    months = [office.get(f"{page}?month=2026-03").get_data(as_text=True) for page in PARTS]
    told = plain(" ".join(months))
    assert "Búp chè tươi mất nhiều nhất vì không nhận khi kiểm: 10 kg" in told
    assert "hụt trên đường" in told
    assert "60 kg" in told
    assert "Từ chào bán đến được nhận" not in told, "whose goods they were is nobody's business"
    for name, said in (("loss", "không nhận khi kiểm"), ("disruption", "60,000")):
        answer = office.get(f"/analytics/{name}.csv?month=2026-03")
        assert said in answer.get_data(as_text=True)
    assert office.get("/analytics/chain.csv").status_code == 403


@pytest.mark.parametrize(
    ("language", "heading", "why"),
    [
        ("vi", "chưa tuần nào đủ nhóm để nêu", "ít nhất năm bên bán, không bên nào quá 85%"),
        ("en", "no week can be told of yet", "at least five sellers, nobody above 85%"),
    ],
)
def test_an_office_is_told_when_the_market_is_told(
    trade: Trade, language: str, heading: str, why: str
) -> None:
    buyer = trade.processor()
    an_order(buyer, an_offer(trade.farm()), "10")
    trade.count()
    office = Reader(trade.app, trade.authority.token)
    office.client.set_cookie("blao_language", language)
    for page in PARTS:
        answer = office.get(page).get_data(as_text=True)
        assert heading in answer
        assert why in answer
        assert "chưa có hàng được nhận" not in answer
        assert "nothing accepted yet" not in answer


def test_forecasts_alone_do_not_make_the_market_zero(trade: Trade) -> None:
    coming = {"week": monday(1), "commodity_code": TEA, "farms": 6, "quantity": 900}
    with trade.app.app_context(), transaction():
        db.session.execute(insert(ForecastGroup).values(**coming))
    page = Reader(trade.app, trade.authority.token).get("/analytics").get_data(as_text=True)
    assert "Hàng sắp có" in page
    assert "ít nhất năm bên bán" in page
    assert 'class="big"' not in page
