"""What rounds created, as a figure."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.web import drawing
from app.web.figures import Figure, Row, share
from app.web.language import money, named, number, t

NOT_TOLD, MOST_BARS = "–", 12


def gained(rows: Sequence[Row], markets: Mapping[str, Any]) -> Figure:
    """What rounds created beyond the best of other ways to match, and for whom."""
    told = [row for row in rows if row["welfare"] is not None]
    largest = sorted(told, key=lambda row: -row["welfare"])[:MOST_BARS]
    return Figure(
        "fairness",
        _title(rows, told),
        t(
            "Thanh: lợi chung của phiên. Vạch: cách ghép tốt nhất trong các cách khác."
            " Không nêu khi chưa hết tháng, chưa đủ nhóm năm bên bán và năm bên mua, hoặc một bên"
            " quá 85%.",
            "Bar: what rounds created. Mark: the best of other ways to match. Not told with"
            " fewer than five sellers or buyers, somebody above 85%, or before the month is over.",
        ),
        t("Lợi chung của các phiên", "What rounds created"),
        (
            t("Thị trường", "Market"),
            t("Số phiên", "Rounds"),
            t("Lợi chung", "Welfare"),
            t("Cách khác", "Other ways"),
            t("Phần bên bán", "Sellers' share"),
        ),
        [(named(markets[row["market"]]), number(row["rounds"]), *_created(row)) for row in rows],
        (1, 2, 3, 4),
        drawing.ranked(
            [named(markets[row["market"]]) for row in largest],
            [row["welfare"] for row in largest],
            [money(row["welfare"]) for row in largest],
            [row["best_rule_welfare"] for row in largest],
        )
        if told
        else None,
    )


def _title(rows: Sequence[Row], told: Sequence[Row]) -> str:
    if told:
        return t(
            "Các phiên tạo {made} lợi chung, hơn cách ghép khác {beyond}",
            "Rounds created {made}, {beyond} more than other ways",
            made=money(sum(row["welfare"] for row in told)),
            beyond=money(sum(row["created_beyond_rules"] for row in told)),
        )
    if rows:
        return t(
            "{n} phiên đã khớp, chưa đủ nhóm để nêu lợi chung",
            "{n} round cleared, too few in it to tell what it created",
            "{n} rounds cleared, too few in them to tell what they created",
            n=sum(row["rounds"] for row in rows),
        )
    return t("Tháng này chưa có phiên nào khớp", "No round has cleared this month")


def _created(row: Row) -> tuple[str, str, str]:
    if row["welfare"] is None:
        return NOT_TOLD, NOT_TOLD, NOT_TOLD
    return money(row["welfare"]), money(row["best_rule_welfare"]), share(row["sellers_share"])
