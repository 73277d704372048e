"""A cooperative's story: its month, its members, a load to fill, a list to bring in."""

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route, expect

from tests.factories import PASSWORD, Trade, a_lot, a_membership, an_order, day, forecast_body
from tests.factories_deliveries import (
    a_delivery,
    accepted,
    accepted_part,
    inspected,
    tea_order,
    weighed,
)
from tests.web.browser import BOTH_SIZES, sign_in, visit
from workers.imports import work_on_import

MOST_BYTES = 60_000


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_cooperative_reads_its_month_off_one_page(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    cooperative, farm, shy = trade.cooperative(), trade.farm(name="Vườn chè Năm Thủy"), trade.farm()
    buyer = trade.processor(name="Nhà máy trà Đồi Sương")
    a_membership(farm, cooperative, "consent", "mandate")
    a_membership(shy, cooperative)
    a_delivery(farm, buyer, tea_order(farm, buyer))
    farm.made("/forecasts", forecast_body(commodity="tea-shoots-fresh", quantity="1200"))
    trade.count()
    with visit(browser, site, size) as board:
        sign_in(board, str(cooperative.login), PASSWORD).page.wait_for_url("**/home")
        received: list[int] = []
        line = board.page.context.new_cdp_session(board.page)
        line.send("Network.enable")
        line.on("Network.loadingFinished", lambda one: received.append(one["encodedDataLength"]))
        board.open("/analytics")
        told = board.text()
        assert "1 tấn, tiền hàng 8.000.000 đ" in told
        assert "Nhà máy trà Đồi Sương nhận 100% giá trị hàng" in told
        assert "Chưa đủ ba bên bán để so giá" in told
        assert board.page.locator("figure.card").count() == 9
        assert board.page.locator("figure.card table").count() >= 6
        assert board.page.locator("figure.card :is(.plot, .multiples, .ranked)").count() >= 4
        assert sum(received) <= MOST_BYTES
        with board.page.expect_download() as file:
            board.page.get_by_role("link", name="Tải CSV: Hàng nhận theo tuần").click()
        assert "Búp chè tươi" in Path(file.value.path()).read_text()
        board.page.get_by_role("link", name="Hàng đi đâu").click()
        assert board.look().page.locator("figure.card").count() == 3
        board.page.get_by_role("link", name="Cả tháng").click()
        assert board.look().page.locator("figure.card").count() == 9
        board.open("/members")
        assert "Chưa đồng ý chia sẻ số liệu" in board.text()
        board.page.get_by_role("link", name="Vườn chè Năm Thủy").click()
        assert "8.000.000 đ" in board.look().text()


@pytest.mark.parametrize("fault", ["broken", "cut off", "not ours"])
def test_a_part_of_the_month_that_does_not_come_says_so(
    browser: Browser, site: str, committing: Flask, fault: str
) -> None:
    def fail(route: Route) -> None:
        if fault == "cut off":
            route.abort()
        else:
            status = 500 if fault == "broken" else 200
            route.fulfill(status=status, body="<p>Wi-Fi</p>", content_type="text/html")

    trade = Trade(committing)
    cooperative, farm, buyer = trade.cooperative(), trade.farm(), trade.processor()
    a_membership(farm, cooperative, "consent")
    a_delivery(farm, buyer, tea_order(farm, buyer))
    trade.count()
    with visit(browser, site, "phone", service_workers="block") as board:
        sign_in(board, str(cooperative.login), PASSWORD).page.wait_for_url("**/home")
        board.page.route("**/analytics/flows*", fail)
        board.page.goto(f"{site}/analytics")
        failed = board.page.get_by_text("Phần này chưa tải được")
        expect(failed).to_have_count(2)
        expect(failed.first).to_be_visible()
        expect(failed.last).to_be_hidden()
        expect(board.page.locator("figure.card")).to_have_count(6)
        expect(board.page.locator("#busy")).to_have_text("")
        board.page.unroute("**/analytics/flows*")
        board.page.get_by_role("link", name="Hàng đi đâu").click()
        assert board.look().page.locator("figure.card").count() == 3
        board.complaints.clear()


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_cooperative_fills_a_load_sells_it_and_sends_it(
    browser: Browser, site: str, committing: Flask, size: str
) -> None:
    trade = Trade(committing)
    cooperative, farm = trade.cooperative(), trade.farm()
    buyer = trade.processor(name="Nhà máy Đồi Sương")
    a_membership(farm, cooperative, "consent", "mandate")
    a_lot(farm, quantity="800")
    with visit(browser, site, size) as board:
        sign_in(board, str(cooperative.login), PASSWORD).open("/pooling")
        board.page.get_by_role("link", name="Mở chuyến gom").click()
        board.look().page.select_option("#commodity", "green-coffee-robusta")
        board.page.check("input[name=unit][value='tạ']")
        board.fill(full_load="5", until=day(2)[:10]).press("Mở chuyến gom")
        board.look()
        assert "Đầy 0% · còn thiếu 500 kg" in board.text()
        board.fill(quantity="500").press("Góp vào chuyến").look()
        assert "Đầy 100%" in board.text()
        board.press("Chốt chuyến đầy").look()
        assert "Đã chốt" in board.text()
        board.fill(ask_price="90.000").press("Đăng bán chuyến này").look()
        assert "Đăng bán 500 kg, 90.000 đ/kg" in board.text()
        (offer,) = cooperative.read("/offers?mine=true")["items"]
        order = an_order(buyer, offer, "500")
        pool = cooperative.read("/pools")["items"][0]
        board.open(f"/pooling/{pool['id']}")
        assert "Đơn của Nhà máy Đồi Sương" in board.text()
        board.press("Xuất chuyến").look()
        assert "Đã xuất" in board.text()
        board.open(f"/pooling/{pool['id']}")
        assert "Đã lên đường" in board.text()
        assert board.page.get_by_role("button", name="Xuất chuyến").count() == 0
        (delivery,) = buyer.read("/deliveries")["items"]
        assert (delivery["order_id"], delivery["status"]) == (order["id"], "despatched")
        weighed(buyer, delivery, "500")
        inspected(buyer, delivery, accepted_part("500"))
        accepted(buyer, delivery)
        trade.relay()
        board.open("/pooling")
        assert "Đã đi" in board.text()
    pool = cooperative.read("/pools")["items"][0]
    assert (pool["pooled"], pool["status"]) == ("500.000", "shipped")


@pytest.mark.parametrize("size", BOTH_SIZES)
def test_a_cooperative_brings_its_members_in_from_a_file(
    browser: Browser, site: str, committing: Flask, size: str, tmp_path: Path
) -> None:
    cooperative = Trade(committing).cooperative()
    file = tmp_path / "members.csv"
    file.write_text(
        "name,kind,owner.name,owner.phone\n"
        f"Vườn ông Ba,farm,Trần Văn Ba,09340000{len(size):02d}\n"
        "Vườn bà Tư,farm,Lê Thị Tư,không có\n"
    )
    with visit(browser, site, size) as board:
        sign_in(board, str(cooperative.login), PASSWORD).open("/imports?kind=members")
        board.page.set_input_files("#file", file)
        board.press("Kiểm tra tệp").look()
        assert "Chờ đọc" in board.text()
        sent = cooperative.read("/imports")["items"][0]["id"]
        _work(committing, sent)
        board.open(f"/imports/{sent}")
        assert "Dòng 3" in board.text()
        board.press("Nhập 1 dòng đạt")
        _work(committing, sent)
        board.open(f"/imports/{sent}")
        assert "Đã nhập xong" in board.text()
        assert "Vườn ông Ba" in board.open("/members").text()


def _work(app: Flask, import_id: str) -> None:
    with app.app_context():
        work_on_import.run(import_id=import_id)
