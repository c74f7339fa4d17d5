"""The first screen: the forecast, for whom it is, and how far to trust it."""

import math
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from scipy import stats

from segpredict.core.window import DAYS_PER_YEAR
from segpredict.data.cleaning import NO_CUSTOMER
from segpredict.report.context._trust_box import TrustBox, trust_box
from segpredict.report.context.campaigns import campaigns_section
from segpredict.report.context.customer_value import RealisedSum, customer_value_section
from segpredict.report.formatting import Row, finite_or_none, format_day_range, format_number
from segpredict.report.html.badges import (
    Badges,
    SegmentBadge,
    StripPiece,
    segment_badges,
    stacked_strip,
)
from segpredict.report.input import ReportInput
from segpredict.report.model_names import replace_model_names

MIX_NOTE = (
    "Inactive means no order in {days} days. New customers of the next window "
    "are not included, so the expected mix has more Inactive than the shop will."
)
MIX_INTERVAL_LEVEL = 0.8  # of the interval of the mix; few tests support no more


@dataclass(frozen=True, slots=True)
class SegmentForecast:
    """Past, current and expected size of a segment.

    Notes
    -----
    The interval is the expected share ± t·e: e is the root mean square difference of predicted and
    actual shares in the backtests, and t the quantile of Student's distribution with as many
    degrees of freedom as backtests. It reflects the seasons of the backtests only.
    """

    badge: SegmentBadge  # the segment
    # customers
    customers_now: float
    customers_expected: float
    # their shares
    share_now: float | None
    share_expected: float | None
    revenue: float | None  # share of the revenue of the newest window
    # customers one window earlier and in the same season last year; ``None`` if not known, and for
    # INACTIVE, which counts different customers on each day
    before: float | None
    last_year: float | None
    # interval of `share_expected` (see Notes)
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class RevenueAtStake:
    """Revenue at risk and upside of the next window, and how such predictions did."""

    # expected loss from moves to lower segments and gain from moves to higher ones
    revenue_at_risk: float | None
    upside: float | None
    # realised part of the revenue at risk, all backtests together
    realised_loss: RealisedSum | None
    realised_range: tuple[float, float] | None  # lowest and highest realised share in one backtest


@dataclass(frozen=True, slots=True)
class HeadlineCampaign:
    """A campaign: its title, the number of customers, and how to test it."""

    title: str
    n: float | None
    test: str


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
    finding: str  # the largest expected change; empty without one
    # strips of the mix of segments
    current_mix: tuple[StripPiece, ...]
    expected_mix: tuple[StripPiece, ...]
    segments: tuple[SegmentForecast, ...]  # the same as a table
    n_tests: int  # backtests behind the interval of the mix
    note: str  # what the mix includes and excludes
    # revenue at risk; ``None`` where no customer was valued
    revenue_at_stake: RevenueAtStake | None
    # the top three campaigns; empty where none were planned
    campaigns: tuple[HeadlineCampaign, ...]
    trust: TrustBox | None  # the trust box; ``None`` where nothing was tested
    data: DataBox  # the data behind the page
    warnings: tuple[str, ...]  # what a reader must know


def headline_section(bundle: ReportInput) -> HeadlineSection:
    """Return the context of the first screen."""
    known = segment_badges(bundle.segments)
    forecasts = _segment_forecasts(bundle, known)
    evaluation = bundle.evaluation or {}
    grade = str((bundle.selection or bundle.segment_notes).get("grade", ""))
    return HeadlineSection(
        sentence=_sentence(bundle),
        finding=_finding(forecasts),
        current_mix=stacked_strip(bundle.current_mix, known),
        expected_mix=stacked_strip(bundle.expected_mix, known),
        segments=forecasts,
        n_tests=len(evaluation.get("windows") or ()),
        note=MIX_NOTE.format(days=bundle.window.horizon),
        revenue_at_stake=_revenue_at_stake(bundle),
        campaigns=_campaigns(bundle),
        trust=trust_box(evaluation, grade) if evaluation else None,
        data=_data(bundle),
        warnings=_warnings(bundle),
    )


def _sentence(bundle: ReportInput) -> str:
    window = bundle.window
    bought = format_day_range(window.start, window.cutoff)
    outcome = format_day_range(window.outcome_start, window.outcome_end)
    customers = sum(finite_or_none(n) or 0 for n in bundle.current_mix.values())
    who = f"the {format_number(customers)} customers" if customers else "all customers"
    return f"For {who} who bought from {bought}: the most likely segment of each from {outcome}."


def _segment_forecasts(bundle: ReportInput, known: Badges) -> tuple[SegmentForecast, ...]:
    now = {i: finite_or_none(bundle.current_mix.get(i)) or 0.0 for i in known}
    then = {i: finite_or_none(bundle.expected_mix.get(i)) or 0.0 for i in known}
    total_now, total_then = sum(now.values()), sum(then.values())
    if not total_now and not total_then:
        return ()
    half_widths = _errors(bundle.evaluation or {}) if total_then else {}
    before, last_year = _earlier(bundle)
    revenue = _revenue(bundle.profile)
    return tuple(
        SegmentForecast(
            badge=chip,
            customers_now=now[i],
            customers_expected=then[i],
            share_now=now[i] / total_now if total_now else None,
            share_expected=then[i] / total_then if total_then else None,
            revenue=revenue.get(i),
            before=before.get(i),
            last_year=last_year.get(i),
            low=max(0.0, then[i] / total_then - half_widths[i]) if i in half_widths else None,
            high=min(1.0, then[i] / total_then + half_widths[i]) if i in half_widths else None,
        )
        for i, chip in known.items()
    )


def _errors(evaluation: Row) -> dict[str, float]:
    """Return half the width of the interval of each segment's share."""
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


def _earlier(bundle: ReportInput) -> tuple[dict[str, float], dict[str, float]]:
    """Return the sizes of the segments one window ago, and in the same season last year."""
    observed = bundle.transitions.get("observed")
    if observed is None or observed["since"].null_count() == observed.height:
        return {}, {}
    active = [segment.id for segment in bundle.segments[1:]]
    newest = observed.filter(since=observed["since"].max())
    by_row = newest.filter(pl.col("from_id").is_in(active))
    until = newest["until"][0] - timedelta(DAYS_PER_YEAR)
    year = observed.filter((pl.col("until") == until) & pl.col("to_id").is_in(active))
    return _sizes(by_row, "from_id"), _sizes(year, "to_id")


def _sizes(rows: pl.DataFrame, by: str) -> dict[str, float]:
    sums = rows.group_by(by).agg(pl.col("n").sum()).sort(by)
    return {str(name): float(n) for name, n in sums.iter_rows()}


def _revenue(profile: pl.DataFrame | None) -> dict[str, float | None]:
    if profile is None or not {"id", "revenue_share"} <= set(profile.columns):
        return {}
    shares = profile.select("id", "revenue_share").iter_rows()
    return {str(name): finite_or_none(share) for name, share in shares}


def _finding(segments: tuple[SegmentForecast, ...]) -> str:
    known = [m for m in segments if m.share_expected is not None and m.share_now is not None]
    changes = [((m.share_expected or 0) - (m.share_now or 0), m) for m in known]
    if not changes:
        return ""
    change, most = max(changes, key=lambda pair: abs(pair[0]))
    if abs(change) < 0.005:
        return "The mix of segments is expected to stay the same."
    verb = "grow" if change > 0 else "shrink"
    return (
        f"{most.badge.name} is expected to {verb} most: from "
        f"{format_number((most.share_now or 0) * 100)} to "
        f"{format_number((most.share_expected or 0) * 100)} percent of customers."
    )


def _revenue_at_stake(bundle: ReportInput) -> RevenueAtStake | None:
    found = customer_value_section(bundle)
    if found is None:
        return None
    pooled = [each for each in found.sums if each.window == "all tests"]
    risk = [each.actual for each in pooled if each.measure == "Revenue at risk"]
    realised, total = risk[0] if risk else None, found.total
    return RevenueAtStake(total.value_at_risk, total.upside, realised, found.backtested_sums)


def _campaigns(bundle: ReportInput) -> tuple[HeadlineCampaign, ...]:
    found = campaigns_section(bundle)
    return tuple(
        HeadlineCampaign(each.title, float(each.n), each.test.text)
        for each in (found.top_campaigns if found else ())
    )


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


def _warnings(bundle: ReportInput) -> tuple[str, ...]:
    from_evaluation = (bundle.evaluation or {}).get("warnings") or ()
    names = {segment.id: f"{segment.name} ({segment.id})" for segment in bundle.segments}
    named = (replace_model_names(replace_model_names(str(text)), names) for text in from_evaluation)
    own = (replace_model_names(text) for text in bundle.warnings)
    return tuple(dict.fromkeys([*own, *named]))
