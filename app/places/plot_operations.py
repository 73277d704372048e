"""Declaring plots, and counting what is listed under a growing-area code."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Party
from app.accounts.queries import is_member
from app.catalogue.queries import find_commodity, get_commodity
from app.core import clock
from app.core.db import db
from app.core.errors import Problem, invalid
from app.core.quantity import round_down, with_unit
from app.places.geometry import GeometryRefused, plot_geometry
from app.places.models import GrowingArea, GrowingAreaSeason, Plot, PlotYield
from app.places.queries import get_plot, plots_under, usable_site


class CodeOfAnother(Problem):
    status, code = 409, "growing_area_code_of_another"
    vi = "Mã số vùng trồng này do tổ chức khác đăng ký."
    en = "This growing-area code is registered by another organisation."


class AreaCapacityExceeded(Problem):
    status, code = 409, "area_capacity_exceeded"
    vi = "Mã số vùng trồng {area} chỉ còn {left} được chào bán trong vụ {season}."
    en = "Only {left} may still be listed under the growing-area code {area} in season {season}."


class YieldBelowListed(Problem):
    status, code = 409, "yield_below_listed"
    vi = "Trong vụ {season} đã chào bán nhiều hơn sản lượng này."
    en = "More than that is listed already for the season {season}."


class YieldKnown(Problem):
    status, code = 409, "yield_known"
    vi = "Năng suất từ ngày này đã được khai báo."
    en = "A yield from this day on has been declared already."


def add_plot(
    *,
    party: Party,
    site_id: UUID,
    commodity: str,
    area_ha: Decimal,
    geometry: Mapping[str, Any] | None,
    growing_area_code: str | None,
    expected_yield: Decimal,
    yield_source: str,
    now: datetime,
) -> Plot:
    """Declare a field, what grows there and what it is expected to bear.

    Args:
        area_ha: hectares. expected_yield: units of the commodity per hectare and season.

    Raises:
        Invalid: an unknown commodity or an outline that is none. NotFound: the site is another's.
        CodeOfAnother: the code is held by an organisation of which the party is no member.
    """
    if find_commodity(commodity) is None:
        raise invalid("/commodity", "Không có mặt hàng này.", "There is no such commodity.")
    usable_site(site_id, party=party, pointer="/site_id")
    plot = Plot(
        organisation_id=party.organisation_id,
        site_id=site_id,
        commodity_code=commodity,
        area_ha=area_ha,
        geometry=_outline(geometry),
        growing_area_code=growing_area_code,
        created_at=now,
    )
    if growing_area_code is not None:
        _join_area(growing_area_code, party.organisation_id, now=now)
    db.session.add(plot)
    db.session.flush()
    return add_yield(
        plot=plot,
        per_hectare=expected_yield,
        valid_from=date(clock.local_date(now).year, 1, 1),
        source=yield_source,
        now=now,
    )


def add_yield(
    *, plot: Plot, per_hectare: Decimal, valid_from: date, source: str, now: datetime
) -> Plot:
    """Declare what a plot bears from a day on; earlier figures stay for earlier seasons.

    Raises:
        YieldKnown: one from that day on is there. YieldBelowListed: more is listed already.
    """
    _lock_code(plot.growing_area_code)
    twin = select(PlotYield.id).where(
        PlotYield.plot_id == plot.id, PlotYield.valid_from == valid_from
    )
    if db.session.scalar(twin) is not None:
        raise YieldKnown
    db.session.add(
        PlotYield(
            plot_id=plot.id,
            organisation_id=plot.organisation_id,
            per_hectare=per_hectare,
            valid_from=valid_from,
            source=source,
            declared_at=now,
        )
    )
    db.session.flush()
    if plot.growing_area_code is not None:
        _bring_up_to_date(plot.growing_area_code, plot.commodity_code)
    return get_plot(plot.id, seen=Plot.id == plot.id)


def list_under_code(*, plot: Plot, season: int, quantity: Decimal) -> None:
    """Count a quantity of the plot's commodity as listed under its code.

    Raises:
        AreaCapacityExceeded: the plots of the code do not bear that much more.
    """
    code, commodity = plot.growing_area_code, plot.commodity_code
    if code is None:
        return
    if _counter(code, commodity, season) is None:
        _lock_code(code)
        _open_counter(code, commodity, season)
    counted = db.session.scalar(
        update(GrowingAreaSeason)
        .where(
            GrowingAreaSeason.code == code,
            GrowingAreaSeason.commodity_code == commodity,
            GrowingAreaSeason.season == season,
            GrowingAreaSeason.listed + quantity <= GrowingAreaSeason.capacity,
        )
        .values(listed=GrowingAreaSeason.listed + quantity)
        .returning(GrowingAreaSeason.listed)
        .execution_options(synchronize_session=False)
    )
    if counted is None:
        counter = _counter(code, commodity, season)
        left = counter.left if counter else Decimal(0)
        told = with_unit(left, get_commodity(commodity).unit)
        raise AreaCapacityExceeded(area=code, season=season, left=told)


def unlist_under_code(*, plot: Plot, season: int, quantity: Decimal) -> None:
    """Take back what was counted and will not be sold."""
    db.session.execute(
        update(GrowingAreaSeason)
        .where(
            GrowingAreaSeason.code == plot.growing_area_code,
            GrowingAreaSeason.commodity_code == plot.commodity_code,
            GrowingAreaSeason.season == season,
        )
        .values(listed=GrowingAreaSeason.listed - quantity)
        .execution_options(synchronize_session=False)
    )


def capacity(code: str, commodity: str, season: int) -> Decimal:
    """What the plots of a code bear of a commodity in a season: area × yield, to 0.001.

    Of a plot's yields the one declared last for a day not after the season's end counts.
    """
    end = date(season, 12, 31)
    total = Decimal(0)
    for plot in plots_under(code, commodity):
        known = [one for one in plot.yields if one.valid_from <= end]
        if known:
            total += plot.area_ha * known[-1].per_hectare
    return round_down(total)


def _outline(geometry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if geometry is None:
        return None
    try:
        return plot_geometry(geometry)
    except GeometryRefused as refusal:
        raise invalid(f"/geometry{refusal.at}", refusal.vi, refusal.en) from None


def _join_area(code: str, organisation_id: UUID, *, now: datetime) -> None:
    """Register the code for the first who names it; others must be members of its holder."""
    db.session.execute(
        insert(GrowingArea)
        .values(code=code, organisation_id=organisation_id, declared_at=now)
        .on_conflict_do_nothing()
    )
    holder = db.session.scalar(select(GrowingArea.organisation_id).where(GrowingArea.code == code))
    assert holder is not None
    if holder != organisation_id and not is_member(
        cooperative_id=holder, member_id=organisation_id
    ):
        raise CodeOfAnother


def _lock_code(code: str | None) -> None:
    """One at a time changes the plots of a code or opens a counter that sums them up."""
    if code is not None:
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(code, 0))))


def _counter(code: str, commodity: str, season: int) -> GrowingAreaSeason | None:
    return db.session.scalar(
        select(GrowingAreaSeason)
        .where(
            GrowingAreaSeason.code == code,
            GrowingAreaSeason.commodity_code == commodity,
            GrowingAreaSeason.season == season,
        )
        .execution_options(populate_existing=True)
    )


def _open_counter(code: str, commodity: str, season: int) -> None:
    holder = db.session.get_one(GrowingArea, code)
    db.session.execute(
        insert(GrowingAreaSeason)
        .values(
            code=code,
            commodity_code=commodity,
            season=season,
            organisation_id=holder.organisation_id,
            capacity=capacity(code, commodity, season),
            listed=Decimal(0),
        )
        .on_conflict_do_nothing()
    )


def _bring_up_to_date(code: str, commodity: str) -> None:
    counters = db.session.scalars(
        select(GrowingAreaSeason)
        .where(GrowingAreaSeason.code == code, GrowingAreaSeason.commodity_code == commodity)
        .order_by(GrowingAreaSeason.season)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for counter in counters:
        bears = capacity(code, commodity, counter.season)
        if bears < counter.listed:
            raise YieldBelowListed(season=counter.season)
        counter.capacity = bears
    db.session.flush()
