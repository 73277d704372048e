"""What the columns of the figures' files are called and hold, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from app.web.figures import Goods, Row
from app.web.language import named, t, unit
from app.web.loss_figures import why


def heading(column: str) -> str:
    """The column's heading; of a column that holds codes, it says so.

    Raises:
        KeyError: no table has such a column.
    """
    return t(*HEADINGS[column])


def in_words(row: Row, goods: Goods, markets: Mapping[str, Any]) -> Row:
    """A row whose codes are words; a code without words stays."""
    told = dict(row)
    for column, words in WORDS.items():
        if row.get(column) in words:
            told[column] = t(*words[row[column]])
    if "commodity" in row:
        told["commodity"] = named(goods[row["commodity"]])
    if "unit" in row:
        told["unit"] = unit(row["unit"])
    if "market" in row:
        told["market"] = named(markets[row["market"]])
    if "cause" in row:
        told["cause"] = why(row)
    return told


HEADINGS = {
    "period": ("Kỳ", "Period"),
    "month": ("Tháng", "Month"),
    "week": ("Tuần", "Week"),
    "commodity": ("Nông sản", "Produce"),
    "unit": ("Đơn vị tính", "Unit"),
    "grade": ("Mã phẩm cấp", "Grade code"),
    "ward": ("Mã xã phường", "Ward code"),
    "province": ("Mã tỉnh", "Province code"),
    "member": ("Bên bán", "Seller"),
    "market": ("Thị trường", "Market"),
    "quantity": ("Số lượng", "Quantity"),
    "amount": ("Tiền hàng (đ)", "Amount (VND)"),
    "price": ("Giá bình quân (đ)", "Average price (VND)"),
    "delivered_price": ("Giá tại nơi nhận (đ)", "Delivered price (VND)"),
    "spread": ("Chênh lệch (đ)", "Spread (VND)"),
    "farm_share": ("Phần của nông trại", "Farm's share"),
    "clearing_price": ("Giá phiên khớp (đ)", "Clearing price (VND)"),
    "last_season_price": ("Giá mùa trước (đ)", "Last season's price (VND)"),
    "offered_quantity": ("Lượng chào bán", "Offered"),
    "offered_amount": ("Tiền chào bán (đ)", "Offered, amount (VND)"),
    "ordered_quantity": ("Lượng đặt mua", "Ordered"),
    "cancelled_quantity": ("Lượng hủy", "Cancelled"),
    "goods_amount": ("Tiền hàng đặt mua (đ)", "Ordered, amount (VND)"),
    "average_price": ("Giá đặt mua bình quân (đ)", "Average price ordered (VND)"),
    "fill_rate": ("Tỷ lệ đặt trên chào", "Ordered of offered"),
    "despatched_quantity": ("Lượng xuất đi", "Despatched"),
    "delivered_quantity": ("Lượng cân được", "Weighed"),
    "accepted_quantity": ("Lượng được nhận", "Accepted"),
    "accepted_amount": ("Tiền hàng được nhận (đ)", "Accepted, amount (VND)"),
    "accepted_price": ("Giá hàng được nhận (đ)", "Price accepted (VND)"),
    "accepted_rate": ("Tỷ lệ nhận trên đặt", "Accepted of ordered"),
    "refused_quantity": ("Lượng không nhận", "Refused"),
    "refused_amount": ("Tiền hàng không nhận (đ)", "Refused, amount (VND)"),
    "listing_hours": ("Giờ từ chào đến đặt", "Hours from listing to order"),
    "payment_days": ("Ngày từ nhận đến trả tiền", "Days from acceptance to payment"),
    "contract_share": ("Phần theo hợp đồng", "Share by contract"),
    "clearing_share": ("Phần theo phiên khớp", "Share by rounds"),
    "direct_share": ("Phần mua trực tiếp", "Share ordered directly"),
    "pooled_quantity": ("Lượng qua các đợt gom", "From pools"),
    "pooled_amount": ("Tiền chia từ các đợt gom (đ)", "From pools, amount (VND)"),
    "forecast_quantity": ("Dự báo", "Forecast"),
    "likely_low_quantity": ("Thường gặp, thấp", "Usual range, low"),
    "likely_high_quantity": ("Thường gặp, cao", "Usual range, high"),
    "past_weeks": ("Số tuần đã qua", "Past weeks"),
    "past_weeks_within": ("Số tuần trong khoảng", "Past weeks within it"),
    "harvested_quantity": ("Đã thu hoạch", "Harvested"),
    "came_true": ("Thu hoạch trên dự báo", "Harvested of forecast"),
    "promised_quantity": ("Đã hứa", "Promised"),
    "open_demand_quantity": ("Đang cần mua", "Openly wanted"),
    "gap_quantity": ("Dư (+), thiếu (−)", "Over (+), short (−)"),
    "source_kind": ("Loại điểm đi", "Kind of source"),
    "source": ("Mã điểm đi", "Source code"),
    "source_name": ("Từ", "From"),
    "target_kind": ("Loại điểm đến", "Kind of target"),
    "target": ("Mã điểm đến", "Target code"),
    "target_name": ("Tới", "To"),
    "rounds": ("Số phiên", "Rounds"),
    "welfare": ("Lợi chung (đ)", "Welfare (VND)"),
    "best_rule": ("Cách ghép khác tốt nhất", "Best of other ways"),
    "best_rule_welfare": ("Lợi chung của cách đó (đ)", "Its welfare (VND)"),
    "first_come_welfare": ("Lợi chung nếu ai trước được trước (đ)", "First come, welfare (VND)"),
    "created_beyond_rules": ("Hơn cách đó (đ)", "Created beyond it (VND)"),
    "sellers_gain": ("Lợi bên bán (đ)", "Sellers' gain (VND)"),
    "buyers_gain": ("Lợi bên mua (đ)", "Buyers' gain (VND)"),
    "sellers_share": ("Phần bên bán", "Sellers' share"),
    "smallholders_gain": ("Lợi nông hộ nhỏ (đ)", "Smallholders' gain (VND)"),
    "large_farms_gain": ("Lợi nông trại lớn (đ)", "Large farms' gain (VND)"),
    "smallholders_share": ("Phần lợi nông hộ nhỏ", "Smallholders' share of gains"),
    "smallholders_quantity_share": ("Phần lượng nông hộ nhỏ", "Smallholders' share of quantity"),
    "stage": ("Khâu", "Stage"),
    "cause": ("Vì sao", "Cause"),
    "detail": ("Chi tiết", "Detail"),
    "touched": ("Số cam kết", "Commitments"),
    "touched_quantity": ("Bị ảnh hưởng", "Touched"),
    "rematched_quantity": ("Thay nguồn khác", "From elsewhere"),
    "restored_quantity": ("Trở lại như cũ", "Restored"),
    "lost_quantity": ("Mất hẳn", "Lost"),
    "kept_share": ("Tỷ lệ giữ được", "Share kept"),
}
KINDS = {
    "commodity": ("nông sản", "produce"),
    "cooperative": ("hợp tác xã", "cooperative"),
    "farm": ("nông trại", "farm"),
    "processing_line": ("dây chuyền chế biến", "processing line"),
    "way": ("cách mua", "way of buying"),
    "processor": ("nhà máy", "processor"),
    "province": ("tỉnh", "province"),
}
WORDS = {
    "source_kind": KINDS,
    "target_kind": KINDS,
    "stage": {
        "store": ("trong kho", "in store"),
        "haulage": ("trên đường", "on the way"),
        "inspection": ("khi kiểm", "at inspection"),
    },
    "best_rule": {
        "nearest first": ("gần nhất trước", "nearest first"),
        "first come": ("ai trước được trước", "first come"),
        "best price first": ("giá tốt nhất trước", "best price first"),
        "landed cost first": ("giá tại nơi nhận thấp nhất trước", "landed cost first"),
        "largest gain first": ("lợi lớn nhất trước", "largest gain first"),
    },
}
