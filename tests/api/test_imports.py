"""Files in: as people save them, tried row by row first, never read in a way nobody meant."""

import csv
import io
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import xlsxwriter
from openpyxl import load_workbook

from app.core import clock
from app.core.files import CSV, XLSX
from app.imports.kinds import KINDS
from tests.api.paging import pages
from tests.factories import COMMODITY, NOW, Account, Trade, a_lot, day

FILES = (CSV, XLSX)
HARVESTED = clock.local_date(NOW) - timedelta(days=5)
DMY = HARVESTED.strftime("%d/%m/%Y")
MDY = "12/31/2025"
BEFORE = str(HARVESTED - timedelta(days=1))
LOTS = "Mặt hàng;Điểm hàng;Số lượng;Loại hàng;Ngày thu hoạch;Chất lượng moisture"


def csv_of(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(lines).encode(encoding)


def xlsx_of(rows: list[list[Any]]) -> bytes:
    """A workbook; text that begins with ``=`` is a formula."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet, dated = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date | datetime):
                    sheet.write_datetime(number, column, cell, dated)
                elif cell is not None:
                    sheet.write(number, column, cell)
    return file.getvalue()


def send(account: Account, kind: str, file: bytes, *, query: str = "", **options: Any) -> Any:
    """Send a file, CSV unless it is a workbook."""
    media_type = XLSX if file.startswith(b"PK") else CSV
    options = {"Content_Type": media_type, **options}
    return account.post(f"/imports/{kind}{query}", data=file, **options)


def worked_on(trade: Trade, import_id: str) -> None:
    """What a worker does when told to work on an import."""
    from workers.imports import work_on_import

    with trade.app.app_context():
        work_on_import.run(import_id=import_id)


def checked(
    trade: Trade, account: Account, kind: str, file: bytes, query: str = ""
) -> dict[str, Any]:
    """A file sent and checked by a worker."""
    answer = send(account, kind, file, query=query)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    worked_on(trade, answer.json["id"])
    return account.read(f"/imports/{answer.json['id']}")


def applied(trade: Trade, account: Account, job: dict[str, Any], mode: str) -> dict[str, Any]:
    account.made(f"/imports/{job['id']}/application", {"mode": mode})
    worked_on(trade, job["id"])
    return account.read(f"/imports/{job['id']}")


def faults(account: Account, job: dict[str, Any]) -> dict[int, list[tuple[str, str]]]:
    """What is wrong, by the number of the row."""
    return {
        row["number"]: [(one["column"], one["detail"]) for one in row["errors"]]
        for page in pages(account, f"/imports/{job['id']}/rows", limit=50)
        for row in page
        if row["errors"]
    }


def site_of(account: Account) -> str:
    return str(account.read("/sites")["items"][0]["name"])


def lots_csv(farm: Account, *rows: str, encoding: str = "utf-8") -> bytes:
    lines = [f"{COMMODITY};{site_of(farm)};{row}" for row in rows]
    return csv_of(LOTS, *lines, encoding=encoding)


def quantities(farm: Account) -> list[str]:
    return sorted(one["quantity"] for one in farm.read("/lots?limit=100")["items"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_is_read_however_it_was_saved(trade: Trade, farm: Account, encoding: str) -> None:
    file = lots_csv(farm, f"120,5;1;{DMY};12,0", f"1.234.567;1;{HARVESTED};11", encoding=encoding)
    job = checked(trade, farm, "lots", file)
    assert (job["status"], job["total"], job["good"], job["percent"]) == ("checked", 2, 2, 100)
    assert quantities(farm) == [], "a check does nothing"
    done = applied(trade, farm, job, "all_or_nothing")
    assert (done["status"], done["good"], done["bad"]) == ("applied", 2, 0)
    assert quantities(farm) == ["120.500", "1234567.000"]
    lot = next(one for one in farm.read("/lots")["items"] if one["quantity"] == "120.500")
    assert lot["qualities"] == {"moisture": "12.0"}
    assert lot["harvested_at"] == f"{BEFORE}T17:00:00Z", "midnight in Viet Nam"
    rows = farm.read(f"/imports/{job['id']}/rows")["items"]
    assert lot["id"] in [one["thing_id"] for one in rows]


def test_a_workbook_is_read_with_its_numbers_and_dates(trade: Trade, farm: Account) -> None:
    rows = [
        ["commodity", "site id", "quantity", "grade", "harvested at", "quality moisture"],
        [COMMODITY, site_of(farm), 120.5, 1, HARVESTED, 12],
        [None] * 6,
        [COMMODITY, farm.site_id, "30,25", "1", datetime.combine(HARVESTED, time(8, 30)), 11.5],
    ]
    done = applied(trade, farm, checked(trade, farm, "lots", xlsx_of(rows)), "all_or_nothing")
    assert (done["status"], done["total"]) == ("applied", 2)
    lots = {one["quantity"]: one["harvested_at"] for one in farm.read("/lots")["items"]}
    assert lots == {"120.500": f"{BEFORE}T17:00:00Z", "30.250": f"{HARVESTED}T01:30:00Z"}


def test_what_can_be_read_in_two_ways_is_refused(trade: Trade, farm: Account) -> None:
    file = lots_csv(farm, f"12.500;1;{DMY};12")
    job = checked(trade, farm, "lots", file)
    assert faults(farm, job) == {
        2: [("quantity", "May be 12500 or 12.5; please state the decimal mark (decimal).")]
    }
    for mark, quantity in (("comma", "12500.000"), ("point", "12.500")):
        told = checked(trade, farm, "lots", file, f"?decimal={mark}")
        applied(trade, farm, told, "all_or_nothing")
        assert quantity in quantities(farm)
    both = lots_csv(farm, f"12.500;1;{DMY};12,5", f"1.5;1;{DMY};12")
    assert list(faults(farm, checked(trade, farm, "lots", both))) == [2], "marks disagree"
    agreed = lots_csv(farm, f"12.500;1;{DMY};12,5")
    assert checked(trade, farm, "lots", agreed)["bad"] == 0
    against = lots_csv(farm, f"12,5;1;{DMY};12")
    assert "quantity" in str(faults(farm, checked(trade, farm, "lots", against, "?decimal=point")))


def test_every_bad_row_is_named_with_its_reasons(trade: Trade, farm: Account) -> None:
    file = lots_csv(
        farm,
        f"10;1;{DMY};12",
        f"-5;1;{DMY};12",
        f"10;no-such-grade;{DMY};12",
        "10;1;20/11/2199;12",
        "10;1;31/02/2026;12",
        f"=1+1;1;{DMY};12",
        f"10;1;{DMY};12;more",
        f"10;1;{DMY}",
        f"10;1;{MDY};12",
        f"ten;1;{DMY};12",
        f"10;1;{DMY};99",
    ) + csv_of("", f"no-such-herb;Kho;10;1;{DMY};12")
    job = checked(trade, farm, "lots", file)
    found = faults(farm, job)
    assert (job["total"], job["good"], job["bad"]) == (12, 1, 11)
    named = {number: [column for column, _ in told] for number, told in found.items()}
    assert named == {
        3: ["quantity"],
        4: ["grade"],
        5: ["harvested_at"],
        6: ["harvested_at"],
        7: ["quantity"],
        8: [""],
        9: [""],
        10: ["harvested_at"],
        11: ["quantity"],
        12: ["quality moisture"],
        13: ["site_id"],
    }
    vietnamese = farm.read(f"/imports/{job['id']}/rows?status=bad", Accept_Language="vi")["items"]
    assert "công thức" in str(vietnamese)
    refused = farm.post(f"/imports/{job['id']}/application", {"mode": "all_or_nothing"})
    assert (refused.status_code, refused.json["code"]) == (409, "import_rows_bad")
    done = applied(trade, farm, job, "good_rows")
    assert (done["status"], done["good"], done["bad"]) == ("applied", 1, 11)
    assert quantities(farm) == ["10.000"]


def test_a_formula_in_a_workbook_is_refused_though_it_has_a_value(
    trade: Trade, farm: Account
) -> None:
    rows = [
        ["commodity", "site_id", "quantity", "quality moisture", "harvested_at"],
        [COMMODITY, farm.site_id, "=60*2", 12, HARVESTED],
        [COMMODITY, farm.site_id, 50, 12, HARVESTED],
    ]
    job = checked(trade, farm, "lots", xlsx_of(rows))
    assert faults(farm, job)[2][0] == ("", "The row has a formula.")
    assert job["good"] == 1


def test_a_limit_above_another_is_refused(trade: Trade) -> None:
    buyer = trade.processor()
    file = csv_of(
        "commodity;quantity;bid_price;deliver_from;deliver_until;site_id;min moisture;max moisture",
        f"{COMMODITY};30;120000;{day(1)};{day(20)};{buyer.site_id};5;12,5",
        f"{COMMODITY};30;120000;{day(1)};{day(20)};{buyer.site_id};13;12",
        f"{COMMODITY};30;120000;{day(20)};{day(1)};{buyer.site_id};5;12",
    )
    job = checked(trade, buyer, "demands", file)
    named = {number: told[0][0] for number, told in faults(buyer, job).items()}
    assert set(named) == {3, 4}
    assert "moisture" in named[3]
    assert named[4] == "deliver_until"
    applied(trade, buyer, job, "good_rows")
    (demand,) = buyer.read("/demands")["items"]
    limits = demand["accepts"][0]["quality_limits"]
    assert limits == {"moisture": {"min": "5.0", "max": "12.5"}}


def test_offers_and_sites_come_in_too(trade: Trade, farm: Account) -> None:
    sites = csv_of("Tên điểm hàng,Mã xã phường,Vĩ độ,Kinh độ", "Kho 2,24829,11.5301,107.8402",
                   "Kho 3,99999,11.5301,107.8402")  # fmt: skip
    job = checked(trade, farm, "sites", sites)
    assert [told[0][0] for told in faults(farm, job).values()] == ["ward_code"]
    applied(trade, farm, job, "good_rows")
    assert site_of(farm) == "Kho 2"
    lot = a_lot(farm)
    offers = csv_of(
        "lot_id;quantity;ask_price;price_per.quantity;price_per.unit;firm",
        f"{lot['id']};60;100000;;;có",
        f"{lot['id']};10;9000000;1;tạ;không",
        f"{lot['id']};40;100000;;;có",
    )
    job = checked(trade, farm, "offers", offers)
    assert list(faults(farm, job)) == [4], "the lot bears 100 in all"
    applied(trade, farm, job, "good_rows")
    shown = {one["quantity"]: one for one in farm.read("/offers?mine=true")["items"]}
    assert set(shown) == {"60.000", "10.000"}
    assert (shown["10.000"]["ask_price"], shown["10.000"]["firm"]) == ("90000.00", False)


def test_an_operator_brings_in_prices_but_none_of_tomorrow(trade: Trade) -> None:
    operator = trade.operator
    operator.made(
        "/reference-series",
        {
            "code": "a-series",
            "name": {"vi": "Giá", "en": "Price"},
            "commodity": COMMODITY,
            "source": "Sở Công Thương",
        },
    )
    file = csv_of("Chuỗi giá;Ngày;Giá", "a-series;23/11/2020;118.500,50", "a-series;01/01/2199;1",
                  "another;23/11/2020;1")  # fmt: skip
    job = checked(trade, operator, "prices", file)
    assert {number: told[0][0] for number, told in faults(operator, job).items()}[3] == "day"
    assert job["good"] == 1
    applied(trade, operator, job, "good_rows")
    prices = operator.read("/reference-series/a-series/prices")["items"]
    assert [(one["day"], one["price"]) for one in prices] == [("2020-11-23", "118500.50")]


def test_a_cooperative_brings_in_its_members_who_own_their_farms(trade: Trade) -> None:
    cooperative, known = trade.cooperative(), trade.farm()
    file = csv_of(
        "Tên nông hộ;Hộ nhỏ;Chủ hộ;Điện thoại;Thư điện tử",
        "Vườn bà Thủy;có;Nguyễn Thị Thủy;0387654321;",
        f"Vườn ông Ba;không;Trần Văn Ba;;{known.login}",
        "Vườn ông Tư;không;Lê Tư;0387654322;tu@example.com",
        "Vườn bà Thủy;có;Nguyễn Thị Thủy;0387654321;",
    )
    job = checked(trade, cooperative, "members", file)
    assert list(faults(cooperative, job)) == [3, 4, 5]
    applied(trade, cooperative, job, "good_rows")
    (membership,) = cooperative.read("/memberships")["items"]
    assert membership["organisation_name"] == "Vườn bà Thủy"
    assert membership["consent_given_at"] is membership["mandate_given_at"] is None
    again = csv_of("name;smallholder;owner.name;owner.phone", "Vườn bà Thủy;có;Thủy;0387654321")
    job = checked(trade, cooperative, "members", again)
    assert "invited as the owner" in str(faults(cooperative, job))


def test_names_in_files_hold_no_line_breaks_and_turn_no_direction(trade: Trade) -> None:
    cooperative = trade.cooperative()
    heads = ["name", "smallholder", "owner.name", "owner.phone"]
    names = ("Vườn\nbà Thủy", "Vườn \u202ebà Thủy", "Vườn bà Thủy")
    rows = [[name, "có", "Thủy", f"038765432{row}"] for row, name in enumerate(names)]
    lines = (f'"{name}";{";".join(rest)}' for name, *rest in rows)
    for file in (csv_of(";".join(heads), *lines), xlsx_of([heads, *rows])):
        job = checked(trade, cooperative, "members", file)
        assert (job["good"], job["bad"]) == (1, 2)
        found = [told for (told,) in faults(cooperative, job).values()]
        assert [column for column, _ in found] == ["name", "name"]
        assert "one line" in found[0][1]
        assert "direction of writing" in found[1][1]


def test_the_same_file_is_the_same_import_and_done_once(trade: Trade, farm: Account) -> None:
    file = lots_csv(farm, f"10;1;{DMY};12")
    first = checked(trade, farm, "lots", file)
    assert checked(trade, farm, "lots", file)["id"] == first["id"]
    applied(trade, farm, first, "all_or_nothing")
    again = checked(trade, farm, "lots", file)
    assert (again["id"], again["status"]) == (first["id"], "applied")
    refused = farm.post(f"/imports/{first['id']}/application", {"mode": "good_rows"})
    assert (refused.status_code, refused.json["code"]) == (409, "import_not_checked")
    worked_on(trade, first["id"])
    assert quantities(farm) == ["10.000"]
    other = trade.farm()
    assert send(other, "lots", file).json["id"] != first["id"]


def test_a_file_is_checked_anew_when_the_world_has_changed(trade: Trade, farm: Account) -> None:
    file = csv_of(LOTS, f"{COMMODITY};Kho mới;10;1;{DMY};12", f"{COMMODITY};?;x;1;;")
    job = checked(trade, farm, "lots", file)
    assert job["bad"] == 2
    farm.made(
        "/sites",
        {"name": "Kho mới", "ward_code": "24829", "latitude": 11.5, "longitude": 107.8},
    )
    assert checked(trade, farm, "lots", file)["bad"] == 1
    assert list(faults(farm, job)) == [3], "what could not be read stays bad"


def test_all_or_nothing_leaves_nothing_when_a_row_fails_after_all(
    trade: Trade, farm: Account
) -> None:
    lot, other = a_lot(farm), a_lot(farm)
    file = csv_of("lot_id;quantity;ask_price", f"{other['id']};5;1000", f"{lot['id']};100;1000")
    job = checked(trade, farm, "offers", file)
    assert (job["status"], job["bad"]) == ("checked", 0), job["refusal"]
    farm.made("/offers", {"lot_id": lot["id"], "quantity": "1", "ask_price": "1000"})
    done = applied(trade, farm, job, "all_or_nothing")
    assert (done["status"], done["bad"]) == ("checked", 1)
    assert list(faults(farm, job)) == [3]
    assert len(farm.read("/offers?mine=true")["items"]) == 1


@pytest.mark.parametrize(
    "file, code",
    [
        (b"", "empty"),
        (b"commodity;quantity", "heading_missing"),
        (csv_of(LOTS), "empty"),
        (csv_of(LOTS + ";Giá vàng", "x"), "heading_unknown"),
        (csv_of(LOTS + ";Số lượng", "x"), "heading_twice"),
        ("Mặt hàng".encode("cp1258", "replace") + b"\xff\xfe\xd0", "encoding"),
        (b'commodity;"quantity', "unreadable"),
        (b"PK\x03\x04 no archive", "unreadable"),
        (csv_of(LOTS, *["x"] * 10_001), "too_large"),
        (csv_of(LOTS, "x" * 5000), "too_large"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    trade: Trade, farm: Account, file: bytes, code: str
) -> None:
    job = checked(trade, farm, "lots", file)
    assert (job["status"], job["refusal"]["code"], job["total"]) == ("refused", code, 0)
    assert job["refusal"]["detail"]
    refused = farm.post(f"/imports/{job['id']}/application", {"mode": "good_rows"})
    assert refused.json["code"] == "import_not_checked"


def test_only_files_are_taken_and_only_small_ones(trade: Trade, farm: Account) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
        answer = send(farm, "lots", b"{}", Content_Type=kind)
        assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type"), kind
    large = send(farm, "lots", b"x" * (4 * 1024 * 1024 + 1))
    assert (large.status_code, large.json["code"]) == (413, "body_too_large")
    assert send(farm, "lots", b"x" * (2 * 1024 * 1024)).status_code == 202
    assert send(farm, "cattle", b"x").status_code == 404
    assert send(farm, "lots", b"x", query="?decimal=dot").status_code == 422
    assert send(farm, "demands", b"x").status_code == 403
    assert send(trade.colleague(farm), "lots", b"x").status_code == 403


def test_who_lost_the_right_meanwhile_imports_nothing(trade: Trade, farm: Account) -> None:
    from sqlalchemy import update

    from app.accounts.models import Role
    from app.core import clock
    from app.core.db import db
    from app.core.transaction import transaction

    answer = send(farm, "lots", lots_csv(farm, f"10;1;{DMY};12"))
    with trade.app.app_context(), transaction():
        ended = update(Role).values(name="viewer", since=clock.now())
        db.session.execute(ended.where(Role.organisation_id == farm.organisation_id))
    worked_on(trade, answer.json["id"])
    job = farm.read(f"/imports/{answer.json['id']}")
    assert faults(farm, job) == {2: [("", "No longer allowed to do this.")]}


@pytest.mark.parametrize("code", KINDS)
def test_a_template_can_be_filled_in_and_sent_back(trade: Trade, code: str) -> None:
    kind = KINDS[code]
    for language in ("vi", "en"):
        wanted = {"Accept_Language": language}
        told = trade.visitor.read(f"/import-templates/{code}", **wanted)
        heads = [one[language] for one in told["columns"] if one["name"] not in QUALITIES]
        text = trade.visitor.get(f"/import-templates/{code}", Accept=CSV, **wanted).get_data()
        assert next(csv.reader(io.StringIO(text.decode("utf-8-sig")))) == heads
        book = trade.visitor.get(f"/import-templates/{code}", Accept=XLSX, **wanted).get_data()
        row = next(load_workbook(io.BytesIO(book)).worksheets[0].iter_rows(values_only=True))
        assert list(row) == heads
        assert all(kind.column(head) is not None for head in heads)
    assert trade.visitor.get("/import-templates/cattle").status_code == 404


QUALITIES = ("quality", "min", "max")


def test_somebody_elses_import_is_a_missing_one(trade: Trade, farm: Account) -> None:
    job = checked(trade, farm, "lots", lots_csv(farm, f"10;1;{DMY};12"))
    stranger = trade.farm()
    for method, path in (("GET", ""), ("GET", "/rows"), ("POST", "/application")):
        body = {"mode": "good_rows"} if method == "POST" else None
        answer = stranger.request(method, f"/imports/{job['id']}{path}", body)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
