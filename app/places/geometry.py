"""The outline of a plot as GeoJSON, RFC 7946: WGS84, longitude before latitude. Pure."""

import math
from collections.abc import Mapping
from typing import Any

from shapely import is_valid
from shapely.geometry import Polygon

MOST_CORNERS = 2_000


class GeometryRefused(ValueError):
    """A geometry that is no point and no simple polygon; says where and why, in both languages."""

    def __init__(self, vi: str, en: str, *, at: str = "/coordinates") -> None:
        super().__init__(en)
        self.at, self.vi, self.en = at, vi, en


def plot_geometry(stated: Mapping[str, Any]) -> dict[str, Any]:
    """A Point, or a Polygon of one closed ring that does not cross itself, as it will be kept.

    Raises:
        GeometryRefused: it is anything else.
    """
    if set(stated) != {"type", "coordinates"}:
        raise GeometryRefused(
            "Chỉ gồm type và coordinates.", "It has a type and coordinates, nothing else.", at=""
        )
    if stated["type"] == "Point":
        return {"type": "Point", "coordinates": _position(stated["coordinates"])}
    if stated["type"] != "Polygon":
        raise GeometryRefused(
            "Phải là Point hoặc Polygon.", "It must be a Point or a Polygon.", at="/type"
        )
    rings = stated["coordinates"]
    if not isinstance(rings, list) or len(rings) != 1 or not isinstance(rings[0], list):
        raise GeometryRefused("Polygon không được có lỗ.", "A plot is one ring without holes.")
    if not 4 <= len(rings[0]) <= MOST_CORNERS:
        raise GeometryRefused(
            f"Cần từ 4 đến {MOST_CORNERS} điểm.", f"It needs 4 to {MOST_CORNERS} positions."
        )
    ring = [_position(one) for one in rings[0]]
    if ring[0] != ring[-1]:
        raise GeometryRefused("Vòng chưa khép kín.", "The ring is not closed.")
    if not is_valid(Polygon(ring)):
        raise GeometryRefused("Đường biên tự cắt.", "The outline crosses itself.")
    return {"type": "Polygon", "coordinates": [ring]}


def _position(stated: Any) -> list[float]:
    if (
        not isinstance(stated, list)
        or len(stated) != 2
        or any(isinstance(one, bool) or not isinstance(one, int | float) for one in stated)
        or any(abs(one) > limit for one, limit in zip(stated, (180, 90), strict=True))
        or not all(math.isfinite(one) for one in stated)
    ):
        raise GeometryRefused(
            "Mỗi điểm là [kinh độ, vĩ độ].", "Every position is [longitude, latitude]."
        )
    return [float(one) for one in stated]
