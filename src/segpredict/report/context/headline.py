"""The first screen: the forecast, for whom it is, and how far to trust it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from segpredict.analytics.customer_value import ExpectedTotal
from segpredict.analytics.transitions import LAPSED_STATE, NEW_STATE
from segpredict.core.segment import INACTIVE_CODE
from segpredict.core.text import count_of
from segpredict.core.window import DAYS_PER_YEAR, as_date
from segpredict.data.cleaning import NO_CUSTOMER
from segpredict.report.context._trust_box import TrustBox, trust_box
from segpredict.report.context.campaigns import CampaignCard, campaigns_section
from segpredict.report.context.customer_value import customer_value_section
from segpredict.report.formatting import Row, finite_or_none, format_day_range, format_number
from segpredict.report.html.badges import (
    Badges,
    SegmentBadge,
    segment_badges,
)
from segpredict.report.input import ReportInput

MIX_NOTE = (
    "Expected: of today's customers. New: as many as in the same window last year. Returning: "
    "after {lookback} days without an order. {idle}"
)
IDLE_NOTE = "Inactive: no order in {days} days."
NO_SEGMENT_NOTE = "No segment: no row in the shop's file of segments so far."
READ_FIRST = (
    "Every forecast is for {who}. It is a closed group, so its active customers become fewer by "
    "themselves; new customers count only where a number says so.",
    "The next window is {outcome}. Compare it with the same days of last year, not with the last "
    "window, which was another season.",
    "Revenue at risk is what customers are expected to spend less, by the probabilities of each. "
    "It is not what a campaign would save: only a randomised control group shows that.",
    "Drivers and reasons are associations that the model uses, not causes.",
)
MIN_CHANGE = 0.02  # of last year's size; a smaller difference is none
MIX_INTERVAL_LEVEL = 0.8  # of the interval of the mix; few tests support no more


@dataclass(frozen=True, slots=True)
class SegmentForecast:
    """Current and expected size of a segment.

    Notes
    -----
    The interval is the expected share ± t·e: e is the root mean square difference of predicted and
    actual shares in the backtests, and t the quantile of Student's distribution with as many
    degrees of freedom as backtests. It reflects the seasons of the backtests only.
    """

    badge: SegmentBadge  # the segment
    # customers of today: now, and expected to be in it in the next window
    customers_now: float
    customers_expected: float
    # their shares
    share_now: float | None
    share_expected: float | None
    revenue: float | None  # share of the revenue of the newest window
    # new and returning customers expected in it, and all customers of it in the same window last
    # year; ``None`` if not known, and for INACTIVE, which no customer enters anew
    newcomers: float | None
    last_year: float | None
    # interval of `share_expected` (see Notes)
    low: float | None
    high: float | None

    @property
    def expected_in_all(self) -> float | None:
        """Customers expected in it, new and returning ones included."""
        return None if self.newcomers is None else self.customers_expected + self.newcomers


@dataclass(frozen=True, slots=True)
class RevenueOutlook:
    """Revenue expected in the next window, beside earlier ones, and what is at stake."""

    # of the customers with a forecast, with its interval; ``None`` where no customer was valued
    expected: ExpectedTotal | None
    expected_note: str  # the realised share of such sums in backtests; empty without it
    # the last window, and the same window as the next one a year before
    last_window: float | None
    last_year: float | None
    # customers expected in the next window who have no forecast: with their first order, and with
    # an order after none in the look-back
    new_customers: float | None
    returning_customers: float | None
    # spend if the present rhythm held, and expected loss and gain as customers move to lower and to
    # higher segments; ``None`` where no customer was valued
    base_value: float | None
    revenue_at_risk: float | None
    upside: float | None
    realised_range: tuple[float, float] | None  # lowest and highest realised share in one backtest


@dataclass(frozen=True, slots=True)
class DataBox:
    """The data box."""

    span: str  # first and last day
    # numbers of files read, and of rows, orders and customers
    files: int
    rows: int
    orders: int
    customers: int
    rows_used: float | None  # share of the rows
    # share of the amount read that has no customer id; ``None`` without that rule
    unknown: float | None


@dataclass(frozen=True, slots=True)
class HeadlineSection:
    """The first screen."""

    sentence: str  # what is forecast, for whom and for when
    finding: str  # the largest expected change against last year; empty where none is known
    segments: tuple[SegmentForecast, ...]  # customers by segment, now and expected
    n_tests: int  # backtests behind the interval of the mix
    note: str  # what the mix includes and excludes
    revenue: RevenueOutlook  # the revenue of windows, and what is at stake
    # the top three campaigns; empty where none were planned
    campaigns: tuple[CampaignCard, ...]
    trust: TrustBox | None  # the trust box; ``None`` where nothing was tested
    data: DataBox  # the data behind the page
    read_first: tuple[str, ...]  # what a reader must know


def headline_section(bundle: ReportInput) -> HeadlineSection:
    """Return the context of the first screen."""
    known = segment_badges(bundle.segments)
    forecasts = _segment_forecasts(bundle, known)
    evaluation = bundle.evaluation or {}
    grade = str((bundle.selection or bundle.segment_notes).get("grade", ""))
    compared = [f for f in forecasts if f.expected_in_all is not None and f.last_year is not None]
    window, campaigns, who = bundle.window, campaigns_section(bundle), _who(bundle)
    outcome = format_day_range(window.outcome_start, window.outcome_end)
    return HeadlineSection(
        sentence=f"{who[:1].upper()}{who[1:]}: the most likely segment of each from {outcome}.",
        finding=_finding(compared),
        segments=forecasts,
        n_tests=len(evaluation.get("windows") or ()),
        note=MIX_NOTE.format(
            idle=(IDLE_NOTE if bundle.own_segments is None else NO_SEGMENT_NOTE).format(
                days=window.horizon
            ),
            lookback=window.lookback,
        ),
        revenue=_revenue_outlook(bundle),
        campaigns=campaigns.top_campaigns if campaigns else (),
        trust=trust_box(evaluation, grade) if evaluation else None,
        data=_data(bundle),
        read_first=tuple(text.format(who=who, outcome=outcome) for text in READ_FIRST),
    )


def _who(bundle: ReportInput) -> str:
    window = bundle.window
    customers = sum(finite_or_none(n) or 0 for n in bundle.current_mix.values())
    who = f"the {count_of(customers, 'customer')}" if customers else "all customers"
    return f"{who} who bought from {format_day_range(window.start, window.cutoff)}"


def _segment_forecasts(bundle: ReportInput, known: Badges) -> tuple[SegmentForecast, ...]:
    now = {i: finite_or_none(bundle.current_mix.get(i)) or 0.0 for i in known}
    then = {i: finite_or_none(bundle.expected_mix.get(i)) or 0.0 for i in known}
    total_now, total_then = sum(now.values()), sum(then.values())
    if not total_now and not total_then:
        return ()
    half_widths = _errors(bundle.evaluation or {}) if total_then else {}
    newcomers, last_year = _newcomers(bundle), _last_year(bundle)
    revenue = _revenue(bundle.profile)
    return tuple(
        SegmentForecast(
            badge=chip,
            customers_now=now[i],
            customers_expected=then[i],
            share_now=now[i] / total_now if total_now else None,
            share_expected=then[i] / total_then if total_then else None,
            revenue=revenue.get(i),
            newcomers=None if chip.tint is None else newcomers.get(i),
            last_year=None if chip.tint is None else last_year.get(i),
            low=max(0.0, then[i] / total_then - half_widths[i]) if i in half_widths else None,
            high=min(1.0, then[i] / total_then + half_widths[i]) if i in half_widths else None,
        )
        for i, chip in known.items()
    )


def _errors(evaluation: Row) -> dict[str, float]:
    """Return half the width of the interval of each segment's share."""
    from scipy import stats

    mixes = [
        (window.get("actual_mix"), (window.get("predicted_mix") or {}).get(evaluation["selected"]))
        for window in evaluation.get("windows") or ()
    ]
    gaps = [
        [a - p for a, p in zip(actual, predicted, strict=True)]
        for actual, predicted in mixes
        if actual and predicted
    ]
    if not gaps:
        return {}
    wide = float(stats.t.ppf((1 + MIX_INTERVAL_LEVEL) / 2, len(gaps)))
    return {
        str(name): wide * math.sqrt(sum(gap**2 for gap in each) / len(gaps))
        for name, each in zip(evaluation["segments"], zip(*gaps, strict=True), strict=True)
    }


def _newcomers(bundle: ReportInput) -> dict[str, float]:
    """Return how many new and returning customers are expected in each segment."""
    newest, ids = bundle.next_transitions(), [segment.id for segment in bundle.segments]
    return {} if newest is None else _sizes(newest.filter(~pl.col("from_id").is_in(ids)))


def _last_year(bundle: ReportInput) -> dict[str, float]:
    """Return the sizes of the segments in the next window, one year earlier."""
    observed = bundle.transitions.get("observed")
    if observed is None:
        return {}
    until = as_date(bundle.window.outcome_end - DAYS_PER_YEAR)
    return _sizes(observed.filter(pl.col("until") == until))


def _sizes(rows: pl.DataFrame) -> dict[str, float]:
    sums = rows.group_by("to_id").agg(pl.col("n").sum()).sort("to_id")
    return {str(name): float(n) for name, n in sums.iter_rows()}


def _revenue(profile: pl.DataFrame | None) -> dict[str, float | None]:
    if profile is None or not {"id", "revenue_share"} <= set(profile.columns):
        return {}
    shares = profile.select("id", "revenue_share").iter_rows()
    return {str(name): finite_or_none(share) for name, share in shares}


def _finding(compared: Sequence[SegmentForecast]) -> str:
    """Name the segment whose size differs most from last year's, new customers included."""
    if not compared:
        return ""
    most = max(compared, key=lambda f: abs((f.expected_in_all or 0) - (f.last_year or 0)))
    expected, before = most.expected_in_all or 0, most.last_year or 0
    is_same = abs(expected - before) < MIN_CHANGE * before
    verb = "about as many as" if is_same else "more than" if expected > before else "fewer than"
    return (
        f"Expected in {most.badge.name}: {count_of(expected, 'customer')}, new and returning "
        f"ones included, {verb} in the same window last year ({format_number(before)})."
    )


def _revenue_outlook(bundle: ReportInput) -> RevenueOutlook:
    found = customer_value_section(bundle)
    return RevenueOutlook(
        expected=found.expected_total if found else None,
        expected_note=found.total_note if found else "",
        last_window=_revenue_until(bundle, bundle.end_day),
        last_year=_revenue_until(bundle, bundle.window.outcome_end - DAYS_PER_YEAR),
        new_customers=_entering(bundle, NEW_STATE.id),
        returning_customers=_entering(bundle, LAPSED_STATE.id),
        base_value=found.total.base_value if found else None,
        revenue_at_risk=found.total.value_at_risk if found else None,
        upside=found.total.upside if found else None,
        realised_range=found.backtested_sums if found else None,
    )


def _entering(bundle: ReportInput, state: str) -> float | None:
    """Return how many customers of a state without a forecast are expected to order."""
    newest = bundle.next_transitions()
    if newest is None:
        return None
    active = [segment.id for segment in bundle.segments if segment.code != INACTIVE_CODE]
    return finite_or_none(newest.filter(pl.col("to_id").is_in(active), from_id=state)["n"].sum())


def _revenue_until(bundle: ReportInput, end: int) -> float | None:
    """Return the revenue of the window that ends on a day."""
    figures = bundle.kpis.get("figures")
    if figures is None:
        return None
    rows = figures.filter(pl.col("kpi") == "revenue", pl.col("end") == end)
    return finite_or_none(rows["value"][0]) if rows.height else None


def _data(bundle: ReportInput) -> DataBox:
    ledger = bundle.ledger
    read, used = ledger.total("in"), ledger.total("used")
    unknown = [e.count.money for e in ledger.entries if e.rule == NO_CUSTOMER.name]
    return DataBox(
        span=format_day_range(bundle.first_day, bundle.end_day),
        files=len(bundle.files),
        rows=read.rows,
        orders=used.orders,
        customers=used.customers,
        rows_used=used.rows / read.rows if read.rows else None,
        unknown=sum(unknown) / read.money if unknown and read.money else None,
    )
