"""What can be imported: for each kind its columns, and the call of the API that a row becomes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import marshmallow as ma

from app.accounts.access import (
    BUYERS,
    COOPERATIVE_MANAGERS,
    OPERATORS,
    SELLERS,
    TRADERS,
    Acting,
    Caller,
)
from app.catalogue.api import record_reference_prices
from app.catalogue.schemas import DayPriceIn
from app.core.fields import String
from app.core.vietnamese import fold
from app.imports.members import MemberIn, bring_member
from app.lots.api import declare_lot
from app.lots.schemas import LotIn
from app.market.api import list_offer, post_demand
from app.market.schemas import DemandIn, OfferIn
from app.places.api import add_site
from app.places.schemas import SiteIn

Way = tuple[str | int, ...]


@dataclass(frozen=True)
class Column:
    """A column: its name as the API says it, its headings, and its place in the body.

    The name of a column ``quality`` ends in the code of a quality in the file: ``quality moisture``
    stands at ``way`` + ``moisture``.
    """

    name: str
    vi: str
    way: Way
    example: str = ""
    quality: bool = False

    @property
    def en(self) -> str:
        """The English heading."""
        return self.name.replace("_", " ").replace(".", " ")


@dataclass(frozen=True)
class Kind:
    """One kind of file: who may send it, the schema and the view each row goes through."""

    code: str
    access: Acting
    schema: type[ma.Schema]
    run: Callable[[Caller, dict[str, Any]], Any]
    columns: Sequence[Column]

    @cached_property
    def headings(self) -> dict[str, Column]:
        """Columns by every folded heading they may have."""
        return {
            fold(one): column
            for column in self.columns
            if not column.quality
            for one in (column.name, column.vi, column.en)
        }

    def column(self, heading: str) -> Column | None:
        """The column of a heading; one of a quality with its code filled in."""
        plain = fold(heading)
        if plain in self.headings:
            return self.headings[plain]
        for column in self.columns:
            if column.quality:
                for beginning in (column.name, column.vi):
                    if plain.startswith(fold(beginning) + " "):
                        code = heading.strip().replace(":", " ").replace(".", " ").split()[-1]
                        *way, last = column.way
                        inside = [one if one != "*" else code for one in (*way, last)]
                        return Column(f"{column.name} {code}", column.vi, tuple(inside))
        return None

    def field(self, column: Column) -> ma.fields.Field[Any] | None:
        """The schema's field at a column's place; None for a quality."""
        found = self._on_the_way(column)
        return found[-1] if found else None

    def required(self, column: Column) -> bool:
        """Whether no row can do without it."""
        found = self._on_the_way(column)
        return bool(found) and all(one.required for one in found)

    def _on_the_way(self, column: Column) -> list[ma.fields.Field[Any]]:
        """The fields that lead to a column's place; none where free names do."""
        found: list[ma.fields.Field[Any]] = []
        at: Any = self.schema()
        for step in column.way:
            if step == 0:
                at = at.inner.schema
                continue
            at = at.schema if isinstance(at, ma.fields.Nested) else at
            if not isinstance(at, ma.Schema):
                return []
            at = at.fields[str(step)]
            found.append(at)
        return found


class PriceIn(DayPriceIn):
    """What a series says of one day."""

    series = String(required=True, longest=80)


def _record_price(caller: Caller, body: dict[str, Any]) -> Any:
    code = body.pop("series")
    return record_reference_prices(caller=caller, code=code, body={"prices": [body]})


def _columns(*rows: tuple[str, str, str]) -> list[Column]:
    """Columns that stand in the body under their own names."""
    return [Column(name, vi, (name,), example) for name, vi, example in rows]


ACCEPTED = ("accepts", 0)
MEMBER_ID = ("on_behalf_of", "Làm thay thành viên", "")
KINDS = {
    one.code: one
    for one in (
        Kind(
            "members",
            COOPERATIVE_MANAGERS,
            MemberIn,
            bring_member,
            [
                *_columns(
                    ("name", "Tên nông hộ", "Vườn chè Năm Thủy"),
                    ("kind", "Loại", "farm"),
                    ("tax_id", "Mã số thuế", ""),
                    ("smallholder", "Hộ nhỏ", "có"),
                ),
                Column("owner.name", "Chủ hộ", ("owner", "name"), "Nguyễn Thị Thủy"),
                Column("owner.phone", "Điện thoại", ("owner", "phone"), "0912345678"),
                Column("owner.email", "Thư điện tử", ("owner", "email")),
                Column("owner.locale", "Ngôn ngữ", ("owner", "locale"), "vi"),
            ],
        ),
        Kind(
            "sites",
            TRADERS,
            SiteIn,
            add_site,
            _columns(
                ("name", "Tên điểm hàng", "Kho chính"),
                ("ward_code", "Mã xã phường", "24829"),
                ("latitude", "Vĩ độ", "11.5301"),
                ("longitude", "Kinh độ", "107.8402"),
                MEMBER_ID,
            ),
        ),
        Kind(
            "lots",
            SELLERS,
            LotIn,
            declare_lot,
            [
                *_columns(
                    ("commodity", "Mặt hàng", "green-coffee-robusta"),
                    ("site_id", "Điểm hàng", "Kho chính"),
                    ("plot_id", "Thửa đất", ""),
                    ("status", "Tình trạng", "harvested"),
                    ("quantity", "Số lượng", "120.5"),
                    ("unit", "Đơn vị", "kg"),
                    ("grade", "Loại hàng", "1"),
                    ("harvested_at", "Ngày thu hoạch", "23/11/2026"),
                    ("ready_at", "Ngày sẵn sàng", ""),
                    ("certificates", "Chứng nhận", ""),
                    MEMBER_ID,
                ),
                Column("quality", "Chất lượng", ("qualities", "*"), quality=True),
            ],
        ),
        Kind(
            "offers",
            SELLERS,
            OfferIn,
            list_offer,
            [
                *_columns(
                    ("lot_id", "Mã lô", "01990f6e-7c1a-7b52-9d53-000000000001"),
                    ("quantity", "Số lượng", "50"),
                    ("ask_price", "Giá bán", "100000"),
                ),
                Column("price_per.quantity", "Giá cho lượng", ("price_per", "quantity")),
                Column("price_per.unit", "Giá cho đơn vị", ("price_per", "unit")),
                *_columns(
                    ("min_quantity", "Lượng ít nhất", ""),
                    ("open_until", "Bán đến", "31/12/2026"),
                    ("firm", "Chắc chắn", "có"),
                    ("payment_days", "Số ngày trả tiền", "7"),
                    ("draft", "Bản nháp", "không"),
                    MEMBER_ID,
                ),
            ],
        ),
        Kind(
            "demands",
            BUYERS,
            DemandIn,
            post_demand,
            [
                Column(
                    "commodity", "Mặt hàng", ("accepts", 0, "commodity"), "green-coffee-robusta"
                ),
                Column("min_grade", "Loại thấp nhất", ("accepts", 0, "min_grade"), "1"),
                Column(
                    "required_certificates",
                    "Chứng nhận cần có",
                    (*ACCEPTED, "required_certificates"),
                ),
                *_columns(
                    ("quantity", "Số lượng", "30"),
                    ("bid_price", "Giá mua", "120000"),
                    ("min_delivery", "Giao ít nhất", ""),
                    ("max_suppliers", "Số bên bán nhiều nhất", ""),
                    ("deliver_from", "Giao từ", "01/12/2026"),
                    ("deliver_until", "Giao đến", "31/12/2026"),
                    ("site_id", "Điểm hàng", "Nhà máy"),
                    ("processing_line", "Dây chuyền", ""),
                    ("firm", "Chắc chắn", "có"),
                    ("draft", "Bản nháp", "không"),
                    ("shortage_rule", "Cách chia khi thiếu", "pro_rata"),
                    MEMBER_ID,
                ),
                Column("min", "Thấp nhất", (*ACCEPTED, "quality_limits", "*", "min"), quality=True),
                Column("max", "Cao nhất", (*ACCEPTED, "quality_limits", "*", "max"), quality=True),
            ],
        ),
        Kind(
            "prices",
            OPERATORS,
            PriceIn,
            _record_price,
            _columns(
                ("series", "Chuỗi giá", "green-coffee-robusta"),
                ("day", "Ngày", "23/11/2026"),
                ("price", "Giá", "118500"),
            ),
        ),
    )
}
